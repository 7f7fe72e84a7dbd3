"""Files of the command line: written whole, for their owner only, by one process at a time."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def write_private(file: Path, text: str) -> None:
    """Put the file there whole, with mode 0600, in a folder with mode 0700. Raises OSError."""
    import tempfile

    make_private_folder(file.parent)
    handle, unfinished = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)  # made with 0600
    try:
        with open(handle, "w", encoding="utf-8") as writing:
            writing.write(text)
            writing.flush()
            os.fsync(handle)
        os.replace(unfinished, file)
    except BaseException:
        os.unlink(unfinished)
        raise


def make_private_folder(folder: Path) -> None:
    """A folder that only its owner may enter, also if it was there before."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name == "posix" and folder.stat().st_mode & _OTHERS:
        folder.chmod(0o700)


def made_private(file: Path) -> bool:
    """Take the file from others if they may read or change it. Returns whether they could."""
    if os.name != "posix" or not file.stat().st_mode & _OTHERS:
        return False
    file.chmod(0o600)
    return True


@contextlib.contextmanager
def locked(file: Path) -> Iterator[None]:
    """Only one process at a time is in the block. The file is for this alone, and stays."""
    make_private_folder(file.parent)
    with open(file, "a", opener=lambda path, flags: os.open(path, flags, 0o600)) as held:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(held.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(held, fcntl.LOCK_EX)
        yield  # closing the file lets go of it
