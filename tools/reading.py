"""How long a chapter takes someone who runs every cell and whose English is second-hand.

An estimate from what stands there: 110 words of prose a minute, 5 seconds a line of code, 20 a
figure, 15 a printed result, 30 a prediction, 2 minutes a variation to try; exercises take 4, 7 or
10 minutes by their difficulty.
"""

import re

WORDS_A_MINUTE, LINE, FIGURE, RESULT, PREDICTION, VARIATION = 110, 5, 20, 15, 30, 120
DIFFICULTY = {"easy": 4, "medium": 7, "hard": 10}


def seconds(cell):
    """Return the seconds for one cell."""
    if cell.cell_type == "code":
        lines = [line for line in cell.source.splitlines() if line.strip()]
        figures = sum("image/png" in out.get("data", {}) for out in cell.outputs)
        return LINE * len(lines) + FIGURE * figures + RESULT * (len(cell.outputs) - figures)
    text = re.sub(r"<details>.*?</details>", "", cell.source, flags=re.DOTALL)
    predictions, variations = text.count("> **Predict.**"), text.count("> **Try.**")
    reading = 60 * len(text.split()) / WORDS_A_MINUTE
    return reading + PREDICTION * predictions + VARIATION * variations


def minutes(cells):
    """Return the minutes for the core, and for all of it with exercises, in steps of five."""
    core = whole = 0
    part = "core"
    for number, cell in enumerate(cells):
        if cell.source.startswith("## Further: "):
            part = "further"
        elif cell.source.startswith("## Your turn"):
            part = "turn"
        elif cell.source.startswith("## Summary"):
            part = "core"
        spent = 0 if number == 2 else seconds(cell)  # the setup cell is folded
        whole += spent
        core += spent * (part == "core")
        for level in re.findall(r"^\*\*\d+\.\d · \w+\*\* \((\w+)\)", cell.source, re.MULTILINE):
            whole += 60 * DIFFICULTY[level]
    return tuple(max(5, 5 * round(part / 300)) for part in (core, whole))
