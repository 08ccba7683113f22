"""The checks behind "Your turn": `check("1.2", answer)` prints a verdict, `verify` raises it.

Exercise c.n is the function `exercise_n` of the module `chapter_cc` in this folder.
"""

from utils.exercises.judge import UnknownExercise, check, known, verify
from utils.exercises.verdict import NotAttempted, Verdict, WrongAnswer

__all__ = ["NotAttempted", "UnknownExercise", "Verdict", "WrongAnswer", "check", "known", "verify"]
