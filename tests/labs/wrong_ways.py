"""Wrong answers to the labs, by lab: (task, the answer's code, words of the verdict it must get).

{{ name }} is a number that the seed draws, as in the labs themselves.
"""

WRONG_WAYS = {
    1: [
        (1, "answer_1 = {{ count }} * 3 * {{ height }} * {{ width }}", "each takes 4 bytes"),
        (1, "answer_1 = {{ count }} * {{ height }} * {{ width }} * 4", "one for each colour"),
        (
            2,
            "def contact_sheet(pictures, columns):\n    n, h, w = pictures.shape\n"
            "    rows = n // columns\n    p = pictures[: rows * columns]\n"
            "    p = p.reshape(rows, columns, h, w)\n"
            "    return p.permute(0, 2, 1, 3).reshape(rows * h, columns * w)",
            "round the number of rows up",
        ),
        (
            2,
            "def contact_sheet(pictures, columns):\n    n, h, w = pictures.shape\n"
            "    rows = -(-n // columns)\n"
            "    sheet = torch.zeros(rows * columns, h, w, dtype=pictures.dtype)\n"
            "    sheet[:n] = pictures\n    return sheet.reshape(rows * h, columns * w)",
            "move the axes with `permute`",
        ),
        (
            3,
            "def stretched(pictures):\n    low = pictures.amin((1, 2), keepdim=True)\n"
            "    high = pictures.amax((1, 2), keepdim=True)\n"
            "    return (pictures - low) / (high - low)",
            "An even picture became NaN",
        ),
        (3, "def stretched(p): return (p - p.min()) / (p.max() - p.min())", "of the whole drawer"),
        (
            3,
            "def stretched(pictures):\n    pictures -= pictures.amin((1, 2), keepdim=True)\n"
            "    return pictures / pictures.amax((1, 2), keepdim=True).clamp(min=1)",
            "changes its argument in place",
        ),
        (4, "answer_4 = set()", "expected letters of a, b, c, d, e, f"),
        (
            5,
            "def accuracy_by_class(s, y):\n    right = s.argmax(1) == y\n"
            "    return torch.stack([right[y == c].float().mean() for c in range(s.shape[1])])",
            "became NaN",
        ),
        (
            5,
            "def accuracy_by_class(s, y):\n    best = s.argmax(1)\n    out = []\n"
            "    for c in range(s.shape[1]):\n        own = best == c\n"
            "        out.append((y[own] == c).float().mean().item() if own.any() else 0.0)\n"
            "    return torch.tensor(out)",
            "how often the network answers so",
        ),
    ],
    2: [
        (
            1,
            "answer_1 = divmod({{ pictures }} - {{ held }}, {{ batch }})",
            "left form a batch",
        ),
        (
            1,
            "n, b = {{ pictures }}, {{ batch }}\nanswer_1 = (n // b + 1, n % b)",
            "held out are not loaded",
        ),
        (
            2,
            "def f(n): return (n + {{ padding }} - {{ kernel }}) // {{ stride }} + 1\n"
            "answer_2 = ({{ filters }}, f({{ height }}) // 2, f({{ width }}) // 2)",
            "on both sides: twice",
        ),
        (
            2,
            "def f(n): return (n + 2 * {{ padding }} - {{ kernel }}) // {{ stride }} + 1\n"
            "answer_2 = ({{ filters }}, f({{ height }}), f({{ width }}))",
            "the pooling halves both",
        ),
        (
            3,
            "def normalised(train, other):\n    def own(x):\n        x = x / 255\n"
            "        m = x.mean((0, 2, 3), keepdim=True)\n"
            "        return (x - m) / x.std((0, 2, 3), keepdim=True, correction=0)\n"
            "    return own(train), own(other)",
            "with the numbers of `train`",
        ),
        (
            3,
            "def normalised(train, other):\n    a, b = train / 255, other / 255\n"
            "    return (a - a.mean()) / a.std(correction=0), (b - a.mean()) / a.std(correction=0)",
            "one mean for all channels",
        ),
        (
            4,
            "{{ windows }}        r, c = self.n\n        k, place = divmod(i, r * c)\n"
            "        y, x = divmod(place, c)\n        k, y, x = k, y * self.t, x * self.t\n"
            "        return self.p[k, y : y + self.s, x : x + self.s] / 255, k",
            "The channel axis is missing",
        ),
        (
            4,
            "{{ windows }}        r, c = self.n\n        k, place = divmod(i, r * c)\n"
            "        x, y = divmod(place, r)\n        k, y, x = k, y * self.t, x * self.t\n"
            "        return self.p[k, y : y + self.s, x : x + self.s][None] / 255, k",
            "go along the rows",
        ),
        (
            4,
            "class Windows(Dataset):\n    def __init__(self, p, size, stride):\n"
            "        self.n = len(p) * (p.shape[1] // stride) * (p.shape[2] // stride)\n"
            "    def __len__(self): return self.n",
            "Only whole windows count",
        ),
        (
            5,
            "def shrunk(images, factor):\n    c = images.shape[1]\n"
            "    k = torch.full((c, c, factor, factor), 1 / factor**2)\n"
            "    return F.conv2d(images, k, stride=factor)",
            "mixes the channels",
        ),
        (
            5,
            "def shrunk(images, factor): return F.avg_pool2d(images, factor)",
            "`avg_pool2d` is not allowed",
        ),
    ],
    3: [
        (
            1,
            "a = ({{ side }} - {{ kernel }} + 1) // 2\n"
            "answer_1 = {{ filters }} * {{ channels }} * {{ kernel }} ** 2 + "
            "{{ filters }} * a * a * {{ hidden }} + {{ hidden }} * {{ classes }}",
            "The biases are missing",
        ),
        (
            2,
            "{{ small }}        x = nn.functional.max_pool2d(self.conv(x), 2)\n"
            "        return self.out(x.flatten(1))",
            "The ReLU after the convolution is missing",
        ),
        (
            2,
            "{{ small }}        x = nn.functional.max_pool2d(self.conv(x).relu(), 2)\n"
            "        return self.out(x.flatten(1)).softmax(1)",
            "Those are probabilities",
        ),
        (
            2,
            "class Small(nn.Module):\n    def __init__(self, side, filters, classes):\n"
            "        super().__init__()\n        self.layers = [nn.Conv2d(1, filters, 3)]\n"
            "    def forward(self, x): return x",
            "no parameters: make layers attributes",
        ),
        (
            3,
            "def sure_answers(z, least):\n    p, c = z.softmax(0).max(1)\n"
            "    return [(i, c[i].item()) for i in range(len(z)) if p[i] >= least]",
            "along the classes",
        ),
        (
            3,
            "def sure_answers(z, least):\n    p, c = z.softmax(1).max(1)\n"
            "    return [(i, c[i].item()) for i in range(len(z)) if p[i] > least]",
            "At least: a probability equal to it counts",
        ),
        (
            4,
            "def keep_only(model, name):\n    model.get_submodule(name).requires_grad_(False)\n"
            "    return sum(p.numel() for p in model.parameters() if p.requires_grad)",
            "The other way round",
        ),
        (
            4,
            "def keep_only(model, name):\n    model.requires_grad_(False)\n"
            "    model.get_submodule(name).requires_grad_(True)\n"
            "    return sum(1 for p in model.parameters() if p.requires_grad)",
            "count the numbers in them",
        ),
        (5, 'answer_5 = {"a", "b", "c", "d", "e"}', "should not be in it"),
    ],
    4: [
        (
            1,
            "g = 2 * ({{ weight }} * {{ x }} + 1 - {{ target }}) * {{ x }}\n"
            "answer_1 = (g, {{ weight }} + {{ rate }} * g)",
            "Downhill",
        ),
        (
            1,
            "g = 2 * ({{ weight }} * {{ x }} + 1 - {{ target }})\n"
            "answer_1 = (g, {{ weight }} - {{ rate }} * g)",
            "goes on, times x",
        ),
        (
            2,
            "{{ step }}    loss.backward()\n    optimizer.step()\n"
            "    return loss.item(), (z.argmax(1) == y).sum().item()",
            "Gradients of an earlier step have entered",
        ),
        (
            2,
            "{{ step }}    optimizer.zero_grad()\n    loss.backward()\n    optimizer.step()\n"
            "    return loss.item(), (z.argmax(1) == y).float().mean().item()",
            "not which share",
        ),
        (
            2,
            "{{ step }}    optimizer.zero_grad()\n    loss.backward()\n"
            "    return loss.item(), (z.argmax(1) == y).sum().item()",
            "is `optimizer.step()` there?",
        ),
        (
            3,
            "def path(w, slopes, rate, m):\n    out = []\n    for g in slopes:\n"
            "        w = w - rate * g\n        out.append(w)\n    return out",
            "The velocity is forgotten",
        ),
        (
            4,
            "{{ evaluate }}        for x, y in batches:\n            z = model(x)\n"
            "            loss += F.cross_entropy(z, y).item() / len(batches)\n"
            "            right += (z.argmax(1) == y).sum().item()\n            count += len(y)\n"
            "    model.train(was)\n    return loss, right / count",
            "too much weight",
        ),
        (
            4,
            "{{ evaluate }}        for x, y in batches:\n            z = model(x)\n"
            "            loss += F.cross_entropy(z, y).item() * len(y)\n"
            "            right += (z.argmax(1) == y).sum().item()\n            count += len(y)\n"
            "    model.train(not was)\n    return loss / count, right / count",
            "left in another mode",
        ),
        (
            5,
            "def stop(losses, patience):\n    best = losses.index(min(losses)) + 1\n"
            "    return best, len(losses)",
            "Training is never ended",
        ),
        (
            5,
            "def stop(losses, patience):\n    best = last = 0\n"
            "    for last in range(len(losses)):\n        if losses[last] < losses[best]:\n"
            "            best = last\n        if last - best == patience:\n            break\n"
            "    return best, last",
            "Epochs count from 1",
        ),
    ],
    5: [
        (1, "answer_1 = {{ millions }} * 8", "Adam keeps two numbers more"),
        (
            2,
            "each = {{ pictures }} // {{ workers }}\nanswer_2 = (each, -(-each // {{ batch }}), 0)",
            "rounded up",
        ),
        (
            3,
            "def speed(seconds, images, warm_up):\n    s = seconds[warm_up:]\n"
            "    return images / (sum(s) / len(s))",
            "That is the mean",
        ),
        (
            3,
            "def speed(seconds, images, warm_up):\n    s = sorted(seconds[warm_up:])\n"
            "    return images / s[len(s) // 2]",
            "the mean of the two in the middle",
        ),
        (
            4,
            "def shares(count, workers, epoch, seed):\n"
            "    g = torch.Generator().manual_seed(seed)\n"
            "    order = torch.randperm(count, generator=g).tolist()\n"
            "    order += order[: -count % workers]\n"
            "    return [order[w::workers] for w in range(workers)]",
            "The epoch does not enter",
        ),
        (
            4,
            "def shares(count, workers, epoch, seed):\n"
            "    g = torch.Generator().manual_seed(seed + epoch)\n"
            "    order = torch.randperm(count, generator=g).tolist()\n"
            "    return [order[w::workers] for w in range(workers)]",
            "Not equally long",
        ),
        (
            4,
            "def shares(count, workers, epoch, seed):\n    torch.manual_seed(seed + epoch)\n"
            "    order = torch.randperm(count).tolist()\n"
            "    order += order[: -count % workers]\n"
            "    return [order[w::workers] for w in range(workers)]",
            "Make a generator of your own",
        ),
        (
            5,
            "def averaged(gradients, counts): return sum(gradients) / len(gradients)",
            "The plain mean",
        ),
        (
            5,
            "def averaged(gradients, counts):\n    pairs = zip(gradients, counts)\n"
            "    return sum(g * n for g, n in pairs) / len(counts)",
            "not by the workers",
        ),
    ],
}
SHARED = {  # beginnings that several of them have in common
    "windows": "class Windows(Dataset):\n    def __init__(self, p, size, stride):\n"
    "        self.p, self.s, self.t = p, size, stride\n"
    "        self.n = [(x - size) // stride + 1 for x in p.shape[1:]]\n"
    "    def __len__(self): return len(self.p) * self.n[0] * self.n[1]\n"
    "    def __getitem__(self, i):\n",
    "small": "class Small(nn.Module):\n    def __init__(self, side, filters, classes):\n"
    "        super().__init__()\n        self.conv = nn.Conv2d(1, filters, 3, padding=1)\n"
    "        self.out = nn.Linear(filters * (side // 2) ** 2, classes)\n"
    "    def forward(self, x):\n",
    "step": "def step(model, optimizer, x, y):\n    model.train()\n    z = model(x)\n"
    "    loss = F.cross_entropy(z, y)\n",
    "evaluate": "def evaluate(model, batches):\n    loss = right = count = 0\n"
    "    was = model.training\n    model.eval()\n    with torch.no_grad():\n",
}
