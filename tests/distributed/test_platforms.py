"""Containers with a quota, Windows' way to start Python, and a torch without libuv, imitated."""

import os
import runpy
import subprocess
import sys
import time

import psutil
import pytest
import torch

from tests.chapters import ROOT
from tests.distributed.test_distributed import nothing_left, script  # noqa: F401
from utils.distributed import available_cores, cores, launch, launching, worker


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """64 cores and no limit; files of a control group can be written."""
    monkeypatch.setattr(cores, "_runs_on", lambda: 64)
    monkeypatch.setattr(cores, "CGROUPS", tmp_path / "cgroup")
    for name in ("CPU_LIMIT", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)

    def write(**files):
        for name, text in files.items():
            path = tmp_path / "cgroup" / name.replace("__", "/").replace("_DOT_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return write


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 64),
        ({"cpu_DOT_max": "200000 100000\n"}, 2),
        ({"cpu_DOT_max": "max 100000\n"}, 64),
        ({"cpu_DOT_max": "150000 100000\n"}, 2),
        ({"cpu_DOT_max": "5000 100000\n"}, 1),
        ({"cpu_DOT_max": "9900000 100000\n"}, 64),
        ({"cpu__cpu_DOT_cfs_quota_us": "300000\n", "cpu__cpu_DOT_cfs_period_us": "100000\n"}, 3),
        ({"cpu__cpu_DOT_cfs_quota_us": "-1\n", "cpu__cpu_DOT_cfs_period_us": "100000\n"}, 64),
        ({"cpu__cpu_DOT_cfs_quota_us": "300000\n"}, 64),
        ({"cpu_DOT_max": "nonsense"}, 64),
    ],
)
def test_a_container_s_quota_is_respected(files, expected, machine):
    machine(**files)
    assert available_cores() == expected


LIMITS = [("2", 2), ("0.5", 1), ("2.5", 3), ("99", 64), ("", 64), ("all", 64), ("0", 64)]


@pytest.mark.parametrize(("limit", "expected"), LIMITS)
def test_jupyterhub_s_limit_is_respected(limit, expected, machine, monkeypatch):
    monkeypatch.setenv("CPU_LIMIT", limit)
    assert available_cores() == expected


def test_the_group_of_this_process_counts_and_those_above_it(machine, monkeypatch, tmp_path):
    mine = tmp_path / "cgroup" / "pods" / "mine"
    monkeypatch.setattr(cores, "_own_cgroups", lambda: [mine, mine.parent])
    machine(pods__mine__cpu_DOT_max="800000 100000", pods__cpu_DOT_max="400000 100000")
    assert available_cores() == 4


def test_torch_takes_as_many_threads_as_the_quota_gives(tmp_path):
    """In processes of their own: before torch is there, after it, and where somebody decided."""
    if cores._runs_on() < 2:
        pytest.skip("one core: there is nothing to share")
    tell = "import torch; print(torch.get_num_threads())"
    own = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    for before, settings, expected in (
        ("import utils;", {"CPU_LIMIT": "1"}, "1"),
        ("import torch; import utils;", {"CPU_LIMIT": "1"}, "1"),
        ("import utils;", {"CPU_LIMIT": "1", "OMP_NUM_THREADS": "2"}, "2"),
    ):
        env = own | settings | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run([sys.executable, "-c", before + tell], env=env, cwd=tmp_path,
                              capture_output=True, text=True)  # fmt: skip
        assert done.stdout.strip() == expected, done.stderr


def test_without_a_limit_nothing_is_decided(machine, monkeypatch):
    threads = torch.get_num_threads()
    cores.respect_quota()
    assert "OMP_NUM_THREADS" not in os.environ
    assert torch.get_num_threads() == threads


# --- Windows

