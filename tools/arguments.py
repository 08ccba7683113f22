"""Say in one sentence what is wrong with what `make` was given, and what to write instead.

The Makefile starts this before anything else, so it needs no package. Make hands its settings on
as environment variables, and as arguments the names of those that stood on the command line.
"""

import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NUMBERS = {  # settings that are whole numbers from 1 on, each with an example
    "LEARNERS": "classroom LEARNERS=8",
    "WORKERS": "test ROOMS=notebooks WORKERS=2",
    "SEEDS": "bench SEEDS=3",
    "EPOCHS": "bench EPOCHS=10",
    "IMAGES": "bench IMAGES=60000",
    "KILLS": "kills KILLS=100",
    "LAB": "assignment LAB=2",
    "SEED": "assignment SEED=70412",
}
WORDS = {  # what a setting may be, and what it means to leave it out
    "ANSWERS": ("none or hints", "or leave it out, for notebooks without hints and solutions"),
    "FOR": ("nbgrader", "or leave it out, for notebooks without answers"),
    "BUILD": ("cpu", "or leave it out, for the build with CUDA"),
    "SERVE": ("1", "or leave it out, to build the site without showing it"),
    "FRESH": ("1", "or leave it out, to keep the outputs that show times"),
}
OTHERS = ("PYTHON", "REPO", "BRANCH", "COURSE_DATA", "COURSE_OFFLINE", "COURSE_MIRROR")
OTHERS += ("COURSE_DEVICE", "FOLDER", "SUBMISSION", "SUBMISSIONS")
KNOWN = ("CHAPTER", "ROOMS", *NUMBERS, *WORDS, *OTHERS)


def chapters(root):
    return sorted(path.name[:2] for path in (root / "notebooks").glob("[0-9][0-9]_*.ipynb"))


def complaint(given, named=(), root=ROOT):
    """Return the sentence about the first wrong setting in the dict `given`, None if all is well.

    `named` are the names that stood on the command line: one that is not known is wrong, too.
    """
    for name in named:
        if name not in KNOWN:
            return f"there is no setting {name}; there are {', '.join(KNOWN)}: see `make help`."
    for name, example in NUMBERS.items():
        if name in given and not re.fullmatch("0*[1-9][0-9]*", given[name]):
            return (
                f"{name} is {given[name]!r}, expected a whole number from 1 on. Write it like "
                f"this: make {example}"
            )
    for name, (words, otherwise) in WORDS.items():
        *_, word = allowed = words.split(" or ")
        if given.get(name, word) not in allowed:
            return f"{name} is {given[name]!r}, expected {words}. Write {name}={word}, {otherwise}."
    there = chapters(root)
    if given.get("CHAPTER", there[0]) not in there:
        near = given["CHAPTER"].zfill(2)
        return (
            f"CHAPTER is {given['CHAPTER']!r}, expected two digits, from {there[0]} to "
            f"{there[-1]}. Write it like this: CHAPTER={near if near in there else '01'}"
        )
    rooms = given.get("ROOMS", "tests").split()
    for room in rooms or [""]:
        if not room or not (root / room.partition("::")[0]).exists():
            return (
                f"ROOMS has {room!r}, expected folders or files of tests. Write it like this: "
                'make test ROOMS="tests/datasets notebooks"'
            )
    return None


if __name__ == "__main__":
    if wrong := complaint(os.environ, sys.argv[1:]):
        sys.exit(f"make: {wrong}")
