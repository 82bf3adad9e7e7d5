"""Files from the network, kept in a cache."""

from __future__ import annotations

import hashlib
import os
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pronghorn import _console
from pronghorn._home import keras_home
from pronghorn.utils._archives import extract_archive
from pronghorn.utils._progbar import Progbar

_CHUNK = 1 << 16


def get_file(
    fname: str | os.PathLike[str] | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: str | Sequence[str] | None = "auto",
    cache_dir: str | os.PathLike[str] | None = None,
    force_download: bool = False,
) -> str:
    """Downloads a file unless it is there already, and gives its path.

    The file is written under another name and renamed when it is whole and its hash is right, so
    that an interrupted download leaves nothing behind.

    Args:
        fname: Name in the cache; None is the last part of `origin`.
        origin: URL.
        untar: Whether to unpack a tar archive; `extract` is its newer form.
        md5_hash: Expected MD5 hash; `file_hash` is its newer form.
        file_hash: Expected hash, in hexadecimal.
        cache_subdir: Folder in the cache.
        hash_algorithm: "md5", "sha256" or "auto" (by the length of the hash).
        extract: Whether to unpack an archive.
        archive_format: "tar", "zip", "auto", a list of them, or None for no archive.
        cache_dir: The cache; None is ``KERAS_HOME``, or ``~/.keras``.
        force_download: Whether to download even if the file is there.

    Returns:
        Path of the file, or of the folder with what was unpacked.

    Raises:
        ValueError: If an argument does not fit or the hash of the download differs.
        OSError: If the download fails.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     source = Path(folder, "words.txt")
        ...     _ = source.write_text("words")
        ...     path = get_file("copy.txt", source.as_uri(), cache_dir=folder)
        ...     Path(path).read_text()
        Downloading data from file:...words.txt
        ...
        'words'
    """
    if origin is None:
        raise ValueError("`origin` must be the URL of the file. Received: origin=None")
    if hash_algorithm not in ("auto", "md5", "sha256"):
        raise ValueError(
            "`hash_algorithm` must be 'auto', 'md5' or 'sha256'. "
            f"Received: hash_algorithm={hash_algorithm!r}"
        )
    if md5_hash is not None and file_hash is None:
        file_hash, hash_algorithm = md5_hash, "md5"
    folder = Path(cache_dir).expanduser() if cache_dir is not None else keras_home()
    folder = folder / cache_subdir
    name = _file_name(fname, origin)
    target, unpacked = folder / name, None
    if extract or untar:
        stem = name.split(".")[0] if fname is not None else name
        named = fname is not None and "." in name
        unpacked = folder / (f"{stem}_extracted" if named else name)
        target = target if named else folder / f"{name}_archive"
    folder.mkdir(parents=True, exist_ok=True)
    if force_download or not _is_right(target, file_hash, hash_algorithm):
        _console.print_msg(f"Downloading data from {origin}")
        _download(origin, target, file_hash, hash_algorithm)
    if unpacked is None:
        return str(target)
    if not extract_archive(target, unpacked, "tar" if untar else archive_format):
        warnings.warn(f"'{target}' is no archive that could be unpacked.", stacklevel=2)
    return str(unpacked)


def _file_name(fname: Any, origin: str) -> str:
    if fname:
        name = str(os.fspath(fname))
        if os.path.basename(name) != name or name in (".", ".."):
            raise ValueError(
                "`fname` must be a name without folders; use `cache_dir` and `cache_subdir`. "
                f"Received: fname={fname!r}"
            )
        return name
    name = os.path.basename(urllib.parse.urlsplit(origin).path)
    if not name or name in (".", ".."):
        raise ValueError(f"`origin` has no file name; pass `fname`. Received: origin={origin!r}")
    return name


def _digest(path: Path, expected: str, algorithm: str) -> str:
    sha = algorithm == "sha256" or (algorithm == "auto" and len(expected) == 64)
    digest = hashlib.sha256() if sha else hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _is_right(path: Path, expected: str | None, algorithm: str) -> bool:
    if not path.exists():
        return False
    if expected is None or _digest(path, expected, algorithm) == expected:
        return True
    _console.print_msg(
        f"A local file was found, but its {algorithm} hash is not {expected}; it is downloaded "
        "again."
    )
    return False


def _download(origin: str, target: Path, expected: str | None, algorithm: str) -> None:
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
    part = Path(temporary)
    try:
        try:
            with urllib.request.urlopen(origin) as source, os.fdopen(handle, "wb") as sink:
                _copy(source, sink, source.headers.get("Content-Length"), origin)
        except urllib.error.URLError as error:
            raise OSError(f"'{origin}' could not be downloaded: {error}") from error
        if expected is not None and (found := _digest(part, expected, algorithm)) != expected:
            raise ValueError(
                f"The download from '{origin}' is incomplete or not the expected file: its "
                f"{algorithm} hash is {found}, expected {expected}."
            )
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _copy(source: Any, sink: Any, length: str | None, origin: str) -> None:
    total = int(length) if length else None
    bar = Progbar(total, unit_name="byte")
    seen = 0
    while chunk := source.read(_CHUNK):
        sink.write(chunk)
        seen += len(chunk)
        bar.update(seen, finalize=seen == total)
    if total is not None and seen != total:
        raise OSError(f"'{origin}' ended after {seen} of {total} bytes.")