HELLO = """
import os, torch.distributed as dist
dist.init_process_group("gloo")
print("worker", dist.get_rank(), "of", dist.get_world_size(), os.environ.get("USE_LIBUV"))
dist.destroy_process_group()
"""
WITHOUT_LIBUV = """
import sys
class Finder:
    def find_spec(self, name, path, target=None):
        if name == "torch.distributed.rendezvous":
            import torch.distributed as dist
            made = dist.TCPStore.__init__
            def refusing(self, *args, use_libuv=True, **options):
                if use_libuv:
                    raise RuntimeError("use_libuv was requested but PyTorch was built without it")
                made(self, *args, use_libuv=False, **options)
            dist.TCPStore.__init__ = refusing
sys.meta_path.insert(0, Finder())
"""


@pytest.fixture
def without_libuv(monkeypatch, tmp_path):
    """Every Python that is started refuses what torch refuses on Windows."""
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_LIBUV)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(ROOT)]))


def as_windows(folder, meeting=launching._meeting):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "name", "nt")
        return meeting(str(folder))


def test_workers_meet_without_libuv(without_libuv, monkeypatch, tmp_path):
    with pytest.raises(launching.LaunchError, match="RendezvousConnectionError"):
        launch(2, script(tmp_path, HELLO))
    monkeypatch.setattr(launching, "_meeting", as_windows)
    assert launch(2, script(tmp_path, HELLO)) == "worker 0 of 2 0\nworker 1 of 2 0"


def test_a_python_started_by_another_is_not_ended(monkeypatch, tmp_path):
    """As the python.exe of a virtual environment on Windows: the real one is its child."""
    redirector = tmp_path / "python"
    redirector.write_text(f'#!/bin/sh\n"{sys.executable}" "$@"\nexit $?\n')
    redirector.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(redirector))
    slow = "import time\ntime.sleep(2)\n"
    assert launch(1, script(tmp_path, f"{slow}print('done')")) == "done"


@pytest.mark.parametrize("waited_for", [True, False], ids=["gone", "not yet forgotten"])
def test_torchrun_ends_with_the_process_that_asked(waited_for, tmp_path):
    text = f"import time\nfor _ in range(200): time.sleep(0.1)  # {tmp_path}\n"
    asker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    (tmp_path / "logs").mkdir()
    command = [sys.executable, "-c", launching.TORCHRUN, str(asker.pid), "--standalone",
               "--nproc-per-node=1", str(script(tmp_path, text))]  # fmt: skip
    env = os.environ | {"TMPDIR": str(tmp_path / "logs"), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        started = psutil.Process(process.pid)
        while not started.children() and process.poll() is None:
            time.sleep(0.1)
        children = started.children()
        assert children
        asker.kill()
        if waited_for:
            asker.wait()
        process.wait(60)
        assert not [child for child in children if child.is_running()]
        assert not (tmp_path / "logs").exists()
    finally:
        for one in (asker, process):
            one.kill()
            one.wait()


# --- two GPUs


@pytest.mark.parametrize(("wish", "device"), [([], "cuda:1"), (["--device", "cpu"], "cpu")])
def test_proofs_can_be_kept_on_the_cpu_where_there_are_gpus(wish, device, monkeypatch):
    """Two GPUs, believed in: nothing is computed, only who would compute, and who would carry."""
    taken = []
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", lambda device: None)
    group = {"init_process_group": lambda backend, timeout: taken.append(backend)}
    group["destroy_process_group"] = lambda: None
    for name, pretended in group.items():
        monkeypatch.setattr(worker.dist, name, pretended)
    monkeypatch.setattr(worker, "train", lambda options, device: taken.append(str(device)))
    worker.main(["--data", "pictures.pt", "--checkpoint", "run.pt", *wish])
    assert taken == ["nccl" if device.startswith("cuda") else "gloo", device]


def test_stores_do_not_ask_for_libuv_on_windows(monkeypatch):
    """The module is run as on Windows, and as here."""
    monkeypatch.delenv("USE_LIBUV", raising=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "name", "nt")
        runpy.run_module("utils.distributed.__init__")
    assert os.environ.pop("USE_LIBUV") == "0"
    runpy.run_module("utils.distributed.__init__")
    assert "USE_LIBUV" not in os.environ
