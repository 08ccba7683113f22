"""Measure the memory of a whole session as on Binder: server, chapter, terminal, TensorBoard.

    python -m tools.session_memory notebooks/07_training_loop.ipynb ...

The sum over all processes is of PSS (memory shared by n processes counts 1/n in each), and of
the part of it that cannot be read back from a file: what a limit is about. Linux only.
"""

import json
import secrets
import socket
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.request import Request, urlopen

import nbformat
import psutil
from jupyter_client import BlockingKernelClient

from tools.browser_run import ROOT, environment, started

EVERY = 0.3  # seconds; a peak that is shorter may be missed
BASE = "/user/learner/"  # as a hub has it


def memory(process):
    """PSS, its part without files, and RSS, in bytes; nothing for one that has just ended."""
    try:
        text = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    except OSError:
        return {}
    lines = [line.split() for line in text.splitlines()[1:]]
    size = {name.rstrip(":"): 1024 * int(number) for name, number, *_ in lines}
    own = size["Pss_Anon"] + size["Pss_Shmem"]
    return {"pss": size["Pss"], "own": own, "rss": size["Rss"]}


class Watch(threading.Thread):
    """Adds up memory until it is told to stop; `.peaks` has each figure's largest sum."""

    def __init__(self, processes):
        super().__init__(daemon=True)
        self.processes, self.peaks, self.done = processes, {}, threading.Event()

    def look(self):
        family = list(self.processes)
        for process in self.processes:
            with suppress(psutil.NoSuchProcess):
                family += process.children(recursive=True)
        found, now = [memory(process) for process in family], {}
        for name in "pss", "own", "rss":
            now[name] = sum(figures.get(name, 0) for figures in found)
            self.peaks[name] = max(self.peaks.get(name, 0), now[name])
        now["processes"] = sum(map(bool, found))
        return now

    def run(self):
        while not self.done.wait(EVERY):
            self.look()


class Server:
    """JupyterLab's own interface; what a page in the browser would call."""

    def __init__(self, port, token):
        self.port, self.url, self.token = port, f"http://127.0.0.1:{port}{BASE}", token

    def ask(self, path, method="GET", content=None):
        body = json.dumps(content).encode() if content else None
        request = Request(self.url + path, body, method=method)
        request.add_header("Authorization", f"token {self.token}")
        with urlopen(request, timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def wait(self, path, seconds=300):
        end = time.monotonic() + seconds
        while True:
            try:
                return self.ask(path)
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.5)


def run_cells(path, connection):
    """Run the chapter's cells one after the other in the kernel that the server has started."""
    client = BlockingKernelClient(connection_file=str(connection))
    client.load_connection_file()
    client.start_channels(iopub=False, stdin=False, hb=False)  # on a busy machine its beat is late
    client.kernel_info()
    client.get_shell_msg(timeout=300)
    for cell in nbformat.read(path, as_version=4).cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "code" and "nbval-skip" not in tags:
            status = client.execute(cell.source, allow_stdin=False, reply=True)["content"]
            if status["status"] == "error" and "raises-exception" not in tags:
                sys.exit(f"{path.name}: {status['ename']}: {status['evalue']}")
    client.stop_channels()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def measure(path):
    server, board = Server(free_port(), secrets.token_hex()), free_port()
    lab = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    lab += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={ROOT}"]
    lab += [f"--ServerApp.base_url={BASE}", f"--ServerApp.port={server.port}"]
    tensorboard = [sys.executable, "-m", "tensorboard.main", f"--port={board}"]
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="course-")))
        env = environment(home, server.token) | {"JUPYTERHUB_SERVICE_PREFIX": BASE}
        log = stack.enter_context((home / "log").open("w"))
        commands = lab, [*tensorboard, f"--logdir={home}"]  # what the chapter logs lies below it
        watch = Watch([stack.enter_context(started(each, env, log)) for each in commands])
        server.wait("api/status")
        server.ask("api/terminals", "POST")
        server.wait(f"proxy/{board}/data/runs")
        print(f"{path.stem}\n{'':24}{'PSS':>8}{'own':>8}{'RSS':>8}{'processes':>12}")
        show("before the kernel", watch.look())
        notebook = {"path": f"notebooks/{path.name}", "name": "", "type": "notebook"}
        kernel = server.ask("api/sessions", "POST", notebook | {"kernel": {"name": "python3"}})
        watch.start()
        run_cells(path, home / "runtime" / f"kernel-{kernel['kernel']['id']}.json")
        show("the chapter has run", watch.look())
        server.ask(f"proxy/{board}/data/plugin/scalars/tags")
        watch.done.set()
        server.ask(f"api/sessions/{kernel['id']}", "DELETE")
        time.sleep(5)
        show("the kernel has ended", watch.look())
        show("the peak", watch.peaks)


def show(moment, sums):
    sizes = "".join(f"{sums[name] / 1e9:8.2f}" for name in ("pss", "own", "rss"))
    print(f"{moment:24}{sizes}{sums.get('processes', ''):>12}", flush=True)


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        measure(Path(argument).resolve())
