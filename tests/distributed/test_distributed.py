"""Workers that train together: the same network as alone, and nothing left of them afterwards."""

import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from types import SimpleNamespace

import psutil
import pytest
import torch
from torch import nn

from tests.chapters import ROOT
from tests.training.killed_run import final, same
from utils.distributed import LaunchError, launch, launching, worker
from utils.models import FashionNet

EPOCHS, BATCH, COUNT, RATE, SEED = 3, 20, 87, 0.05, 5  # 87 pictures: the sampler adds one for two
RECIPE = ["-m", "utils.distributed", "--epochs", EPOCHS, "--batch-size", BATCH, "--lr", RATE]
RECIPE += ["--seed", SEED, "--dtype", "float64"]


@pytest.fixture(autouse=True)
def nothing_left(tmp_path, monkeypatch):
    """After each test there is no process of its folder, and no temporary file."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    yield
    assert ours(tmp_path) == []
    assert left_in(place) == []


def left_in(place):
    """Return what lies there, but for what torch keeps for a process that makes an optimizer."""
    return [path for path in place.iterdir() if not path.name.startswith("torchinductor")]


def ours(folder):
    """Return the processes whose command line names the folder."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if str(folder) in " ".join(process.info["cmdline"] or []):
            found.append(process)
    return found


@pytest.fixture(scope="module")
def pictures():
    torch.manual_seed(1)
    return torch.randn(COUNT, 1, 28, 28), torch.randint(10, (COUNT,))


@pytest.fixture(scope="module")
def pair(tmp_path_factory, pictures):
    """Return the checkpoint of two workers that nobody disturbed, but for a port in use."""
    folder = tmp_path_factory.mktemp("pair")
    torch.save(pictures, folder / "pictures.pt")
    with socket.socket() as neighbour:
        try:
            neighbour.bind(("127.0.0.1", 29500))  # torchrun's own choice
            neighbour.listen()
        except OSError:
            pass  # in use already
        launch(2, *files(folder, "pair.pt"))
    return folder, torch.load(folder / "pair.pt", weights_only=True)


def files(folder, checkpoint):
    return [*RECIPE, "--data", folder / "pictures.pt", "--checkpoint", folder / checkpoint]


def script(tmp_path, text):
    (tmp_path / "script.py").write_text(text)
    return tmp_path / "script.py"


# --- the same network


def test_two_workers_train_the_network_of_one(pair, pictures):
    images, labels = pictures[0].double(), pictures[1]
    torch.manual_seed(SEED)
    model = FashionNet().double()
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE, momentum=0.9)
    losses = []
    for epoch in range(1, EPOCHS + 1):
        order = torch.randperm(COUNT, generator=torch.Generator().manual_seed(SEED + epoch))
        order, total = torch.cat([order, order[:1]]), 0.0  # as many for each
        for batch in order.split(BATCH):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(images[batch]), labels[batch])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        losses.append(total / len(order))
    for name, tensor in model.state_dict().items():
        assert torch.allclose(pair[1]["model"][name], tensor, rtol=0, atol=1e-12), name
    assert [record["train_loss"] for record in pair[1]["history"]] == pytest.approx(losses, 1e-12)


def test_figures_are_those_of_all_workers(pair):
    for record in pair[1]["history"]:
        assert record["train_accuracy"] * 88 == pytest.approx(round(record["train_accuracy"] * 88))
        assert record["own_accuracy"] * 44 == pytest.approx(round(record["own_accuracy"] * 44))


def test_workers_that_go_on_from_different_epochs_are_stopped(tmp_path):
    text = (
        "import torch.distributed as dist\n"
        "from utils.distributed.worker import require_same_start\n"
        "dist.init_process_group('gloo')\n"
        "require_same_start(7, 'run.pt')\n"
        "print('together', flush=True)\n"
        "require_same_start(dist.get_rank(), 'run.pt')\n"
    )
    with pytest.raises(LaunchError, match=r"different epochs, \[0, 1\].*read run\.pt") as failed:
        launch(2, script(tmp_path, text))
    assert failed.value.output.count("together") == 2


def test_killed_and_started_again_it_ends_with_the_same_weights(pair):
    folder, expected = pair
    said = launch(2, *files(folder, "killed.pt"), "--kill-at", 2, max_restarts=1)
    assert "going on after epoch 1" in said
    found = torch.load(folder / "killed.pt", weights_only=True)
    for state in (expected, found):
        del state["random"]  # Python's and NumPy's numbers are not used, and not seeded
        for record in state["history"]:
            del record["seconds"]
    assert same(found, expected)


def test_unequal_shares_are_refused(monkeypatch):
    monkeypatch.setattr(worker.dist, "get_rank", lambda: 0)
    monkeypatch.setattr(worker.dist, "get_world_size", lambda: 3)
    with pytest.raises(ValueError, match="100 pictures cannot be shared equally by 3 workers"):
        worker.train(SimpleNamespace(batch_size=100), torch.device("cpu"))


