"""Shut a process in, for a stranger's program: what it may use, see, write and reach.

Linux gives a process rooms of its own ("namespaces", as `unshare` does): no network, no sight of
other processes, all files read-only, some hidden. The limits of `resource` hold everywhere else,
too. The mounts and prctl have no functions in Python, so the C library is called.
"""

import contextlib
import ctypes
import fcntl
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

NEW = 0x10000000 | 0x00020000 | 0x40000000 | 0x20000000 | 0x08000000  # user mnt net pid ipc
REC, PRIVATE, BIND = 0x4000, 0x40000, 0x1000
MOUNT_SETATTR, CAPSET = 442, {"x86_64": 126, "aarch64": 91}  # numbers of system calls
RECURSIVE, READ_ONLY = 0x8000, 1
DEATH_SIGNAL, DROP_CAPABILITY, NO_NEW_RIGHTS = 1, 24, 38
DEVICES = ("null", "zero", "full", "random", "urandom")
CROWDED = 77  # the exit code of a room that was ended since it held too many processes
WAITING = 3  # how many times its seconds of work a program may take on the clock
LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def called(number, what):
    if number:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def mount(source, target, kind=None, flags=0, data=None):
    texts = [None if text is None else str(text).encode() for text in (source, target, kind)]
    data = data and data.encode()
    called(LIBC.mount(*texts, ctypes.c_ulong(flags), data), f"mounting {target}")


def read_only(place, on, how=0):
    attributes = struct.pack("QQQQ", READ_ONLY * on, READ_ONLY * (not on), 0, 0)
    done = LIBC.syscall(MOUNT_SETATTR, -100, str(place).encode(), how, attributes, 32)
    called(done, f"making {place} read-only")


def new_rooms(processes):
    """Leave the rooms of the system; return in a child, which is the first process of its room.

    The parent waits for it and ends, and ends it if the room holds too many processes: root has
    no such limit. Nobody in the room outlives the child.
    """
    user, group = os.getuid(), os.getgid()
    called(LIBC.unshare(NEW), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    LIBC.prctl(DEATH_SIGNAL, signal.SIGKILL)
    if child := os.fork():
        os._exit(watched(child, processes))
    LIBC.prctl(DEATH_SIGNAL, signal.SIGKILL)


def watched(child, processes):
    """Wait for the room's first process; return its exit code, or CROWDED if it had to be ended."""
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status) % 256
        in_room = not os.path.exists("/proc/self")  # its /proc, once mounted, has the room alone
        if in_room and sum(map(str.isdigit, os.listdir("/proc"))) > processes:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return CROWDED
        time.sleep(0.02)


def close_doors(folder, hidden, megabytes):
    """Make all files read-only but those in `folder`, which is empty; hide `hidden`."""
    mount("none", "/", flags=REC | PRIVATE)
    mount("proc", "/proc", "proc")
    mount("tmpfs", folder, "tmpfs", data=f"size={megabytes}m")
    bare_devices(folder)
    for place in hidden:
        if place.is_dir():
            mount("tmpfs", place, "tmpfs", data="size=4k")
        elif place.exists():
            mount("/dev/null", place, flags=BIND)
    read_only("/", True, RECURSIVE)
    for place in folder, "/dev/shm":
        read_only(place, False)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:  # workers talk to one another
        fcntl.ioctl(plug, 0x8914, struct.pack("16sh", b"lo", 0x41))


def bare_devices(folder):
    """Leave of the devices those that hold nothing; a disk is one, too."""
    made = folder / "dev"
    made.mkdir()
    mount("tmpfs", made, "tmpfs", data="size=256m")
    for name in DEVICES:
        (made / name).touch()
        mount(f"/dev/{name}", made / name, flags=BIND)
    (made / "shm").mkdir()
    mount(made, "/dev", flags=BIND | REC)
    called(LIBC.umount2(str(made).encode(), 2), "unmounting")
    made.rmdir()
    mount("tmpfs", "/dev/shm", "tmpfs", data="size=256m")


def give_up_rights():
    """Without these, what was closed cannot be opened again."""
    for right in range(64):
        LIBC.prctl(DROP_CAPABILITY, right, 0, 0, 0)
    LIBC.prctl(NO_NEW_RIGHTS, 1, 0, 0, 0)
    number = CAPSET.get(os.uname().machine)
    if number:
        nothing = struct.pack("IIIIII", *[0] * 6)
        called(LIBC.syscall(number, struct.pack("Ii", 0x20080522, 0), nothing), "capset")


def set_limits(gigabytes, processes, megabytes):
    """Limit what the process may take beyond what it has now: memory, processes, file size."""
    now = psutil.Process().memory_info().vms
    own = sum(process.info["num_threads"] or 0 for process in
              psutil.process_iter(["num_threads", "uids"])
              if process.info["uids"] and process.info["uids"].real == os.getuid())  # fmt: skip
    wanted = {
        resource.RLIMIT_AS: int(now + gigabytes * 1e9),
        resource.RLIMIT_FSIZE: megabytes * 10**6,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NPROC: own + processes,
    }
    for kind, limit in wanted.items():
        with contextlib.suppress(ValueError, OSError):  # macOS has no limit of RLIMIT_AS
            resource.setrlimit(kind, (limit, limit))


def shut_in(folder, hidden, gigabytes=4, processes=64, megabytes=500, rooms=True):
    """Shut this process in; `folder`, empty, becomes its home and the only place to write to.

    With `rooms`, returns in a child, and the parent waits for it; see `rooms_here`.
    """
    os.setsid()  # a Ctrl-C is for the grader, not for what it runs
    if rooms:
        new_rooms(processes)
        close_doors(Path(folder).resolve(), [Path(place).resolve() for place in hidden], megabytes)
        give_up_rights()
    os.chdir(folder)
    names = ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "IPYTHONDIR", "MPLCONFIGDIR")
    os.environ.update(dict.fromkeys(names, str(folder)))
    tempfile.tempdir = str(folder)  # what it was may be known already, and cannot be written to
    set_limits(gigabytes, processes, megabytes)
    silence = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(silence, number)


def keep_only(pipe):
    """Close all files of this process but the first three and the pipe."""
    os.closerange(3, pipe.fileno())
    os.closerange(pipe.fileno() + 1, 4096)


def rooms_here():
    """Return whether this system gives rooms of its own to a process, tried in another one."""
    if LIBC is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, folder]
        return subprocess.run(command, capture_output=True).returncode == 0


if __name__ == "__main__":
    shut_in(Path(sys.argv[1]), [])
    os._exit(0)
