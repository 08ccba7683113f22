"""Judge the answers of a lab with the numbers and cases that a seed draws."""

import importlib
import random

from utils.exercises.change import put_back
from utils.exercises.verdict import NotAttempted, Verdict, WrongAnswer


def checks(lab):
    return importlib.import_module(f"teaching.labs.lab_{lab}.checks")


def drawer(lab, seed, part):
    """Return the random numbers of one part of a lab; the seed alone decides them."""
    return random.Random(f"lab {lab}, seed {seed}, {part}")


def given(lab, seed):
    """Return the numbers that stand in the tasks of a lab."""
    return checks(lab).numbers(drawer(lab, seed, "numbers"))


def verdict(lab, seed, task, answer):
    """Return (whether `answer` is right, the words for it) for one task.

    It is judged twice on the same cases, and what it changes around it is put back.
    """
    if answer is ...:
        return False, "not attempted yet"
    judge = getattr(checks(lab), f"task_{task}")
    with put_back():
        try:
            for _ in range(2):
                judge(answer, given(lab, seed), drawer(lab, seed, f"task {task}"))
        except NotAttempted:
            return False, "not attempted yet"
        except Verdict as wrong:
            return False, f"not right yet: {wrong}"
        except Exception as error:
            kind = type(error).__name__
            return False, f"cannot be judged: {kind}: {error}. Is it the asked kind?"
    return True, "right"


def verifier(lab, seed):
    """Return verify(number of a task, answer), which raises as that of the chapters does."""

    def verify(number, answer):
        right, words = verdict(lab, seed, int(number), answer)
        if not right:
            raise (NotAttempted if words == "not attempted yet" else WrongAnswer)(words)
        return words

    given(lab, seed)  # loads the lab's checks before an answer comes
    return verify
