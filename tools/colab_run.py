"""Run notebooks as on Colab, but offline: each alone in an empty folder, as its setup cell wants.

    python -m tools.colab_run [notebooks/03_convolution_arithmetic.ipynb ...]

Colab is played by a package google.colab, its Python by one that has all packages but the
course, and the public repository by a copy of this working tree, which git is told to take
for it. The cells themselves are run as they are.
"""

import argparse
import json
import os
import subprocess
import sys
import sysconfig
import time
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from tools.links import ROOT, checked, written_home
from tools.setup_cell import GITHUB

REMOVED = ("PYTHONPATH", "PYTHONHOME", "MPLBACKEND", "VIRTUAL_ENV")


def git(folder, *command):
    who = ["-c", "user.name=course", "-c", "user.email=course@example.org"]
    done = subprocess.run(
        ["git", "-C", str(folder), *who, *command], check=True, capture_output=True, text=True
    )
    return done.stdout


def publish(folder, branch):
    """Make a repository at `folder` that holds this working tree, edits included, on `branch`."""
    git(folder, "init", "-q", f"--initial-branch={branch}")
    # not by the tree's own .git, which a bundle's course lacks
    git(ROOT, f"--git-dir={folder / '.git'}", "add", "--all")
    git(folder, "commit", "-q", "--message=The course as it stands")
    git(folder, "reset", "-q", "--hard")


def bare_environment():
    """Return this one's environment without what would lead a Python to the course or to us."""
    return {name: value for name, value in os.environ.items() if name not in REMOVED}


def make_machine(folder):
    """Make google.colab, and a Python that shares this one's packages, but not the course."""
    (folder / "google" / "colab").mkdir(parents=True)
    (folder / "google" / "colab" / "__init__.py").touch()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "env"], check=True)
    python = folder / "env" / "bin" / "python"
    asked = "import sysconfig; print(sysconfig.get_path('purelib'))"
    done = subprocess.run([python, "-c", asked], check=True, capture_output=True, text=True)
    packages = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    # a path named in a .pth file is searched, but the .pth files in it, the course's, are not read
    (Path(done.stdout.strip()) / "shared.pth").write_text("\n".join(packages))
    command = [python, "-c", "import utils"]
    seen = subprocess.run(command, cwd=folder, env=bare_environment(), capture_output=True)
    if not seen.returncode:
        sys.exit("colab_run: the course must be installed with --editable: make env does that.")
    return python


def settings(folder, remote, slug):
    """Return the environment of a machine at `folder` for which `remote` is the repository."""
    return bare_environment() | {
        "PATH": f"{folder / 'env' / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(folder),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{remote.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": GITHUB + slug,
        # pip fetches what builds the course from the network; here it must be at hand
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_NO_INDEX": "1",
    }


def run(notebook, machine, environment, content):
    """Execute a notebook in `content`; return the seconds of its first code cell and of all.

    Raises CellExecutionError where a cell fails.
    """
    python = str(machine / "env" / "bin" / "python")
    argv = [python, "-m", "ipykernel_launcher", "--log-level=ERROR", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "Colab", "language": "python"}
    (machine / "kernels" / "colab").mkdir(parents=True)
    (machine / "kernels" / "colab" / "kernel.json").write_text(json.dumps(spec))
    specs = KernelSpecManager(kernel_dirs=[str(machine / "kernels")])
    kernel = AsyncKernelManager(kernel_name="colab", kernel_spec_manager=specs)
    resources = {"metadata": {"path": str(content)}}
    start = time.perf_counter()
    client = NotebookClient(notebook, km=kernel, timeout=900, resources=resources)
    try:
        client.execute(env=environment)
    finally:  # nbclient ends only the kernels that it has made itself
        run_sync(kernel.shutdown_kernel)(now=True)
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    return seconds(first), time.perf_counter() - start


def seconds(cell):
    times = cell.metadata["execution"]
    began, ended = (
        datetime.fromisoformat(times[name].replace("Z", "+00:00"))
        for name in ("iopub.execute_input", "shell.execute_reply")
    )
    return (ended - began).total_seconds()


def run_alone(path, root):
    """Run one notebook on a new machine; return what came of it, in words, and whether it ran."""
    slug, branch = checked(*written_home(ROOT))
    remote, machine, content = (root / name for name in ("remote", "machine", "content"))
    for folder in (remote, machine, content):
        folder.mkdir()
    publish(remote, branch)
    make_machine(machine)
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    try:
        setup, whole = run(notebook, machine, settings(machine, remote, slug), content)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        return f"{path.stem}: failed\n{error}", False
    return f"{path.stem:<28} ran: setup cell {setup:5.1f} s, in all {whole:6.1f} s", True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path)
    chosen = parser.parse_args().notebooks or sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
    from utils.datasets.fetch import data_folder

    # the pictures are shared, or else each new machine would fetch or draw them
    os.environ["COURSE_DATA"] = str(data_folder().resolve())
    ran_all = True
    for path in chosen:
        with TemporaryDirectory(prefix="colab-", ignore_cleanup_errors=True) as root:
            words, ran = run_alone(path.resolve(), Path(root).resolve())
        print(words, flush=True)
        ran_all = ran_all and ran
    sys.exit(not ran_all)


if __name__ == "__main__":
    main()
