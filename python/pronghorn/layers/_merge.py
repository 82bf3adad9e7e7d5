"""What the element-wise merging layers share: a list of inputs, broadcasting."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pronghorn._engine import EngineGraph
from pronghorn.layers import _lowering, _masks
from pronghorn.layers._layer import Layer

if TYPE_CHECKING:
    from pronghorn._engine import Node as EngineNode


class Merge(Layer):
    """Combines a list of inputs element by element; axes of size 1 are repeated.

    Inputs with fewer axes get axes of size 1 after the batch, as in Keras.
    """

    supports_masking = True
    _joins_masks = staticmethod(all)

    _takes_list = True
    _keeps_shape = True
    _operation = ""
    _most_inputs: int | None = None

    def _check_inputs(self, shapes: Any) -> None:
        super()._check_inputs(shapes)
        if self._most_inputs is not None and len(shapes) != self._most_inputs:
            raise ValueError(
                f'Layer "{self.name}" ({type(self).__name__}) takes exactly {self._most_inputs} '
                f"inputs. Received: {len(shapes)}"
            )
        self.compute_output_shape(shapes)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Where one of the inputs counts."""
        return _masks.any_of(inputs, previous_mask)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The inputs' shapes broadcast against each other."""
        rank = max(len(shape) for shape in input_shape)
        sizes: list[int | None] = []
        for axis in range(1, rank):
            # Axes count from the last; what a shape lacks is 1.
            found = {s[axis - rank] for s in input_shape if len(s) > rank - axis} - {1}
            if len(found - {None}) > 1:
                raise ValueError(
                    f'Layer "{self.name}" merges inputs of shapes that can be broadcast. Received '
                    f"shapes {[tuple(shape) for shape in input_shape]}."
                )
            sizes.append(max(found, key=lambda size: size or 0) if found else 1)
        return (input_shape[0][0], *sizes)

    def _compose(self, inputs: Sequence[Any], training: bool) -> Any:
        from pronghorn import ops

        rank = max(x.ndim for x in inputs)
        aligned = [
            ops.reshape(x, (x.shape[0], *(1,) * (rank - x.ndim), *x.shape[1:])) for x in inputs
        ]
        return functools.reduce(getattr(ops, self._operation), aligned)

    def _compose_masked(self, inputs: Sequence[Any], masks: Sequence[Any]) -> Any:
        """As `_compose`, for inputs of which some are masked: there the others alone count.

        Args:
            inputs: Tensors.
            masks: One an input; None where there is none.
        """
        raise NotImplementedError

    def _aligned(self, graph: EngineGraph, inputs: Sequence[int]) -> list[int]:
        """The inputs as nodes of one shape."""
        shapes = [(None, *graph.shapes[index]) for index in inputs]
        target = [size or 0 for size in self.compute_output_shape(shapes)[1:]]
        return [_lowering.broadcast(graph, index, target, self.name) for index in inputs]

    def _lower(self, graph: EngineGraph, inputs: Sequence[int]) -> list[int]:
        first, *rest = self._aligned(graph, inputs)
        for other in rest:
            node: EngineNode = {"op": self._operation, "name": self.name, "inputs": [first, other]}
            first = graph.append(node, graph.shapes[first])
        return [first]
