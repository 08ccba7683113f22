"""Make the course's environment in .venv from requirements.lock; do nothing if it is up to date.

Uses only the standard library, so any Python can start it:  python tools/setup_env.py
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
STAMP = VENV / "course-stamp"
LOCK = ROOT / "requirements.lock"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
OLDEST, NEWEST = (3, 11), (3, 14)
UV = "uv==0.13.9"
GIGABYTES = {"lock": 8, "cpu": 3}


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


def check_disk(build):
    free = shutil.disk_usage(ROOT).free / 1e9
    if free < GIGABYTES[build]:
        stop(f"{ROOT} has {free:.1f} GB free; the environment needs {GIGABYTES[build]} GB.")


def fingerprint(build):
    parts = [LOCK.read_bytes(), f"{sys.version_info[:2]} {build} {ROOT}".encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def run(*command):
    result = subprocess.run([str(PYTHON), "-m", *command], cwd=ROOT)
    if result.returncode:
        stop(f"`{' '.join(command)}` failed (its message is above); run the same command again.")


def install(build):
    pip = ["uv", "pip"]
    if build == "cpu":
        run(*pip, "install", "--compile-bytecode", "--torch-backend=cpu", "--no-verify-hashes",
            "-c", LOCK.name, "-r", "pyproject.toml", "--all-extras")  # fmt: skip
    else:
        run(*pip, "sync", "--compile-bytecode", "--require-hashes", LOCK.name)
    run(*pip, "install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", ".")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cpu", action="store_true", help="torch's small build without CUDA")
    build = "cpu" if parser.parse_args().cpu else "lock"
    check_python()
    if STAMP.exists() and STAMP.read_text() == fingerprint(build) and PYTHON.exists():
        return
    check_disk(build)
    start = time.perf_counter()
    print(f"Making the environment in {VENV} (once; {GIGABYTES[build]} GB of disk) ...", flush=True)
    STAMP.unlink(missing_ok=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
    run("pip", "install", "--quiet", "--disable-pip-version-check", UV)
    install(build)
    STAMP.write_text(fingerprint(build))
    print(f"Environment ready after {(time.perf_counter() - start) / 60:.1f} minutes.", flush=True)


if __name__ == "__main__":
    main()
