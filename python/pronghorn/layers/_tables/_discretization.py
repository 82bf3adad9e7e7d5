"""Numbers as bins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pronghorn._engine import Array
from pronghorn._numbers import integer, real
from pronghorn.layers._tables._batches import batches
from pronghorn.layers._tables._table_layer import (
    TableLayer,
    check_mode,
    check_sparse,
    encode,
    encoded_shape,
    floating,
)

_MODES = ("int", "one_hot", "multi_hot", "count")


class Discretization(TableLayer):
    """The number of the bin that a value lies in: how many boundaries are not above it.

    Args:
        bin_boundaries: Rising boundaries between the bins; or `adapt` finds them.
        num_bins: How many bins `adapt` makes, with about as many values in each.
        epsilon: Precision of `adapt`, as a fraction of the values.
        output_mode: ``"int"``, ``"one_hot"``, ``"multi_hot"`` or ``"count"``.
        sparse: Must be false.
        dtype: Of vectors.
        name: Given automatically if None.

    Raises:
        ValueError: If not exactly one of `bin_boundaries` and `num_bins` is given, or an argument
            is out of range.

    Example:
        >>> Discretization([0.0, 1.0])([-5.0, 0.0, 0.5, 7.0]).tolist()
        [0, 1, 1, 2]
    """

    def __init__(
        self,
        bin_boundaries: Sequence[float] | None = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        sparse: bool = False,
        dtype: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if (bin_boundaries is None) == (num_bins is None):
            raise ValueError(
                "Give either `bin_boundaries` or `num_bins`. Received: "
                f"bin_boundaries={bin_boundaries}, num_bins={num_bins}"
            )
        super().__init__(
            name=name, dtype=floating(dtype) if output_mode == "int" else dtype, **kwargs
        )
        self.num_bins = None if num_bins is None else integer(num_bins, "num_bins", low=1)
        self.epsilon = real(epsilon, "epsilon", low=0.0, high=1.0, open_low=True)
        self.output_mode = check_mode(output_mode, _MODES, "Discretization")
        self.sparse = check_sparse(sparse, "Discretization")
        self.bin_boundaries = None if bin_boundaries is None else _boundaries(bin_boundaries)

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Finds boundaries such that the bins hold about as many values each.

        Args:
            data: An array, or an iterable of batches.
            steps: Batches to take; None takes all.

        Raises:
            ValueError: If the layer was given boundaries, or there are no data.
        """
        if self.num_bins is None:
            raise ValueError(
                "`adapt` is for layers with `num_bins`; this one was given `bin_boundaries`."
            )
        summary = np.zeros((2, 0), np.float32)
        for batch in batches(data, steps):
            merged = np.concatenate((_summary(batch, self.epsilon), summary), axis=1)
            summary = _compressed(merged[:, np.argsort(merged[0])], self.epsilon)
        self.bin_boundaries = _compressed(summary, 1.0 / self.num_bins)[0, :-1].tolist()

    def _transform(self, inputs: Any) -> Array:
        if self.bin_boundaries is None:
            raise ValueError(
                f"Layer '{self.name}' has no boundaries: pass `bin_boundaries` or call `adapt`."
            )
        # Compared in the precision of the layer, in which Keras keeps both.
        values = np.asarray(inputs).astype(self._dtype)
        bins = np.digitize(values, np.asarray(self.bin_boundaries, self._dtype))
        if self.output_mode == "int":
            return np.asarray(bins, np.int32)
        depth = len(self.bin_boundaries) + 1
        return encode(np.asarray(bins), self.output_mode, depth).astype(self._dtype, copy=False)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The shape of the input, or with the vectors at its end."""
        known = self.bin_boundaries
        depth = (self.num_bins or 1) if known is None else len(known) + 1
        return encoded_shape(input_shape, self.output_mode, depth)

    def _input_dtype(self, text: bool) -> str:
        return self._dtype

    def _output_dtype(self) -> str:
        return "int32" if self.output_mode == "int" else self._dtype

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {
            "bin_boundaries": self.bin_boundaries,
            "num_bins": self.num_bins,
            "epsilon": self.epsilon,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
            "name": self.name,
            "dtype": self.dtype,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Discretization:
        """Makes a layer from what `get_config` gave, with the boundaries that `adapt` found."""
        arguments = dict(config)
        found = arguments.get("bin_boundaries")
        if found is not None and arguments.get("num_bins") is not None:
            del arguments["bin_boundaries"]
            layer = cls(**arguments)
            layer.bin_boundaries = _boundaries(found)
            return layer
        return cls(**arguments)


def _boundaries(values: Any) -> list[float]:
    array = np.asarray(values, np.float64)
    if array.ndim != 1 or not np.isfinite(array).all() or (np.diff(array) < 0).any():
        raise ValueError(f"`bin_boundaries` must be a rising list of numbers. Received: {values!r}")
    return [float(value) for value in array]


def _summary(values: Array, epsilon: float) -> Array:
    """About 1 / epsilon of the sorted values and how many each stands for, shape (2, n)."""
    ordered = np.sort(np.asarray(values, np.float32).ravel())
    step = max(ordered.size * epsilon, 1)
    kept = ordered[int(step - 1) :: int(step)]
    return np.stack([kept, np.full_like(kept, step)])


def _compressed(summary: Array, epsilon: float) -> Array:
    """A summary of about 1 / epsilon values, interpolated between those of a longer one."""
    if summary.shape[1] * epsilon < 1:
        return summary
    fractions = epsilon + np.arange(0.0, 1.0, epsilon)
    totals = summary[1].cumsum()
    shares = totals / totals[-1]
    values = np.interp(fractions, shares, summary[0])
    totals = np.interp(fractions, shares, totals)
    return np.stack((values, np.diff(totals, prepend=0))).astype(np.float32)
