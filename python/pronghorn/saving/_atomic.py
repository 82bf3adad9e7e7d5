"""Files that are either the old one or the whole new one, whatever happens meanwhile."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable
from typing import Any, BinaryIO


def write_file(filepath: str | os.PathLike[str], write: Callable[[BinaryIO], Any]) -> None:
    """Writes a temporary file in the same folder, brings it to the disk and renames it.

    Args:
        filepath: Where the file shall be. If it is a link, the file that it points to is replaced.
        write: Called with the open temporary file.

    Raises:
        OSError: If the folder cannot be written; whatever `write` raises. The file is then as it
            was, and nothing is left behind.

    Example:
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_file(f"{folder}/a", lambda file: file.write(b"text"))
        ...     os.listdir(folder)
        ['a']
    """
    target = os.path.realpath(filepath)
    folder, name = os.path.split(target)
    # Opened by descriptor and created anew: nobody can put a link in its place.
    handle, temporary = tempfile.mkstemp(prefix=f".{name}.", suffix=".tmp", dir=folder)
    try:
        with os.fdopen(handle, "w+b") as file:
            write(file)
            file.flush()
            os.fchmod(file.fileno(), _mode(target))
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(folder)


def _mode(target: str) -> int:
    """Permissions of the file that is there, or those of a new file."""
    with contextlib.suppress(OSError):
        return os.stat(target).st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _sync_folder(folder: str) -> None:
    """Brings the new name to the disk too, where folders can be opened."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
