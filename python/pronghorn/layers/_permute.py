"""Axes of samples in another order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pronghorn._engine import EngineGraph
from pronghorn.layers import _lowering
from pronghorn.layers._input_spec import InputSpec
from pronghorn.layers._layer import Layer


class Permute(Layer):
    """Axis k of the output is axis ``dims[k - 1]`` of the input, the batch being axis 0.

    Args:
        dims: The numbers from 1 to the number of a sample's axes, in the new order.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: If `dims` is no permutation or does not fit the input.

    Example:
        >>> import numpy as np
        >>> Permute((2, 1))(np.array([[[1.0, 2.0], [3.0, 4.0]]])).tolist()
        [[[1.0, 3.0], [2.0, 4.0]]]
    """

    _tells_shape = True
    _keeps_values = True

    def __init__(self, dims: Sequence[int], **kwargs: Any) -> None:
        given = tuple(dims)
        if sorted(given) != list(range(1, len(given) + 1)):
            raise ValueError(
                "`dims` must hold the numbers from 1 to the number of axes, each once. "
                f"Received: dims={dims!r}"
            )
        super().__init__(**kwargs)
        self.dims = tuple(int(axis) for axis in given)

    def _check_inputs(self, shapes: Any) -> None:
        super()._check_inputs(shapes)
        if len(shapes) != len(self.dims) + 1:
            raise ValueError(
                f'Layer "{self.name}" takes inputs with {len(self.dims) + 1} dimensions: '
                f"dims={self.dims}. Received shape {tuple(shapes)}."
            )

    def _own_input_spec(self) -> InputSpec:
        return InputSpec(ndim=len(self.dims) + 1)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The sizes in the new order."""
        return (input_shape[0], *(input_shape[axis] for axis in self.dims))

    def _compose(self, inputs: Sequence[Any], training: bool) -> Any:
        from pronghorn import ops

        return ops.transpose(inputs[0], (0, *self.dims))

    def _lower(self, graph: EngineGraph, inputs: Sequence[int]) -> list[int]:
        order = [axis - 1 for axis in self.dims]
        return [_lowering.permute(graph, inputs[0], order, self.name)]

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "dims": self.dims}
