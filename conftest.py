"""How pytest verifies the notebooks, on top of nbval.

A cell tagged `real-data` is compared only where the real images are; one with `about` in its
metadata number by number, within the distance stated there; a cell that was never executed fails;
a kernel that dies is noticed at once; time and peak memory are reported.
"""

import collections
import contextlib
import copy
import json
import os
import queue
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import settings
from nbval.plugin import IPyNbCell, NbCellError

from tools.about import output_difference
from tools.execute import progress_bar

ROOT = Path(__file__).parent
REPORT = ROOT / "build" / "notebooks.json"
NOTEBOOKS = ROOT / "notebooks"
SOURCES = (
    "from utils.datasets import cifar10, fashion_mnist;"
    "real = {fashion_mnist(train).source for train in (True, False)} == {'published'};"
    "print(real, real and cifar10(train=False).source != 'drawn')"
)
_measured = {}
# The same inputs in each run, so that what fails is the change; others are sought on purpose.
settings.register_profile("same", derandomize=True)
settings.load_profile("same")


def pytest_configure():
    if "PYTEST_XDIST_WORKER" in os.environ:  # kernels run side by side, and share the cores
        os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_modifyitems(items):
    cells = [item for item in items if isinstance(item, IPyNbCell)]
    if not cells:
        return
    # In a process of its own, so that drawing the stand-in is not charged to a notebook.
    answer = subprocess.run(
        [sys.executable, "-c", SOURCES], cwd=ROOT, capture_output=True, text=True
    )
    if answer.returncode:
        pytest.exit(f"the data cannot be read:\n{answer.stderr}", returncode=1)
    real, real_colour = (word == "True" for word in answer.stdout.split()[-2:])
    colourful = {
        path for path in {cell.path for cell in cells} if "cifar10(" in path.read_text("utf-8")
    }
    for cell in cells:
        known = real_colour if cell.path in colourful else real
        if "real-data" in cell.cell.metadata.get("tags", []) and not known:
            cell.options["check"] = False


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    if not isinstance(item, IPyNbCell):
        return (yield)
    if item.cell.source.strip() and item.cell.execution_count is None:
        raise NbCellError(item.cell_num, "This cell was never executed", item.cell.source)
    _watch_kernel(item)
    _compare_about(item)
    try:
        return (yield)
    finally:  # in the report, which also reaches the process that sums up several workers'
        item.user_properties.append(("gigabytes", _peak_memory(item.parent.kernel)))


def _compare_about(item):
    """Leave progress bars out of nbval's comparison, and from it what is compared by distance."""
    compare, metadata = item.compare_outputs, item.cell.metadata

    def compare_outputs(test, stored, *rest, **named):
        test = [output for output in test if not progress_bar(output)]
        if "about" not in metadata:
            return compare(test, stored, *rest, **named)
        same = compare(_without_text(test), _without_text(stored), *rest, **named)
        found = output_difference(stored, test, metadata["about"])
        if found:
            place = f"{item.path.name}, cell {item.cell_num}"
            item.comparison_traceback.append(f"{place}: {found}")
        return same and not found

    item.compare_outputs = compare_outputs


def _without_text(outputs):
    """Return the outputs as nbval shall compare them: no printed text, and values without it."""
    kept = [copy.deepcopy(output) for output in outputs if output.get("name") != "stdout"]
    for output in kept:
        if "text/plain" in output.get("data", {}):
            output["data"]["text/plain"] = ""
    return kept


def _watch_kernel(item):
    """Let nbval's wait for an answer hear what the kernel says meanwhile, and notice its end.

    nbval listens to outputs only once a cell has ended. Of the thousands of messages that a long
    progress bar sends, those that find every buffer full are lost, the last one among them.
    """
    client, kernel, heard = item.parent.kernel.kc, item.parent.kernel, collections.deque()
    answer, listen = type(client).get_shell_msg, type(client).get_iopub_msg

    def get_shell_msg(timeout=None, **options):
        deadline = time.monotonic() + (timeout or 0)
        while True:
            try:
                return answer(client, timeout=0.02, **options)
            except queue.Empty:
                if not kernel.is_alive():
                    item.parent.timed_out = True
                    raise NbCellError(
                        item.cell_num,
                        "The kernel died in this cell (out of memory?)",
                        item.cell.source,
                    ) from None
                if timeout is not None and time.monotonic() > deadline:
                    raise
                with contextlib.suppress(queue.Empty):
                    while True:
                        heard.append(listen(client, timeout=0))

    def get_iopub_msg(timeout=None, **options):
        return heard.popleft() if heard else listen(client, timeout=timeout, **options)

    client.get_shell_msg, client.get_iopub_msg = get_shell_msg, get_iopub_msg
    item.output_timeout = 30  # seconds; nbval's 5 can pass on a machine that is busy elsewhere


def _peak_memory(kernel):
    """Return the kernel's peak resident memory in GB, 0 where /proc does not tell."""
    try:
        status = Path(f"/proc/{kernel.km.provisioner.pid}/status").read_text()
    except (OSError, AttributeError):
        return 0.0
    lines = [line.split() for line in status.splitlines() if line.startswith("VmHWM")]
    return int(lines[0][1]) / 1e6 if lines else 0.0


def pytest_runtest_logreport(report):
    name = Path(report.nodeid.split("::")[0])
    if name.suffix == ".ipynb":
        figures = _measured.setdefault(name.stem, {"seconds": 0.0, "gigabytes": 0.0})
        figures["seconds"] += report.duration
        peak = dict(report.user_properties).get("gigabytes", 0.0)
        figures["gigabytes"] = max(figures["gigabytes"], peak)


def pytest_terminal_summary(terminalreporter):
    if not _measured:
        return
    terminalreporter.section("notebooks")
    for name, figures in _measured.items():
        terminalreporter.line(
            f"{name:<28} {figures['seconds']:6.1f} s {figures['gigabytes']:6.2f} GB at its peak"
        )
    total = sum(figures["seconds"] for figures in _measured.values())
    terminalreporter.line(f"{'all':<28} {total:6.1f} s")
    chapters = {path.stem for path in NOTEBOOKS.glob("*.ipynb")}
    if chapters.issuperset(_measured):
        REPORT.parent.mkdir(exist_ok=True)
        earlier = json.loads(REPORT.read_text()) if REPORT.exists() else {}
        REPORT.write_text(json.dumps(earlier | _measured, indent=2, sort_keys=True) + "\n")
