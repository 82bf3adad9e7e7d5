"""Columns to mean 0 and variance 1, with what was learnt from the data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pronghorn import config, initializers
from pronghorn._engine import Array, EngineGraph
from pronghorn._variable import Variable
from pronghorn.layers import _lowering
from pronghorn.layers._layer import Layer
from pronghorn.layers._tables._batches import batches

if TYPE_CHECKING:
    from pronghorn._engine import Node as EngineNode


class Normalization(Layer):
    """Y = (X - mean) / sqrt(variance), with numbers from `adapt` or given; part of any model.

    Args:
        axis: The axis, or axes, whose positions have a mean and a variance each, counted with the
            batch; None for one of each over everything.
        mean: The mean, or one for each position; with `variance`.
        variance: Likewise.
        invert: Whether to do the opposite: X sqrt(variance) + mean.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: If only one of `mean` and `variance` is given, or they do not fit.

    Example:
        >>> layer = Normalization()
        >>> layer.adapt(np.array([[1.0, 10.0], [3.0, 30.0]]))
        >>> layer(np.array([[2.0, 30.0]])).tolist()
        [[0.0, 1.0]]
    """

    supports_masking = True

    _tells_shape = True

    def __init__(
        self,
        axis: int | Sequence[int] | None = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        axes = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        if any(isinstance(a, bool) or not hasattr(a, "__index__") or a == 0 for a in axes):
            raise ValueError(
                f"`axis` must be axes other than the batch, 0. Received: axis={axis!r}"
            )
        self.axis = tuple(int(a) for a in axes)
        if (mean is None) != (variance is None):
            raise ValueError(
                "`mean` and `variance` must be given together. "
                f"Received: mean={mean!r} and variance={variance!r}"
            )
        if mean is not None and np.shape(mean) != np.shape(variance):
            raise ValueError(
                "`mean` and `variance` must have the same shape. Received shapes "
                f"{np.shape(mean)} and {np.shape(variance)}."
            )
        if mean is not None and np.ndim(mean) > len(self.axis):
            raise ValueError(
                f"`mean` has more dimensions than there are axes ({len(self.axis)}). "
                f"Received shape {np.shape(mean)}."
            )
        self.input_mean = mean
        self.input_variance = variance
        self.invert = bool(invert)
        self._learnt: tuple[Variable, Variable] | None = None
        # What the engine reads: the mean, and the variance kept away from zero.
        self._shift: Variable | None = None
        self._spread: Variable | None = None

    def _kept_axes(self, rank: int) -> list[int]:
        axes = [axis + rank if axis < 0 else axis for axis in self.axis]
        if any(not 0 < axis < rank for axis in axes):
            raise ValueError(
                f"Layer '{self.name}' has axis={self.axis}, which inputs with {rank} dimensions "
                "(the batch included) do not have."
            )
        return sorted(axes)

    def _create_weights(self, input_shape: Sequence[int | None]) -> None:
        sizes = [input_shape[axis] for axis in self._kept_axes(len(input_shape))]
        if None in sizes:
            raise ValueError(
                f"Layer '{self.name}' needs to know the sizes of the axes that it keeps. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        shape = tuple(int(size or 0) for size in sizes)
        flat = (math.prod(shape),)
        self._shift = Variable(np.zeros(flat), dtype=self._dtype, trainable=False)
        self._spread = Variable(np.ones(flat), dtype=self._dtype, trainable=False)
        if self.input_mean is None:
            self._learnt = (
                self.add_weight(shape, initializers.Zeros(), "mean", trainable=False),
                self.add_weight(shape, initializers.Ones(), "variance", trainable=False),
            )
            # Keras's layer has it for files of its older versions; it stays 0 there, too.
            zeros = initializers.Zeros()
            self.count = self.add_weight((), zeros, "count", trainable=False, dtype="int32")
            self.finalize_state()
            return
        try:
            given = [
                np.broadcast_to(np.asarray(values, np.float64), shape)
                for values in (self.input_mean, self.input_variance)
            ]
        except ValueError:
            raise ValueError(
                f"`mean` and `variance` of layer '{self.name}' have shape "
                f"{np.shape(self.input_mean)}, which does not fit axes of sizes {shape}."
            ) from None
        self._set(*given)

    def _set(self, mean: Array, variance: Array) -> None:
        assert self._shift is not None
        assert self._spread is not None
        floor = config.epsilon() ** 2  # as Keras bounds the standard deviation
        self._shift.assign(np.asarray(mean).ravel())
        self._spread.assign(np.maximum(np.asarray(variance, np.float64).ravel(), floor))

    def finalize_state(self) -> None:
        """Makes the learnt numbers effective; `adapt` and loading call it."""
        if self._learnt is not None:
            self._set(*(variable.numpy() for variable in self._learnt))

    @property
    def mean(self) -> Array | None:
        """The mean in use, with the batch and the other axes of length 1; None before building."""
        return self._broadcast(self._shift)

    @property
    def variance(self) -> Array | None:
        """The variance in use, likewise."""
        return self._broadcast(self._spread)

    def _broadcast(self, variable: Variable | None) -> Array | None:
        if variable is None:
            return None
        rank = len(self._build_shape)
        kept = self._kept_axes(rank)
        shape = [self._build_shape[axis] if axis in kept else 1 for axis in range(rank)]
        return variable.numpy().reshape(shape)

    def adapt(self, data: Any) -> None:
        """Learns mean and variance of the data, in float64; what was learnt before is forgotten.

        Args:
            data: An array of shape (samples, ...), or an iterable of batches.

        Raises:
            ValueError: If the layer was given its numbers, or the data do not fit it.
            TypeError: If `data` is neither.
        """
        if self.input_mean is not None:
            raise ValueError(f"Layer '{self.name}' was given `mean` and `variance`.")
        count, mean, squares = 0, np.float64(0.0), np.float64(0.0)
        for batch in batches(data):
            values = np.asarray(batch, np.float64)
            if not self.built:
                self.build((None, *values.shape[1:]))
            self._check_inputs(values.shape)
            kept = self._kept_axes(values.ndim)
            reduced = tuple(axis for axis in range(values.ndim) if axis not in kept)
            number = math.prod(values.shape[axis] for axis in reduced)
            if not number:
                continue
            # Chan, Golub & LeVeque, Am. Stat. 37(3), 1983: sums of squares of joined samples.
            own = values.mean(axis=reduced)
            gap = own - mean
            total = count + number
            squares = squares + values.var(axis=reduced) * number
            squares = squares + gap**2 * (count * number / total)
            mean, count = mean + gap * (number / total), total
        if not count or self._learnt is None:
            raise ValueError("`data` has no samples to learn from.")
        self._learnt[0].assign(mean)
        self._learnt[1].assign(squares / count)
        self.finalize_state()

    def _check_inputs(self, shapes: Any) -> None:
        super()._check_inputs(shapes)
        kept = self._kept_axes(len(shapes))
        if self._build_shape is not None and any(
            axis >= len(self._build_shape) or shapes[axis] != self._build_shape[axis]
            for axis in kept
        ):
            raise ValueError(
                f'Input of layer "{self.name}" does not fit: it was built for shape '
                f"{tuple(self._build_shape)}, received shape {tuple(shapes)}."
            )

    def _compose(self, inputs: Sequence[Any], training: bool) -> Any:
        from pronghorn import ops

        x = inputs[0]
        assert self._shift is not None
        assert self._spread is not None
        kept = self._kept_axes(x.ndim)
        shape = [size if axis in kept else 1 for axis, size in enumerate(x.shape)]
        mean = ops.reshape(self._shift, shape)
        deviation = ops.reshape(ops.sqrt(self._spread), shape)
        return x * deviation + mean if self.invert else (x - mean) / deviation

    def _lower(self, graph: EngineGraph, inputs: Sequence[int]) -> list[int]:
        shape = graph.shapes[inputs[0]]
        kept = [axis - 1 for axis in self._kept_axes(len(shape) + 1)]
        order = [axis for axis in range(len(shape)) if axis not in kept] + kept
        moved = _lowering.permute(graph, inputs[0], order, self.name)
        columns = math.prod(shape[axis] for axis in kept)
        rows = math.prod(shape) // max(columns, 1)
        flat = _lowering.reshape(graph, moved, (rows, columns), self.name)
        result = graph.append(self._node(graph, flat), (rows, columns))
        back = _lowering.reshape(graph, result, graph.shapes[moved], self.name)
        return [_lowering.permute(graph, back, _lowering.inverse(order), self.name)]

    def _node(self, graph: EngineGraph, index: int) -> EngineNode:
        if self.invert:
            assert self._shift is not None
            assert self._spread is not None
            scale = Variable(np.sqrt(self._spread.numpy()), dtype=graph.dtype, trainable=False)
            return {
                "op": "affine",
                "name": self.name,
                "inputs": [index],
                "shape": (1, self._spread.size),
                **_lowering.weight_fields(self, graph, [scale, self._shift]),
                "trainable": False,
            }
        return {
            "op": "batch_normalization",
            "name": self.name,
            "inputs": [index],
            "numbers": {"epsilon": 0.0, "momentum": 1.0},
            **_lowering.weight_fields(self, graph, [None, None, self._shift, self._spread]),
            "trainable": False,
        }

    def load_own_variables(self, store: dict[str, Any]) -> None:
        super().load_own_variables(store)
        self.finalize_state()

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        plain = [
            None if values is None else np.asarray(values).tolist()
            for values in (self.input_mean, self.input_variance)
        ]
        return {
            **super().get_config(),
            "axis": self.axis,
            "invert": self.invert,
            "mean": plain[0],
            "variance": plain[1],
        }
