"""The archive for a classroom without a network: whole, true to its label, or not written."""

import json
import shutil
import subprocess

import pytest

from tests.tools.tiny_wheels import write_wheels
from tools import bundle, setup_env

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="no git here")


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A course in git, with pictures in a read-only folder elsewhere; pip brings tiny wheels."""
    root = tmp_path / "a course 课程"
    root.mkdir()
    lock = write_wheels(tmp_path / "index")
    (root / "requirements.lock").write_text(lock, encoding="utf-8")
    (root / ".gitignore").write_text("build/\n")
    pictures = tmp_path / "pictures" / "FashionMNIST" / "raw"
    pictures.mkdir(parents=True)
    (pictures / "boots.gz").write_bytes(b"boot")
    (pictures / "boots.gz").chmod(0o444)
    (pictures / "unpacked").write_bytes(b"not taken")
    (tmp_path / "pictures" / "README.md").write_bytes(b"not taken")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", "-C", str(root)]
    for words in ["init", "-q"], ["add", "."], ["commit", "-qm", "x"]:
        subprocess.run([*git, *words], check=True)
    for name, value in ("ROOT", root), ("BUILD", root / "build"), ("PART", root / "build/part"):
        monkeypatch.setattr(bundle, name, value)
    monkeypatch.setattr(setup_env, "LOCK", root / "requirements.lock")
    monkeypatch.setattr(bundle, "data_folder", lambda: tmp_path / "pictures")
    monkeypatch.setattr(bundle, "check_disk", lambda: None)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    return root


def unpack(checkout, folder):
    folder.mkdir()
    subprocess.run(["tar", "xf", str(bundle.target()), "-C", str(folder)], check=True)
    return folder / "course"


def test_the_archive_holds_course_wheels_and_pictures(checkout, tmp_path, capsys):
    (checkout / "draft.txt").write_text("not committed")
    bundle.main()
    course = unpack(checkout, tmp_path / "class")
    found = {path.relative_to(course).as_posix() for path in course.rglob("*") if path.is_file()}
    version = setup_env.UV.partition("==")[2]
    wheels = {f"uv-{version}-py3-none-any.whl", "tiny-1.0-py3-none-any.whl"}
    assert found == {
        ".gitignore", "requirements.lock", "data/FashionMNIST/raw/boots.gz",
        "wheels/bundle.json", *(f"wheels/{name}" for name in wheels),
    }  # fmt: skip
    label = json.loads((course / "wheels/bundle.json").read_text(encoding="utf-8"))
    assert set(label["wheels"]) == wheels
    assert (course / "data/FashionMNIST/raw/boots.gz").stat().st_mode & 0o200
    assert [path.name for path in (checkout / "build").iterdir()] == [bundle.target().name]
    said = capsys.readouterr().out
    assert "2 wheels, 1 files of pictures" in said
    assert "No CIFAR-10 in" in said
    assert "No Fashion-MNIST" not in said
    assert "not committed are not in it" in said


def test_pictures_of_both_sets_are_taken(checkout, tmp_path):
    (tmp_path / "pictures" / "cifar-10-jpeg.tar.xz").write_bytes(b"frog")
    assert set(bundle.pictures()) == {"data/FashionMNIST/raw/boots.gz", "data/cifar-10-jpeg.tar.xz"}


def test_the_setup_accepts_what_was_packed(checkout, tmp_path, monkeypatch):
    bundle.main()
    course = unpack(checkout, tmp_path / "class")
    monkeypatch.setattr(setup_env, "WHEELS", course / "wheels")
    monkeypatch.setattr(setup_env, "LOCK", course / "requirements.lock")
    setup_env.check_wheels()
    (course / "requirements.lock").write_text("other==1\n")
    with pytest.raises(SystemExit, match="another requirements"):
        setup_env.check_wheels()


def test_a_missing_wheel_leaves_the_earlier_archive(checkout, tmp_path):
    (checkout / "build").mkdir()
    bundle.target().write_bytes(b"earlier")
    (tmp_path / "index" / "tiny-1.0-py3-none-any.whl").unlink()
    with pytest.raises(SystemExit, match=r"could not be fetched.*nothing was packed"):
        bundle.main()
    assert bundle.target().read_bytes() == b"earlier"
    assert [path.name for path in (checkout / "build").iterdir()] == [bundle.target().name]


def test_an_interruption_leaves_nothing(checkout, monkeypatch):
    def interrupted(archive, wheels, images):
        archive.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(bundle, "pack", interrupted)
    with pytest.raises(SystemExit, match="interrupted; nothing was packed"):
        bundle.main()
    assert list((checkout / "build").iterdir()) == []


def test_a_full_disk_is_refused(monkeypatch):
    monkeypatch.setattr(bundle, "GIGABYTES", 1e9)
    with pytest.raises(SystemExit, match=r"GB free; packing needs 1000000000"):
        bundle.check_disk()


def test_without_git_the_remedy_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(bundle, "ROOT", tmp_path)
    with pytest.raises(SystemExit, match="A bundle needs a git checkout"):
        bundle.git("rev-parse", "HEAD")
