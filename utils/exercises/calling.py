"""Run an answer on copies, and see that it leaves everything as it was."""

import copy
import inspect
import traceback
from pathlib import Path

from utils.exercises.change import difference_inside, put_back
from utils.exercises.verdict import WrongAnswer, show

DISTURBED = (
    "after the call, others draw other numbers than without it: your code set or used the common "
    "random sequence. Make a generator of your own, `g = torch.Generator().manual_seed(seed)`, and "
    "draw with it, as in `torch.randperm(count, generator=g)`"
)


def call(function, *arguments, draws=False):
    """Return the answer's result on copies; report what it raises, with its line.

    Raises WrongAnswer, too, if anything inside an argument or around the call is changed
    afterwards. `draws` allows random numbers of the common sequences, as new layers draw them.
    """
    given, before = copy.deepcopy(arguments), copy.deepcopy(arguments)
    with put_back() as changed:
        try:
            result = function(*given)
        except Exception as error:
            raise WrongAnswer(_own_line(error)) from error
        around = changed(sequences=not draws)
    for name, pair in zip(_names(function, given), zip(before, given, strict=True), strict=True):
        if found := difference_inside(*pair, name):
            place, was, now = found[0], *map(show, found[1:])
            now = f"was {was} and is {now} now" if was != now else "has other values now"
            raise WrongAnswer(
                f"the function changes its argument in place: `{place}` {now}. Leave it as it was"
            )
    if around and "sequence" in around[0]:
        raise WrongAnswer(DISTURBED)
    if around:
        raise WrongAnswer(f"after the call {around[0]} is not as before; leave it as it was")
    return result


def _names(function, given):
    try:
        names = list(inspect.signature(function).bind(*given).signature.parameters)
    except (TypeError, ValueError):
        names = []
    return [*names, *(f"argument {n}" for n in range(len(names) + 1, len(given) + 1))][: len(given)]


def _own_line(error):
    ours = str(Path(__file__).parent)
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(ours) and "site-packages" not in frame.filename
    ]
    where = f" in line {frames[-1].lineno}" if frames else ""
    where += f", `{frames[-1].line}`" if frames and frames[-1].line else ""
    return f"your code raised {type(error).__name__}{where}: {error}"
