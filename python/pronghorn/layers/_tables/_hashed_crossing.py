"""Combinations of categories, by hash."""

from __future__ import annotations

from typing import Any

import numpy as np

from pronghorn._engine import Array
from pronghorn._numbers import integer
from pronghorn.layers._tables._hash import column, crossed, fingerprints
from pronghorn.layers._tables._table_layer import (
    TableLayer,
    check_mode,
    check_sparse,
    encode,
    take_integer_dtype,
)


class HashedCrossing(TableLayer):
    """What several columns hold in a row, together, as one number 0..num_bins-1; Keras's numbers.

    It needs a hashing library (``pip install 'pronghorn[tables]'``).

    Args:
        num_bins: How many numbers there are.
        output_mode: ``"int"`` or ``"one_hot"``.
        sparse: Must be false.
        name: Given automatically if None.
        dtype: Of the result: an integer type with ``"int"``.
        **kwargs: Nothing else is known.

    Raises:
        ValueError: For arguments out of range.

    Example:
        >>> layer = HashedCrossing(5)
        >>> layer((np.array(["a", "b"]), np.array([1, 2]))).tolist()
        [0, 2]
    """

    _takes_text = True
    _takes_list = True

    def __init__(
        self,
        num_bins: int,
        output_mode: str = "int",
        sparse: bool = False,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        self.num_bins = integer(num_bins, "num_bins", low=1)
        self.output_mode = check_mode(output_mode, ("int", "one_hot"), "HashedCrossing")
        kwargs["dtype"] = dtype
        whole = take_integer_dtype(kwargs, "HashedCrossing") if output_mode == "int" else None
        super().__init__(name=name, **kwargs)
        self._dtype = whole or self._dtype
        self.sparse = check_sparse(sparse, "HashedCrossing")

    def _transform(self, inputs: Any) -> Array:
        if not isinstance(inputs, (list, tuple)) or len(inputs) < 2:
            raise ValueError(
                f"Layer '{self.name}' (HashedCrossing) takes a list or tuple of at least two "
                f"columns. Received: {inputs!r}"
            )
        columns = [self._hashes(values) for values in inputs]
        shapes = [hashes.shape for hashes in columns]
        shape = shapes[0]
        if any(other != shape for other in shapes) or len(shape) > 2 or shape[1:] not in ((), (1,)):
            raise ValueError(
                f"Layer '{self.name}' (HashedCrossing) takes columns of one shape: (), "
                f"(batch_size,) or (batch_size, 1). Received shapes {shapes}."
            )
        places = np.asarray(crossed(columns) % np.uint64(self.num_bins), np.int64)
        if self.output_mode == "int":
            return places.astype(self._dtype, copy=False)
        vectors = encode(places, "one_hot", self.num_bins).astype(self._dtype, copy=False)
        return vectors[0] if not shape else vectors

    def _hashes(self, values: Any) -> Array:
        array = column(values, "A column")
        if array.dtype.kind == "O":
            return fingerprints(array)
        if array.dtype.kind == "f":
            raise ValueError(
                f"Layer '{self.name}' (HashedCrossing) takes integers or strings; received a "
                f"column of dtype {array.dtype}."
            )
        return array.astype(np.int64).astype(np.uint64)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The shape of a column, or (batch_size, num_bins)."""
        shape = tuple(input_shape[0])
        if self.output_mode == "int":
            return shape
        return (*shape[:1], self.num_bins)

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {
            "num_bins": self.num_bins,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
            "name": self.name,
            "dtype": self.dtype,
        }
