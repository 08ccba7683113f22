"""Plausible wrong answers to chapter 00, and what the check should say to each."""

WRONG = {
    "0.1": [
        ("answer = 28 * 28", "That is one picture"),
        ("answer = 70_000 * 28 * 28", "includes the 10,000 test pictures"),
        ("answer = 60_000", "That counts pictures"),
        ("answer = 60_000 * 28", "one row of each picture"),
        ("answer = 47_000_000", "That is too small"),
        ("answer = 10_000 * 28 * 28", "That is too small"),
    ],
    "0.2": [
        ("def accuracy_of(p, y):\n    return (p == y).sum().item()", "That is a count"),
        ("def accuracy_of(p, y):\n    return 100 * (p == y).float().mean().item()", "percentage"),
        ("def accuracy_of(p, y):\n    return (p == y).float().mean()", "`.item()` takes"),
        ("def accuracy_of(p, y):\n    return (p != y).float().mean().item()", "share of errors"),
        ("def accuracy_of(p, y):\n    return 0.75", "expected"),
        ("def accuracy_of(p, y):\n    return (p == y).sum().item() / 4", "expected 1"),
        ("def accuracy_of(p, y):\n    return (p == y).any().item()", "got True, expected 0.75"),
    ],
    "0.3": [
        ('answer = {"c"}', "'b' is missing: `step` moves along"),
        ('answer = "b"', "finding a direction is not moving"),
        ('answer = {"a", "b", "c"}', "'a' should not be in it"),
        ('answer = {"b", "d"}', "expected letters of a, b, c"),
    ],
    "0.4": [
        ('answer = "a"', "must be measured"),
        ('answer = "c"', "A cat would get shares too"),
        ("answer = 2", "expected letters of a, b, c"),
        ('answer = "ab"', "expected a single letter"),
    ],
    "0.5": [
        ('answer = "NameError"', "expected three things"),
        ('answer = ("NameError", 3)', "expected three things"),
        ('answer = ("name error", 3, "b")', "the last line begins with it"),
        ('answer = ("NameError", 1, "b")', "number of the cell"),
        ('answer = ("NameError", 4, "b")', "line 4 is not it"),
        ('answer = ("NameError", 3, "a")', "which name is missing"),
        ('answer = ("NameError", 3, "c")', "so is the training"),
    ],
    "0.6": [
        ("answer = 3, 1, 4", "expected four numbers"),
        ("answer = (1, 3, 4, 2)", "line a is not of step 1: `step` moves"),
        ("answer = (3, 2, 4, 1)", "line b is not of step 2: dividing"),
        ("answer = (3, 1, 3, 2)", "line c is not of step 3: it compares"),
        ("answer = (3, 1, 4, 1)", "line d is not of step 1: it makes a layer"),
        ('answer = ("train", 1, 4, 2)', "expected one of 1, 2, 3, 4"),
        ("answer = [3, True, 4, 2]", "expected one of 1, 2, 3, 4"),
    ],
}
