"""Texts as lists of the ranks of their words: reading the files, and Keras's ways to number words.

The files hold their lists as pickles. They are read by a reader that knows arrays and lists of
numbers and nothing else, so that no file can run code.
"""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Iterable
from typing import IO, Any

import numpy as np

from pronghorn.datasets._cache import Array

Texts = list[list[int]]

_ALLOWED = {
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),  # how older pickles write bytes
}


class _Lists(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if module.startswith("numpy.core."):  # its name before NumPy 2
            module = module.replace("numpy.core.", "numpy._core.", 1)
        if (module, name) not in _ALLOWED:
            raise ValueError(f"The file asks for {module}.{name}, which no list of numbers needs.")
        return super().find_class(module, name)


def read_texts(path: str) -> dict[str, Array]:
    """The arrays of a file, by name.

    Raises:
        ValueError: If it holds something else than numbers and lists of them.
    """
    with zipfile.ZipFile(path) as archive:
        return {
            name.removesuffix(".npy"): _read_array(archive.open(name))
            for name in archive.namelist()
        }


def _read_array(file: IO[bytes]) -> Array:
    with file:
        version = np.lib.format.read_magic(file)
        read_header = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = read_header(file)
        if dtype.hasobject:
            return np.asarray(_Lists(file).load(), object).reshape(shape)
        count = int(np.prod(shape, dtype=np.int64))
        return np.frombuffer(file.read(), dtype, count).reshape(shape)


def number_words(texts: Iterable[Any], start_char: int | None, index_from: int | None) -> Texts:
    """Ranks as word numbers: shifted by `index_from`, after a sign for the beginning."""
    shift = index_from or 0
    first = [] if start_char is None else [start_char]
    return [first + [int(word) + shift for word in text] for text in texts]


def drop_long(maxlen: int, texts: Texts, labels: Array) -> tuple[Texts, Array]:
    """The texts of less than `maxlen` words."""
    short = [i for i, text in enumerate(texts) if len(text) < maxlen]
    return [texts[i] for i in short], labels[short]


def keep_words(texts: Texts, num_words: int | None, skip_top: int, oov_char: int | None) -> Texts:
    """Texts with the words of rank `skip_top` to `num_words`; others become `oov_char`, or go."""
    limit = num_words or max((max(text) for text in texts if text), default=0)
    if oov_char is None:
        return [[word for word in text if skip_top <= word < limit] for text in texts]
    return [[w if skip_top <= w < limit else oov_char for w in text] for text in texts]


def as_objects(texts: Texts) -> Array:
    """An array of lists."""
    result = np.empty(len(texts), object)
    result[:] = texts
    return result
