"""Files that can be trusted: checked before use, written whole or not at all, fetched only once.

Behind `utils.datasets`; no chapter needs this file.
"""

import gzip
import hashlib
import os
import time
import zlib
from contextlib import contextmanager, suppress
from http.client import HTTPException
from pathlib import Path
from urllib.request import Request, urlopen

from filelock import FileLock
from tqdm.auto import tqdm

PROJECT = Path(__file__).resolve().parents[2]
ANEW = "Delete it and run this again: it will be fetched or drawn anew."
OPEN_ELSEWHERE = (5, 32)  # Windows' numbers for access denied and a sharing violation
TIMEOUT = 20  # seconds without a byte before a mirror is given up


class DataError(RuntimeError):
    """Images cannot be had; the message names the path, the reason and the remedy."""


class DownloadError(DataError):
    """No mirror gave the published file; the message names each mirror's failure."""


def data_folder(root=None):
    """Return the folder that holds the data: `root`, else COURSE_DATA, else `data/`.

    A relative COURSE_DATA starts at the project, not at the folder that a notebook runs in.
    Installed without its project (as on Colab), the course uses the working folder instead.
    """
    if root is not None:
        return Path(root).expanduser()
    home = PROJECT if (PROJECT / "pyproject.toml").exists() else Path.cwd()
    return home / Path(os.environ.get("COURSE_DATA") or "data").expanduser()


def read_verified(path, *sums):
    """Return the bytes of `path`, None if there is no such file.

    What they are is decided by their md5 sum, one of `sums`, and not by the name: a file that was
    packed by gzip is unpacked if that makes it right. Raises DataError if it cannot be read, or
    if its sum is another.
    """
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise DataError(
            f"{path} cannot be read: {error.strerror}. Make it a readable file, or name "
            "another folder in COURSE_DATA."
        ) from error
    found = hashlib.md5(data).hexdigest()
    if found in sums:
        return data
    with suppress(OSError, EOFError, zlib.error):  # not packed, or damaged
        unpacked = gzip.decompress(data)
        if hashlib.md5(unpacked).hexdigest() in sums:
            return unpacked
    raise DataError(
        f"{path} is damaged: {len(data):,} bytes with md5 {found}, expected md5 {sums[0]}. {ANEW}"
    )


def first_found(*finders):
    """Return the first result that is not None; if there is none, raise the first error."""
    first_error = None
    for find in finders:
        try:
            if (found := find()) is not None:
                return found
        except DataError as error:
            first_error = first_error or error
    if first_error:
        raise first_error
    return None


@contextmanager
def locked(folder):
    """Make the folder and hold its lock: what two processes want, one of them makes."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock")
        lock.acquire()
    except OSError as error:
        reason = "it is a file" if folder.is_file() else error.strerror
        raise DataError(
            f"cannot write to the data folder {folder}: {reason}. "
            "Set COURSE_DATA to a folder that you may write to."
        ) from error
    try:
        yield
    finally:
        lock.release()


def write_file(path, data, remedy="Free some space, or set COURSE_DATA to another folder."):
    """Write bytes under a temporary name and rename: `path` is the old file or the new one, whole.

    Raises DataError, ending in `remedy`, if that cannot be done.
    """
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(part, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _replace(part, path)
    except OSError as error:
        with suppress(OSError):  # where there is no folder to write to, there is no part either
            part.unlink()
        raise DataError(
            f"cannot write {path} ({len(data) / 1e6:.1f} MB): {error.strerror}. {remedy}"
        ) from error


def _replace(part, path, patience=20):
    """Rename; on Windows try again for a second, while somebody else has the file open."""
    for _ in range(patience):
        try:
            return os.replace(part, path)
        except PermissionError as error:
            if getattr(error, "winerror", None) not in OPEN_ELSEWHERE:
                raise
            time.sleep(0.05)
    os.replace(part, path)


def download(path, mirrors, md5):
    """Have the published file at `path`, from the first of `mirrors` that serves it intact.

    COURSE_MIRROR, if set, is asked first. Raises DownloadError if no mirror serves it.
    """
    try:
        if read_verified(path, md5) is not None:
            return
    except DataError:
        pass  # damaged: the copy that is fetched now takes its place
    failures = []
    for mirror in filter(None, [os.environ.get("COURSE_MIRROR"), *mirrors]):
        url = f"{mirror.rstrip('/')}/{path.name}"
        try:
            data = _read_url(url)
        except (OSError, ValueError, HTTPException) as error:
            failures.append(f"{url}: {error}")
            continue
        if hashlib.md5(data).hexdigest() == md5:
            return write_file(path, data)
        failures.append(f"{url}: {len(data):,} bytes that are not the published file")
    raise DownloadError("; ".join(failures))


def _read_url(url):
    request = Request(url, headers={"User-Agent": "tensors-to-gpus"})
    with urlopen(request, timeout=TIMEOUT) as response:
        bar = tqdm(total=response.length, unit="B", unit_scale=True, desc=url, leave=False)
        with bar:
            chunks = []
            while chunk := response.read(1 << 18):
                chunks.append(chunk)
                bar.update(len(chunk))
            return b"".join(chunks)