def test_without_torchrun_it_asks_for_it(monkeypatch):
    monkeypatch.delenv("LOCAL_WORLD_SIZE", raising=False)
    with pytest.raises(SystemExit, match="torchrun"):
        worker.main(["--data", "pictures.pt", "--checkpoint", "run.pt"])


# --- failures


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("raise KeyError('boot')", "KeyError: 'boot'"),
        ("os.kill(os.getpid(), 9)", "killed by SIGKILL"),
    ],
)
def test_a_worker_that_dies_is_named(tmp_path, monkeypatch, end, words):
    """With more workers than cores, and without torchrun on the path."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(launching, "available_cores", lambda: 2)
    text = (
        "import os, time\nrank = os.environ['RANK']\nprint('rank', rank, flush=True)\n"
        f"time.sleep(2)\nif rank == '1': {end}\ntime.sleep(600)"
    )
    with (
        pytest.warns(UserWarning, match="3 workers share 2 cores"),
        pytest.raises(LaunchError) as failure,
    ):
        launch(3, script(tmp_path, text))
    assert failure.value.output == "rank 0\nrank 1\nrank 2"
    # torchrun of torch 2.9 does not say whom it has ended
    old = torch.__version__.startswith("2.9.")
    others = "no error of its own" if old else "ended by torchrun, as another had failed"
    lines = [f"worker 0: {others}", f"worker 1: {words}", f"worker 2: {others}"]
    assert str(failure.value).split("\n  ")[1:] == lines


@pytest.mark.skipif(os.name == "nt", reason="no such signal")
@pytest.mark.parametrize("times", [1, 2])
def test_a_worker_aborted_at_its_end_is_started_once_more(tmp_path, times):
    text = (
        "import os, pathlib, sys\nruns = pathlib.Path(sys.argv[1])\n"
        "runs.write_text(runs.read_text() + 'x')\n"
        "print('done', flush=True)\n"
        f"if len(runs.read_text()) <= {times}:\n"
        "    print('terminate called without an active exception', file=sys.stderr, flush=True)\n"
        "    os.abort()"
    )
    (tmp_path / "runs").write_text("")
    if times == 1:
        assert launch(1, script(tmp_path, text), tmp_path / "runs") == "done"
    else:
        with pytest.raises(LaunchError, match="killed by SIGABRT; terminate called"):
            launch(1, script(tmp_path, text), tmp_path / "runs")
    assert (tmp_path / "runs").read_text() == "xx"


def test_more_workers_than_cores_are_warned_of_before_they_start(monkeypatch):
    monkeypatch.setattr(launching, "available_cores", lambda: 2)
    with (
        warnings.catch_warnings(action="error"),
        pytest.raises(UserWarning, match="1,000 workers share 2 cores"),
    ):
        launch(1000, "nothing.py")


@pytest.mark.parametrize("workers", [0, -1, 2.0, "2", True, None])
def test_wrong_numbers_of_workers(workers):
    with pytest.raises(ValueError, match="whole number from 1 on"):
        launch(workers, "nothing.py")


def test_alone_or_at_a_port_in_use_it_ends_in_bounded_time(tmp_path):
    """One process each, started by hand as rank 0 of 2: nobody comes; somebody is there already."""
    with socket.socket() as neighbour, socket.socket() as free:
        neighbour.bind(("127.0.0.1", 0))
        neighbour.listen()
        free.bind(("127.0.0.1", 0))
        ports = {"in use": neighbour.getsockname()[1], "free": free.getsockname()[1]}
        free.close()
        settings = {"RANK": "0", "WORLD_SIZE": "2", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "2"}
        settings |= {"MASTER_ADDR": "127.0.0.1"}
        command = [sys.executable, *map(str, files(tmp_path, "run.pt")), "--timeout", "2"]
        runs = {
            name: subprocess.Popen(
                command, env=os.environ | settings | {"MASTER_PORT": str(port)},
                cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            )
            for name, port in ports.items()
        }  # fmt: skip
        try:
            said = {name: run.communicate(timeout=60)[1] for name, run in runs.items()}
        finally:
            for run in runs.values():
                run.kill()
    assert "EADDRINUSE" in said["in use"]
    assert "1/2 clients joined" in said["free"]
    assert runs["in use"].returncode and runs["free"].returncode


def test_unequal_numbers_of_batches_end_in_bounded_time(tmp_path):
    text = (
        "import datetime, torch, torch.distributed as dist\n"
        "dist.init_process_group('gloo', timeout=datetime.timedelta(seconds=2))\n"
        "for _ in range(3 + dist.get_rank()):\n    dist.all_reduce(torch.ones(5))\n"
        "print('done', flush=True)\nimport time\ntime.sleep(600)"
    )
    start = time.monotonic()
    with pytest.raises(LaunchError, match=r"worker 1: RuntimeError: Timed out waiting 2000ms"):
        launch(2, script(tmp_path, text), timeout=90)
    assert time.monotonic() - start < 90


SLEEP = "import os, sys, time\nopen(sys.argv[1] + os.environ['RANK'], 'w').close()\ntime.sleep(600)"


def test_workers_that_take_too_long_are_stopped_though_they_will_not_hear(tmp_path, monkeypatch):
    monkeypatch.setattr(launching, "GRACE", 2)
    deaf = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SLEEP
    start = time.monotonic()
    with pytest.raises(LaunchError, match="2 workers were stopped: they were not done after 9 s"):
        launch(2, script(tmp_path, deaf), tmp_path / "started", timeout=9)
    assert time.monotonic() - start < 35  # torchrun by itself gives them 30 s


@pytest.mark.skipif(os.name == "nt", reason="no such signals")
@pytest.mark.parametrize("how", ["SIGINT", "SIGKILL"])
def test_interrupted_or_killed_it_takes_its_workers_along(tmp_path, how):
    """As the Stop button and Restart do with a notebook's kernel."""
    hear = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    call = f"launch(2, {str(script(tmp_path, SLEEP))!r}, {str(tmp_path / 'started')!r})"
    caller = subprocess.Popen(
        [sys.executable, "-c", f"{hear}; from utils.distributed import launch; {call}"],
        env=os.environ | {"TMPDIR": str(tmp_path / "temporary")}, cwd=ROOT,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        started = [tmp_path / "started0", tmp_path / "started1"]
        assert within(60, lambda: all(path.exists() for path in started))
        assert len(ours(tmp_path)) >= 4  # the caller, torchrun and two workers
        caller.send_signal(getattr(signal, how))
        said = caller.communicate(timeout=30)[1]
    finally:
        caller.kill()
    assert ("KeyboardInterrupt" in said) == (how == "SIGINT")
    assert within(30, lambda: not ours(tmp_path))
    assert within(30, lambda: not left_in(tmp_path / "temporary"))


def within(seconds, condition):
    """Wait until the condition holds; return whether it came to hold in time."""
    end = time.monotonic() + seconds
    while not (holds := condition()) and time.monotonic() < end:
        time.sleep(0.1)
    return holds


# --- killed from outside


WANTED = os.environ.get("COURSE_KILLS")
RUNS = random.Random().sample(range(10**6), -(-int(WANTED) // 3)) if WANTED else [0, 1]


@pytest.fixture(scope="module")
def longer(tmp_path_factory):
    """Return a folder with more pictures, what training ends with in peace, and its seconds."""
    folder, start = tmp_path_factory.mktemp("longer"), time.monotonic()
    torch.save((torch.randn(2000, 1, 28, 28), torch.randint(10, (2000,))), folder / "pictures.pt")
    launch(2, *files(folder, "run.pt"))
    return folder, final(folder / "run.pt"), time.monotonic() - start


@pytest.mark.skipif(sys.platform != "linux", reason="only there anybody may see who listens")
@pytest.mark.parametrize("seed", RUNS)
def test_a_worker_killed_at_any_moment_changes_nothing_and_leaves_nothing(seed, longer, tmp_path):
    """`make kills` does this at new moments. Of odd seeds, a second launch goes on."""
    folder, expected, duration = longer
    (tmp_path / "pictures.pt").symlink_to(folder / "pictures.pt")
    path, rng, kill = tmp_path / "run.pt", random.Random(seed), None
    train = partial(launch, 2, *files(tmp_path, "run.pt"), timeout=900)
    while not kill:  # until one comes before the end
        path.unlink(missing_ok=True)
        with ThreadPoolExecutor(1) as pool:
            going = pool.submit(train, max_restarts=1 - seed % 2)
            kill = kill_one(going, path, rng, duration)
    rank, epochs, places = kill
    if seed % 2:
        with pytest.raises(LaunchError, match="killed by SIGKILL"):
            going.result()
        assert ours(tmp_path) == []
        said = train()
    else:
        said = going.result()
    left = len(ours(tmp_path)), len(places & listening(psutil))
    print(f"run {seed}: worker {rank} killed after {epochs} epochs, {len(places)} ports open; "
          f"left are {left[0]} processes, {left[1]} ports")  # fmt: skip
    assert "going on" in said or not epochs
    assert places
    assert left == (0, 0)
    assert same(final(path) | {"random": None}, expected | {"random": None})  # which nobody seeds


def kill_one(going, path, rng, duration):
    """Kill a worker after some epoch and some time; return nothing if it had ended by then."""
    rank, epochs = rng.choice("01"), rng.randrange(EPOCHS)
    while not going.done():
        time.sleep(0.02)
        with suppress(psutil.Error):  # they come and go
            everybody = ours(path.parent)  # torchrun, too, which has no rank
            worker = next((one for one in everybody if one.environ().get("RANK") == rank), None)
            if worker and epochs_done(path) >= epochs:
                time.sleep(rng.uniform(0, duration / (20 if epochs else 2)))  # starting takes long
                places = set().union(*map(listening, everybody))
                if worker.status() != psutil.STATUS_ZOMBIE:
                    worker.kill()
                    return rank, epochs_done(path), places


def epochs_done(path):
    return torch.load(path, weights_only=True)["epoch"] if path.exists() else 0


def listening(process):
    """Return where the process waits for others; of psutil itself, where any process does."""
    return {one.laddr for one in process.net_connections() if one.status == psutil.CONN_LISTEN}
