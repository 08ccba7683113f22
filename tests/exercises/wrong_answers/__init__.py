"""Plausible wrong answers, as a learner might write them, and what the check should say."""

import importlib
import pkgutil

CHAPTERS = sorted(module.name for module in pkgutil.iter_modules(__path__))
WRONG = {
    number: answers
    for name in CHAPTERS
    for number, answers in importlib.import_module(f"{__name__}.{name}").WRONG.items()
}
