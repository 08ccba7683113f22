"""Make a Colab machine ready for the course: install what it lacks, and leave the rest alone.

Each notebook's setup cell runs this file from a clone, by its path, since the notebook lies beside
the clone. The course itself comes last, so that `utils` is there only when all is well; that is
what the cell asks for.
"""

import os
import re
import subprocess
import sys
import tomllib
from importlib import machinery, metadata, util
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
TORCH = ("torch", "torchvision")
MARK = 'COURSE = "tensors-to-gpus"'  # in the course's own utils/__init__.py


def installed():
    """Return whether the course is here; end with the remedy if another `utils` would hide it.

    Asked for is what a notebook finds: first of all what lies beside it.
    """
    beside = machinery.PathFinder.find_spec("utils", [os.getcwd()])
    there = util.find_spec("utils")
    for found in (beside, there):
        # a folder without __init__.py has no origin, and hides nothing that is installed
        if found and found.origin and MARK not in Path(found.origin).read_text(errors="replace"):
            sys.exit(
                f"{found.origin} hides the course's own utils. Rename it, or take its folder off "
                "the path; then restart the kernel and run this cell again."
            )
    return bool(there and there.origin)


def requirements(root=ROOT):
    """Return {name: the oldest version that the course is tested with} from pyproject.toml."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return dict(re.match(r"([\w.-]+)>=([\d.]+)", text).groups() for text in project["dependencies"])


def present(names):
    """Return {name: version} of those packages that this machine has, of whatever version."""
    found = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def numbers(version):
    return [int(part) for part in re.match(r"\d+(?:\.\d+)*", version)[0].split(".")]


def check_torch(oldest, found):
    """End with the remedy if torch is too old: a new one under a running notebook breaks it."""
    for name in TORCH:
        if name in found and numbers(found[name]) < numbers(oldest[name]):
            sys.exit(
                f"This machine has {name} {found[name]}, and the course needs {oldest[name]} or "
                "newer. It is left as it is. Choose Runtime > Change runtime type > Runtime "
                "version > Latest, and open the notebook there."
            )


def install(*what):
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", *what]
    done = subprocess.run(pip, capture_output=True, text=True)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.lower().startswith("error")]
        sys.exit(f"pip install {what[-1]} failed: {(errors or ['for no reason it gave'])[-1]}")


def install_missing(oldest, found):
    """Install the packages that are not there, and none in place of one that is."""
    missing = [f"{name}>={version}" for name, version in oldest.items() if name not in found]
    if not missing:
        return
    with TemporaryDirectory() as folder:
        kept = Path(folder) / "kept.txt"
        kept.write_text("".join(f"{name}=={version}\n" for name, version in found.items()))
        install("-c", str(kept), *missing)


def main():
    if installed():
        return
    oldest = requirements()
    found = present(oldest)
    check_torch(oldest, found)
    install_missing(oldest, found)
    install("--no-deps", str(ROOT))


if __name__ == "__main__":
    main()
