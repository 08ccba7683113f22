"""Open notebooks in JupyterLab in a real browser, as a learner does, and run all their cells.

    python -m tools.browser_run [NOTEBOOK ...] [--width 800] [--theme dark]

Pictures of what a learner sees go to build/screenshots. The exit status is 0 if all is well,
1 if something is wrong (each cell is named) and 77 if this machine lacks what it takes.
"""

import argparse
import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil  # comes with ipykernel

from tools.browser_photo import draw_shoe

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "tools" / "browser"
MODULES = ROOT / "build" / "browser"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NPM_CI = ("npm", "ci", "--ignore-scripts", "--engine-strict", "--no-audit", "--fetch-retries=1")
PICTURES = ROOT / "build" / "screenshots"
TIMEOUT = 1200  # seconds for one notebook: chapter 07 takes 300, on a busy machine three times that
APPEARANCE = "@jupyterlab/apputils-extension"


class Unavailable(Exception):
    """This machine lacks something that a browser run takes; the message says what."""


def prepare():
    """Chromium's path, and the locked playwright-core in build/ unless it is there already."""
    for names in (("node",), ("npm",), BROWSERS):
        if not (found := next(filter(None, map(shutil.which, names)), None)):
            raise Unavailable(f"no {' or '.join(names)} on PATH")
    lock, stamp = SOURCE / "package-lock.json", MODULES / "node_modules" / "stamp"
    if not stamp.exists() or stamp.read_bytes() != lock.read_bytes():
        shutil.copytree(SOURCE, MODULES, dirs_exist_ok=True)
        try:
            subprocess.run(NPM_CI, cwd=MODULES, check=True, capture_output=True, timeout=120)
        except subprocess.SubprocessError as error:
            said = (error.stderr or b"").decode().partition("npm error ")[2] or str(error)
            raise Unavailable(f"no playwright-core from npm: {said.splitlines()[0]}") from None
        shutil.copy(lock, stamp)
    return found


@contextlib.contextmanager
def started(command, env, out):
    """A process that is gone afterwards, whatever happens, with everything that it started."""
    guard = (
        ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
    )  # if we are killed
    options = {"env": env, "stdout": out, "stderr": out, "start_new_session": True}
    process, family = psutil.Popen([*guard, *command], **options), []
    try:
        yield process
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            family = [process, *process.children(recursive=True)]
            process.terminate()  # Jupyter then ends its kernels, and node its browser
        for left in psutil.wait_procs(family, timeout=10)[1]:
            with contextlib.suppress(psutil.NoSuchProcess):
                left.kill()


