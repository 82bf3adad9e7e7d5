"""Joining of tensors along an axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from pronghorn._engine import EngineGraph
from pronghorn.layers._layer import Layer


class Concatenate(Layer):
    """Joins a list of inputs along one axis.

    Args:
        axis: Counted with the batch; not the batch itself.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: When called on something else than a list of inputs that agree in all axes but
            `axis`.

    Example:
        >>> import numpy as np
        >>> Concatenate()([np.zeros((1, 2)), np.ones((1, 1))]).tolist()
        [[0.0, 0.0, 1.0]]
    """

    supports_masking = True

    _takes_list = True
    _min_ndim = 2
    _keeps_values = True

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        if isinstance(axis, bool) or not hasattr(axis, "__index__"):
            raise ValueError(f"`axis` must be an integer. Received: axis={axis!r}")
        super().__init__(**kwargs)
        self.axis = int(axis)

    def _axis(self, rank: int) -> int:
        axis = self.axis + rank if self.axis < 0 else self.axis
        if not 0 < axis < rank:
            raise ValueError(
                f'Layer "{self.name}" joins inputs with {rank} dimensions along an axis from 1 to '
                f"{rank - 1}. Received: axis={self.axis}"
            )
        return axis

    def _check_inputs(self, shapes: Any) -> None:
        super()._check_inputs(shapes)
        axis = self._axis(len(shapes[0]))
        rests = {tuple(shape[1:axis]) + tuple(shape[axis + 1 :]) for shape in shapes}
        if len(rests) > 1 or len({len(shape) for shape in shapes}) > 1:
            raise ValueError(
                f'Layer "{self.name}" joins inputs that have one shape but for axis {axis}. '
                f"Received shapes {[tuple(shape) for shape in shapes]}."
            )

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Where one of the inputs counts; along the steps, the masks one after the other."""
        if previous_mask is None or all(mask is None for mask in previous_mask):
            return None
        whole = []
        for value, mask in zip(inputs, previous_mask, strict=True):
            shape = tuple(value.shape)
            known = np.ones(shape, bool) if mask is None else np.asarray(mask)
            known = known.reshape(known.shape + (1,) * (len(shape) - known.ndim))
            whole.append(np.broadcast_to(known, shape))
        return np.concatenate(whole, axis=self.axis).any(axis=-1)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The common shape with the sum of the sizes at `axis`."""
        axis = self._axis(len(input_shape[0]))
        sizes = [shape[axis] for shape in input_shape]
        total = None if None in sizes else sum(sizes)
        first = input_shape[0]
        return (*first[:axis], total, *first[axis + 1 :])

    def _compose(self, inputs: Sequence[Any], training: bool) -> Any:
        from pronghorn import ops

        return ops.concatenate(list(inputs), axis=self.axis)

    def _lower(self, graph: EngineGraph, inputs: Sequence[int]) -> list[int]:
        """Any axis becomes the last one: what follows it is folded into it for the join."""
        shapes = [graph.shapes[index] for index in inputs]
        axis = self._axis(len(shapes[0]) + 1) - 1
        last = axis == len(shapes[0]) - 1
        if not last:
            inputs = [
                self._reshape(graph, index, (*shape[:axis], math.prod(shape[axis:])))
                for index, shape in zip(inputs, shapes, strict=True)
            ]
        joined = (*shapes[0][:axis], sum(graph.shapes[index][axis] for index in inputs))
        node = graph.append(
            {"op": "concatenate", "name": self.name, "inputs": list(inputs)}, joined
        )
        if last:
            return [node]
        output = self.compute_output_shape([(None, *shape) for shape in shapes])
        return [self._reshape(graph, node, tuple(size or 0 for size in output[1:]))]

    def _reshape(self, graph: EngineGraph, index: int, shape: tuple[int, ...]) -> int:
        return graph.append(
            {"op": "reshape", "name": self.name, "inputs": [index], "shape": shape}, shape
        )

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "axis": self.axis}


def concatenate(inputs: Sequence[Any], axis: int = -1, **kwargs: Any) -> Any:
    """Joins a list of tensors or arrays; see `Concatenate`.

    Args:
        inputs: Equal in shape but for `axis`.
        axis: Counted with the batch.
        **kwargs: Arguments of `Concatenate`.

    Example:
        >>> import numpy as np
        >>> concatenate([np.zeros((1, 2)), np.ones((1, 1))]).tolist()
        [[0.0, 0.0, 1.0]]
    """
    return Concatenate(axis=axis, **kwargs)(inputs)
