"""Categories without a vocabulary: their hash says which place they take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pronghorn._engine import Array
from pronghorn._numbers import integer
from pronghorn.layers._tables._hash import check_salt, column, fingerprints
from pronghorn.layers._tables._table_layer import (
    TableLayer,
    check_mode,
    check_sparse,
    encode,
    encoded_shape,
    integers,
    take_integer_dtype,
)

_MODES = ("int", "one_hot", "multi_hot", "count")


class Hashing(TableLayer):
    """Strings or integers to numbers 0..num_bins-1 by their hash; the numbers are Keras's.

    It needs a hashing library (``pip install 'pronghorn[tables]'``).

    Args:
        num_bins: How many numbers there are, that of the mask included.
        mask_value: A string or an integer that gets the number 0, which others then do not get.
        salt: None for FarmHash; an integer, or two, for SipHash with them as its key.
        output_mode: ``"int"``, ``"one_hot"``, ``"multi_hot"`` or ``"count"``.
        sparse: Must be false.
        **kwargs: `name`; `dtype`, an integer type with ``"int"``.

    Raises:
        ValueError: For arguments out of range.

    Example:
        >>> layer = Hashing(3, mask_value="")
        >>> layer([["a"], ["b"], [""], ["a"]]).tolist()
        [[2], [1], [0], [2]]
    """

    _takes_text = True

    def __init__(
        self,
        num_bins: int,
        mask_value: str | int | None = None,
        salt: int | Sequence[int] | None = None,
        output_mode: str = "int",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        self.num_bins = integer(num_bins, "num_bins", low=1)
        self.output_mode = check_mode(output_mode, _MODES, "Hashing")
        whole = take_integer_dtype(kwargs, "Hashing") if output_mode == "int" else None
        super().__init__(**kwargs)
        self._dtype = whole or self._dtype
        self.sparse = check_sparse(sparse, "Hashing")
        if mask_value is not None and not isinstance(mask_value, str):
            mask_value = integer(mask_value, "mask_value")
        self.mask_value = mask_value
        self.salt = check_salt(salt)

    def _transform(self, inputs: Any) -> Array:
        values = column(inputs, "`inputs`")
        if values.dtype.kind == "O":
            masked, tokens = self._masked(values, str), values
        else:
            numbers = integers(values, "inputs")
            masked = self._masked(numbers, int)
            tokens = column(numbers.astype(np.str_), "`inputs`")
        own = int(self.mask_value is not None and self.num_bins > 1)
        hashes = fingerprints(tokens, self.salt)
        places = np.asarray(hashes % np.uint64(self.num_bins - own), np.int64) + own
        places = np.where(masked, 0, places)
        if self.output_mode == "int":
            return places.astype(self._dtype, copy=False)
        return encode(places, self.output_mode, self.num_bins).astype(self._dtype, copy=False)

    def _masked(self, values: Array, kind: type) -> Array:
        if self.mask_value is None:
            return np.zeros(values.shape, bool)
        if not isinstance(self.mask_value, kind):
            raise TypeError(
                f"Layer '{self.name}' has mask_value={self.mask_value!r}, which inputs of "
                f"{'integers' if kind is int else 'strings'} cannot hold."
            )
        if isinstance(self.mask_value, str):
            mask = self.mask_value.encode("utf-8", "surrogatepass")
            # One by one: an array would take the zeros at the end off the mask.
            found = np.fromiter((token == mask for token in values.flat), bool, values.size)
            return found.reshape(values.shape)
        return np.asarray(values == self.mask_value, bool)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The shape of the input, or with the vectors at its end."""
        return encoded_shape(input_shape, self.output_mode, self.num_bins)

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {
            **super().get_config(),
            "num_bins": self.num_bins,
            "salt": self.salt,
            "mask_value": self.mask_value,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
        }
