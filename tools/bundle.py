"""Pack the course for a classroom without a network: one archive with everything it installs.

    python -m tools.bundle            # or: make bundle

The archive holds the course as last committed, the pictures if they are here, and the wheels of
requirements.lock for this kind of machine and this Python. Unpacked on such a machine,
`make lab` and `make test` use no network. It is written whole or not at all.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

from tools import setup_env
from utils.datasets.fetch import data_folder

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
PART = BUILD / "bundle.part"  # wheels and archive, until both are complete
PICTURES = {"Fashion-MNIST": "FashionMNIST/raw/*.gz", "CIFAR-10": "cifar-10*.tar*"}
GIGABYTES = 8  # the wheels twice: as downloaded, and in the archive


def stop(message):
    sys.exit(f"bundle: {message}")


def git(*arguments):
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        stop(f"`git {arguments[0]}` failed: {done.stderr.strip()}. A bundle needs a git checkout.")
    return done.stdout


def check_disk():
    free = shutil.disk_usage(ROOT).free / 1e9
    if free < GIGABYTES:
        stop(f"{ROOT} has {free:.1f} GB free; packing needs {GIGABYTES} GB for a while.")


def download(folder, *wanted):
    """Let pip fetch wheels into `folder`; never sources, which could not be built offline."""
    pip = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check"]
    pip += ["--only-binary", ":all:", "--no-deps", "--dest", str(folder)]
    here = os.environ | {"TMPDIR": str(PART)}  # where pip's own gigabytes are cleared away, too
    if subprocess.run([*pip, *wanted], env=here).returncode:
        stop("a wheel could not be fetched (pip's message is above); nothing was packed.")


def collect_wheels(folder):
    folder.mkdir(parents=True)
    download(folder, "--require-hashes", "--requirement", str(setup_env.LOCK))
    download(folder, setup_env.UV)
    wheels = {path.name: path.stat().st_size for path in sorted(folder.glob("*.whl"))}
    label = {"machine": setup_env.machine(), "lock": setup_env.lock_sum(), "wheels": wheels}
    (folder / "bundle.json").write_text(json.dumps(label, indent=1) + "\n", encoding="utf-8")
    return wheels


def pictures():
    """Return the published pictures that are here, as {path in the archive: file}."""
    found = [path for pattern in PICTURES.values() for path in sorted(data_folder().glob(pattern))]
    return {f"data/{path.relative_to(data_folder()).as_posix()}": path for path in found}


def pack(archive, wheels, images):
    """Write the tar: wheels and pictures are compressed already."""
    git("archive", "--format=tar", "--prefix=course/", "-o", str(archive), "HEAD")
    with tarfile.open(archive, "a") as tar:
        for path in sorted(wheels.iterdir()):
            tar.add(path, f"course/wheels/{path.name}")
        for name, path in images.items():
            tar.add(path, f"course/{name}", filter=anyone_s)


def anyone_s(entry):
    entry.mode = 0o644  # pictures in a read-only folder shall not be read-only in the copy
    return entry


def target():
    here = setup_env.machine()
    system = here["system"].replace(" ", "-").lower()
    return BUILD / f"course-bundle-{system}-python{here['python']}.tar"


def report(path, wheels, images, seconds):
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1e9:.2f} GB, {len(wheels)} wheels, "
          f"{len(images)} files of pictures, packed in {seconds:.0f} s.")  # fmt: skip
    for name, size in sorted(wheels.items(), key=lambda item: -item[1])[:3]:
        print(f"  {size / 1e9:5.2f} GB  {name}")
    for name, pattern in PICTURES.items():
        if not any(data_folder().glob(pattern)):
            print(f"No {name} in {data_folder()}: the class will see the drawn stand-in.")
    if git("status", "--porcelain"):
        print("The changes that are not committed are not in it.")
    print(
        f"On a machine with {' and Python '.join(setup_env.machine().values())}: "
        f"tar xf {path.name} && cd course && make lab"
    )


def main():
    start = time.perf_counter()
    git("rev-parse", "HEAD")
    check_disk()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    shutil.rmtree(PART, ignore_errors=True)
    try:
        wheels, images = collect_wheels(PART / "wheels"), pictures()
        print("Packing ...", flush=True)
        pack(PART / "course.tar", PART / "wheels", images)
        os.replace(PART / "course.tar", target())
    except KeyboardInterrupt:
        stop("interrupted; nothing was packed.")
    finally:
        shutil.rmtree(PART, ignore_errors=True)
    report(target(), wheels, images, time.perf_counter() - start)


if __name__ == "__main__":
    main()
