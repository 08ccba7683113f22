"""Plausible wrong answers to chapter 05, and what the check should say to each."""

TOP = "def top_k_correct(logits, labels, k):\n    best = logits.topk(k, dim=1).indices\n    "
LOG = "def log_probabilities(z):\n    "
PREDICT = "def predict(model, images):\n    "
WRITE = (
    "def graph_operations(model, image, folder):\n"
    "    with SummaryWriter(folder) as w, warnings.catch_warnings(action='ignore'):\n"
    "        w.add_graph(model, image)\n"
    "    nodes = EventAccumulator(folder).Reload().Graph().node\n    "
)
ELSEWHERE = WRITE.replace("(folder)", "(elsewhere)").replace(
    "    with S", "    elsewhere = folder + '_2'\n    with S", 1
)
ATEN = "[n.op for n in nodes if n.op.startswith('aten')]"

WRONG = {
    "5.1": [
        ("answer = 400", "That is for 32 x 32"),
        ("answer = 192", "16 maps there"),
        ("answer = 16", "That is one map"),
        ("answer = 784", "28 is not halved at once"),
        ("answer = 1024", "One pooling"),
        ("answer = 16 * 5 * 4", "That is too large"),
        ("answer = 16 * 3 * 3", "That is too small"),
    ],
    "5.2": [
        (TOP + "return (best == labels[:, None]).sum().item() / len(labels)", "not a share"),
        (TOP + "return (best[:, :1] == labels[:, None]).sum().item()", "whatever was asked"),
        (TOP + "return (best == labels[:, None]).sum()", "`.item()`"),
        (TOP + "return (best == labels[:, None]).sum().float().item()", "is a float: an integer"),
        (TOP + "return (best == labels).sum().item()", "raised RuntimeError"),
        (
            "def top_k_correct(x, y, k):\n"
            "    return (x.topk(k, largest=False).indices == y[:, None]).sum().item()",
            "the k lowest",
        ),
        (TOP + "return len(labels) - (best == labels[:, None]).sum().item()", "the wrong ones"),
    ],
    "5.3": [
        (LOG + "return (z.exp() / z.exp().sum(-1, keepdim=True)).log()", "subtract the largest"),
        (LOG + "return z - z.exp().sum(-1, keepdim=True).log()", "subtract the largest"),
        (LOG + "return z.log_softmax(-1)", "`log_softmax` is what you should write"),
        (LOG + "return F.log_softmax(z, dim=-1)", "`log_softmax` is what you should write"),
        (
            LOG + "s = z - z.max()\n    return s - s.exp().sum(-1, keepdim=True).log()",
            "of each row, not of all",
        ),
        (
            LOG + "e = (z - z.amax(-1, keepdim=True)).exp()\n"
            "    return (e / e.sum(-1, keepdim=True)).log()",
            "subtract logarithms",
        ),
        (LOG + "return z.softmax(-1)", "take the logarithm"),
        (LOG + "return z.log_softmax(1)", "not axis 1"),
        (
            LOG + "m = z.amax(-1, True)\n    return z - (z - m).exp().sum(-1, True).log()",
            "subtracted outside, too",
        ),
        (
            LOG + "n = z.shape[-1]\n    r = z.reshape(-1, n)\n    return torch.stack([-F."
            "cross_entropy(r, torch.full((len(r),), i), reduction='none') for i in range(n)], -1)"
            ".reshape(z.shape)",
            "`cross_entropy` is what you should write",
        ),
    ],
    "5.4": [
        ("answer = 16", "That is for 32 x 32"),
        ("answer = 9", "rows that come out"),
        ("answer = 48", "a smaller batch"),
        ("answer = 1", "not whole"),
        ("answer = 12", "a smaller batch"),
        ("answer = 8", "a smaller batch"),
        ("answer = 3", "not whole"),
    ],
    "5.5": [
        (
            PREDICT + "was = [(m, m.training) for m in model.modules()]\n    model.eval()\n"
            "    torch.set_grad_enabled(False)\n    y = model(images).argmax(1)\n"
            "    torch.set_grad_enabled(True)\n    for m, t in was: m.training = t\n    return y",
            "whether gradients are recorded is not as before",
        ),
        (PREDICT + "with torch.no_grad():\n        return model(images).argmax(1)", "a lottery"),
        (
            PREDICT + "model.eval()\n    with torch.no_grad():\n"
            "        return model(images).argmax(1)",
            "Sequential is now in eval mode",
        ),
        (
            PREDICT + "model.eval()\n    with torch.no_grad():\n"
            "        labels = model(images).argmax(1)\n    model.train()\n    return labels",
            "BatchNorm1d 2 is now in train mode",
        ),
        (
            PREDICT + "torch.set_grad_enabled(False)\n    was = [(m, m.training) for m in "
            "model.modules()]\n    model.eval()\n    y = model(images).argmax(1)\n"
            "    for m, t in was: m.training = t\n    return y",
            "whether gradients are recorded is not as before",
        ),
        (
            PREDICT + "for p in model.parameters(): p.requires_grad_(False)\n    was = [(m, "
            "m.training) for m in model.modules()]\n    model.eval()\n"
            "    y = model(images).argmax(1)\n"
            "    for m, t in was: m.training = t\n    return y",
            "the model is changed",
        ),
        (
            PREDICT + "model.eval()\n    labels = model(images).argmax(1)\n    model.train()\n"
            "    return labels",
            "gradients were recorded",
        ),
        (
            PREDICT + "model.eval()\n    with torch.no_grad():\n        return model(images)",
            "Those are the logits",
        ),
        (
            PREDICT + "model.eval()\n    with torch.no_grad():\n"
            "        return model(images).argmax(0)",
            "along axis 1",
        ),
    ],
    "5.6": [
        ('answer = "a"', "changes nothing in what layers compute"),
        ('answer = "c"', "the model itself is changed"),
    ],
    "5.7": [
        (WRITE + "return [n.op for n in nodes]", "only those whose `op` begins with aten::"),
        (WRITE + "return [n.name for n in nodes if n.op[:4] == 'aten']", "`node.name`"),
        (WRITE + "return [n.op[6:] for n in nodes if n.op[:4] == 'aten']", "Leave `aten::`"),
        (WRITE + f"return sorted({ATEN})", "Sorted"),
        (WRITE + f"return {ATEN}[::-1]", "the first operation first"),
        (WRITE + f"return list(dict.fromkeys({ATEN}))", "Each name once"),
        (WRITE + f"return len({ATEN})", "how many there are"),
        (WRITE + f"print({ATEN})", "`return` missing"),
        (ELSEWHERE + f"return {ATEN}", "holds no graph of the model"),
        (
            "def graph_operations(model, image, folder):\n    return [str(n).split('::')[0] for n "
            "in model]",
            "expected",
        ),
        (
            "def graph_operations(model, image, folder):\n"
            "    return EventAccumulator(folder).Reload().Graph().node",
            "your code raised ValueError",
        ),
    ],
}
