"""Plausible wrong answers to chapter 07, and what the check should say to each."""

MEANS = "def epoch_means(losses, hits, sizes):\n    "
KEEP = (
    "def keep_epoch(losses, patience):\n    best_epoch, best = 0, math.inf\n"
    "    for epoch, loss in enumerate(losses, start=1):\n"
)
CLIP = (
    "def clip(parameters, longest):\n"
    "    slopes = [p.grad for p in parameters if p.grad is not None]\n"
    "    length = sum(slope.square().sum() for slope in slopes).sqrt()\n"
)

WRONG = {
    "7.1": [
        ("answer = 4680", "the last batch"),
        ("answer = 391", "That is one epoch"),
        ("answer = 50_000 / 128 * 12", "no half batch"),
        ("answer = 4688", "in each epoch"),
        ("answer = 600_000", "pictures seen"),
        ("answer = 390 * 12 + 1", "That is too small"),
    ],
    "7.2": [
        (
            MEANS + "return sum(losses) / len(losses), "
            "sum(h / s for h, s in zip(hits, sizes)) / len(sizes)",
            "as much as one of 100",
        ),
        (MEANS + "return sum(losses) / len(losses), sum(hits) / sum(sizes)", "weigh it"),
        (MEANS + "return sum(losses) / sum(sizes), sum(hits) / sum(sizes)", "a mean already"),
        (
            MEANS + "total = sum(a * b for a, b in zip(losses, sizes))\n"
            "    return total / sum(sizes), sum(hits) / len(sizes)",
            "right answers a batch",
        ),
        (MEANS + "return sum(losses) / len(losses), sum(hits) / len(hits)", "weigh it"),
        (
            MEANS + "total = sum(a * b for a, b in zip(losses, sizes))\n"
            "    return sum(hits) / sum(sizes), total / sum(sizes)",
            "The loss comes first",
        ),
    ],
    "7.3": [
        (
            "def keep_epoch(losses, patience):\n"
            "    return losses.index(min(losses)) + 1, len(losses)",
            "never stops",
        ),
        (
            KEEP + "        if loss < best:\n            best_epoch, best = epoch, loss\n"
            "        if epoch - best_epoch == patience:\n            break\n"
            "    return epoch, epoch",
            "not the last",
        ),
        (
            KEEP + "        if loss <= best:\n            best_epoch, best = epoch, loss\n"
            "        if epoch - best_epoch == patience:\n            break\n"
            "    return best_epoch, epoch",
            "no new lowest",
        ),
        (
            KEEP + "        if loss < best:\n            best_epoch, best = epoch, loss\n"
            "        if epoch - best_epoch > patience:\n            break\n"
            "    return best_epoch, epoch",
            "one epoch too long",
        ),
        (
            KEEP + "        if loss < best:\n            best_epoch, best = epoch, loss\n"
            "        if epoch - best_epoch == patience:\n            break\n"
            "    return best_epoch - 1, epoch - 1",
            "counted from 1",
        ),
        (
            KEEP + "        if loss > best:\n            break\n"
            "        if loss < best:\n            best_epoch, best = epoch, loss\n"
            "    return best_epoch, epoch",
            "the first rise",
        ),
        (
            "def keep_epoch(losses, patience):\n    best_epoch, best, wait = 0, math.inf, 0\n"
            "    for epoch, loss in enumerate(losses, start=1):\n        wait += 1\n"
            "        if loss < best:\n            best_epoch, best, wait = epoch, loss, wait - 1\n"
            "        if wait == patience:\n            break\n"
            "    return best_epoch, epoch",
            "count anew",
        ),
        (
            "def keep_epoch(losses, patience):\n    best_epoch, before, wait = 0, math.inf, 0\n"
            "    for epoch, loss in enumerate(losses, start=1):\n        wait += 1\n"
            "        if loss < before:\n            best_epoch, wait = epoch, 0\n"
            "        before = loss\n        if wait == patience:\n            break\n"
            "    return best_epoch, epoch",
            "lowest so far",
        ),
    ],
    "7.4": [
        (
            "def clip(parameters, longest):\n    for p in parameters:\n"
            "        if p.grad is not None:\n"
            "            p.grad *= min(1.0, longest / p.grad.norm())\n    return longest",
            "turns the direction",
        ),
        (
            "def clip(parameters, longest):\n    for p in parameters:\n"
            "        if p.grad is not None:\n            p.grad.clamp_(-longest, longest)",
            "one by one",
        ),
        (
            CLIP + "    for s in slopes:\n        s *= longest / length\n    return length",
            "stays as",
        ),
        (
            CLIP + "    for s in slopes:\n        s *= min(1.0, longest / length)\n"
            "    return min(longest, length.item())",
            "the length afterwards",
        ),
        (
            CLIP.replace("slopes =", "parameters = list(parameters)\n    slopes =")
            + "    for p in parameters:\n        if p.grad is not None:\n"
            "            p.grad = p.grad * min(1.0, longest / length)\n    return length",
            "in place",
        ),
        (CLIP + "    return length", "Nothing is shortened"),
        (
            CLIP + "    for s in slopes:\n        s = s * min(1.0, longest / length)\n"
            "    return length",
            "makes a new tensor",
        ),
        (
            CLIP.replace("slopes =", "parameters = list(parameters)\n    slopes =")
            + "    for p in parameters:\n        p.data *= min(1.0, longest / length)\n"
            "    return length",
            "The weights themselves",
        ),
        (
            CLIP + "    for s in slopes:\n        s *= min(1.0, longest / length)",
            "nothing is returned",
        ),
        (
            CLIP + "    for p in parameters:\n        if p.grad is not None:\n"
            "            p.grad *= min(1.0, longest / length)\n    return length",
            "only once",
        ),
        (
            "def clip(parameters, longest):\n"
            "    return sum(p.grad.square().sum() for p in parameters).sqrt()",
            "raised",
        ),
    ],
    "7.5": [
        ('answer = {"a", "b", "c", "d", "e"}', "'b' should not be in it"),
        ('answer = {"a", "d", "e"}', "'c' is missing"),
        ('answer = "a, c, e"', "'d' is missing"),
    ],
    "7.6": [
        ('answer = "a"', "chosen by"),
        ('answer = "c"', "luckier still"),
    ],
}
