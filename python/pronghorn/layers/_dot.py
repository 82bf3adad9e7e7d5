"""Dot products of tensors along an axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pronghorn._engine import EngineGraph
from pronghorn.layers import _lowering
from pronghorn.layers._layer import Layer

if TYPE_CHECKING:
    from pronghorn._engine import Node as EngineNode


class Dot(Layer):
    """For each sample, sums the products of two inputs along one axis of each.

    The output has the remaining axes of the first input and then those of the second; a single
    number a sample comes as shape (batch, 1).

    Args:
        axes: The axis of both inputs, or a pair; counted with the batch, not the batch itself.
        normalize: Whether to scale both inputs to length one along their axis first, which makes
            the result a cosine.
        **kwargs: `name`, `dtype`.

    Raises:
        TypeError: If `axes` is no integer or pair.
        ValueError: When called on something else than two inputs with axes of one size.

    Example:
        >>> import numpy as np
        >>> Dot(axes=1)([np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])]).tolist()
        [[11.0]]
    """

    supports_masking = True
    _joins_masks = staticmethod(lambda masked: False)

    _takes_list = True
    _min_ndim = 2

    def __init__(self, axes: int | Sequence[int], normalize: bool = False, **kwargs: Any) -> None:
        pair = [axes] if hasattr(axes, "__index__") else axes
        if not isinstance(pair, (list, tuple)):
            raise TypeError(f"`axes` must be an integer or a pair. Received: axes={axes!r}")
        if pair is axes and len(pair) != 2:
            raise ValueError(f"`axes` must hold two axes. Received: axes={axes!r}")
        if any(isinstance(axis, bool) or not hasattr(axis, "__index__") for axis in pair):
            raise ValueError(f"`axes` must be made of integers. Received: axes={axes!r}")
        super().__init__(**kwargs)
        self.axes = axes
        self.normalize = bool(normalize)

    def _axes(self, shapes: Sequence[Sequence[int | None]]) -> list[int]:
        """The axis of each input, counted with the batch."""
        wanted = [self.axes] * 2 if isinstance(self.axes, int) else list(self.axes)
        found = []
        for axis, shape in zip(wanted, shapes, strict=True):
            positive = axis + len(shape) if axis < 0 else axis
            if not 0 < positive < len(shape):
                raise ValueError(
                    f'Layer "{self.name}" takes axes from 1 to the last. Received: '
                    f"axes={self.axes} for shapes {[tuple(s) for s in shapes]}"
                )
            found.append(positive)
        return found

    def _check_inputs(self, shapes: Any) -> None:
        super()._check_inputs(shapes)
        if len(shapes) != 2:
            raise ValueError(
                f'Layer "{self.name}" (Dot) takes exactly 2 inputs. Received: {len(shapes)}'
            )
        left, right = self._axes(shapes)
        if shapes[0][left] != shapes[1][right]:
            raise ValueError(
                f'Layer "{self.name}" needs axes of one size. Received: axes={self.axes} for '
                f"shapes {[tuple(shape) for shape in shapes]}"
            )

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> None:
        """None: the axes of the inputs are gone."""

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The axes that remain of both inputs."""
        left, right = self._axes(input_shape)
        first, second = input_shape
        rest = [size for axis, size in enumerate(first) if axis not in (0, left)]
        rest += [size for axis, size in enumerate(second) if axis not in (0, right)]
        return (first[0], *(rest or [1]))

    def _rows(self, graph: EngineGraph, index: int, axis: int) -> int:
        """The node as a matrix whose columns are the axis to be summed over."""
        shape = graph.shapes[index]
        order = [a for a in range(len(shape)) if a != axis] + [axis]
        moved = _lowering.permute(graph, index, order, self.name)
        rows = math.prod(shape) // shape[axis]
        matrix = _lowering.reshape(graph, moved, (rows, shape[axis]), self.name)
        if not self.normalize:
            return matrix
        # The bound of the length is Keras's backend.epsilon().
        return _lowering.activation(graph, matrix, "unit_length", self.name, p0=1e-7)

    def _compose(self, inputs: Sequence[Any], training: bool) -> Any:
        from pronghorn import ops

        rows = []
        for x, axis in zip(inputs, self._axes([x.shape for x in inputs]), strict=True):
            row = ops.reshape(ops.moveaxis(x, axis, -1), (x.shape[0], -1, x.shape[axis]))
            if self.normalize:
                squares = ops.sum(ops.square(row), axis=-1, keepdims=True)
                row = row * ops.rsqrt(ops.maximum(squares, 1e-14))
            rows.append(row)
        product = ops.matmul(rows[0], ops.swapaxes(rows[1], 1, 2))
        return ops.reshape(product, self.compute_output_shape([x.shape for x in inputs]))

    def _lower(self, graph: EngineGraph, inputs: Sequence[int]) -> list[int]:
        shapes = [(None, *graph.shapes[index]) for index in inputs]
        axes = self._axes(shapes)
        rows = [
            self._rows(graph, index, axis - 1) for index, axis in zip(inputs, axes, strict=True)
        ]
        node: EngineNode = {"op": "batch_dot", "name": self.name, "inputs": rows}
        sizes = (graph.shapes[rows[0]][0], graph.shapes[rows[1]][0])
        product = graph.append(node, sizes)
        output = [size or 0 for size in self.compute_output_shape(shapes)[1:]]
        return [_lowering.reshape(graph, product, output, self.name)]

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "axes": self.axes, "normalize": self.normalize}


def dot(inputs: Sequence[Any], axes: int | Sequence[int] = -1, **kwargs: Any) -> Any:
    """Sums the products of two tensors or arrays along one axis of each; see `Dot`.

    Args:
        inputs: Two, of at least one axis beside the batch.
        axes: The axis of both, or a pair; counted with the batch.
        **kwargs: Arguments of `Dot`.

    Example:
        >>> import numpy as np
        >>> dot([np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])]).tolist()
        [[11.0]]
    """
    return Dot(axes=axes, **kwargs)(inputs)
