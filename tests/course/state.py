"""Run a notebook once, and each instruction in a copy of its state at that place.

The notebook's cells are executed in order in this process, by IPython, as in a kernel. At each
instruction the process forks: the copy carries out the steps and reports; the notebook's own
state never hears of them. `python -m tests.course.state NOTEBOOK [LIMIT [0,3,7]]` prints a line
of JSON for each instruction (or for those numbered): its number, its seconds, its problems.
"""

import contextlib
import io
import json
import os
import re
import signal
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import torch
from IPython.core.history import HistoryManager
from IPython.core.interactiveshell import InteractiveShell

from tests.course.instructions import instructions_of
from tests.course.names import attributes, bound_names, keywords
from tests.course.spans import is_expression, problem_with, runnable

LIMIT = 300  # seconds for one instruction
AT_ONCE = 2  # copies that run side by side
ANSI = re.compile(r"\x1b\[[\d;]*m")


def run(shell, source):
    """Run source as a cell. Return what it printed, and the error that it raised or None."""
    with contextlib.redirect_stdout(io.StringIO()) as said:
        result = shell.run_cell(source, store_history=True)
    return ANSI.sub("", said.getvalue()), result.error_before_exec or result.error_in_exec


class Copy:
    """The carrying out of one instruction, in a copy of the notebook's state."""

    def __init__(self, shell, instruction, source):
        self.shell, self.instruction, self.source = shell, instruction, source
        self.problems, self.raised = [], []

    def carry_out(self):
        """Return the problems met, each as a sentence.

        Until cells are run again, only the names of what follows are looked at after cells that
        raised, and nothing after a block that raised.
        """
        failed = ""
        for verb, *rest in self.instruction.steps:
            if not failed or verb == "cells":
                failed = verb if getattr(self, verb)(*rest) else ""
            elif failed == "cells":
                self.names(rest[0])
        named = [error for error in self.instruction.errors if error != "*"]
        if self.instruction.kind == "try" and named and not self.raised:
            self.problems.append(f"it names `{named[0]}`, and nothing raised it")
        return self.problems

    def cells(self, cells):
        """Run cells again, until one raises; return whether one did."""
        return any(self.attempt(code, f"cell [{n}], run again,", free) for code, n, free in cells)

    def block(self, code):
        """Run a block, unless a line of dots is to be filled in; return whether it raised."""
        if re.search(r"^\s*\.\.\.$", code, re.MULTILINE):
            return self.names(code)
        return self.attempt(code, f"`{code.splitlines()[0]}`")

    def look(self, code):
        """Look at the names of a piece of code, and run it if they are the notebook's.

        What cannot be run, since it speaks of the stub's names, makes its own names known.
        """
        self.names(code)
        if runnable(code, self.shell.user_ns, self.instruction.known):
            self.attempt(code, f"`{code}`")
        elif not is_expression(code):
            self.instruction.known = [*self.instruction.known, *bound_names(code)]

    def names(self, code):
        space = self.shell.user_ns
        if problem := problem_with(code, space, self.instruction.known, self.source):
            self.problems.append(problem)

    def verdict(self, code, words):
        said, _ = run(self.shell, code)
        if words not in said:
            self.problems.append(f"{code} prints: {said.strip()}")

    def attempt(self, code, what, may_raise=False):
        """Run code; return whether it raised. It is a problem unless the text allows the error."""
        _, error = run(self.shell, code)
        if error is None:
            return False
        name, allowed = type(error).__name__, self.instruction.errors
        self.raised.append(name)
        nearly_all = "*" in allowed and name not in ("NameError", "SyntaxError")
        if not (may_raise or nearly_all or name in allowed):
            words = next(iter(str(error).splitlines()), "")
            self.problems.append(f"{what} raises {name}{words and ': '}{words}")
        return True


def in_copies(shell, instructions, source, limit):
    """Yield (number, seconds, problems) for instructions, {number: Instruction}, in copies."""
    waiting, running = list(instructions.items()), {}
    with tempfile.TemporaryDirectory() as folder:
        while waiting or running:
            while waiting and len(running) < AT_ONCE:
                number, instruction = waiting.pop(0)
                answer = Path(folder) / str(number)
                child = _fork(Copy(shell, instruction, source), answer)
                running[child] = number, answer, time.monotonic()
            for child, (number, answer, started) in list(running.items()):
                seconds = time.monotonic() - started
                if problems := _outcome(child, answer, seconds, limit):
                    del running[child]
                    yield number, seconds, problems[0]
            time.sleep(0.01)


def _fork(copy, answer):
    if child := os.fork():
        return child
    os.setsid()  # so that all that it starts can be ended with it
    try:
        problems = [copy.instruction.fault] if copy.instruction.fault else copy.carry_out()
    except BaseException as error:
        problems = [f"the test itself failed: {type(error).__name__}: {error}"]
    answer.write_text(json.dumps(problems), encoding="utf-8")
    os._exit(0)


def _outcome(child, answer, seconds, limit):
    """Return [problems] of a copy that has ended, or has run too long; None while it runs."""
    ended, status = os.waitpid(child, os.WNOHANG)
    if not ended and seconds < limit:
        return None
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    if not ended:
        os.waitpid(child, 0)
        return [[f"it takes longer than {limit:g} s"]]
    if answer.exists():
        return [json.loads(answer.read_text(encoding="utf-8"))]
    return [[f"its process ended with {os.waitstatus_to_exitcode(status)}, saying nothing"]]


def results(path, limit=LIMIT, chosen=None):
    """Yield (number, seconds, problems) for a notebook's instructions, or for those chosen."""
    notebook = nbformat.read(path, as_version=4)
    left = dict(enumerate(instructions_of(notebook)))
    left = {n: instruction for n, instruction in left.items() if chosen is None or n in chosen}
    shell, source, broken = InteractiveShell.instance(), "", ""
    attributes(), keywords()  # looked up once, for all copies
    for index, cell in enumerate(notebook.cells):
        here = {n: left.pop(n) for n in list(left) if left[n].cell == index}
        if broken:
            yield from ((number, 0, [broken]) for number in here)
        else:
            yield from in_copies(shell, here, source, limit)
        if cell.cell_type == "code" and left and not broken:
            source += cell.source + "\n"
            _, error = run(shell, cell.source)
            if error and "raises-exception" not in cell.metadata.get("tags", []):
                broken = f"cell [{index}] of the notebook itself fails: {error!r}"


def main(path, limit=LIMIT, chosen=""):
    report = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    torch.set_num_threads(1)  # a copy made by fork has no other threads
    HistoryManager.enabled = False
    path = Path(path).resolve()
    os.chdir(path.parent)
    numbers = {int(number) for number in chosen.split(",")} if chosen else None
    for number, seconds, problems in results(path, float(limit), numbers):
        print(json.dumps([number, round(seconds, 1), problems]), file=report, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
