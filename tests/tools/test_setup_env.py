"""The newcomer's first minutes: an environment is made whole, or not at all and the remedy said."""

import os
import shutil
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from tests.chapters import ROOT
from tests.tools.tiny_wheels import hear_ctrl_c, write_course, write_label
from tools import setup_env

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
OFFLINE = {"PIP_RETRIES": "0", "HTTPS_PROXY": "http://127.0.0.1:9", "PIP_CONFIG_FILE": os.devnull}


@pytest.fixture
def course(tmp_path):
    return write_course(tmp_path / "my course 课程")


def setup(course, *arguments, **environment):
    program = [sys.executable, str(course / "tools" / "setup_env.py"), *arguments]
    done = subprocess.run(
        program, cwd=course.parent, env=os.environ | environment, capture_output=True,
        text=True, encoding="utf-8",
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def python_of(course):
    return course / setup_env.PYTHON.relative_to(setup_env.ROOT)


def test_wheels_beside_the_lock_are_installed_without_a_network(course):
    code, said = setup(course, **OFFLINE, PYTHONIOENCODING="utf-8")
    assert code == 0, said
    ran = subprocess.run([python_of(course), "-m", "tiny"], capture_output=True, text=True)
    assert ran.stdout == "tiny runs\n"
    calls = (course / "uv-calls.txt").read_text(encoding="utf-8").splitlines()
    assert [call.split()[1] for call in calls] == ["sync", "install"]
    assert all("--no-index" in call for call in calls)
    assert "--require-hashes" in calls[0]
    assert setup(course) == (0, "")  # up to date
    moved = course.rename(course.with_name("moved"))  # a moved environment names its old place
    assert "Environment ready" in setup(moved, **OFFLINE)[1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"machine": {"system": "Plan9 mips"}}, "are for system Plan9 mips; this is"),
        ({"machine": {"python": "3.99"}}, "are for python 3.99; this is 3."),
        ({"lock": "0"}, "belong to another requirements.lock"),
        ({"wheels": {"torch-9-any.whl": 7}}, "torch-9-any.whl has no bytes, not 7"),
    ],
    ids=["system", "python", "lock", "missing"],
)
def test_wheels_that_do_not_fit_are_refused(course, change, words):
    lock = (course / "requirements.lock").read_text(encoding="utf-8")
    write_label(course / "wheels", lock, **change)
    code, said = setup(course)
    assert code == 1
    assert words in said
    assert "npack the archive again" in said or "an archive made on such a machine" in said
    assert not (course / ".venv").exists()


def test_a_wheel_cut_short_is_named(course):
    wheel = course / "wheels" / "tiny-1.0-py3-none-any.whl"
    wheel.write_bytes(wheel.read_bytes()[:99])
    assert "tiny-1.0-py3-none-any.whl has 99 bytes, not " in setup(course)[1]


def test_a_wheel_changed_within_is_refused_by_its_hash(course):
    wheel = course / "wheels" / "tiny-1.0-py3-none-any.whl"
    wheel.write_bytes(wheel.read_bytes().replace(b"tiny runs", b"evil runs"))
    code, said = setup(course)
    assert code == 1
    assert "Unpack the archive again" in said
    assert not (course / ".venv").exists()


def test_no_network_names_proxy_and_bundle(course):
    shutil.rmtree(course / "wheels")
    code, said = setup(course, **OFFLINE)
    assert code == 1
    assert "HTTPS_PROXY=http://name:port" in said
    assert "make bundle" in said
    assert "Traceback" not in said
    assert not (course / ".venv").exists()


@POSIX
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_an_interrupted_setup_leaves_nothing_and_the_next_one_succeeds(course, kind):
    (course / "slow").touch()
    program = [sys.executable, str(course / "tools" / "setup_env.py")]
    child = subprocess.Popen(
        program, stderr=subprocess.PIPE, text=True, start_new_session=True, preexec_fn=hear_ctrl_c
    )
    deadline = time.monotonic() + 120
    while not (course / "sleeping").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    if kind == signal.SIGINT:  # Ctrl-C reaches what the setup has started, too
        os.killpg(child.pid, kind)
    else:
        child.send_signal(kind)
    _, said = child.communicate(timeout=60)
    assert "interrupted. Nothing half-made is left; run the same command again." in said
    assert not (course / ".venv").exists()
    assert setup(course)[0] == 0


def test_a_killed_setup_is_not_taken_for_a_whole_one(course):
    setup(course)
    (course / ".venv" / "course-stamp").unlink()
    assert "Environment ready" in setup(course)[1]


def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr(setup_env, "ROOT", tmp_path / "file")
    with pytest.raises(SystemExit, match=r"file cannot be written to .*Copy the course"):
        setup_env.check_folder("lock")


def test_a_full_disk_is_refused_before_anything_is_made(tmp_path, monkeypatch):
    monkeypatch.setattr(setup_env, "ROOT", tmp_path)
    monkeypatch.setattr(setup_env.shutil, "disk_usage", lambda path: SimpleNamespace(free=1e9))
    with pytest.raises(SystemExit, match=r"1\.0 GB free; the environment needs 8 GB.*Make room"):
        setup_env.check_folder("lock")
    assert not list(tmp_path.iterdir())


def test_a_disk_that_fills_on_the_way_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(setup_env, "PYTHON", sys.executable)
    monkeypatch.setattr(setup_env.shutil, "disk_usage", lambda path: SimpleNamespace(free=2e8))
    with pytest.raises(SystemExit, match=r"`no_module` failed.*full \(0\.2 GB free\): make room"):
        setup_env.run("no_module")


def test_an_old_python_is_refused_with_the_remedy(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 to 3\.14; this is 3\.9\.2.*make lab"):
        setup_env.check_python()


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_python_without_what_makes_environments_is_refused(monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SystemExit, match=rf"no {module} module.*apt install python3\.\d+-venv"):
        setup_env.check_python()


@pytest.mark.skipif(not shutil.which("make"), reason="no make here")
def test_make_names_a_python_that_is_not_there():
    command = ["make", "env", "PYTHON=python9"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode
    assert "no program python9 here that is Python 3; the course needs Python 3.11" in done.stderr


def test_the_environment_is_remade_when_the_lock_changes(tmp_path, monkeypatch):
    lock = tmp_path / "requirements.lock"
    lock.write_text("torch==1\n")
    monkeypatch.setattr(setup_env, "LOCK", lock)
    before = setup_env.fingerprint("lock")
    assert setup_env.fingerprint("lock") == before
    assert setup_env.fingerprint("cpu") != before
    lock.write_text("torch==2\n")
    assert setup_env.fingerprint("lock") != before
