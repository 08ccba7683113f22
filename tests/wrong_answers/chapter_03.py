"""Plausible wrong answers to chapter 03, and what the check should say to each."""

HEAD = "def max_pool_2x2(x):\n    "

WRONG = {
    "3.1": [
        ("answer = 112", "after the convolution"),
        ("answer = 55", "One padding is missing"),
        ("answer = 54", "missing in both"),
        ("answer = 57", "Round down"),
        ("answer = (56, 56)", "one number"),
    ],
    "3.2": [
        ("answer = (1800, 300)", "first has a bias"),
        ("answer = (1812, 1800)", "1 deep"),
        ("answer = (1812, 312)", "bias=False"),
        ("answer = (1812, 150)", "also with groups"),
        ("answer = 2112", "a tuple of two numbers"),
    ],
    "3.3": [
        (HEAD + "return F.avg_pool2d(x, 2)", "mean of each window"),
        (HEAD + "return F.max_pool2d(x, 2)", "`max_pool2d` is what you should write"),
        (HEAD + "return nn.MaxPool2d(2)(x)", "is what you should write"),
        (HEAD + "return F.max_pool2d(x, 2, ceil_mode=True)", "An odd rest is left out"),
        (HEAD + "return F.max_pool2d(x, 2, 1)", "The windows overlap"),
        (HEAD + "return x[:, :, : x.shape[2] // 2 * 2 : 2, : x.shape[3] // 2 * 2 : 2]", "first"),
        (HEAD + "return x.unflatten(3, (-1, 2)).unflatten(2, (-1, 2)).amax((3, 5))", "raised"),
        (HEAD + "return x.amax((2, 3))", "got shape"),
    ],
    "3.4": [
        ("answer = (3, 1)", "makes 27 of 14: its size must be a multiple of the stride"),
        ("answer = (4, 0)", "14 becomes 30, expected 28"),
        ("answer = (6, 2)", "more than the outermost ring"),
        ("answer = (4, -1)", "got (4, -1)"),
        ("answer = 4", "a tuple (kernel_size, padding)"),
    ],
    "3.5": [
        ("answer = (1, 1, 1)", "they see 7 pixels, expected 15, as before"),
        ("answer = (2, 2, 2)", "Each layer adds twice its dilation"),
        ("answer = (2, 2, 3)", "2 of these are never seen, at distances -6, 6"),
        ("answer = (1, 6, 0)", "three positive integers"),
        ("answer = 7", "three positive integers"),
    ],
    "3.6": [
        ('answer = "a"', "the linear layer that can express more"),
        ('answer = "c"', "Both have biases"),
    ],
}
