"""Plausible wrong answers to chapter 01, and what the check should say to each."""

WRONG = {
    "1.1": [
        ("answer = (1, 3, 1, 32)", "the batch axis has gone"),
        ("answer = (3, 32)", "keeps its axis"),
        ("answer = (3, 32, 32)", "only the first row"),
        ("answer = (3, 32, 1)", "of the rows"),
        ("answer = 96", "expected a tuple"),
        ("answer = (60, 3, 1)", "Number 1 of 3: that is too large"),
        ("answer = {3, 1, 32}", "a set has no order"),
    ],
    "1.2": [
        ("def brighten(image, amount):\n    return image + amount", "wrap around"),
        (
            "def brighten(image, amount):\n    return (image + amount).clamp(max=255)",
            "cut at 255 before going back",
        ),
        (
            "def brighten(image, amount):\n    return (image.int() + amount).clamp(0, 255)",
            "torch.uint8; the numbers themselves are right",
        ),
        (
            "def brighten(image, amount):\n    return (image.short() + amount).to(torch.uint8)",
            "The bytes wrap around",
        ),
        ("def brighten(image, amount):\n    image += amount\n    return image", "in place"),
        (
            "def brighten(image, amount):\n    more = image.float() * (1 + amount / 255)\n"
            "    return more.clamp(max=255).to(torch.uint8)",
            "13 of 20 values differ",
        ),
    ],
    "1.3": [
        (
            "def mirror_channels_first(p):\n    return p.reshape(3, *p.shape[:2]).flip(-1)",
            "mixes the colours",
        ),
        ("def mirror_channels_first(p):\n    return p.permute(2, 0, 1)", "mirror is missing"),
        ("def mirror_channels_first(p):\n    return p.permute(2, 0, 1).flip(1)", "top to bottom"),
        ("def mirror_channels_first(p):\n    return p.permute(2, 1, 0).flip(2)", "on its side"),
        (
            "def mirror_channels_first(p):\n    return p.flip(1)",
            "now move the channels to the front",
        ),
        (
            "def mirror_channels_first(p):\n    return p.permute(2, 0, 1)[:, :, ::-1]",
            "cannot be sliced backwards; use `.flip(dims=...)`",
        ),
        (
            "def mirror_channels_first(p):\n    return p.permute(2, 0, 1).rot90(2, (1, 2))",
            "top to bottom as well",
        ),
    ],
    "1.4": [
        ("def centre(batch):\n    return batch - batch.mean()", "one mean for the whole batch"),
        (
            "def centre(batch):\n    return batch - batch.mean(dim=(1, 2, 3))",
            "line up with the columns",
        ),
        ("def centre(batch):\n    return batch - batch.mean(0, keepdim=True)", "for each pixel"),
        ("def centre(batch):\n    return batch.mean((1, 2, 3), True)", "subtract them"),
        ("def centre(batch):\n    return batch.mean((1, 2, 3), True) - batch", "other way round"),
        (
            "def centre(batch):\n    return batch - batch.mean((2, 3), keepdim=True).mean(0)",
            "one mean for the whole batch",
        ),
        (
            "def centre(batch):\n    return batch - batch.flatten(1).mean(1)",
            "line up with the columns",
        ),
        (
            "def centre(batch):\n    return batch - batch.mean(-1, keepdim=True)",
            "each row of each picture",
        ),
    ],
    "1.5": [
        (
            "def scores(pictures, weights, bias):\n"
            "    result = bias.expand(len(pictures), len(bias))\n"
            "    result += pictures @ weights\n    return result",
            "raised RuntimeError",
        ),
        (
            "def scores(p, w, b):\n    r = b.expand(len(p), len(b))\n"
            "    r += p.flatten(1) / 255 @ w\n    return r",
            "more than one element",
        ),
        (
            "def scores(p, w, b):\n    return p.to(w.device).flatten(1).float() @ w + b",
            "not divided by 255",
        ),
        (
            "def scores(p, w, b):\n    return p.to(w.device).reshape(-1, 784) / 255 @ w + b",
            "is invalid for input of size 20",
        ),
        (
            "def scores(p, w, b):\n    return p.flatten(1) / 255 @ w + b",
            "your function stops: RuntimeError: Expected all tensors",
        ),
        (
            "def scores(p, w, b):\n    p.to(w.device)\n    return p.flatten(1) / 255 @ w + b",
            "returns the moved tensor, so give it a name",
        ),
        (
            "def scores(p, w, b):\n    return p.flatten(1) / 255 @ w.to(p.device) + b.to(p.device)",
            "Move the pictures, not the weights",
        ),
        (
            "def scores(p, w, b):\n    p = p.to(w.device).flatten(1) / 255\n"
            "    return (p[..., None] * w).sum(1) / 255 + b",
            "expected",
        ),
        (
            "def scores(p, w, b):\n    return (p.to(w.device).flatten(1).float() @ w + b) / 255",
            "Only the pixels",
        ),
        (
            "def scores(p, w, b):\n    return p.to(w.device).mT.flatten(1) / 255 @ w + b",
            "changed their order",
        ),
        ("def scores(p, w, b):\n    return p.to(w.device).flatten(1) / 255 @ w", "The bias"),
    ],
    "1.6": [
        (
            "def shuffled(count, seed):\n    torch.manual_seed(seed)\n"
            "    return torch.randperm(count)",
            "others draw other numbers",
        ),
        ("def shuffled(count, seed):\n    return torch.randperm(count)", "others draw other"),
        (
            "def shuffled(count, seed):\n"
            "    return torch.randperm(count, generator=torch.Generator())",
            "is `seed` used?",
        ),
        (
            "g = torch.Generator().manual_seed(3)\n"
            "def shuffled(count, seed):\n    return torch.randperm(count, generator=g)",
            "two orders came",
        ),
        (
            "def shuffled(count, seed):\n    g = torch.Generator().manual_seed(seed)\n"
            "    return torch.randint(count, (count,), generator=g)",
            "each whole number from 0 to 49 once",
        ),
        (
            "def shuffled(count, seed):\n    return torch.arange(count).roll(seed)[:count - 1]",
            "each whole number",
        ),
        (
            "def shuffled(count, seed):\n    g = torch.Generator().manual_seed(seed)\n"
            "    return torch.rand(count, generator=g)",
            "each whole number",
        ),
        (
            "import random\ndef shuffled(count, seed):\n    random.seed(seed)\n"
            "    return random.sample(range(count), count)",
            "others draw other numbers",
        ),
    ],
    "1.7": [
        ('answer = {"a", "c"}', "flattening numbers that lie in order"),
        ('answer = {"a", "b", "c", "e"}', "a list of positions copies"),
        ('answer = {"a", "c", "d", "e"}', "no constant step"),
        ('answer = {"a", "c", "e", "f"}', "arithmetic makes new numbers"),
        ('answer = ["a", "c"]', "'e' is missing"),
    ],
}
