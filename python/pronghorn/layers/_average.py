"""Means of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pronghorn._engine import EngineGraph
from pronghorn.layers import _lowering
from pronghorn.layers._merge import Merge

if TYPE_CHECKING:
    from pronghorn._engine import Node as EngineNode


class Average(Merge):
    """The mean of a list of inputs, element by element.

    Args:
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: When called on something else than a list of inputs whose shapes can be
            broadcast.

    Example:
        >>> import numpy as np
        >>> Average()([np.array([[1.0, 5.0]]), np.array([[4.0, 2.0]])]).tolist()
        [[2.5, 3.5]]
    """

    _operation = "add"

    def _compose(self, inputs: Sequence[Any], training: bool) -> Any:
        return super()._compose(inputs, training) * (1.0 / len(inputs))

    def _lower(self, graph: EngineGraph, inputs: Sequence[int]) -> list[int]:
        nodes = self._aligned(graph, inputs)
        total: EngineNode = {"op": "add", "name": self.name, "inputs": nodes}
        index = graph.append(total, graph.shapes[nodes[0]])
        return [_lowering.activation(graph, index, "rescale", self.name, p0=1.0 / len(nodes))]


def average(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """The mean of a list of tensors or arrays, element by element; see `Average`.

    Args:
        inputs: Tensors or arrays whose shapes can be broadcast.
        **kwargs: Arguments of `Average`.

    Example:
        >>> import numpy as np
        >>> average([np.array([[1.0, 5.0]]), np.array([[4.0, 2.0]])]).tolist()
        [[2.5, 3.5]]
    """
    return Average(**kwargs)(inputs)
