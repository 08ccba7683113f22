"""Plausible wrong answers to chapter 03, and what the check should say to each."""

HEAD = "def max_pool_2x2(x):\n    "

WINDOW = "row * stride : row * stride + kh, column * stride : column * stride + kw"
LOOPS = (
    "def conv2d_loops(image, kernel, stride):\n    kh, kw = kernel.shape\n"
    "    down, across = image.shape\n"
    "    y = torch.empty((down - kh) // stride + 1, (across - kw) // stride + 1)\n"
    "    for row in range(y.shape[0]):\n        for column in range(y.shape[1]):\n"
    "            y[row, column] = (image[{x}] * kernel).sum()\n    return y"
)
MATRIX = (
    "def matrix_of(kernel, height, width):\n"
    "    pixels = torch.eye(height * width).reshape(-1, 1, height, width)\n"
)
BY_ROWS = (
    "def matrix_of(kernel, height, width):\n    kh, kw = kernel.shape\n"
    "    down, across = height - kh + 1, width - kw + 1\n"
    "    rows = torch.zeros(down * across, height * width)\n"
    "    for r in range(down):\n        for c in range(across):\n"
    "            for i in range(kh):\n                for j in range(kw):\n"
    "                    rows[r * across + c, (r + i) * width + c + j] = kernel[i, j]\n"
    "    return rows"
)
WINDOWS = (
    "def matrix_of(kernel, height, width):\n    kh, kw = kernel.shape\n"
    "    down, across = height - kh + 1, width - kw + 1\n"
    "    rows = torch.zeros(down * across, height * width)\n"
    "    for r in range(down):\n        for c in range(across):\n"
    "            picture = torch.zeros(height, width)\n"
    "            picture[r : r + kh, c : c + kw] = kernel\n"
    "            rows[r * down + c] = picture.flatten()\n    return rows"
)

