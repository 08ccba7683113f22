"""Judge answers with the course's own `verify`, each in a copy of a process that ran none of them.

An answer may do anything when it is called. So each is called in a copy of its own, and a right
one counts only if all that judges is afterwards as it was, and still finds wrong answers wrong.
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
import time

from tools.sandbox import WAITING, keep_only, shut_in

WATCHED = ("torch", "torch.nn.functional", "copy", "json", "random", "numpy", "pickle")
LONGEST = 2000  # characters of a message


def parts():
    """Return {name: what stands there} of everything that a verdict rests on."""
    import torch

    places = {name: vars(module) for name, module in sys.modules.items() if module is not None
              and (name.startswith("utils.exercises") or name in WATCHED)}  # fmt: skip
    places |= {"builtins": vars(builtins), "math": vars(math), "os": vars(os)}
    places |= {f"torch.{one.__name__}": vars(one) for one in (torch.Tensor, torch.nn.Module)}
    found = {}
    for place, names in places.items():
        for name, value in list(names.items()):
            if callable(value):
                code = getattr(value, "__code__", None), getattr(value, "__defaults__", None)
                found[f"{place}.{name}"] = (value, *code)
    return found


def changed(before, parts=parts):
    """Return the name of the first part that is not what it was, None if all are."""
    now = parts()
    for name, was in before.items():
        is_now = now.get(name, ())
        if len(is_now) != len(was) or any(a is not b for a, b in zip(was, is_now, strict=True)):
            return name
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


def verdict(number, payload, cells):
    """Return [verdict, message] of a pickled answer."""
    from utils.exercises import NotAttempted, WrongAnswer, verify

    before, found_changed, found_blind = parts(), changed, still_judges
    for place, source in enumerate(cells):  # so that a message can show the line that failed
        name = f"<cell {place}>"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    try:
        answer = pickle.loads(payload)
    except BaseException as error:
        return ["wrong", f"the answer works only in its notebook ({type(error).__name__}: {error})"]
    try:
        found = ["right", str(verify(number, answer))]
    except NotAttempted:
        return ["not attempted", ""]
    except WrongAnswer as wrong:
        found = ["wrong", str(wrong)]
    except BaseException as error:
        found = ["wrong", f"{type(error).__name__}: {error}. Is it the asked kind?"]
    if found[0] == "right" and (name := found_changed(before)):
        return ["wrong", f"the answer changes what judges it: {name}"]
    if found[0] == "right" and not found_blind(verify, number):
        return ["wrong", "after the answer ran, wrong answers pass as well"]
    return found


def apart(seconds, number, payload, cells):
    """Return the verdict, found in a copy of this process, which is ended afterwards."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(seconds), math.ceil(seconds) + 1))
        write, leave, text_of = os.write, os._exit, json.dumps  # an answer may put others there
        found, message = verdict(number, payload, cells)
        write(writing, text_of([found, message[:LONGEST]]).encode())
        leave(0)
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
        return json.dumps(["wrong", f"calling the answer took more than {seconds:g} s"]).encode()
    return text


def judge(answers, cells, folder, hidden, limits, pipe):
    """Send for each of `answers`, [(number, payload)], what its copy wrote."""
    shut_in(folder, hidden, limits["gigabytes"], limits["processes"], rooms=limits["rooms"])
    keep_only(pipe)
    from utils.exercises import known

    known()  # loads all chapters, once for all copies
    for number, payload in answers:
        text = apart(limits["seconds"], number, payload, cells)
        if limits["rooms"]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)  # what an answer started; this process is spared
        pipe.send_bytes(text)
    pipe.close()
    os._exit(0)