def trials(notebook):
    """What the browser tries besides running: an exercise, TensorBoard's cell, a chosen file."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells]
    found = {}
    for index, (source, below) in enumerate(zip(sources, [*sources[1:], ""], strict=True)):
        asked = re.fullmatch(r'answer = \.\.\.\n\n(check\("(\d+\.\d)", answer\))', source)
        solved = re.search(r"Solution</summary>\n\n```python\n(.*?)```", below, re.S)
        if asked and solved and "exercise" not in found:
            found["exercise"] = {"index": index, "number": asked[2]}
            found["exercise"] |= {"wrong": source.replace("...", "-1", 1)}
            found["exercise"] |= {"right": f"{solved[1]}\n{asked[1]}"}
        opened = re.sub("^open_viewer = False$", "open_viewer = True", source, flags=re.M)
        if opened != source:
            found["viewer"] = {"index": index, "source": opened}
        if "ipywidgets.FileUpload(" in source and cells[index]["cell_type"] == "code":
            code = [n for n, cell in enumerate(cells) if cell["cell_type"] == "code"]
            # the two cells below: what is read from the file, and what is answered
            found["upload"] = {"index": index, "below": [n for n in code if n > index][:2]}
    return found


def lay_out(home, notebooks, theme):
    """What the server shows: a copy, so that running and saving cannot touch the repository."""
    copy, config = home / "course" / "notebooks", home / "config" / "labconfig"
    shutil.copytree(ROOT / "notebooks", copy, ignore=shutil.ignore_patterns(".*"))
    for notebook in notebooks:
        shutil.copy(notebook, copy)
    settings = {f"{APPEARANCE}:themes": {"theme": f"JupyterLab {theme.title()}"}}
    settings[f"{APPEARANCE}:notification"] = {"fetchNews": "false", "checkForUpdates": False}
    config.mkdir(parents=True)
    (config / "default_setting_overrides.json").write_text(json.dumps(settings))


def environment(home, token):
    """The caller's environment, with nobody's settings, kernels, history or profile in it."""
    own = {f"JUPYTER_{kind.upper()}_DIR": home / kind for kind in ("config", "data", "runtime")}
    own |= {"TMPDIR": home, "IPYTHONDIR": home / "ipython", "XDG_CONFIG_HOME": home / "xdg"}
    own["MPLBACKEND"] = ""  # with `agg` in it no figure would be shown
    if data := os.environ.get("COURSE_DATA"):
        own["COURSE_DATA"] = Path(data).resolve()
    return os.environ | {name: str(path) for name, path in own.items()} | {"JUPYTER_TOKEN": token}


def browse(home, env, job):
    """One server and one browser for all notebooks; what run.mjs says about each of them."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    lab = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    lab += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    lab += [f"--ServerApp.root_dir={home / 'course'}", "--LabApp.expose_app_in_browser=True"]
    (home / "job").write_text(json.dumps(job | {"url": f"http://127.0.0.1:{port}/"}))
    node, log = ["node", SOURCE / "run.mjs", home / "job", home / "results"], home / "log"
    with log.open("w") as out, started(lab, env, out), started(node, env, None) as browser:
        status = browser.wait(120 + len(job["notebooks"]) * (job["timeout"] + 300))
    if status:
        raise RuntimeError(f"no browser run. JupyterLab said last:\n{log.read_text()[-1500:]}")
    return json.loads((home / "results").read_text())


def run(notebooks, pictures=PICTURES, width=1200, theme="light", timeout=TIMEOUT):
    """Each notebook's result: name, seconds, code cells and, in words, whatever is wrong."""
    job = {"chromium": prepare(), "modules": str(MODULES), "pictures": str(pictures)}
    job |= {"width": width, "look": f"{width}-{theme}", "timeout": timeout}
    job |= {"notebooks": [book.name for book in notebooks], "token": secrets.token_hex()}
    job["trials"] = {book.name: trials(book) for book in notebooks}
    pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="course-", ignore_cleanup_errors=True) as home:
        lay_out(Path(home), notebooks, theme)
        draw_shoe(photo := Path(home, "shoe.jpg"))
        job["photograph"] = str(photo)
        return browse(Path(home), environment(Path(home), job["token"]), job)


def failures(results):
    """A line for each thing that is wrong; what is only red (stderr) is counted in the table."""
    return [f"{result['name']}: {fault}" for result in results for fault in result["faults"]]


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is ended then, too
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path, metavar="NOTEBOOK")
    parser.add_argument("--width", type=int, default=1200, help="of the window, in pixels")
    parser.add_argument("--theme", choices=("light", "dark"), default="light")
    parser.add_argument("--timeout", type=int, default=TIMEOUT, help="seconds for one notebook")
    options = vars(parser.parse_args())
    options["notebooks"] = options["notebooks"] or sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
    try:
        results = run(**options)
    except Unavailable as reason:
        print(f"skipped: {reason}")
        sys.exit(77)
    print(f"{'notebook':32}{'cells run':>10}{'errors':>8}{'stderr':>8}{'seconds':>9}")
    for result in results:
        cells, name, seconds = result["cells"], result["name"], result["seconds"]
        ran, errors, stderr = (sum(bool(c[k]) for c in cells) for k in ("ran", "error", "stderr"))
        print(f"{name:32}{ran:>6}/{len(cells):<3}{errors:>8}{stderr:>8}{seconds:>9.1f}")
    print(*failures(results), sep="\n")
    sys.exit(bool(failures(results)))


if __name__ == "__main__":
    main()
