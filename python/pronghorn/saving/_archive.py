"""Reading `.keras` archives without believing what they say of themselves."""

from __future__ import annotations

import stat
import zipfile
from typing import BinaryIO

_JSON_LIMIT = 64 * 2**20  # bytes; a configuration of a thousand layers has less than one million
_EXPANSION_LIMIT = 100  # Keras stores members as they are
_MEMBER_LIMIT = 10_000

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_JSON = (CONFIG, METADATA)


class Archive:
    """The members of a `.keras` file, checked before any is read.

    Args:
        file: Open for reading.
        label: Its name, for messages.

    Raises:
        ValueError: If it is no ZIP archive, or has members that are named twice, lead out of it,
            are links or encrypted, or are much larger than what is stored.
    """

    def __init__(self, file: BinaryIO, label: str) -> None:
        self._label = label
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, NotImplementedError) as error:
            raise ValueError(f"{label} is not a .keras archive: {error}") from None
        members = self._zip.infolist()
        if len(members) > _MEMBER_LIMIT:
            raise self._refused("it has too many members")
        seen: set[str] = set()
        for member in members:
            self._check(member)
            if member.filename.casefold() in seen:
                raise self._refused(f"it has '{member.filename}' twice")
            seen.add(member.filename.casefold())

    def _refused(self, reason: str) -> ValueError:
        return ValueError(f"{self._label} is refused: {reason}.")

    def _check(self, member: zipfile.ZipInfo) -> None:
        name = member.filename
        parts = name.rstrip("/").split("/")
        if "\\" in name or ":" in name or "\0" in name or any(p in ("", ".", "..") for p in parts):
            raise self._refused(f"the member {name!r} has no plain relative path")
        mode = member.external_attr >> 16
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise self._refused(f"the member '{name}' is no plain file")
        if member.flag_bits & 0x1:
            raise self._refused(f"the member '{name}' is encrypted")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise self._refused(f"the member '{name}' has an unusual compression")
        stored = member.compress_type == zipfile.ZIP_STORED
        if stored and member.file_size != member.compress_size:
            raise self._refused(f"the member '{name}' contradicts itself about its size")
        if member.file_size > _EXPANSION_LIMIT * member.compress_size + 4096:
            raise self._refused(
                f"the member '{name}' of {member.compress_size} bytes would grow to "
                f"{member.file_size}"
            )
        if name in _JSON and member.file_size > _JSON_LIMIT:
            raise self._refused(f"the member '{name}' has {member.file_size} bytes")

    def names(self) -> list[str]:
        """Names of all members."""
        return self._zip.namelist()

    def read(self, name: str) -> bytes:
        """The content of a member.

        Raises:
            ValueError: If it is missing or damaged.
        """
        try:
            member = self._zip.getinfo(name)
        except KeyError:
            raise ValueError(f"{self._label} has no member '{name}'.") from None
        try:
            with self._zip.open(member) as file:
                content = file.read(member.file_size + 1)
        except Exception as error:  # zlib, struct and zipfile have errors of their own
            detail = f"{type(error).__name__}: {error}"
            raise ValueError(f"{self._label} is damaged at '{name}': {detail}") from None
        if len(content) != member.file_size:
            raise self._refused(f"the member '{name}' contradicts itself about its size")
        return content
