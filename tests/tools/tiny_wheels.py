"""Wheels of a few bytes, and a course folder that installs them: setup in seconds, without torch.

The wheel `uv` is a stand-in that notes how it was called and lets pip do the installing.
"""

import base64
import hashlib
import json
import shutil
import signal
import zipfile

from tests.chapters import ROOT
from tools import setup_env

FAKE_UV = """
import pathlib, subprocess, sys, time
with open("uv-calls.txt", "a", encoding="utf-8") as log:
    print(*sys.argv[1:], file=log)
if sys.argv[2] == "sync":
    if pathlib.Path("slow").exists():
        pathlib.Path("slow").rename("sleeping")
        time.sleep(600)
    options = [word for word in sys.argv[3:-1] if word != "--compile-bytecode"]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", *options]
    sys.exit(subprocess.run([*pip, "-r", sys.argv[-1]]).returncode)
"""


def write_wheel(folder, name, version, source):
    """Write a wheel of one package whose `__main__` is `source`; return its path."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": "",
        f"{name}/__main__.py": source,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(path, "w") as wheel:
        record = [f"{info}/RECORD,,"]
        for place, text in files.items():
            wheel.writestr(place, text)
            digest = hashlib.sha256(text.encode()).digest()
            value = base64.urlsafe_b64encode(digest).decode().rstrip("=")
            record.append(f"{place},sha256={value},{len(text)}")
        wheel.writestr(f"{info}/RECORD", "\n".join(record) + "\n")
    return path


def write_wheels(folder):
    """Write the wheels that a bundle holds, and return the lock that asks for them."""
    folder.mkdir(parents=True, exist_ok=True)
    write_wheel(folder, "uv", setup_env.UV.partition("==")[2], FAKE_UV)
    tiny = write_wheel(folder, "tiny", "1.0", "print('tiny runs')")
    return f"tiny==1.0 --hash=sha256:{hashlib.sha256(tiny.read_bytes()).hexdigest()}\n"


def write_label(folder, text, **changes):
    sizes = {path.name: path.stat().st_size for path in folder.glob("*.whl")}
    label = {
        "machine": setup_env.machine(),
        "lock": hashlib.sha256(text.encode()).hexdigest(),
        "wheels": sizes,
    }
    (folder / "bundle.json").write_text(json.dumps(label | changes), encoding="utf-8")


def write_course(folder):
    """Make a course of nothing but its setup and tiny wheels."""
    (folder / "tools").mkdir(parents=True)
    shutil.copy(ROOT / "tools" / "setup_env.py", folder / "tools")
    lock = write_wheels(folder / "wheels")
    (folder / "requirements.lock").write_text(lock, encoding="utf-8")
    write_label(folder / "wheels", lock)
    return folder


def hear_ctrl_c():
    """In a new process: undo that a test run in the background has it ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
