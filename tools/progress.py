"""Show what is right, wrong and not attempted in a folder of notebooks, and what to do next.

    python -m tools.progress notebooks

It reads the verdicts that are stored in the notebooks, and runs nothing.
"""

import argparse
import sys
import textwrap
from pathlib import Path

from tools.turns import OPEN, RIGHT, WRONG, NotANotebook, exercises, read, stored_verdict, title

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"


def chapters(folder):
    """Return (path, title, [(exercise, verdict, words), ...]) for each notebook with exercises."""
    found = []
    for path in sorted(folder.glob("[0-9]*.ipynb")):
        try:
            cells = read(path)
            listed = [(one, *stored_verdict(cells, one.number)) for one in exercises(cells)]
        except (NotANotebook, KeyError, TypeError, AttributeError) as error:
            print(f"progress: left out: {error}. Get it anew, or name it *.txt.", file=sys.stderr)
            continue
        if listed:
            found.append((path, title(cells, path), listed))
    return found


def table(found):
    width = max(len(name) for _, name, _ in found) + 2
    lines = [f"{'':{width}}{'right':>7}{'wrong':>7}{'not attempted':>15}"]
    sums = dict.fromkeys((RIGHT, WRONG, OPEN), 0)
    for _, name, listed in found:
        counts = [sum(verdict == kind for _, verdict, _ in listed) for kind in sums]
        sums = {kind: sums[kind] + count for kind, count in zip(sums, counts, strict=True)}
        lines.append(f"{name:{width}}{counts[0]:7}{counts[1]:7}{counts[2]:15}")
    lines.append(f"{'all':{width}}{sums[RIGHT]:7}{sums[WRONG]:7}{sums[OPEN]:15}")
    wrong = [one.number for _, _, listed in found for one, verdict, _ in listed if verdict == WRONG]
    return lines + ["", f"not right yet: {', '.join(wrong)}"] * bool(wrong)


def next_thing(found):
    """Return in words what to do: the first open exercise of the last chapter begun, or later."""
    begun = [n for n, (*_, listed) in enumerate(found) if any(v != OPEN for _, v, _ in listed)]
    last = begun[-1] if begun else 0
    for path, _, listed in found[last:] + found[:last]:
        for one, verdict, words in listed:
            if verdict == WRONG:
                return f"Next: mend {one.number} in {path.name}. Its check says: {words}"
            if verdict == OPEN:
                return f"Next: {one.number} in {path.name} ({one.kind}, {one.level}): {one.task}"
    return "All exercises are right."


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=NOTEBOOKS)
    folder = parser.parse_args().folder
    found = chapters(folder)
    if not found:
        sys.exit(
            f"progress: no notebook with exercises in {folder}; expected files such as "
            "01_tensors.ipynb. Name their folder: make progress FOLDER=notebooks"
        )
    print("\n".join(table(found)))
    print(textwrap.fill(next_thing(found), 96))


if __name__ == "__main__":
    main()
