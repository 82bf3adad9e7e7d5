"""Softmax as a layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from pronghorn import activations
from pronghorn._engine import EngineGraph
from pronghorn.layers._elementwise import ActivationLayer

if TYPE_CHECKING:
    from pronghorn._engine import Node as EngineNode


class Softmax(ActivationLayer):
    """exp(x_i) / sum_j exp(x_j) along the last axis.

    Args:
        axis: The last axis, as -1 or its number.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: When called on inputs of which `axis` is not the last.

    Example:
        >>> import numpy as np
        >>> Softmax()(np.array([[0.0, 0.0]])).tolist()
        [[0.5, 0.5]]
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def _function(self) -> Callable[..., Any]:
        return activations.softmax

    def _engine_node(self, graph: EngineGraph, shapes: Sequence[tuple[int, ...]]) -> EngineNode:
        rank = len(shapes[0]) + 1
        if self.axis not in (-1, rank - 1, (-1,), [-1]):
            raise ValueError(
                f'Layer "{self.name}" normalises the last axis only: `axis` must be -1 or '
                f"{rank - 1} for inputs with {rank} dimensions. Received: axis={self.axis}"
            )
        return super()._engine_node(graph, shapes)

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "axis": self.axis}
