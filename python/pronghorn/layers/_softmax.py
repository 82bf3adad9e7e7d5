"""Softmax as a layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pronghorn import activations
from pronghorn._engine import EngineGraph
from pronghorn.layers import _lowering
from pronghorn.layers._elementwise import ActivationLayer
from pronghorn.layers._normalization import check_axis, sample_axes


class Softmax(ActivationLayer):
    """exp(x_i) / sum_j exp(x_j), the sum over `axis`.

    Args:
        axis: One axis or several, counted with the batch; not the batch itself.
        **kwargs: `name`, `dtype`.

    Raises:
        TypeError: If `axis` is no integer or list of them.
        ValueError: When called on inputs that do not have these axes.

    Example:
        >>> import numpy as np
        >>> Softmax()(np.array([[0.0, 0.0]])).tolist()
        [[0.5, 0.5]]
    """

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any) -> None:
        checked = check_axis(axis)
        super().__init__(**kwargs)
        self.axis = checked

    def _function(self) -> Callable[..., Any]:
        return activations.softmax

    def _compose(self, inputs: Sequence[Any], training: bool) -> Any:
        from pronghorn import ops

        x = inputs[0]
        axes = [axis + 1 for axis in sample_axes(self, self.axis, x.ndim)]
        powers = ops.exp(x - ops.stop_gradient(ops.max(x, axis=axes, keepdims=True)))
        return powers / ops.sum(powers, axis=axes, keepdims=True)

    def _check_inputs(self, shapes: Any) -> None:
        super()._check_inputs(shapes)
        sample_axes(self, self.axis, max(len(shapes), 2))  # a vector is one sample

    def _lower(self, graph: EngineGraph, inputs: Sequence[int]) -> list[int]:
        rank = len(graph.shapes[inputs[0]]) + 1
        axes = sample_axes(self, self.axis, rank)
        if axes == [rank - 2]:  # the form that losses recognise
            return super()._lower(graph, inputs)

        def softmax(index: int) -> int:
            return _lowering.activation(graph, index, "softmax", self.name)

        return [_lowering.on_axes(graph, inputs[0], axes, self.name, softmax)]

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "axis": self.axis}
