"""Softmax as a layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pronghorn import activations
from pronghorn._engine import EngineGraph
from pronghorn.layers import _lowering, _masks
from pronghorn.layers._elementwise import ActivationLayer
from pronghorn.layers._normalization import check_axis, sample_axes

_FAR_BELOW = -1e9  # as in Keras


class Softmax(ActivationLayer):
    """exp(x_i) / sum_j exp(x_j), the sum over `axis`.

    A mask, which must be broadcastable to the input, leaves elements out of the sum. It is an
    argument of the call, ``layer(x, mask=mask)``, or comes with the input.

    Args:
        axis: One axis or several, counted with the batch; not the batch itself.
        **kwargs: `name`, `dtype`.

    Raises:
        TypeError: If `axis` is no integer or list of them.
        ValueError: When called on inputs that do not have these axes, or with a mask that does not
            fit.

    Example:
        >>> import numpy as np
        >>> Softmax()(np.array([[0.0, 0.0]])).tolist()
        [[0.5, 0.5]]
    """

    _heeds_masks = True

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

    def _call_built_in(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if mask is not None:
            given = np.asarray(mask)
            mask = given if given.dtype == bool else given > 0.5
        return super()._call_built_in(_masks.given(inputs, mask, self), training)

    def _call_masked(self, inputs: Sequence[Any], mask: Any, training: bool) -> Any:
        """The layer from operations, with what is masked far below everything else."""
        from pronghorn import ops

        x = inputs[0]
        shape, own = tuple(x.shape), np.shape(mask)
        pairs = zip(own[::-1], shape[::-1], strict=False)
        if len(own) > len(shape) or any(size not in (1, whole) for size, whole in pairs):
            raise ValueError(
                f"The mask of layer '{self.name}' must be broadcastable to its inputs. "
                f"Received: mask of shape {own}, inputs of shape {shape}"
            )
        x = ops.where(np.broadcast_to(mask, shape), x, np.asarray(_FAR_BELOW, x.dtype))
        if len(shape) > 1:
            return self._compose([x], training)
        return self._compose([x[None]], training)[0]

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
