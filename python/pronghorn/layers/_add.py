"""Sums of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pronghorn._engine import EngineGraph
from pronghorn.layers._merge import Merge

if TYPE_CHECKING:
    from pronghorn._engine import Node as EngineNode


class Add(Merge):
    """Adds a list of inputs element by element.

    Args:
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: When called on something else than a list of inputs whose shapes can be
            broadcast.

    Example:
        >>> import numpy as np
        >>> Add()([np.ones((1, 2)), np.ones((1, 2))]).tolist()
        [[2.0, 2.0]]
    """

    _operation = "add"

    def _lower(self, graph: EngineGraph, inputs: Sequence[int]) -> list[int]:
        nodes = self._aligned(graph, inputs)
        node: EngineNode = {"op": "add", "name": self.name, "inputs": nodes}
        return [graph.append(node, graph.shapes[nodes[0]])]


def add(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """Adds a list of tensors or arrays; see `Add`.

    Args:
        inputs: Tensors or arrays whose shapes can be broadcast.
        **kwargs: Arguments of `Add`.

    Example:
        >>> import numpy as np
        >>> add([np.ones((1, 2)), np.ones((1, 2))]).tolist()
        [[2.0, 2.0]]
    """
    return Add(**kwargs)(inputs)
