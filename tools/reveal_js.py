"""Fetch reveal.js, the program that turns slides, once; afterwards no network is needed."""

import shutil
import subprocess

from tools.browser_run import NPM_CI, ROOT

SOURCE = ROOT / "tools" / "reveal"
MODULES = ROOT / "build" / "reveal"
WITHOUT = "install Node.js, which brings npm, and run it again with a network, this once"


class Unavailable(Exception):
    """The message says what is missing, and what to do."""


def reveal():
    """Return reveal.js's script and style sheet, in the version that tools/reveal locks."""
    lock, stamp = SOURCE / "package-lock.json", MODULES / "stamp"
    if not stamp.exists() or stamp.read_bytes() != lock.read_bytes():
        if not (npm := shutil.which("npm")):
            raise Unavailable(f"reveal.js is not here, and no npm to get it: {WITHOUT}")
        shutil.copytree(SOURCE, MODULES, dirs_exist_ok=True)
        try:
            command = [npm, *NPM_CI[1:]]
            subprocess.run(command, cwd=MODULES, check=True, capture_output=True, timeout=120)
        except subprocess.SubprocessError as error:
            said = (error.stderr or b"").decode(errors="replace").strip().splitlines()
            raise Unavailable(f"npm got no reveal.js ({(said or [error])[0]}): {WITHOUT}") from None
        shutil.copy(lock, stamp)
    files = MODULES / "node_modules" / "reveal.js" / "dist"
    return tuple((files / name).read_text(encoding="utf-8") for name in ("reveal.js", "reveal.css"))
