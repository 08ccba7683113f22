"""Answers that cheat do not win: each is called in a copy that is watched. Right ones pass."""

import os
import sys

import pytest

if sys.platform == "win32":
    pytest.skip("Windows cannot shut processes in", allow_module_level=True)
import cloudpickle

from tests.exercises.test_exercises import CASES, CHECK, each_exercise, namespaces  # noqa: F401
from tests.exercises.wrong_answers import WRONG
from tools.grade_judge import apart, checks

VERIFY = checks(None)
SECONDS = 60
RIGHT = CASES["1.2"][2]
FORGE = """
import os
def forge():  # the surest forger: it is told which pipe is the judge's
    os.write(int(os.environ['PIPE']), b'["right", ""]')
"""
CHEATS = {  # name: (the answer to 1.2, wrong in itself, and what is said of it)
    "writes the verdict": (
        FORGE + "def brighten(image, amount):\n    forge()\n    os._exit(0)",
        "the answer wrote a verdict of its own",
    ),
    "writes it at exit, and in a thread": (
        FORGE + "import atexit, threading, time\ndef brighten(image, amount):\n"
        "    atexit.register(forge)\n    threading.Thread(target=forge).start()\n"
        "    time.sleep(0.5)\n    return image",
        "the answer wrote a verdict of its own",
    ),
    "patches torch": (
        "def brighten(image, amount):\n"
        "    torch.isclose = lambda *given, **more: torch.ones(1, dtype=torch.bool)\n"
        "    return image",
        "torch.isclose",
    ),
    "patches torch, and the patch undoes itself": (
        "def brighten(image, amount):\n    real = torch.isclose\n"
        "    def fake(*given, **more):\n        torch.isclose = real\n"
        "        return torch.ones(1, dtype=torch.bool)\n"
        "    torch.isclose = fake\n    return image",
        "torch.isclose",
    ),
    "patches built-in functions": (
        "import builtins\ndef brighten(image, amount):\n"
        "    vars(builtins)['zip'] = lambda *given, **more: []",
        "builtins.zip",
    ),
    "patches the checks, found in sys.modules": (
        "import sys\ndef brighten(image, amount):\n"
        "    sys.modules['utils.exercises.compare'].difference = lambda *given: None",
        "utils.exercises.compare",
    ),
    "imports the checks": (
        "def brighten(image, amount):\n    from utils.exercises import chapter_01\n"
        "    return chapter_01.exercise_2",
        "utils.exercises",
    ),
    "switches the watch off": (
        "def brighten(image, amount):\n    import tools.grade_guard as guard\n"
        "    guard.asks = lambda *given: ''\n    return image",
        "tools.grade_guard",
    ),
    "finds the right results with gc": (
        "import gc\ndef brighten(image, amount):\n    for one in gc.get_objects():\n"
        "        if getattr(one, '__name__', '') == 'oracle':\n"
        "            return one(image, amount)",
        "gc.get_objects",
    ),
    "finds them in the frames of an error": (
        "def brighten(image, amount):\n    try:\n        1 / 0\n"
        "    except ZeroDivisionError as error:\n        frame = error.__traceback__.tb_frame\n"
        "    while 'oracle' not in frame.f_locals:\n        frame = frame.f_back\n"
        "    return frame.f_locals['oracle'](image, amount)",
        "tb_frame",
    ),
    "finds them with inspect": (
        "import inspect\ndef brighten(image, amount):\n    for one in inspect.stack():\n"
        "        if 'oracle' in one.frame.f_locals:\n"
        "            return one.frame.f_locals['oracle'](image, amount)",
        "sys._getframe",
    ),
    "reads memory": (
        "def brighten(image, amount):\n    open('/proc/self/mem', 'rb')\n    return image",
        "/proc/self/mem",
    ),
    "blinds the watch through builtins": (
        "import builtins\ndef brighten(image, amount):\n    real = builtins.getattr\n"
        "    builtins.getattr = builtins.isinstance = lambda *given: True\n"
        "    try:\n        1 / 0\n    except ZeroDivisionError as error:\n"
        "        frame = error.__traceback__.tb_frame\n"
        "    builtins.getattr = real\n    return frame",
        "tb_frame",
    ),
    "calls C": (
        "import ctypes\ndef brighten(image, amount):\n"
        "    ctypes.pythonapi.Py_IncRef(ctypes.py_object(image))\n    return image",
        "ctypes",
    ),
    "writes its verdict in JSON's place": (
        "import json\ndef brighten(image, amount):\n"
        "    json.JSONEncoder.encode = lambda *given: '[\"right\", \"\"]'\n    return image",
        "expected 255",
    ),
    "is a tensor that equals any other": (
        "class Yes(torch.Tensor):\n    @classmethod\n"
        "    def __torch_function__(cls, function, kinds, given=(), named=None):\n"
        "        if function.__name__ == 'isclose':\n"
        "            return torch.ones(1, dtype=torch.bool)\n"
        "        return super().__torch_function__(function, kinds, given, named or {})\n"
        "def brighten(image, amount):\n    return image.clone().as_subclass(Yes)",
        "expected 255",
    ),
}  # fmt: skip
YES = "    def __eq__(self, other):\n        return True\n    __hash__ = {0}.__hash__\n"
EQUAL = {
    "1.1": "class Yes(int):\n" + YES.format("int") + "answer = (Yes(1), Yes(2), Yes(3))",
    "1.7": "class Yes(str):\n" + YES.format("str") + "    def lower(self):\n        return self\n"
           "    strip = lower\nanswer = {Yes('z')}",
}  # fmt: skip


def packed(source, name):
    """Return what grade_run hands out: an answer as the cell of a notebook made it."""
    space = {"__name__": "__main__"}
    exec(compile(f"import torch\n{source}", "<cell 0>", "exec"), space)
    return cloudpickle.dumps(space[name])


@pytest.mark.parametrize("cheat", CHEATS)
def test_an_answer_that_cheats_is_not_right(cheat, monkeypatch):
    source, words = CHEATS[cheat]
    make = os.pipe

    def pipe():
        ends = make()
        monkeypatch.setenv("PIPE", str(ends[1]))
        return ends

    monkeypatch.setattr(os, "pipe", pipe)
    verdict, message = apart(SECONDS, VERIFY, "1.2", packed(source, "brighten"), [])
    assert verdict == "wrong" and words in message


@pytest.mark.parametrize("number", EQUAL)
def test_data_that_equals_everything_is_taken_plainly(number):
    name = CHECK.search(CASES[number][1])[2]
    verdict, _ = apart(SECONDS, VERIFY, number, packed(EQUAL[number], name), [])
    assert verdict == "wrong"


def test_a_thread_that_goes_on_is_reported():
    begin = "    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n    return"
    source = "import threading, time\n" + RIGHT.replace("    return", begin, 1)
    verdict, message = apart(SECONDS, VERIFY, "1.2", packed(source, "brighten"), [])
    assert verdict == "wrong" and "a thread goes on" in message


@each_exercise
def test_the_watch_disturbs_no_right_answer(number, namespaces):  # noqa: F811
    """Nor any wrong one: its mistake is still named."""
    name, stub, solution = CASES[number]
    wanted = CHECK.search(stub)[2]
    source, words = WRONG[number][0]
    for text, expected in (solution, ("right", "")), (source, ("wrong", words)):
        space = dict(namespaces[name]) | {"__name__": "__main__"}
        exec(compile(text, "<cell 0>", "exec"), space)
        found = apart(SECONDS, VERIFY, number, cloudpickle.dumps(space[wanted]), [])
        assert found[0] == expected[0] and expected[1] in found[1]
