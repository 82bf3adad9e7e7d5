"""Cutting data into two parts."""

from __future__ import annotations

from typing import Any

import numpy as np

from pronghorn import _tree
from pronghorn._arguments import checked
from pronghorn._numbers import integer, real
from pronghorn.random._seed import check_seed, next_seed


@checked
def split_dataset(
    dataset: Any,
    left_size: int | float | None = None,
    right_size: int | float | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Any, Any]:
    """A left and a right part of arrays, cut along the first axis.

    Keras gives data sets of TensorFlow or PyTorch; here both parts are arrays, as `fit` takes them.

    Args:
        dataset: An array, or a list, tuple or dict of arrays of one length.
        left_size: Samples in the left part, as a number (int) or a fraction (float); None is the
            rest.
        right_size: Likewise.
        shuffle: Whether to shuffle the samples first.
        seed: For shuffling; None takes the session's.
        preferred_backend: Must be None.

    Returns:
        (left, right), in the structure of `dataset`.

    Raises:
        TypeError: If `dataset` does not hold arrays.
        ValueError: If both sizes are None, do not fit, or leave a part empty.

    Example:
        >>> left, right = split_dataset([1, 2, 3, 4], left_size=0.75)
        >>> left.tolist(), right.tolist()
        ([1, 2, 3], [4])
    """
    if preferred_backend is not None:
        raise ValueError(
            "`preferred_backend` must be None: the parts are arrays. "
            f"Received: preferred_backend={preferred_backend!r}"
        )
    arrays = _arrays(dataset)
    leaves = _tree.flatten(arrays)
    rows = {len(leaf) for leaf in leaves}
    if len(rows) != 1:
        raise ValueError(f"`dataset` must hold arrays of one length. Received: {sorted(rows)}")
    total = rows.pop()
    left, right = _sizes(left_size, right_size, total)
    order = np.arange(total)
    if shuffle:
        given = check_seed(seed)
        order = np.random.default_rng(next_seed() if given is None else given).permutation(total)

    def part(indices: Any) -> Any:
        if not shuffle:
            indices = slice(int(indices[0]), int(indices[-1]) + 1)
        return _tree.map_structure(lambda leaf: leaf[indices], arrays)

    return part(order[:left]), part(order[total - right :])


def _arrays(dataset: Any) -> Any:
    """`dataset` with arrays as leaves; a list of numbers is one array."""
    nested = isinstance(dataset, dict) or (
        isinstance(dataset, (list, tuple))
        and any(hasattr(item, "__len__") and not isinstance(item, str) for item in dataset)
    )
    if nested and isinstance(dataset, dict):
        return {key: _arrays(value) for key, value in dataset.items()}
    if nested and any(hasattr(item, "ndim") or isinstance(item, (dict, tuple)) for item in dataset):
        return type(dataset)(_arrays(item) for item in dataset)
    array = np.asarray(dataset)
    if array.ndim == 0 or array.dtype.kind == "O":
        raise TypeError(
            "`dataset` must be an array, or a list, tuple or dict of arrays. "
            f"Received: {type(dataset).__name__}"
        )
    return array


def _sizes(left: Any, right: Any, total: int) -> tuple[int, int]:
    if left is None and right is None:
        raise ValueError("At least one of `left_size` and `right_size` must be given.")
    counts: list[int | None] = []
    for name, size in (("left_size", left), ("right_size", right)):
        if size is None:
            counts.append(None)
        elif isinstance(size, (float, np.floating)):
            fraction = real(size, name, low=0.0, high=1.0, open_low=True, open_high=True)
            counts.append(round(fraction * total))
        else:
            counts.append(integer(size, name, low=1))
    first, second = counts
    first = total - (second or 0) if first is None else first
    second = total - first if second is None else second
    if first <= 0 or second <= 0 or first + second > total:
        raise ValueError(
            f"{total} samples cannot be cut into parts of {first} and {second}. "
            f"Received: left_size={left}, right_size={right}"
        )
    return first, second
