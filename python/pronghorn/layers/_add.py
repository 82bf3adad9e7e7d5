"""Sums of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pronghorn._engine import EngineGraph
from pronghorn.layers._layer import Layer

if TYPE_CHECKING:
    from pronghorn._engine import Node as EngineNode


class Add(Layer):
    """Adds a list of inputs of one shape, element by element.

    Args:
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: When called on something else than a list of inputs of one shape.

    Example:
        >>> import numpy as np
        >>> Add()([np.ones((1, 2)), np.ones((1, 2))]).tolist()
        [[2.0, 2.0]]
    """

    _takes_list = True
    _keeps_shape = True

    def _check_inputs(self, shapes: Any) -> None:
        super()._check_inputs(shapes)
        if any(shape[1:] != shapes[0][1:] for shape in shapes):
            raise ValueError(
                f'Layer "{self.name}" adds inputs of one shape. Received shapes '
                f"{[tuple(shape) for shape in shapes]}."
            )

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Shape of the first input."""
        return tuple(input_shape[0])

    def _compose(self, inputs: Sequence[Any], training: bool) -> Any:
        total = inputs[0]
        for each in inputs[1:]:
            total = total + each
        return total

    def _engine_node(self, graph: EngineGraph, shapes: Sequence[tuple[int, ...]]) -> EngineNode:
        return {"op": "add"}


def add(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """Adds a list of tensors or arrays; see `Add`.

    Args:
        inputs: Of one shape.
        **kwargs: Arguments of `Add`.

    Example:
        >>> import numpy as np
        >>> add([np.ones((1, 2)), np.ones((1, 2))]).tolist()
        [[2.0, 2.0]]
    """
    return Add(**kwargs)(inputs)
