"""`check` prints a verdict on an answer, `verify` raises it, `known` lists the exercises."""

import importlib
from pathlib import Path

from utils.exercises.change import put_back
from utils.exercises.verdict import NotAttempted, Verdict, WrongAnswer

CHAPTERS = Path(__file__).parent


class UnknownExercise(Verdict):
    """There is no exercise of that number."""


def known():
    """Return the numbers of all exercises, in order: ["0.1", ..., "1.1", ...]."""
    numbers = []
    for path in sorted(CHAPTERS.glob("chapter_*.py")):
        chapter = importlib.import_module(f"utils.exercises.{path.stem}")
        found = [int(name[9:]) for name in vars(chapter) if name.startswith("exercise_")]
        numbers += [f"{int(path.stem[8:])}.{number}" for number in sorted(found)]
    return numbers


def verify(number, answer):
    """Return a remark on a right answer to exercise `number`, such as "1.2".

    Raises NotAttempted for the stub, WrongAnswer naming the likely mistake, and
    UnknownExercise, listing those there are. An answer that raises is a WrongAnswer too.
    The check runs twice, and what an answer changes around it is put back.
    """
    if not isinstance(number, str) or number not in known():
        raise UnknownExercise(
            f"no exercise {number!r}; give its number as text, one of: {', '.join(known())}"
        )
    if answer is ...:
        raise NotAttempted("not attempted yet")
    chapter, exercise = number.split(".")
    module = importlib.import_module(f"utils.exercises.chapter_{int(chapter):02d}")
    exercise = getattr(module, f"exercise_{exercise}")
    with put_back():
        remark = exercise(answer)
        try:
            exercise(answer)
        except Verdict as wrong:
            raise WrongAnswer(
                f"right once, but not when asked again: {wrong}. Something is kept from one call "
                "to the next: a default value, a global name, an attribute of the class"
            ) from None
    return remark or ""


def check(number, answer):
    """Print whether `answer` solves exercise `number`, and the likely mistake if not."""
    try:
        print(f"{number} right. {verify(number, answer)}".rstrip())
    except UnknownExercise as unknown:
        print(unknown)
    except NotAttempted:
        print(f"{number} not attempted yet")
    except WrongAnswer as wrong:
        print(f"{number} not right yet: {wrong}")
    except Exception as error:
        print(f"{number} cannot be judged: {type(error).__name__}: {error}. Is it the asked kind?")
