"""Right answers in other styles than the folded solutions of chapters 03 to 10."""

import pytest

from tests.exercises.test_exercises import answer_of, namespaces  # noqa: F401
from tests.exercises.wrong_answers.chapter_03 import BY_ROWS
from utils.exercises import verify

SQUARES = (
    "def clip(parameters, longest):\n    kept = [p for p in parameters if p.grad is not None]\n"
    "    length = sum(p.grad.square().sum().item() for p in kept) ** 0.5\n"
)
TOWER = "class Tower(nn.Module):\n    def __init__(self, widths):\n        super().__init__()\n"
PREDICT = "def predict(model, images):\n    "
WRITTEN = (
    "def f(model, image, folder):\n    w = SummaryWriter(folder)\n"
    "    with warnings.catch_warnings(action='ignore'):\n        w.add_graph(model, image)\n"
    "    w.close()\n"
)

SHOES = (
    "class f(Dataset):\n    def __init__(self, d):\n        self.d = d\n"
    "        self.keep = [n for n in range(len(d)) if d[n][1] in (5, 7, 9)]\n"
    "    def __len__(self):\n        return len(self.keep)\n    def __getitem__(self, n):\n"
    "        x, y = self.d[self.keep[n]]\n        return x, "
)
SPLIT = "def f(n, v, seed):\n    g = torch.Generator().manual_seed(seed)\n"
RIGHT = {
    "2.3": [
        "import numpy\n" + SHOES + "numpy.int64({5: 0, 7: 1, 9: 2}[y])",
        SHOES + "torch.tensor((5, 7, 9).index(y))",
        SHOES + "(y - 5) // 2",
    ],
    "2.4": [
        SPLIT + "    o = torch.randperm(n, generator=g)\n"
        "    return o[v:].sort().values, o[:v].sort().values",
        "import random\ndef f(n, v, seed):\n    o = random.Random(seed).sample(range(n), n)\n"
        "    return torch.tensor(o[:-v]), torch.tensor(o[-v:])",
        SPLIT + "    a, b = torch.utils.data.random_split(range(n), [n - v, v], g)\n"
        "    return torch.tensor(a.indices), torch.tensor(b.indices)",
        SPLIT + "    b = torch.rand(n, generator=g).topk(v).indices\n"
        "    a = torch.ones(n).index_fill(0, b, 0).nonzero().flatten()\n    return a, b",
    ],
    "3.3": [
        "def f(x):\n    h, w = x.shape[2] // 2, x.shape[3] // 2\n"
        "    return x[:, :, : 2 * h, : 2 * w].unflatten(2, (h, 2)).unflatten(4, (w, 2))"
        ".amax((3, 5))",
        "def f(x):\n    n, c, h, w = x.shape\n    x = x[:, :, : h // 2 * 2, : w // 2 * 2]\n"
        "    return x.reshape(n, c, h // 2, 2, w // 2, 2).max(5).values.max(3).values",
        "def f(x):\n    n, c, h, w = x.shape\n    y = torch.empty(n, c, h // 2, w // 2)\n"
        "    for i in range(h // 2):\n        for j in range(w // 2):\n"
        "            y[:, :, i, j] = x[:, :, 2*i:2*i+2, 2*j:2*j+2].amax((2, 3))\n    return y",
    ],
    "4.2": [
        "class f(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.gain = nn.Parameter(torch.full((1,), 1.0))\n"
        "    def forward(self, x):\n        return torch.mul(x, self.gain)",
        "class f(nn.Module):\n    def __init__(self, start=1.0):\n        "
        "nn.Module.__init__(self)\n"
        "        self.gain = nn.Parameter(torch.tensor([start]))\n"
        "    def forward(self, x, *rest):\n        y = x.clone()\n        y *= self.gain\n"
        "        return y",
    ],
    "4.4": [
        TOWER + "        self.n = len(widths) - 1\n        for i in range(self.n):\n"
        "            setattr(self, f'layer{i}', nn.Linear(widths[i], widths[i + 1]))\n"
        "    def forward(self, x):\n        for i in range(self.n):\n"
        "            x = getattr(self, f'layer{i}')(x)\n"
        "            x = torch.relu(x) if i < self.n - 1 else x\n        return x\nf = Tower",
        TOWER + "        pairs = list(zip(widths, widths[1:]))\n"
        "        hidden = [nn.Sequential(nn.Linear(a, b), nn.ReLU()) for a, b in pairs[:-1]]\n"
        "        self.net = nn.Sequential(*hidden, nn.Linear(*pairs[-1]))\n"
        "    def forward(self, x):\n        return self.net(x)\nf = Tower",
        TOWER + "        widths = list(widths)\n        self.layers = nn.ModuleList()\n"
        "        while len(widths) > 1:\n            first = widths.pop(0)\n"
        "            self.layers.append(nn.Linear(first, widths[0]))\n"
        "    def forward(self, x):\n        for layer in self.layers[:-1]:\n"
        "            x = layer(x).clamp(min=0)\n        return self.layers[-1](x)\nf = Tower",
    ],
    "4.5": [
        "from contextlib import ExitStack\ndef f(model, x):\n    shapes = {}\n"
        "    with ExitStack() as stack:\n        for name, child in model.named_children():\n"
        "            h = child.register_forward_hook(lambda m, i, o, n=name: "
        "shapes.__setitem__(n, tuple(o.shape)))\n            stack.callback(h.remove)\n"
        "        model(x)\n    return shapes",
        "def f(model, x):\n    names = {c: n for n, c in model.named_children()}\n    out = {}\n"
        "    def note(m, i, o):\n        out[names[m]] = tuple(o.shape)\n"
        "    handles = [c.register_forward_hook(note) for c in names]\n    try:\n"
        "        with torch.no_grad():\n            model(x)\n    finally:\n"
        "        [h.remove() for h in handles]\n    return out",
    ],
    "4.7": [
        "def f(model, path):\n    own = model.state_dict()\n    there = torch.load(path)\n"
        "    fits = own.keys() & {n for n in there if there[n].shape == getattr(own.get(n), "
        "'shape', None)}\n    with torch.no_grad():\n"
        "        for n in fits: own[n].copy_(there[n])\n    return sorted(there.keys() - fits)",
        "def f(model, path):\n    own, left = model.state_dict(), []\n"
        "    for n, t in torch.load(path).items():\n"
        "        if n in own and t.shape == own[n].shape:\n"
        "            own[n] = t\n        else:\n            left.append(n)\n"
        "    model.load_state_dict(own)\n    return left",
        "def f(model, path):\n    there = torch.load(path, map_location='cpu', weights_only=True)\n"
        "    left = {n for n in there if n not in model.state_dict() or "
        "model.state_dict()[n].shape != there[n].shape}\n    for n in left: del there[n]\n"
        "    model.load_state_dict(there, strict=False)\n    return left",
    ],
    "4.8": [
        "def f(model, classes):\n    for p in model.parameters(): p.requires_grad = False\n"
        "    model.out = nn.Linear(model.out.weight.shape[1], classes)\n"
        "    return torch.optim.SGD([p for p in model.parameters() if p.requires_grad], 0.1)",
        "def f(model, classes):\n    model.out = nn.Linear(model.out.in_features, classes)\n"
        "    for n, p in model.named_parameters(): p.requires_grad_(n.startswith('out.'))\n"
        "    return torch.optim.SGD(model.out.parameters(), lr=0.1)",
        "def f(model, classes):\n    head = nn.Linear(model.out.in_features, classes)\n"
        "    optimizer = torch.optim.SGD(list(head.parameters()), lr=1e-1)\n"
        "    model.requires_grad_(False)\n    setattr(model, 'out', head)\n    return optimizer",
    ],
    "4.9": [
        "def f(layer, slope):\n    nn.init.kaiming_normal_(layer.weight, a=slope)\n"
        "    if layer.bias is not None:\n        layer.bias.data.zero_()",
        "import math\n@torch.no_grad()\ndef f(layer, slope):\n"
        "    fan = math.prod(layer.weight.shape[1:])\n"
        "    std = 1 / math.sqrt((1 + slope**2) / 2 * fan)\n"
        "    layer.weight.copy_(torch.randn_like(layer.weight) * std)\n"
        "    if layer.bias is not None: layer.bias.fill_(0)",
        "def f(layer, slope):\n    w = layer.weight\n    n = w.numel() / w.shape[0]\n"
        "    g = nn.init.calculate_gain('leaky_relu', slope)\n"
        "    w.data.normal_(0, g / n**0.5)\n"
        "    for b in [layer.bias] if layer.bias is not None else []: nn.init.constant_(b, 0)",
    ],
    "5.2": [
        "def f(z, y, k):\n    return int(sum(y[i] in z[i].topk(k).indices for i in range(len(y))))",
        "def f(z, y, k):\n    return sum((z.argsort(1, descending=True)[:, :k] == y.view(-1, 1))"
        ".any(1).tolist())",
        "def f(z, y, k):\n    own = z.gather(1, y[:, None])\n"
        "    return int(((z > own).sum(1) < k).sum())",
    ],
    "5.3": [
        "def f(z):\n    m = z.amax(-1, keepdim=True)\n"
        "    return z - m - torch.log(torch.sum(torch.exp(z - m), -1, keepdim=True))",
        "def f(z):\n    return z - torch.logsumexp(z, dim=-1)[..., None]",
        "def f(z):\n    z = z.double()\n    z = z - z.max(-1, True)[0]\n"
        "    return (z - z.exp().sum(-1, True).log()).float()",
    ],
    "5.5": [
        PREDICT + "import copy\n    with torch.no_grad():\n"
        "        return copy.deepcopy(model).eval()(images).argmax(1)\nf = predict",
        PREDICT + "was = [m.training for m in model.modules()]\n    model.train(False)\n"
        "    with torch.inference_mode():\n        y = model(images).max(1)[1]\n"
        "    for m, t in zip(model.modules(), was): m.training = t\n    return y\nf = predict",
        "@torch.no_grad()\n" + PREDICT + "was = {n: m.training for n, m in model.named_modules()}\n"
        "    model.eval()\n    y = model(images).softmax(1).argmax(-1)\n"
        "    for n, m in model.named_modules(): m.training = was[n]\n    return y\nf = predict",
    ],
    "5.7": [
        WRITTEN + "    graph = EventAccumulator(str(folder)); graph.Reload()\n"
        "    return [n.op for n in graph.Graph().node if 'aten' in n.op]",
        WRITTEN + "    events = EventAccumulator(folder).Reload()\n    found = []\n"
        "    for node in events.Graph().node:\n        if node.op[:6] == 'aten::':\n"
        "            found.append(node.op)\n    return tuple(found)",
        WRITTEN + "    path = next(Path(folder).iterdir())\n"
        "    nodes = EventAccumulator(str(path)).Reload().Graph().node\n"
        "    return list(filter(lambda op: op.startswith('aten::'), (n.op for n in nodes)))",
    ],
    "6.2": [
        "def f(g, x, step):\n    flat = x.detach().clone().reshape(-1)\n    out = []\n"
        "    for i in range(len(flat)):\n        up, down = flat.clone(), flat.clone()\n"
        "        up[i] += step\n        down[i] -= step\n        out.append("
        "(float(g(up.reshape(x.shape))) - float(g(down.reshape(x.shape)))) / (2 * step))\n"
        "    return torch.tensor(out, dtype=x.dtype).reshape(x.shape)",
        "def f(g, x, step):\n    out = torch.empty_like(x)\n    eye = torch.eye(x.numel()).to(x)\n"
        "    for row, place in zip(eye * step, range(x.numel())):\n"
        "        row = row.view_as(x)\n        out.view(-1)[place] = (g(x + "
        "row) - g(x - row)) / step"
        " / 2\n    return out",
    ],
    "6.3": [
        "def f(x, w, b, t):\n    e = (F.linear(x, w, b) - t).mul(2 / t.numel())\n"
        "    return [e.mm(w), torch.einsum('no,ni->oi', e, x), e.sum(0)]",
        "def f(x, w, b, t):\n    e = 2 * (x @ w.T + b - t) / (len(t) * t.shape[1])\n"
        "    return e @ w, (x.T @ e).T, torch.ones(len(x)).to(e) @ e",
    ],
    "6.5": [
        "class f(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x):\n"
        "        return torch.round(x)\n    @staticmethod\n    def backward(ctx, g):\n"
        "        return g.clone()",
        "class f(torch.autograd.Function):\n    @staticmethod\n    def forward(x):\n"
        "        return x.round()\n    @staticmethod\n    def setup_context(ctx, inputs, output):\n"
        "        pass\n    @staticmethod\n    def backward(ctx, *g):\n        return g[0]",
    ],
    "6.7": [
        "def f(z, y):\n    g = torch.exp(z - z.logsumexp(1, keepdim=True))\n"
        "    g[torch.arange(len(y)), y] -= 1\n    return g.div(len(y))",
        "def f(z, y):\n    z = z.double()\n    e = (z - z.amax(1, True)).exp()\n"
        "    p = e / e.sum(1, True)\n"
        "    return ((p - torch.eye(z.shape[1])[y]) / z.shape[0]).float()",
        "def f(z, y):\n    rows = [z[i].softmax(0) - (torch.arange(z.shape[1]) == y[i]).float()"
        " for i in range(len(z))]\n    return torch.stack(rows) / len(rows)",
    ],
    "6.8": [
        "def f(model):\n    return {n: (p.grad ** 2).mean() ** 0.5 "
        "for n, p in model.named_parameters() if p.grad is not None}",
        "def f(model):\n    out = {}\n    for n, p in model.named_parameters():\n"
        "        if p.grad is None: continue\n"
        "        out[n] = float(p.grad.norm() / p.grad.numel() ** 0.5)\n    return out",
        "import math\ndef f(model):\n    out = dict()\n"
        "    for n, p in model.named_parameters():\n        if p.grad is not None:\n"
        "            v = p.grad.flatten().tolist()\n"
        "            out[n] = math.sqrt(sum(x * x for x in v) / len(v))\n    return out",
    ],
    "7.1": [
        "def f(r):\n    best = sorted(r, key=lambda rate: -sum(r[rate]) / len(r[rate]))[0]\n"
        "    rates = sorted(r)\n    if best == rates[0] or best == rates[-1]:\n"
        "        return None\n    return best",
        "import numpy as np\ndef f(r):\n    rates = sorted(r)\n"
        "    place = int(np.argmax([np.mean(r[rate]) for rate in rates]))\n"
        "    return rates[place] if 0 < place < len(rates) - 1 else None",
    ],
    "7.2": [
        "def f(model, loader, optimizer):\n    model.train()\n    sums = torch.zeros(3)\n"
        "    for x, y in loader:\n        optimizer.zero_grad(set_to_none=False)\n"
        "        out = model(x)\n        loss = F.cross_entropy(out, y, reduction='sum')\n"
        "        (loss / len(y)).backward()\n        optimizer.step()\n"
        "        sums += torch.stack([loss.detach(), (out.argmax(1) == y).sum(), "
        "torch.tensor(len(y))])\n    return (sums[0] / sums[2]).item(), (sums[1] / sums[2]).item()",
        "def f(model, loader, optimizer):\n    model.train()\n    losses, right = [], []\n"
        "    for x, y in loader:\n        logits = model(x)\n"
        "        loss = nn.CrossEntropyLoss()(logits, y)\n        loss.backward()\n"
        "        optimizer.step()\n        optimizer.zero_grad()\n"
        "        losses += [loss.item()] * len(y)\n"
        "        right += (logits.max(1).indices == y).tolist()\n"
        "    return [sum(losses) / len(losses), sum(right) / len(right)]",
    ],
    "7.3": [
        "def f(v, p):\n    for n in range(1, len(v) + 1):\n        best = v.index(min(v[:n])) + 1\n"
        "        if n - best >= p:\n            return best, n\n    return best, len(v)",
        "def f(v, p):\n    best, keep, wait, n = None, 0, 0, 0\n    while n < "
        "len(v) and wait < p:\n"
        "        wait += 1\n        n += 1\n        if best is None or v[n - 1] < best:\n"
        "            best, keep, wait = v[n - 1], n, 0\n    return [keep, n]",
    ],
    "7.4": [
        SQUARES + "    if length > longest:\n        for p in kept:\n"
        "            p.grad.mul_(longest / length)\n    return length\nf = clip",
        "def f(parameters, longest):\n    return nn.utils.clip_grad_norm_(parameters, longest)",
        "def f(parameters, longest):\n    kept = [p for p in list(parameters) "
        "if p.grad is not None]"
        "\n    n = torch.cat([p.grad.flatten() for p in kept]).norm()\n    if n > longest:\n"
        "        for p in kept:\n            p.grad[...] = p.grad * longest / "
        "n\n    return n.item()",
    ],
    "7.7": [
        "def f(c):\n    best, found = -1, None\n    for i, row in enumerate(c.tolist()):\n"
        "        for j, n in enumerate(row):\n            if i != j and n / sum(row) > best:\n"
        "                best, found = n / sum(row), (i, j)\n    return found",
        "def f(c):\n    s = c / c.sum(1, keepdim=True) * (1 - torch.eye(len(c)))\n"
        "    return [int(n) for n in torch.unravel_index(s.argmax(), s.shape)]",
    ],
    "7.8": [
        "def f(path, model, optimizer):\n    s = torch.load(path, weights_only=True)\n"
        "    torch.random.set_rng_state(s['random'])\n"
        "    optimizer.load_state_dict(s['optimizer'])\n"
        "    model.load_state_dict(s['model'])\n    return 1 + s['epoch']",
    ],
    "8.3": [
        "import statistics\ndef f(w, wait, clock, n):\n    w(); wait()\n    def one():\n"
        "        a = clock(); w(); wait()\n        return clock() - a\n"
        "    return statistics.median(one() for _ in range(n))",
        "def f(w, wait, clock, n):\n    t = []\n    for i in range(n + 1):\n        a = clock()\n"
        "        w()\n        wait()\n        t += [clock() - a]\n    t = sorted(t[1:])\n"
        "    return (t[n // 2] + t[(n - 1) // 2]) / 2",
    ],
    "8.4": [
        "def f(model, parts):\n    model.zero_grad(set_to_none=False)\n"
        "    n = sum(len(x) for x, _ in parts)\n    for x, y in parts:\n"
        "        (F.cross_entropy(model(x), y, reduction='sum') / n).backward()",
        "def f(model, parts):\n    for p in model.parameters():\n        p.grad = None\n"
        "    for x, y in parts:\n        F.cross_entropy(model(x), y, reduction='sum').backward()\n"
        "    n = sum(len(y) for _, y in parts)\n    for p in model.parameters():\n"
        "        p.grad /= n",
    ],
    "8.7": [
        "def f(images, tops, lefts, size):\n    out = images.clone()\n"
        "    for n in range(len(out)):\n        a, b = int(tops[n]), int(lefts[n])\n"
        "        out[n, :, a:a + size, b:b + size] = 0\n    return out",
    ],
    "9.2": [
        "def f(machine, local_rank, machines, per_machine):\n"
        "    ranks = list(range(machines * per_machine))\n"
        "    return [ranks[machine * per_machine :][local_rank], len(ranks)]",
    ],
    "9.3": [
        "def f(g, s):\n    return sum(a * (b / sum(s)) for a, b in zip(g, s))",
        "def f(g, s):\n    w = torch.tensor(s) / sum(s)\n"
        "    return torch.einsum('w,w...->...', w, torch.stack(g))",
    ],
    "9.4": [
        "def f(count, workers, rank):\n    each = -(-count // workers)\n"
        "    return [(rank + i * workers) % count for i in range(each)]",
        "import math\ndef f(count, workers, rank):\n    total = "
        "math.ceil(count / workers) * workers"
        "\n    every = list(range(count))\n    every += every[: total - count]\n"
        "    return [every[i] for i in range(rank, total, workers)]",
    ],
    "9.5": [
        "def f(p, n, s):\n    return 8 * (n - 1) * p / n * s * 3600 / 10**6",
        "def f(p, n, s):\n    return (2 - 2 / n) * p * 4 / 1e6 * 60 * 60 * s",
    ],
    "9.8": ['f = [6, "C"]', 'f = 6, "c"'],
    "10.1": ["f = 65996.0", "f = torch.tensor(65996)"],
    "10.2": [
        "def f(p, b):\n    a = p[3].float() / 255\n"
        "    return torch.stack([a * c + (1 - a) * b for c in p[:3]]).round().byte()",
        "def f(p, b):\n    return torch.lerp(torch.full((3, *p.shape[1:]), float(b)), "
        "p[:3].float(), p[3:] / 255).round().to(torch.uint8)",
    ],
    "10.3": ["f = 'B, d f'", "f = ['f', 'd', 'b']"],
    "10.4": [
        "def f(h, w, n):\n    if h >= w:\n        return n, max(1, round(w * n / h))\n"
        "    return [max(1, round(h * n / w)), n]",
    ],
    "10.6": [
        "def f(y, a, n):\n    t = torch.zeros(n, n, dtype=torch.int64)\n"
        "    for i, j in zip(y, a):\n        t[i, j] += 1\n    return t",
        "def f(y, a, n):\n    return F.one_hot(y, n).T @ F.one_hot(a, n)",
    ],
    "10.7": [
        "def f(net, n):\n    new = FashionNet()\n    new.load_state_dict(net.state_dict())\n"
        "    new.requires_grad_(False)\n    new.out = nn.Linear(60, n)\n    return new",
    ],
    "10.8": [
        "def f(c, r, n):\n    which = (c * n).ceil().long() - 1\n    gaps = torch.zeros(n)\n"
        "    gaps.index_add_(0, which, c - r.float())\n"
        "    return (gaps.abs().sum() / len(c)).item()",
    ],
    "3.1": ["f = 57.0", "f = torch.tensor(57)"], "3.2": ["f = [1812, 300]"],
    "3.8": [BY_ROWS + "\nf = matrix_of"],
    "3.4": ["f = (2, 0)", "f = [4, 1]"], "3.5": ["f = (1, 1, 5)", "f = [3, 1, 3]", "f = (4, 2, 1)"],
    "8.2": ["f = 1.43", "f = 1.4286", "f = torch.tensor(20 / 14)"],
}  # fmt: skip
LISTED = [(number, n) for number in RIGHT for n in range(len(RIGHT[number]))]


@pytest.mark.parametrize(("number", "place"), LISTED)
def test_other_styles_are_right(number, place, namespaces, monkeypatch):  # noqa: F811
    monkeypatch.setattr("tests.exercises.test_exercises.CHECK", _Last)
    verify(number, answer_of(number, RIGHT[number][place], namespaces))


class _Last:
    @staticmethod
    def search(stub):
        return {2: "f"}
