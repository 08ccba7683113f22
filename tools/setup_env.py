"""Make the course's environment in .venv from requirements.lock; do nothing if it is up to date.

Uses only the standard library, so any Python can start it:  python tools/setup_env.py
Where a folder wheels/ lies beside the lock (`make bundle` packs it), no network is used.
"""

import argparse
import hashlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
STAMP = VENV / "course-stamp"
LOCK = ROOT / "requirements.lock"
WHEELS = ROOT / "wheels"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
OLDEST, NEWEST = (3, 11), (3, 14)
UV = "uv==0.13.9"
GIGABYTES = {"lock": 8, "cpu": 3}
REMEDY = (
    "Run the same command again. If there is no network here, or a proxy stands before it: set "
    "HTTPS_PROXY=http://name:port, or unpack an archive that `make bundle` wrote elsewhere."
)


def stop(message):
    sys.exit(f"setup_env: {message}")


def check_python():
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        here = ".".join(map(str, sys.version_info[:3]))
        stop(
            f"the course needs Python {OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}; "
            f"this is {here} ({sys.executable}). Install a newer one from python.org or conda, "
            "then name it: make lab PYTHON=python3.12"
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError as error:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        stop(
            f"this Python has no {error.name} module. On Debian and Ubuntu: "
            f"sudo apt install python{version}-venv"
        )


def check_folder(build):
    """Refuse a folder that cannot be written to, or has no room, before anything is made."""
    probe = ROOT / f".setup-{os.getpid()}"
    try:
        probe.mkdir()
        probe.rmdir()
    except OSError as error:
        stop(
            f"{ROOT} cannot be written to ({error.strerror}). Copy the course to a folder of your "
            "own and run the same command there."
        )
    free = shutil.disk_usage(ROOT).free / 1e9
    if free < GIGABYTES[build]:
        stop(
            f"{ROOT} has {free:.1f} GB free; the environment needs {GIGABYTES[build]} GB. "
            "Make room, or move the course to another disk and run the same command there."
        )


def machine():
    """Return what wheels must fit: the system, the processor and the Python."""
    python = "{}.{}".format(*sys.version_info[:2])
    return {"system": f"{platform.system()} {platform.machine()}", "python": python}


def lock_sum():
    return hashlib.sha256(LOCK.read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def check_wheels():
    """Refuse wheels for another machine, or not all of them, and name what differs."""
    try:
        packed = json.loads((WHEELS / "bundle.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        stop(f"{WHEELS}/bundle.json cannot be read ({error}): unpack the archive again.")
    here = machine()
    for what, expected in packed["machine"].items():
        if here[what] != expected:
            other = f"make lab PYTHON=python{expected}, or " if what == "python" else ""
            stop(
                f"the wheels in {WHEELS} are for {what} {expected}; this is {here[what]} "
                f"({sys.executable}). Use {other}an archive made on such a machine; or, with a "
                "network, delete that folder and run the same command again."
            )
    if packed["lock"] != lock_sum():
        stop(
            f"the wheels in {WHEELS} belong to another requirements.lock than {LOCK}. Unpack the "
            "archive again, whole; or, with a network, delete wheels and run the same command."
        )
    for name, size in packed["wheels"].items():
        wheel = WHEELS / name
        found = wheel.stat().st_size if wheel.exists() else "no"
        if found != size:
            stop(f"{wheel} has {found} bytes, not {size}: unpack the archive again, whole.")


def fingerprint(build):
    parts = [LOCK.read_bytes(), f"{sys.version_info[:2]} {build} {ROOT}".encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def run(*command):
    """Run a module of the new environment; stop with the remedy if it fails."""
    result = subprocess.run([str(PYTHON), "-m", *command], cwd=ROOT)
    if result.returncode:
        free = shutil.disk_usage(ROOT).free / 1e9
        remedy = REMEDY
        if WHEELS.exists():
            remedy = "Unpack the archive again, or use one made on a machine like this."
        if free < 1:
            remedy = (
                f"The disk of {ROOT} is full ({free:.1f} GB free): make room, then run it again."
            )
        stop(f"`{' '.join(command)}` failed (its message is above). {remedy}")


def install(build):
    packed = ["--no-index", "--find-links", str(WHEELS)] if WHEELS.exists() else []
    run("pip", "install", "--quiet", "--disable-pip-version-check", *packed, UV)
    pip = ["uv", "pip"]
    if build == "cpu" and not packed:
        run(*pip, "install", "--compile-bytecode", "--torch-backend=cpu", "--no-verify-hashes",
            "-c", LOCK.name, "-r", "pyproject.toml", "--all-extras")  # fmt: skip
    else:
        run(*pip, "sync", "--compile-bytecode", "--require-hashes", *packed, LOCK.name)
    run(*pip, "install", "--quiet", "--no-deps", "--no-build-isolation", *packed, "--editable", ".")


def make(build):
    """Make the environment whole, or leave none: a half-made one is removed."""
    try:
        STAMP.unlink(missing_ok=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
        install(build)
        STAMP.write_text(fingerprint(build))
    except BaseException as error:
        shutil.rmtree(VENV, ignore_errors=True)
        if isinstance(error, KeyboardInterrupt):
            stop("interrupted. Nothing half-made is left; run the same command again.")
        if isinstance(error, (OSError, subprocess.CalledProcessError)):
            stop(f"no environment could be made in {VENV}: {error}")
        raise


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cpu", action="store_true", help="torch's small build without CUDA")
    build = "cpu" if parser.parse_args().cpu else "lock"
    check_python()
    if STAMP.exists() and STAMP.read_text() == fingerprint(build) and PYTHON.exists():
        return
    check_folder(build)
    if WHEELS.exists():
        check_wheels()
    start = time.perf_counter()
    print(f"Making the environment in {VENV} (once; {GIGABYTES[build]} GB of disk) ...", flush=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    make(build)
    print(f"Environment ready after {(time.perf_counter() - start) / 60:.1f} minutes.", flush=True)


if __name__ == "__main__":
    main()
