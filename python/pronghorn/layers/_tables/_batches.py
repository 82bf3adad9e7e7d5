"""What `adapt` learns from: one array, or batches of arrays."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from pronghorn._engine import Array


def batches(data: Any, steps: int | None = None) -> Iterator[Array]:
    """The arrays in `data`.

    Args:
        data: An array, a list of plain values, or an iterable of batches; a batch that is a tuple
            of inputs and targets counts with its inputs.
        steps: How many batches to take; None takes all.

    Raises:
        TypeError: If it is none of these.
        ValueError: If there is nothing in it.

    Example:
        >>> [batch.tolist() for batch in batches([np.ones(2), np.zeros(1)])]
        [[1.0, 1.0], [0.0]]
    """
    if isinstance(data, (str, bytes, dict)) or not (
        hasattr(data, "__array__") or isinstance(data, Iterable)
    ):
        raise TypeError(
            "`data` must be an array, or an iterable of arrays. "
            f"Received: {data!r} (of type {type(data).__name__})"
        )
    if hasattr(data, "__array__"):
        found: Iterable[Any] = [data]
    elif isinstance(data, (list, tuple)) and data and not any(_is_batch(item) for item in data):
        found = [np.asarray(data)]
    else:
        found = itertools.islice(data, steps)
    empty = True
    for batch in found:
        empty = False
        yield np.asarray(batch[0] if isinstance(batch, tuple) else batch)
    if empty:
        raise ValueError("`data` has no batches to learn from.")


def _is_batch(item: Any) -> bool:
    return hasattr(item, "__array__") and np.ndim(item) > 0
