"""What a process that is shut in can still do: next to nothing outside its own folder."""

import json
import os
import subprocess
import sys

import pytest

from tests.chapters import ROOT

if sys.platform == "win32":
    pytest.skip("Windows cannot shut processes in", allow_module_level=True)
from tools.sandbox import CROWDED, rooms_here

needs_rooms = pytest.mark.skipif(not rooms_here(), reason="no rooms for processes here")
TRIED = """
import ctypes, json, os, socket, subprocess, sys
from pathlib import Path
from tools import sandbox
folder, outside, hidden, rooms = sys.argv[1:]
pipe = os.dup(1)
sandbox.shut_in(Path(folder), [Path(hidden)], gigabytes=1, processes=8, megabytes=1,
                rooms=rooms == "rooms")

def outcome(name, *given, **more):
    try:
        return str(eval(name)(*given, **more))
    except BaseException as error:
        return type(error).__name__

def write(place, size=1):
    with open(place, "wb") as file:
        return file.write(b"x" * size)

def unchanged(place):
    # What stands there already: without a room, root may write.
    if os.path.exists(place):
        text = Path(place).read_text()
        Path(place).write_text(text)

def free():
    return sandbox.read_only("/", False)

def reached(address):
    return socket.create_connection(address, 5).close()

signals = __import__("signal"); signals.signal(signals.SIGXFSZ, signals.SIG_IGN)
os.write(pipe, json.dumps({
    "outside": outcome("write", Path(outside) / "new"),
    "inside": outcome("write", Path.home() / "new"),
    "large": outcome("write", Path.home() / "large", 2_000_000),
    "null": outcome("write", "/dev/null"),
    "hidden": outcome("os.listdir", hidden),
    "memory": outcome("bytearray", 2 * 10**9),
    "processes": outcome("len", [one for one in os.listdir("/proc") if one.isdigit()]),
    "network": outcome("reached", ("192.0.2.1", 9)),
    "unlock": outcome("free"),
    "settings": outcome("unchanged", "/proc/sys/kernel/hostname"),
}).encode())
"""


def tried(tmp_path, rooms):
    for name in "home", "outside", "hidden":
        (tmp_path / name).mkdir()
    (tmp_path / "hidden" / "answers").touch()
    places = [str(tmp_path / name) for name in ("home", "outside", "hidden")]
    own = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", TRIED, *places, rooms]
    done = subprocess.run(command, cwd=ROOT, env=own, capture_output=True)
    return json.loads(done.stdout)


@needs_rooms
def test_a_room_has_one_place_to_write_to_and_no_way_out(tmp_path):
    assert tried(tmp_path, "rooms") == {
        "outside": "OSError", "inside": "1", "large": "OSError", "null": "1", "hidden": "[]",
        "memory": "MemoryError", "processes": "1", "network": "OSError",
        "unlock": "PermissionError", "settings": "OSError",
    }  # fmt: skip
    assert not list((tmp_path / "outside").iterdir())
    assert not list((tmp_path / "home").iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="macOS holds no limit on memory")
def test_without_a_room_the_limits_hold(tmp_path):
    found = tried(tmp_path, "none")
    assert (found["large"], found["memory"], found["inside"]) == ("OSError", "MemoryError", "1")


@needs_rooms
def test_a_room_in_which_processes_multiply_is_ended(tmp_path):
    """What multiplies here are 40 children that sleep, five times what is allowed."""
    body = (
        "import subprocess, sys, time\nfrom pathlib import Path\nfrom tools import sandbox\n"
        "sandbox.set_limits = lambda *given: None\n"  # as for root, whom the system does not limit
        "sandbox.shut_in(Path(sys.argv[1]), [], processes=8)\n"
        "for _ in range(40):\n    subprocess.Popen(['sleep', '600'])\ntime.sleep(600)\n"
    )
    (tmp_path / "home").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", body, str(tmp_path / "home")],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == CROWDED
