"""Watch a learner's answer while it runs in the process that judges it.

Python tells an "audit hook", which nothing takes away again, of every look at frames, at all
objects and at plain memory. And each time control comes back from an answer to the checks, all that
they rest on must be what it was.
"""

import ctypes
import inspect
import pathlib
import sys
import traceback
import types
from threading import get_ident

LOOKS = ("sys._getframe", "sys._current_", "sys.settrace", "sys.setprofile", "gc.get_", "ctypes.")
FRAMES = ("tb_frame", "gi_frame", "cr_frame", "ag_frame")
MEMORY = "/proc/"
JUDGES = "utils.exercises", "teaching.labs", "tools"
names_of = types.ModuleType.__dict__["__dict__"].__get__
HANDING_ON = [id(names_of(one)) for one in (ctypes, inspect, pathlib)]
# Kept under names of this module, since an answer may put others into builtins and sys
id, isinstance, list, str, frame_of = id, isinstance, list, str, sys._getframe


def modules():
    return [one for one in list(sys.modules.values()) if isinstance(one, types.ModuleType)]


def judging():
    return [one for one in modules() if names_of(one).get("__name__", "").startswith(JUDGES)]


class Strangers:
    """Tell frames of loaded modules from all others, which came with an answer."""

    def __init__(self):
        self.known = {id(names_of(one)) for one in modules()}

    def __contains__(self, frame):
        if id(frame.f_globals) in self.known:
            return False
        late = {id(names_of(one)) for one in modules()}
        self.known |= late & {id(frame.f_globals)}
        return id(frame.f_globals) not in late


def looker(frame):
    """Return the frame that asked, behind those functions that only hand frames on."""
    walk = id(names_of(traceback))
    while frame and (
        id(frame.f_globals) in HANDING_ON
        or (id(frame.f_globals) == walk and frame.f_code.co_name.startswith("walk_"))
    ):
        frame = frame.f_back
    return frame


def asks(event, given):
    """Return in words what an event looks at, "" if that is nobody's secret."""
    if event.startswith(LOOKS):
        return event
    if event == "object.__getattr__" and given[1] in FRAMES:
        return given[1]
    if event == "object.__setattr__" and given[1] in ("__code__", "__defaults__"):
        return given[1]
    if event == "open" and str(given[0]).startswith(MEMORY):
        return str(given[0])
    return ""


def watch(changed, caught):
    """From now on call `caught(what)` at the first look or change; it must not return.

    `changed()` names what the checks rest on and is not what it was, or returns None.
    """
    strangers, busy = Strangers(), set()
    judges = {id(names_of(one)) for one in judging()}

    def heard(event, given):
        if (own := get_ident()) in busy or not (what := asks(event, given)):
            return
        busy.add(own)
        frame = looker(frame_of(1))
        found = frame is not None and frame in strangers
        busy.discard(own)
        if found:
            caught(what)

    def guarded(kind):
        before = getattr(types.ModuleType, kind)

        def method(self, name, *value):
            if looker(frame_of(1)) in strangers:
                caught(f"{names_of(self)['__name__']}.{name}")
            return before(self, name, *value)

        return method

    kinds = ("__getattribute__", "__setattr__", "__delattr__")
    kept = type("Judging", (types.ModuleType,), {kind: guarded(kind) for kind in kinds})
    strange = [True]  # whether an answer's code ran since control was last with the checks

    def passed(frame, event, given):
        if event == "call" and not strange[0]:
            strange[0] = frame in strangers
        elif event == "return" and strange[0] and frame.f_back is not None:
            back = id(frame.f_back.f_globals) in judges and id(frame.f_globals) not in judges
            if back:
                strange[0] = False
                if name := changed():
                    caught(name)

    for one in judging():
        one.__class__ = kept
    sys.addaudithook(heard)
    sys.setprofile(passed)
