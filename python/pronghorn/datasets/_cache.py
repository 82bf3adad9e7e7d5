"""Files of Keras's data sets: where they come from, and shuffling as Keras does it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pronghorn.utils._files import get_file

ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"

Array = NDArray[Any]
Split = tuple[tuple[Array, Array], tuple[Array, Array]]


def fetch(name: str, file_hash: str, path: str | None = None, subdir: str = "datasets") -> str:
    """Path of a data set's file in the cache.

    Args:
        name: At the origin.
        file_hash: SHA-256 or MD5.
        path: Name in the cache; None is `name`.
        subdir: Folder in the cache.
    """
    return get_file(path or name, ORIGIN + name, file_hash=file_hash, cache_subdir=subdir)


def permutation(count: int, seed: int) -> Array:
    """The order that Keras's seed stands for: NumPy's legacy generator, as the data ask for it."""
    indices = np.arange(count)
    np.random.RandomState(seed).shuffle(indices)
    return indices


def check_test_split(test_split: float) -> None:
    """Raises ValueError if it is not in [0, 1)."""
    if not 0 <= test_split < 1:
        raise ValueError(
            f"`test_split` must be at least 0 and below 1. Received: test_split={test_split}"
        )


def split_table(path: str, test_split: float, seed: int, rows: int | None = None) -> Split:
    """Shuffled rows of a file with arrays x and y, in training and test parts."""
    with np.load(path, allow_pickle=False) as file:
        x, y = file["x"][:rows], file["y"][:rows]
    order = permutation(len(x), seed)
    x, y = x[order], y[order]
    cut = int(len(x) * (1 - test_split))
    return (x[:cut], y[:cut]), (x[cut:], y[cut:])
