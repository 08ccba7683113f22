"""Compare what a cell prints with what is stored, where its numbers may be off by a little.

A cell says how far in its metadata, under "about": 2.0 (in the printed unit), "5 %" (a share of the
stored number), or a list with one distance for each number, in order. With a single distance whole
numbers stay exact, unless a % sign follows: counts and epochs are no matter of rounding.
"""

import math
import re

# A number, with its sign where none precedes it: not the 2 of conv2, nor the 32 of float32
NUMBER = re.compile(
    r"(?<![\w.])(?:(?<![)\]])[-+\N{MINUS SIGN}])?"
    r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:_\d{3})+|\d+\.?\d*(?:e[-+]?\d+)?|nan|inf)(?!\w)",
    re.IGNORECASE,
)
SHARE = re.compile(r"(\d+(?:\.\d+)?) ?%")
COMMAND = "`make distances` measures one"


def numbers(text):
    """Return [(the number as it is written, its value, its line)] in the order of the text."""
    found = []
    for match in NUMBER.finditer(text):
        plain = match[0].replace("\N{MINUS SIGN}", "-").replace(",", "").replace("_", "")
        start = text.rfind("\n", 0, match.start()) + 1
        line = text[start:].split("\n", 1)[0].strip()
        percent = text[match.end() :].lstrip(" ").startswith("%")
        found.append((match[0] + "%" * percent, float(plain), line))
    return found


def words(text):
    """Return what stands between the numbers; how wide the gaps are does not matter."""
    return [" ".join(part.split()) for part in NUMBER.split(text)]


def whole(written):
    """A count: compared exactly where one distance serves the whole cell."""
    return not re.search(r"[.%e]|nan|inf", written, re.IGNORECASE)


def distances(about, stored):
    """Return how far each of the stored numbers may be off.

    Raises ValueError, in words, if `about` says no distance, or not as many as there are numbers.
    """
    if isinstance(about, list):
        if len(about) != len(stored):
            raise ValueError(f"{len(stored)} numbers and {len(about)} distances: {COMMAND}")
        return [_distance(one, value) for one, (_, value, _) in zip(about, stored, strict=True)]
    return [
        _distance(about, value) if not whole(written) else _distance(about, value) * 0
        for written, value, _ in stored
    ]


def _distance(about, value):
    if isinstance(about, str) and (share := SHARE.fullmatch(about)):
        return abs(value) * float(share[1]) / 100
    if isinstance(about, int | float) and not isinstance(about, bool) and 0 <= about < math.inf:
        return about
    raise ValueError(f'{about!r} is no distance such as 0.5 or "5 %": {COMMAND}')


def difference(stored, new, about):
    """Return None if `new` says what `stored` says, each number within its distance.

    Otherwise return in words what differs: a word, the count of numbers, or a number, with both
    values and the distance allowed.
    """
    before, now = numbers(stored), numbers(new)
    try:
        allowed = distances(about, before)
    except ValueError as missing:
        return f"a distance is missing: {missing}"
    if len(before) != len(now):
        return (f"{len(before)} numbers are stored, {len(now)} came: "
                f"{_list(before)}; now {_list(now)}")  # fmt: skip
    for old, other in zip(words(stored), words(new), strict=True):
        if old != other:
            return f"stored {old!r}, now {other!r}"
    for place, ((written, value, line), (came, other, _), far) in enumerate(
        zip(before, now, allowed, strict=True), start=1
    ):
        # What is printed is rounded: 0.3 - 0.1 must not miss 0.2 by a bit
        if written != came and not abs(value - other) <= far * (1 + 1e-9):
            return f"number {place} in {line!r}: stored {written}, now {came}, allowed ± {far:g}"
    return None


def _list(found):
    return ", ".join(written for written, *_ in found) or "none"


def texts(outputs):
    """Return [(kind, text)]: printed text in one piece, then each value's text.

    What goes with a picture, such as <Figure size 950x300 with 1 Axes>, is compared exactly.
    """
    printed = "".join(out["text"] for out in outputs if out.get("name") == "stdout")
    found = [("stdout", printed)] if printed else []
    for out in outputs:
        data = out.get("data", {})
        if "text/plain" in data:
            text = data["text/plain"]  # a figure has nothing else where matplotlib draws elsewhere
            picture = text.startswith("<Figure ") or any(kind.startswith("image/") for kind in data)
            found.append(("picture" if picture else "value", text))
    return found


def output_difference(stored, new, about):
    """Return None, or in words how the outputs of one run of a cell differ from those stored.

    A list of distances goes through all printed text, then through the values.
    """
    before, now = texts(stored), texts(new)
    kinds = [[kind for kind, _ in side] for side in (before, now)]
    if kinds[0] != kinds[1]:
        return f"stored {kinds[0] or 'nothing'}, now {kinds[1] or 'nothing'}"
    for (kind, old), (_, other) in zip(before, now, strict=True):
        if kind == "picture" and old != other:
            return f"stored {old!r}, now {other!r}"
    sides = ["\n".join(text for kind, text in side if kind != "picture") for side in (before, now)]
    return difference(*sides, about)
