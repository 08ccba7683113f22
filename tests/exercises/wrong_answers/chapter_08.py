"""Plausible wrong answers to chapter 08, and what the check should say to each."""

TIME = "def median_seconds(work, wait, clock, repeats):\n"
LOOP = (
    "    times = []\n    for _ in range(repeats):\n        start = clock()\n        work()\n"
    "        wait()\n        times.append(clock() - start)\n"
)
PARTS = (
    "def accumulate(model, parts):\n    model.zero_grad()\n"
    "    total = sum(len(labels) for _, labels in parts)\n    for images, labels in parts:\n"
)

ERASED = (
    "def erased(images, tops, lefts, size):\n    images = images.clone()\n"
    "    for picture, top, left in zip(images, tops, lefts):\n"
    "        picture[:, top : top + size, left : left + size] = 0\n    return images"
)

WRONG = {
    "8.1": [
        ("answer = 40", "the parameters alone"),
        ("answer = 80", "Adam keeps something"),
        ("answer = 120", "two means"),
        ("answer = 160e6", "Those are bytes"),
        ('answer = 20', 'That is too small'),
        ('answer = 10_000_000 * 4 * 4 / 2**20', 'Megabytes of 1,000,000 bytes'),
    ],
    "8.2": [
        ("answer = 4", "12 ms as before"),
        ("answer = 14 / 20", "turn it over"),
        ("answer = 14", "in ms"),
        ("answer = 20 / 12", "a quarter of its 8 ms"),
        ("answer = 1.4", "Two digits"),
        ('answer = 20 / 8', 'The share of the pictures stays'),
        ('answer = 1.0', 'That is too small'),
    ],
    "8.3": [
        (TIME + "    work()\n    wait()\n" + LOOP.replace("        wait()\n", "")
         + "    return median(times)", "time for asking"),
        (TIME + LOOP + "    return median(times)", "one warm-up, and then `repeats` more"),
        (TIME + "    work()\n" + LOOP + "    return median(times)", "after the warm-up"),
        (TIME + "    work()\n    wait()\n" + LOOP + "    return sum(times) / repeats", "the mean"),
        (TIME + "    work()\n    wait()\n" + LOOP.replace("(repeats)", "(repeats - 1)")
         + "    return median(times or [0])", "calls were made: one warm-up, and then `repeats`"),
        ("import time\n" + TIME + "    work()\n    wait()\n"
         + LOOP.replace("clock()", "time.perf_counter()") + "    return median(times)",
         "read the time with `clock()`"),
        (TIME + LOOP.replace("        start", "        work()\n        wait()\n        start")
         + "    return median(times)", "warm up once only"),
        (TIME + "    work()\n    wait()\n" + LOOP + "    return min(times)", "the fastest"),
        (TIME + "    work()\n    wait()\n" + LOOP + "    return max(times)", "the slowest"),
        (TIME + "    work()\n    wait()\n" + LOOP, "return the median"),
        (TIME + "    work()\n    wait()\n" + LOOP + "    return times", "one number"),
        (TIME + "    work()\n    wait()\n" + LOOP + "    return times[len(times) // 2]",
         "as it was measured"),
        (TIME + "    work()\n    wait()\n" + LOOP + "    return sorted(times)[len(times) // 2]",
         "an even number"),
        (TIME + LOOP.replace("(repeats)", "(repeats + 1)")
         + "    return median(sorted(times)[:-1])", "not the slowest"),
        (TIME + "    work()\n    wait()\n    start = clock()\n"
         + LOOP.replace("        start = clock()\n", "") + "    return median(times)",
         "read the clock in the loop"),
    ],
    "8.4": [
        (PARTS.replace("    for", "    model(parts[0][0])\n    for")
         + "        F.cross_entropy(model(images), labels, reduction='sum').div(total).backward()",
         "the model was called"),
        (PARTS + "        (F.cross_entropy(model(images), labels) / len(parts)).backward()",
         "number of parts"),
        (PARTS + "        F.cross_entropy(model(images), labels).backward()", "parts' means"),
        (PARTS + "        F.cross_entropy(model(images), labels, reduction='sum').backward()",
         "divide by all"),
        *[(PARTS.replace("len(labels) for _, labels in", "len(p) for p in")
           + f"        ({loss} / total).backward()", "`len` of a pair is 2; count its labels")
          for loss in ("F.cross_entropy(model(images), labels) * len(labels)",
                       "F.cross_entropy(model(images), labels)",
                       "F.cross_entropy(model(images), labels, reduction='sum')")],
        (PARTS.replace("for images, labels in", "for part in")
         + "        images, labels = part\n        loss = F.cross_entropy(model(images), labels)\n"
         "        (loss * len(part) / total).backward()", "`len` of a pair is 2"),
        (PARTS + "        model.zero_grad()\n"
         "        F.cross_entropy(model(images), labels).backward()", "clear once"),
        (PARTS.replace("    model.zero_grad()\n", "")
         + "        (F.cross_entropy(model(images), labels) * len(labels) / total).backward()",
         "old gradients"),
        (PARTS + "        (F.cross_entropy(model(images), labels) * len(labels) / total).backward()"
         "\n    torch.optim.SGD(model.parameters(), lr=0.1).step()", "have moved"),
        (
            "def accumulate(model, parts):\n    model.zero_grad()\n"
            "    total = sum(len(labels) for _, labels in parts)\n"
            "    sum(F.cross_entropy(model(x), y, reduction='sum') for x, y in parts)"
            ".div(total).backward()",
            "after each part",
        ),
        (
            "def accumulate(model, parts):\n    model.zero_grad()\n"
            "    images, labels = map(torch.cat, zip(*parts))\n"
            "    F.cross_entropy(model(images), labels).backward()",
            "part by part",
        ),
        (PARTS + "        model.zero_grad()\n"
         "        (F.cross_entropy(model(images), labels) * len(labels) / total).backward()",
         "clear once"),
        (PARTS + "        (F.cross_entropy(model(images), labels) / total).backward()",
         "number of its pictures"),
        (PARTS + "        pass", "call `backward`"),
    ],
    "8.5": [
        ('answer = {"a", "e"}', "'c' is missing"),
        ('answer = {"a", "b", "c", "e"}', "'b' should not be in it"),
        ('answer = "acde"', "'d' should not be in it"),
    ],
    "8.6": [
        ('answer = "a"', "more exact"),
        ('answer = "c"', "a pass over all pictures"),
    ],
    "8.7": [
        (ERASED.replace("zip(images, tops, lefts)", "zip(images, lefts, tops)"), "are swapped"),
        (ERASED.replace("top, left in zip(images, tops, lefts)", "_ in enumerate(images)")
         .replace("for picture", "for _").replace("_, _", "_, picture")
         .replace("top :", "tops[0] :").replace("top +", "tops[0] +")
         .replace("left :", "lefts[0] :").replace("left +", "lefts[0] +"), "a corner of its own"),
        (ERASED.replace("picture[:,", "images[:, :,"), "Every picture has all the squares"),
        (ERASED.replace("top + size", "size").replace("left + size", "size"), "ends at `tops[n] +"),
        (ERASED.replace("picture[:,", "picture[0,"), "Only the first channel"),
        (ERASED.replace("+ size", "+ size + 1"), "one too large"),
        (ERASED.replace("top :", "top + 1 :").replace("left :", "left + 1 :"), "corner itself"),
        (ERASED.replace("    images = images.clone()\n", ""), "changes its argument in place"),
        (ERASED.replace("images = images.clone()", "whole = images\n    images = images.clone()")
         .replace("return images", "return whole - images"), "hides the rest"),
        (ERASED.replace("    return images", ""), "Is the `return` missing"),
        (ERASED.replace("images.clone()", "images.clone()\n    given = images.clone()")
         .replace("return images", "return given"), "Nothing is hidden"),
    ],
}  # fmt: skip
