"""Run a learner's notebook from a blank state, shut in, and hand out the answers in its cells.

What is handed out is believed by nobody: the answers go to a judge in a process of its own. Here,
`check` says nothing, and the course's checks are not to be found.
"""

import ast
import contextlib
import json
import os
import signal
import sys
import types

import cloudpickle
import matplotlib.pyplot as plt
import torch
from IPython.core.interactiveshell import InteractiveShell

from tools.sandbox import WAITING, keep_only, shut_in


class TooLong(BaseException):
    """A cell ran out of time."""


def no_checks():
    """Put a stand-in for utils.exercises where a notebook imports it from."""
    module = types.ModuleType("utils.exercises")
    names = "NotAttempted", "UnknownExercise", "Verdict", "WrongAnswer"
    vars(module).update({name: type(name, (Exception,), {}) for name in names})
    module.check = module.verify = lambda number, answer: None
    module.known = list
    sys.modules["utils.exercises"] = sys.modules["utils"].exercises = module


def shell():
    """Return a blank IPython without history; what would be drawn or shown goes nowhere."""
    made = InteractiveShell.instance(history_length=0, colors="nocolor")
    made.history_manager.enabled = False
    made.showtraceback = made.showsyntaxerror = lambda *given, **more: None
    return made


@contextlib.contextmanager
def at_most(seconds):
    """Raise TooLong after so many seconds of work, or WAITING times as many on the clock."""

    def ring(*_):
        raise TooLong

    clocks = {signal.SIGPROF: (signal.ITIMER_PROF, seconds),
              signal.SIGALRM: (signal.ITIMER_REAL, WAITING * seconds)}  # fmt: skip
    for kind, clock in clocks.items():
        signal.signal(kind, ring)
        signal.setitimer(*clock)
    try:
        yield
    finally:
        for clock, _ in clocks.values():
            signal.setitimer(clock, 0)


def call_of(source, number):
    """Return the code of the answer in `check(number, answer)`, None if it stands nowhere."""
    for node in ast.walk(ast.parse(source)):
        named = isinstance(node, ast.Call) and getattr(node.func, "id", None) in ("check", "verify")
        if named and len(node.args) == 2 and getattr(node.args[0], "value", None) == number:
            return ast.unparse(node.args[1])
    return None


def run_cell(ipython, source, place, seconds):
    """Run one cell; return what it raised in words, "" if nothing."""
    ipython.compile.get_code_name = lambda *given: f"<cell {place}>"
    with at_most(seconds):
        done = ipython.run_cell(source)
    plt.close("all")
    error = done.error_before_exec or done.error_in_exec
    if isinstance(error, TooLong):
        return f"the cell ran for more than {seconds:g} s and was stopped. Does a loop never end?"
    text = " ".join(str(error).split())[:200]
    return f"the cell raised {type(error).__name__}: {text}" if error else ""


def answer_of(ipython, source, seconds, number, name):
    """Return (kind, bytes) of the answer that a cell holds: pickled, or why there is none."""
    try:
        with at_most(seconds):
            code = call_of(ipython.transform_cell(source), number) or name
            answer = eval(code, ipython.user_ns)
            if answer is ...:
                return "open", b""
            return "answer", cloudpickle.dumps(answer)
    except BaseException as error:
        said = f"the answer cannot be taken out of the notebook ({type(error).__name__}: {error})"
        return "failed", said[:300].encode(errors="replace")


def run(cells, asked, lesson, skipped, folder, hidden, limits, pipe):
    """Run `cells`, [source or None], but the places in `skipped`; hand out what is `asked`.

    `asked` is {place: (number, name) of an exercise and its answer}, `lesson` the places of cells
    that should not fail. A message is a line of JSON,
    then bytes.
    """
    shut_in(folder, hidden, limits["gigabytes"], limits["processes"], rooms=limits["rooms"])
    keep_only(pipe)
    own = os.getpid()
    no_checks()
    ipython = shell()
    torch.set_num_threads(1)

    def tell(place, kind, data=b""):
        pipe.send_bytes(json.dumps([place, kind]).encode())
        pipe.send_bytes(data)

    for place, source in enumerate(cells):
        if source is None or place in skipped:
            continue
        tell(place, "begins")
        ipython.user_ns.update({"answer": ...} if place in asked else {})
        error = run_cell(ipython, source, place, limits["seconds"])
        if os.getpid() != own:
            os._exit(0)  # a cell forked, and this is the copy
        if place in {*asked, *lesson} and error:
            tell(place, "failed", error.encode(errors="replace"))
        elif place in asked:
            tell(place, *answer_of(ipython, source, limits["seconds"], *asked[place]))
    tell(len(cells), "ends")
    with contextlib.suppress(OSError):
        pipe.close()
    os._exit(0)
