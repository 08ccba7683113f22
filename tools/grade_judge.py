"""Judge answers with the course's own checks, each in a copy of a process that ran none of them.

An answer may do anything when it is called. So each is called in a copy of its own, which is
watched (tools/grade_guard.py), and whose verdict counts only with a word that no answer knows.
"""

import builtins
import contextlib
import json
import linecache
import math
import os
import pickle
import resource
import select
import signal
import sys
import threading
import time

from tools.grade_guard import names_of, watch
from tools.sandbox import WAITING, keep_only, shut_in

WATCHED = ("torch", "torch.nn.functional", "copy", "json", "random", "numpy", "pickle")
PLAIN = (int, float, complex, str, bytes)
GATHERED = (list, tuple, set, frozenset)
LONGEST = 2000  # characters of a message
TOUCHED = "the answer looks at what judges it, or changes it: "


def rests():
    """Return [(lookup, name, value, its code, label)] of everything that a verdict rests on."""
    import torch

    checks = tuple(name for name in sys.modules if name.startswith(("utils.exercises", "teaching")))
    places = {name: names_of(sys.modules[name]) for name in (*checks, *WATCHED)}
    places |= {"builtins": vars(builtins), "math": vars(math), "os": vars(os)}
    places |= {f"torch.{one.__name__}": vars(one) for one in (torch.Tensor, torch.nn.Module)}
    return [(names.get, name, value, getattr(value, "__code__", None), f"{place}.{name}")
            for place, names in places.items()
            for name, value in list(names.items()) if callable(value)]  # fmt: skip


def changed(before, codes=True, getattr=getattr):
    """Return the label of the first part that is not what it was, None if all are.

    No global name is used here: an answer may have put others there.
    """
    for lookup, name, was, code, label in before:
        now = lookup(name)
        if now is not was or (codes and getattr(now, "__code__", None) is not code):
            return label
    return None


def still_judges(verify, number):
    """Return whether answers that cannot be right are still found wrong."""
    for wrong in (object(), lambda *given, **more: object(), "no such answer"):
        try:
            verify(number, wrong)
        except Exception:
            continue
        return False
    return True


def plain(value):
    """Return an answer that is data without what a learner's own kind of number makes of it.

    A number could say that it equals every other one.
    """
    kind = type(value)
    if kind.__module__ != "__main__":
        if kind in GATHERED:
            return kind(map(plain, value))
        return {plain(k): plain(v) for k, v in value.items()} if kind is dict else value
    for base in PLAIN:
        if isinstance(value, base):
            how = {str: str.__str__, bytes: lambda one: bytes.__getitem__(one, slice(None))}
            return how.get(base, getattr(base, f"__{base.__name__}__", None))(value)
    for base in GATHERED:
        if isinstance(value, base):
            return base(map(plain, base.__iter__(value)))
    return value


def verdict(verify, number, payload, cells, tell):
    """Call `tell` with the verdict and message of a pickled answer."""
    from utils.exercises import NotAttempted, WrongAnswer

    for place, source in enumerate(cells):  # so that a message can show the line that failed
        name = f"<cell {place}>"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    before, found_changed, found_blind = rests(), changed, still_judges
    length, running, threads = len, threading.enumerate, len(threading.enumerate())

    def touched():
        more = length(running()) > threads
        return "a thread goes on" if more else found_changed(before, codes=False)

    watch(touched, lambda what: tell("wrong", TOUCHED + what))
    try:
        answer = plain(pickle.loads(payload))
    except BaseException as error:
        tell("wrong", f"the answer works only in its notebook ({type(error).__name__}: {error})")
    try:
        remark = str(verify(number, answer))
    except NotAttempted:
        tell("not attempted", "")
    except WrongAnswer as wrong:
        tell("wrong", str(wrong))
    except BaseException as error:
        tell("wrong", f"{type(error).__name__}: {error}. Is it the asked kind?")
    if name := touched() or found_changed(before):
        tell("wrong", TOUCHED + name)
    if not found_blind(verify, number):
        tell("wrong", "after the answer ran, wrong answers pass as well")
    tell("right", remark)


def teller(pipe, word):
    """Return the function that sends a verdict and ends the process.

    What it calls cannot be exchanged any more: functions that it keeps, methods of str and bytes.
    """
    write, leave, largest = os.write, os._exit, LONGEST

    def tell(found, message):
        write(
            pipe, b"\n".join([word, found.encode(), message[:largest].encode("utf-8", "replace")])
        )
        leave(0)

    return tell


def apart(seconds, verify, number, payload, cells):
    """Return the verdict, found in a copy of this process, which is ended afterwards."""
    reading, writing = os.pipe()
    word = os.urandom(16).hex().encode()
    child = os.fork()
    if not child:
        os.close(reading)
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(seconds), math.ceil(seconds) + 1))
        verdict(verify, number, payload, cells, teller(writing, word))
    os.close(writing)
    text, end, late = b"", time.monotonic() + WAITING * seconds, False
    while (left := end - time.monotonic()) > 0 and select.select([reading], [], [], left)[0]:
        if not (part := os.read(reading, 65536)):
            break
        text += part
    else:
        late = True
    os.close(reading)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if late or os.waitstatus_to_exitcode(status) == -signal.SIGXCPU:
        return ["wrong", f"calling the answer took more than {seconds:g} s"]
    return understood(text, word)


def understood(text, word):
    """Return [verdict, message] of what a copy wrote; only what begins with `word` is its own."""
    if not text:
        return ["wrong", "the process ended when the answer was called"]
    said, found, message = [*text.split(b"\n", 2), b"", b""][:3]
    if said != word:
        return ["wrong", "the answer wrote a verdict of its own"]
    return [found.decode(), message.decode("utf-8", "replace")]


def checks(lab):
    """Return what judges: the checks of the chapters, all loaded, or of a lab, (number, seed)."""
    if lab:
        from teaching.labs.judge import verifier

        return verifier(*lab)
    from utils.exercises import known, verify

    known()
    return verify


def judge(answers, cells, lab, folder, hidden, limits, pipe):
    """Send for each of `answers`, [(number, payload)], its verdict and message."""
    shut_in(folder, hidden, limits["gigabytes"], limits["processes"], rooms=limits["rooms"])
    keep_only(pipe)
    verify = checks(lab)
    for number, payload in answers:
        found = apart(limits["seconds"], verify, number, payload, cells)
        if limits["rooms"]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)  # what an answer started; this process is spared
        pipe.send_bytes(json.dumps(found).encode())
    pipe.close()
    os._exit(0)