WRONG = {
    "3.1": [
        ("answer = 113", "after the convolution"),
        ("answer = 56", "A padding is missing"),
        ("answer = 55", "in both steps"),
        ("answer = 58", "Round down"),
        ("answer = (57, 57)", "one number"),
        ("answer = 226 / 4", "a floor, a padding"),
    ],
    "3.2": [
        ("answer = (1800, 300)", "first has a bias"),
        ("answer = (1812, 1800)", "1 deep"),
        ("answer = (1812, 312)", "bias=False"),
        ("answer = (1812, 150)", "also with groups"),
        ("answer = 2112", "a tuple of two numbers"),
        ("answer = (12 * 5 * 5 + 12, 300)", "6 deep"),
        ("answer = (300, 1812)", "The other way round"),
        ("answer = (1812, 25)", "The second has 12 filters"),
        ("answer = (1812, 50)", "each is 6 / 6 = 1 deep and 5 × 5 large"),
        ("answer = (1812, 1812)", "and there is no bias"),
        ("answer = (1812, 1812 // 6)", "and there is no bias"),
    ],
    "3.3": [
        (HEAD + "return F.avg_pool2d(x, 2)", "mean of each window"),
        (HEAD + "return F.max_pool2d(x, 2)", "`max_pool2d` is what you should write"),
        (HEAD + "return nn.MaxPool2d(2)(x)", "is what you should write"),
        (HEAD + "return F.max_pool2d(x, 2, ceil_mode=True)", "An odd rest is left out"),
        (HEAD + "return F.max_pool2d(x, 2, 1)", "The windows overlap"),
        (HEAD + "return x[:, :, : x.shape[2] // 2 * 2 : 2, : x.shape[3] // 2 * 2 : 2]", "first"),
        (
            HEAD + "return x.unflatten(3, (-1, 2)).unflatten(2, (-1, 2)).amax((3, 5))",
            "are odd: cut",
        ),
        (HEAD + "return torch.maximum(x[:, :, ::2], x[:, :, 1::2])", "are odd: cut off the last"),
        (HEAD + "return x[:, :, ::2, ::2]", "first pixel of each window"),
        (HEAD + "return x.amax((2, 3))", "a maximum of its own"),
        (HEAD + "return x.max()", "A maximum over whole axes"),
        (HEAD + "return x.max().item()", "A maximum over whole axes"),
        (HEAD + "return x.max(dim=2).values", "A maximum over whole axes"),
        (
            HEAD + "h = x.shape[2] // 2 * 2\n"
            "    return torch.maximum(x[:, :, 0:h:2], x[:, :, 1:h:2])",
            "Only one side has become half as long",
        ),
        (
            HEAD + "x = x[:, :, : x.shape[2] // 2 * 2, : x.shape[3] // 2 * 2]\n"
            "    return torch.maximum(x[..., ::2], x[..., 1::2])",
            "over rows and over columns",
        ),
        (
            HEAD + "x = x[:, :, : x.shape[2] // 2 * 2, : x.shape[3] // 2 * 2]\n"
            "    return torch.maximum(x[:, :, 0::2, 0::2], x[:, :, 1::2, 0::2])",
            "the largest of two pixels only",
        ),
        (
            HEAD + "x = x[:, :, : x.shape[2] // 2 * 2, : x.shape[3] // 2 * 2]\n"
            "    return torch.maximum(x[:, :, 0::2, 0::2], x[:, :, 1::2, 1::2])",
            "the largest of two pixels only",
        ),
        (HEAD + "return -F.max_pool2d(-x, 2)", "the smallest"),
        (
            HEAD + "n, c, h, w = x.shape\n    x = x[:, :, : h // 2 * 2, : w // 2 * 2]\n"
            "    return x.reshape(n, c, h // 2, w // 2, 4).amax(-1)",
            "neighbours in a row",
        ),
    ],
    "3.4": [
        ("answer = (3, 1)", "makes 27 of 14: its size must be a multiple of the stride"),
        ("answer = (4, 0)", "14 becomes 30, expected 28"),
        ("answer = (6, 2)", "more than the outermost ring"),
        ("answer = (4, -1)", "got (4, -1)"),
        ("answer = 4", "a tuple (kernel_size, padding)"),
        ("answer = (5, 2)", "makes 27 of 14"),
        ("answer = (1, 4)", "covers neighbours unequally"),
    ],
    "3.5": [
        ("answer = (1, 1, 1)", "they see 7 pixels, as before; expected 15"),
        ("answer = (2, 2, 2)", "since each layer adds twice its dilation"),
        ("answer = (2, 2, 3)", "2 of these are never seen, at distances -6, 6"),
        ("answer = (1, 6, 0)", "three plain positive integers"),
        ("answer = 7", "three plain positive integers"),
        ("answer = (4, 2, 1, 0)", "three plain positive integers"),
    ],
    "3.6": [
        ('answer = "a"', "sees 25 pixels"),
        ('answer = "c"', "Count its parameters"),
    ],
    "3.7": [
        (LOOPS.format(x="row : row + kh, column : column + kw"), "begin at `row * stride`"),
        (LOOPS.format(x=WINDOW).replace("* kernel", "* kernel.flip(0, 1)"), "upside down"),
        (LOOPS.format(x=WINDOW).replace("// stride + 1", "+ 1"), "fewer places than pixels"),
        (LOOPS.format(x=WINDOW).replace("range(y.shape[0])", "range(down)"), "fewer places than"),
        (
            LOOPS.format(x=WINDOW)
            .replace("- kh)", "- kh + 1)")
            .replace("- kw)", "- kw + 1)")
            .replace("// stride + 1", "// stride"),
            "subtract k, divide by the stride, and only then add 1",
        ),
        (LOOPS.format(x=WINDOW).replace("// stride + 1", "// stride"), "The first place counts"),
        (LOOPS.format(x=WINDOW).replace("return y", "return y.T"), "Rows and columns"),
        (LOOPS.format(x=WINDOW).replace("- kh)", "- kw)"), "shape"),
        (
            "def conv2d_loops(image, kernel, stride):\n"
            "    return F.conv2d(image[None, None], kernel[None, None], stride=stride)[0, 0]",
            "is what you should write",
        ),
        (
            "def conv2d_loops(image, kernel, stride):\n"
            "    return F.conv2d(image[None, None], kernel[None, None])[0, 0]",
            "move it by `stride`",
        ),
    ],
    "3.8": [
        (MATRIX + "    return F.conv2d(pixels, kernel[None, None]).flatten(1)", "A row belongs"),
        (
            MATRIX + "    return F.conv2d(pixels, kernel.flip(0, 1)[None, None]).flatten(1).T",
            "upside down",
        ),
        (
            MATRIX.replace("-1, 1, height, width", "-1, 1, width, height")
            + "    return F.conv2d(pixels, kernel[None, None]).flatten(1).T",
            "Height and width",
        ),
        (MATRIX + "    return F.unfold(pixels, kernel.shape)", "shape"),
        (
            MATRIX + "    return F.conv2d(pixels, kernel[None, None], padding=1).flatten(1).T",
            "shape",
        ),
        (
            BY_ROWS.replace("r * across + c", "r * down + c"),
            "The output is wider than high: its row r begins at row r * output width",
        ),
        (WINDOWS, "The output is wider than high"),
        (
            BY_ROWS.replace("(r + i) * width", "(r + i) * height"),
            "The picture is wider than high: its row r begins at pixel r * width",
        ),
        (
            "def matrix_of(kernel, height, width):\n    rows = torch.zeros(4, 16)\n"
            "    for n, at in enumerate([0, 1, 4, 5]):\n        for r in range(3):\n"
            "            rows[n, at + 4 * r : at + 4 * r + 3] = kernel[r]\n    return rows",
            "raised",
        ),
    ],
}
