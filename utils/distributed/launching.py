"""Start workers with torchrun from a notebook, and leave none behind, whatever happens."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import warnings
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from utils.distributed.cores import available_cores

TORCHRUN = "from utils.distributed.launching import torchrun; torchrun()"
# A worker that had done its work: gloo's threads met an interpreter that was ending (torch 2.15,
# seen twice in forty launches on a machine with six times as much to do as it had cores)
EXIT_RACE = "killed by SIGABRT; terminate called without an active exception"
GRACE = 5  # seconds that torchrun has to end its workers, before all of them are killed


class LaunchError(RuntimeError):
    """Workers failed or took too long. It ends with their last words; `.output` has all output."""

    def __init__(self, message, output):
        super().__init__(message)
        self.output = output


def launch(workers, *command, max_restarts=0, timeout=120, again=True):
    """Run `torchrun --nproc-per-node=<workers> <command>` and return what the workers printed.

    `command` is a script with its arguments, or "-m", a module and its arguments. The text is
    ordered by start (there are up to 1 + `max_restarts` of them), then by worker. Each worker
    computes with one thread. torchrun chooses a port that is free. `again`: start once more if a
    worker was aborted while its Python ended, as happens where the machine is very busy.

    Warns if there are more workers than cores. Raises ValueError for a number of workers below
    1, and LaunchError if the workers fail, or are not done after `timeout` seconds. When this
    function ends, by Ctrl-C too, so have the workers, and their files are gone.
    """
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise ValueError(f"workers must be a whole number from 1 on, got {workers!r}")
    if workers > (cores := available_cores()):
        warnings.warn(
            f"{workers:,} workers share {cores} cores: they take turns, and each takes memory. "
            f"More than {cores} make nothing faster.",
            stacklevel=2,
        )
    with TemporaryDirectory(prefix="workers-", ignore_cleanup_errors=True) as folder:
        # torchrun itself is not called by name: it may be missing from the path, or be another's
        torchrun = [sys.executable, "-c", TORCHRUN, str(os.getpid())]
        how, settings = _meeting(folder)
        how += ["--local-addr=127.0.0.1", f"--nproc-per-node={workers}"]
        how += [f"--max-restarts={max_restarts}", "--redirects=3", f"--log-dir={folder}"]
        settings |= {"OMP_NUM_THREADS": "1", "TMPDIR": folder}
        if max_restarts:
            # or else workers that start again find the addresses of those that are gone:
            # https://github.com/pytorch/pytorch/issues/135712
            settings["TORCH_DISABLE_SHARE_RDZV_TCP_STORE"] = "1"
        deadline, process = time.monotonic() + timeout, None
        try:
            with open(Path(folder) / "torchrun.txt", "w") as log:
                process = subprocess.Popen(
                    [*torchrun, *how, *map(str, command)],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                    env=os.environ | settings,
                    start_new_session=True,  # Ctrl-C comes here alone, and the others are ended
                    creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
                )  # fmt: skip
            while process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.05)
            code = process.poll()
        finally:
            _end(process, folder)
        output = "".join(text for _, _, text in _texts(folder, "stdout")).rstrip()
        if code is None:
            what = f"{workers} workers were stopped: they were not done after {timeout} s"
            raise LaunchError(f"{what}.{_last_words(folder)}", output)
        if code and again and EXIT_RACE in _last_words(folder):
            return launch(
                workers, *command, max_restarts=max_restarts, timeout=timeout, again=False
            )
        if code:
            raise LaunchError(f"the workers failed.{_last_words(folder)}", output)
        return output


def _meeting(folder):
    """Return torchrun's options for how workers find each other, and their settings.

    torch for Windows is built without libuv, on which torchrun's own store relies: a file does it.
    """
    if os.name != "nt":
        return ["--standalone"], {}
    settings = {"USE_LIBUV": "0", "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}
    where = f"--rdzv-endpoint={os.path.join(folder, 'meeting')}"
    return ["--rdzv-backend=c10d", where, "--rdzv-conf=store_type=file", "--rdzv-id=0"], settings


def _end(process, folder):
    """End torchrun, which ends its workers, and then whoever is left."""
    if process and process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
    left = []
    for other in psutil.process_iter():
        with suppress(psutil.Error):  # other people's processes do not say
            if other.environ().get("TMPDIR") == folder:
                left.append(other)
                other.kill()
    psutil.wait_procs(left, timeout=GRACE)
    if process:
        process.wait()


def _texts(folder, stream):
    """Return (start, worker, text) for each file that torchrun has written, in this order."""
    found = []
    for path in Path(folder).glob(f"*/attempt_*/*/{stream}.log"):
        start, worker = path.parts[-3].removeprefix("attempt_"), path.parts[-2]
        found.append((int(start), int(worker), path.read_text(errors="replace")))
    return sorted(found)


def _last_words(folder):
    """Return a line for each worker of the last start: how it ended, and its error."""
    torchrun = (Path(folder) / "torchrun.txt").read_text(errors="replace")
    codes = dict(re.findall(r"\brank\s*: (\d+).*?exitcode\s*: (-?\d+)", torchrun, re.DOTALL))
    last = {worker: text for _, worker, text in _texts(folder, "stderr")}
    if not last:
        return f"\n  torchrun: {_error_in(torchrun)}"
    lines = []
    for worker, text in last.items():
        words = filter(None, (_ending(int(codes.get(str(worker), 0))), _error_in(text)))
        lines.append(f"\n  worker {worker}: {'; '.join(words) or 'no error of its own'}")
    return "".join(lines)


def _ending(code):
    if code == -signal.SIGTERM:
        return "ended by torchrun, as another had failed"
    return f"killed by {signal.Signals(-code).name}" if code < 0 else ""


def _error_in(text):
    """Return the last line that names an error, else the last line, of what a program said."""
    lines = [re.sub(r"^\[rank\d+\]: ", "", line) for line in text.splitlines() if line.strip()]
    named = re.compile(r"[\w.]+(Error|Exception|Interrupt)\b|\S+: error: ")
    found = [line for line in lines if named.match(line)] or lines[-1:] or [""]
    return re.sub(r"\[/\S+\] ", "", found[-1]).strip()  # without the places in torch's own source


def torchrun():
    """Be torchrun, but end with the process that asked for it: a kernel can be killed, too.

    That process need not be the parent: on Windows, a virtual environment's Python is started by
    another program of the same name.
    """
    asker, arguments = int(sys.argv[1]), sys.argv[2:]
    kernel = psutil.Process(asker) if psutil.pid_exists(asker) else None

    def watch():
        while _lives(kernel):
            time.sleep(0.5)
        if os.name == "nt":  # where nobody could end the workers after this
            for worker in psutil.Process().children(recursive=True):
                worker.kill()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
    from torch.distributed.run import main  # takes seconds, which a notebook need not wait

    try:
        main(arguments)
    finally:
        if not _lives(kernel):
            shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)


def _lives(process):
    """Whether it still is the process of that number, and not only waits to be forgotten."""
    with suppress(psutil.Error):
        return process and process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
