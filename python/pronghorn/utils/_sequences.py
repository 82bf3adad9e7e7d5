"""Sequences of different lengths as one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pronghorn._arguments import checked


@checked
def pad_sequences(
    sequences: Sequence[Any],
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> NDArray[Any]:
    """Sequences filled up or cut to one length.

    Args:
        sequences: List of sequences, of numbers or of arrays of one shape.
        maxlen: The length; None is that of the longest.
        dtype: Of the result.
        padding: "pre" or "post": where to fill.
        truncating: "pre" or "post": where to cut.
        value: To fill with.

    Returns:
        Array of shape (sequences, maxlen, ...).

    Raises:
        ValueError: If something is no sequence, shapes differ, or an argument is unknown.

    Example:
        >>> pad_sequences([[1], [2, 3]]).tolist()
        [[0, 1], [2, 3]]
    """
    for name, where in (("padding", padding), ("truncating", truncating)):
        if where not in ("pre", "post"):
            raise ValueError(f"`{name}` must be 'pre' or 'post'. Received: {name}={where!r}")
    rows = [_row(sequence, i) for i, sequence in enumerate(sequences)]
    length = max(map(len, rows), default=0) if maxlen is None else maxlen
    shape = next((row.shape[1:] for row in rows if len(row)), ())
    result = np.full((len(rows), length, *shape), value, dtype)
    for i, row in enumerate(rows):
        if not len(row):
            continue
        if row.shape[1:] != shape:
            raise ValueError(
                f"`sequences` must hold elements of one shape, {shape}. Received {row.shape[1:]} "
                f"in the sequence at position {i}."
            )
        kept = row[max(0, len(row) - length) :] if truncating == "pre" else row[:length]
        start = length - len(kept) if padding == "pre" else 0
        result[i, start : start + len(kept)] = kept
    return result


def _row(sequence: Any, position: int) -> NDArray[Any]:
    if not hasattr(sequence, "__len__"):
        raise ValueError(
            f"`sequences` must be a list of sequences. Received: {sequence!r} at position "
            f"{position}."
        )
    return np.asarray(sequence)
