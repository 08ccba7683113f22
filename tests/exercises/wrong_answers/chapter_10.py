"""Wrong answers to the exercises of chapter 10."""

LAID = "def laid_on(picture, background):\n    share = picture[3:] / 255\n    "
SIZE = "def scaled_size(height, width, longest):\n    "
CONFUSION = "def confusion(labels, answers, classes):\n    "
HEAD = "def with_new_head(network, classes):\n    changed = copy.deepcopy(network)\n    "
FREEZE = "[p.requires_grad_(False) for p in changed.parameters()]\n    "
ERROR = (
    "def calibration_error(confidence, right, bins):\n    error = 0.0\n    for k in range(bins):\n"
    "        inside = (confidence > k / bins) & (confidence <= (k + 1) / bins)\n"
    "        if inside.any():\n"
    "            gap = confidence[inside].mean() - right[inside].float().mean()\n            "
)

WRONG = {
    "10.1": [
        ("answer = 131_992", "the whole file"),
        ("answer = 32_998", "one byte for each"),
        ("answer = 527_968", "the bits"),
        ("answer = 0.5", "the share"),
        ("answer = 32_998 * 8", "not eight"),
        ("answer = 60_000", "That is too small"),
        ("answer = 70_000", "That is too large"),
    ],
    "10.2": [
        ("def laid_on(picture, background):\n    return picture[:3]", "Alpha is cut off"),
        (
            LAID + "return (share * picture[:3] + (1 - share) * background).to(torch.uint8)",
            "round first",
        ),
        (
            LAID + "return (share * picture[:3] + (1 - share) * 255).round().to(torch.uint8)",
            "Use the argument `background`",
        ),
        (
            LAID + "return ((1 - share) * picture[:3] + share * background)"
            ".round().to(torch.uint8)",
            "Alpha 255 is opaque",
        ),
        (
            "def laid_on(picture, background):\n"
            "    return torch.where(picture[3:] > 127, picture[:3], background).to(torch.uint8)",
            "mixed by half",
        ),
        (
            "def laid_on(picture, background):\n"
            "    return torch.where(picture[3:] > 0, picture[:3], background).to(torch.uint8)",
            "mixed by half",
        ),
        (
            LAID + "return (share * picture[:3] + background).round().to(torch.uint8)",
            "only by the share that is left",
        ),
        *[
            (LAID + f"return ({mixed}).round().to(torch.uint8)", "Bytes overflow: divide alpha")
            for mixed in (
                "picture[:3] * picture[3:] / 255 + (1 - share) * background",
                "share * picture[:3] + (255 - picture[3:]) * background / 255",
                "picture[:3] * picture[3:] / 255 + (255 - picture[3:]) * background / 255",
                "(picture[:3] * picture[3:] + (255 - picture[3:]) * background) / 255",
            )
        ],
        (
            LAID.replace("/", "//") + "mixed = share * picture[:3] + (1 - share) * background\n"
            "    return mixed.to(torch.uint8)",
            "`//` leaves only 0 and 1",
        ),
        (LAID + "return share * picture[:3] + (1 - share) * background", "expected torch.uint8"),
        (
            LAID + "return (share * picture + (1 - share) * background).round().to(torch.uint8)",
            "expected (3, 5, 6)",
        ),
    ],
    "10.3": [
        ('answer = {"b", "d"}', "multiply"),
        ('answer = {"a", "b", "d", "f"}', "first bytes"),
        ('answer = {"d", "f"}', "they end too soon"),
        ('answer = {"b", "c", "d", "f"}', "257"),
    ],
    "10.4": [
        (
            SIZE
            + "s = longest / max(height, width)\n    return round(height * s), round(width * s)",
            "0 pixels",
        ),
        (
            SIZE + "s = longest / max(height, width)\n"
            "    return max(1, round(width * s)), max(1, round(height * s))",
            "Height comes first",
        ),
        (SIZE + "return longest, max(1, round(width * longest / height))", "longer edge decides"),
        (SIZE + "return max(1, round(height * longest / width)), longest", "longer edge decides"),
        (
            SIZE
            + "s = longest / min(height, width)\n    return round(height * s), round(width * s)",
            "the shorter edge",
        ),
        (SIZE + "return longest, longest", "proportions"),
        (
            SIZE + "s = longest / max(height, width)\n"
            "    return max(1, int(height * s)), max(1, int(width * s))",
            "use `round`",
        ),
        (
            SIZE + "s = longest / max(height, width)\n    import math\n"
            "    return math.ceil(height * s), math.ceil(width * s)",
            "`ceil` rounds up",
        ),
        (
            SIZE + "import math\n    s = max(height, width)\n"
            "    return math.ceil(height * longest / s), math.ceil(width * longest / s)",
            "`ceil` rounds up",
        ),
        (
            SIZE + "s = 28 / max(height, width)\n"
            "    return max(1, round(height * s)), max(1, round(width * s))",
            "Use the argument `longest`",
        ),
        (
            SIZE + "s = longest / max(height, width)\n"
            "    return max(1, height * s), max(1, width * s)",
            "expected (28, 21)",
        ),
    ],
    "10.5": [
        ('answer = "a"', "runs whatever the file says"),
        ('answer = "c"', "to trust it"),
        ('answer = "ab"', "a single letter"),
    ],
    "10.6": [
        (
            CONFUSION + "pairs = answers * classes + labels\n"
            "    return pairs.bincount(minlength=classes**2).reshape(classes, classes)",
            "Rows are true classes",
        ),
        (
            CONFUSION + "table = torch.zeros(classes, classes, dtype=torch.int64)\n"
            "    table[labels, answers] += 1\n    return table",
            "however often it occurs",
        ),
        (
            CONFUSION + "pairs = labels * classes + answers\n"
            "    t = pairs.bincount(minlength=classes**2).reshape(classes, classes)\n"
            "    return t / t.sum(dim=1, keepdim=True)",
            "counts were asked for",
        ),
        (
            CONFUSION + "pairs = labels * classes + answers\n"
            "    return pairs.bincount().reshape(classes, classes)",
            "`minlength`",
        ),
        (
            CONFUSION + "pairs = labels * classes + answers\n"
            "    return pairs.bincount(minlength=classes**2).reshape(classes, classes).float()",
            "`int64`",
        ),
        (
            CONFUSION
            + "n = max(labels.max(), answers.max()) + 1\n    pairs = labels * n + answers\n"
            "    return pairs.bincount(minlength=n * n).reshape(n, n)",
            "Classes that do not occur",
        ),
        (
            CONFUSION + "return [[((labels == i) & (answers == j)).sum() for j in range(classes)] "
            "for i in range(classes)]",
            "expected a tensor",
        ),
    ],
    "10.7": [
        (HEAD + "changed.out = nn.Linear(60, classes)\n    return changed", "is not frozen"),
        (
            HEAD + "changed.out = nn.Linear(60, classes)\n    " + FREEZE + "return changed",
            "put the new layer in after freezing",
        ),
        (
            HEAD + FREEZE + "changed.out = nn.Linear(60, 10)\n    return changed",
            "`out` gives 10",
        ),
        (
            "def with_new_head(network, classes):\n    changed = network\n    "
            + FREEZE
            + "changed.out = nn.Linear(60, classes)\n    return changed",
            "in place",
        ),
        (
            "def with_new_head(network, classes):\n    changed = FashionNet()\n    "
            + FREEZE
            + "changed.out = nn.Linear(60, classes)\n    return changed",
            "do not start anew",
        ),
        (HEAD + FREEZE + "changed.out = nn.Linear(60, classes)", "got None"),
        (
            HEAD + FREEZE + "changed.out.out_features = classes\n"
            "    changed.out.requires_grad_(True)\n    return changed",
            "`out_features` only names the size",
        ),
        (
            HEAD + FREEZE + "changed.head = nn.Linear(60, classes)\n    return changed",
            "`out` gives",
        ),
        (
            HEAD + FREEZE + "changed.out = nn.Linear(10, classes)\n    return changed",
            "with 60 inputs",
        ),
        (
            HEAD + FREEZE + "changed.out = nn.Sequential(nn.Linear(60, classes))\n"
            "    return changed",
            "expected an nn.Linear",
        ),
        (
            HEAD + FREEZE + "changed.out = nn.Linear(60, classes, bias=False)\n    return changed",
            "the parameters are",
        ),
    ],
    "10.8": [
        (ERROR + "error += gap.abs().item() / bins\n    return error", "Weigh each bin by its"),
        (ERROR + "error += gap.abs().item()\n    return error", "Weigh each bin by its share"),
        (
            ERROR.replace("inside.any()", "inside.sum() >= 20")
            + "error += (inside.float().mean() * gap.abs()).item()\n    return error",
            "A bin with few pictures counts, too",
        ),
        (
            ERROR + "error += (inside.float().mean() * gap).item()\n    return error",
            "without sign",
        ),
        (
            ERROR.replace("<=", "<") + "error += (inside.float().mean() * gap.abs()).item()\n"
            "    return error",
            "belongs to the last bin",
        ),
        (
            "def calibration_error(confidence, right, bins):\n"
            "    return (confidence.mean() - right.float().mean()).abs().item()",
            "one bin for everything",
        ),
        (
            ERROR.replace("range(bins)", "range(10)").replace("/ bins", "/ 10")
            + "error += (inside.float().mean() * gap.abs()).item()\n    return error",
            "Use the argument `bins`",
        ),
        (
            ERROR + "error += (inside.float().mean() * gap.abs()).item()\n    return 100 * error",
            "not in percent",
        ),
        (
            ERROR.replace("inside.any()", "True")
            + "error += (inside.float().mean() * gap.abs()).item()\n    return error",
            "The mean of an empty bin is nan: leave empty bins out",
        ),
        (
            ERROR + "error += inside.float().mean() * gap.abs()\n    return error",
            "expected the plain Python value",
        ),
    ],
}
