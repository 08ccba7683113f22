"""Plausible wrong answers to chapter 00, and what the check should say to each."""

WRONG = {
    "0.1": [
        ("answer = 28 * 28", "That is one picture"),
        ("answer = 70_000 * 28 * 28", "includes the 10,000 test pictures"),
        ("answer = 60_000", "That counts pictures"),
        ("answer = 60_000 * 28", "one row of each picture"),
        ("answer = 47_000_000", "expected 47040000"),
    ],
    "0.2": [
        ("def accuracy_of(p, y):\n    return (p == y).sum().item()", "That is a count"),
        ("def accuracy_of(p, y):\n    return 100 * (p == y).float().mean().item()", "percentage"),
        ("def accuracy_of(p, y):\n    return (p == y).float().mean()", "`.item()` takes"),
        ("def accuracy_of(p, y):\n    return (p != y).float().mean().item()", "share of errors"),
        ("def accuracy_of(p, y):\n    return 0.75", "expected"),
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
    ],
}
