"""Vectors repeated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pronghorn._engine import EngineGraph
from pronghorn.layers import _lowering
from pronghorn.layers._input_spec import InputSpec
from pronghorn.layers._layer import Layer


class RepeatVector(Layer):
    """Each vector n times: (batch, features) becomes (batch, n, features).

    Args:
        n: How often.
        **kwargs: `name`, `dtype`.

    Raises:
        TypeError: If `n` is no integer.
        ValueError: If `n` is not positive, or when called on something else than vectors.

    Example:
        >>> import numpy as np
        >>> RepeatVector(2)(np.array([[1.0, 2.0]])).tolist()
        [[[1.0, 2.0], [1.0, 2.0]]]
    """

    _tells_shape = True
    _keeps_values = True

    def __init__(self, n: int, **kwargs: Any) -> None:
        if isinstance(n, bool) or not hasattr(n, "__index__"):
            raise TypeError(f"`n` must be an integer. Received: n={n!r}")
        if n < 1:
            raise ValueError(f"`n` must be positive. Received: n={n}")
        super().__init__(**kwargs)
        self.n = int(n)

    def _check_inputs(self, shapes: Any) -> None:
        super()._check_inputs(shapes)
        if len(shapes) != 2:
            raise ValueError(
                f'Layer "{self.name}" takes inputs of shape (batch, features). Received shape '
                f"{tuple(shapes)}."
            )

    def _own_input_spec(self) -> InputSpec:
        return InputSpec(ndim=2)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """(batch, n, features)."""
        return (input_shape[0], self.n, input_shape[1])

    def _compose(self, inputs: Sequence[Any], training: bool) -> Any:
        from pronghorn import ops

        return ops.repeat(ops.expand_dims(inputs[0], 1), self.n, axis=1)

    def _lower(self, graph: EngineGraph, inputs: Sequence[int]) -> list[int]:
        (features,) = graph.shapes[inputs[0]]
        return [_lowering.strided(graph, inputs[0], (self.n, features), (0, 1), self.name)]

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "n": self.n}
