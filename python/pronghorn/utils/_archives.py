"""Unpacking archives without leaving the folder they are unpacked into."""

from __future__ import annotations

import os
import shutil
import tarfile
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path

_KNOWN = ("tar", "zip")


def extract_archive(
    archive: Path, folder: Path, archive_format: str | Sequence[str] | None = "auto"
) -> bool:
    """Unpacks the files of an archive; links and members that would leave `folder` are skipped.

    Args:
        archive: File.
        folder: Where to; made if it is not there.
        archive_format: "tar", "zip", "auto" (either), a list of them, or None for no archive.

    Returns:
        Whether it was an archive of such a format.

    Raises:
        ValueError: For an unknown format.
    """
    formats = _KNOWN if archive_format == "auto" else archive_format
    formats = [formats] if isinstance(formats, str) else list(formats or ())
    for name in formats:
        if name not in _KNOWN:
            raise ValueError(
                f"`archive_format` must be of {list(_KNOWN)}. Received: {archive_format!r}"
            )
        if name == "tar" and tarfile.is_tarfile(archive):
            _extract_tar(archive, folder)
            return True
        if name == "zip" and zipfile.is_zipfile(archive):
            _extract_zip(archive, folder)
            return True
    return False


def _inside(folder: Path, member: str) -> Path | None:
    """Where a member goes; None, with a warning, if that is outside."""
    target = Path(os.path.normpath(folder / member))
    if target.is_relative_to(folder) and not Path(member).is_absolute():
        return target
    warnings.warn(f"The archive's member '{member}' is skipped: it lies outside.", stacklevel=4)
    return None


def _extract_tar(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as file:
        for member in file:
            target = _inside(folder, member.name)
            if target is None:
                continue
            if member.isdir():
                target.mkdir(parents=True, exist_ok=True)
                continue
            source = file.extractfile(member) if member.isreg() else None
            if source is None:
                warnings.warn(
                    f"The archive's member '{member.name}' is skipped: it is no file.", stacklevel=3
                )
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink)


def _extract_zip(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as file:
        for member in file.infolist():
            target = _inside(folder, member.filename)
            if target is None:
                continue
            if member.is_dir():
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with file.open(member) as source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink)
