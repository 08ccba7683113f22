"""What a stranger's program is given: a bare environment, limits, and what it must not see."""

import os
import sys
from pathlib import Path

from utils.datasets.fetch import data_folder

ROOT = Path(__file__).resolve().parents[1]
KEPT = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "VIRTUAL_ENV", "COURSE_DATA", "SYSTEMROOT")
OWN = ("notebooks", "tests", ".git", "build", "teaching")
CHECKS = ROOT / "utils" / "exercises", ROOT / "teaching"
PROCESSES = 64


def stop(message):
    sys.exit(f"{Path(sys.argv[0]).stem}: {message}")


def refuse_windows():
    if os.name == "nt":
        stop("Windows cannot shut a process in (it has no `resource`, no fork). Use Linux, macOS, "
             "or Windows' Linux (WSL).")  # fmt: skip


def bare_environment():
    """Take from this process what those that it starts would see: passwords, a lab's seed."""
    data = data_folder().resolve()
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    path = os.pathsep.join([str(ROOT), *filter(None, [kept.get("PYTHONPATH")])])
    os.environ.clear()
    os.environ.update(kept, COURSE_DATA=str(data), COURSE_OFFLINE="1", OMP_NUM_THREADS="1",
                      MPLBACKEND="agg", PYTHONPATH=path)  # fmt: skip
    del sys.argv[1:]  # multiprocessing hands them on


def places_to_hide(*more):
    """Return the folders that a submission must not see, but none that holds what it needs."""
    dotted = [place for place in Path.home().glob(".*") if not place.is_symlink()]
    listed = [*(ROOT / name for name in OWN), *dotted, *(place.resolve() for place in more)]
    needed = (ROOT, Path(sys.prefix), Path(sys.base_prefix), data_folder().resolve())
    return [one for one in dict.fromkeys(listed)
            if not any(place == one or one in place.parents for place in needed)]  # fmt: skip


def allowed(seconds, minutes, gigabytes, *more):
    """Return what is allowed to a submission; `more` are places to hide."""
    from tools.sandbox import rooms_here

    hidden = places_to_hide(*more)
    inner = [str(place) for place in hidden if place not in CHECKS]
    rooms = rooms_here()
    if not rooms:
        print(f"{Path(sys.argv[0]).stem}: this system gives a process no room of its own "
              "(unshare), so a submission may use the network, and read and write what you can. "
              "Limits on time, memory, processes and file size hold. Grade strangers in a "
              "container.", file=sys.stderr)  # fmt: skip
    if os.geteuid() == 0 and not rooms:
        stop(
            "for root, and without rooms, nothing limits the number of processes: one notebook "
            "could stop the machine. Grade with another account, or where `unshare` works."
        )
    return {"seconds": seconds, "minutes": minutes, "processes": PROCESSES, "rooms": rooms,
            "gigabytes": gigabytes,
            "hidden": {"grade_judge": inner, "grade_run": [*inner, *map(str, CHECKS)]}}  # fmt: skip
