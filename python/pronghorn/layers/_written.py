"""Products with a weight, and sums and scalings by one, as a layer of the user's own writes them.

Where a `call` is traced they become operations of the engine, so that a layer such as
``activation(ops.matmul(x, self.kernel) + self.bias)`` runs as `Dense` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pronghorn._graph import KerasTensor
from pronghorn._variable import Variable
from pronghorn.layers import _call_context
from pronghorn.layers._layer import Layer

if TYPE_CHECKING:
    from pronghorn._engine import EngineGraph
    from pronghorn._engine import Node as EngineNode


class _WithWeight(Layer):
    """An operation of one tensor and one weight of the layer that is being traced."""

    def __init__(self, name: str, owner: Layer, variable: Variable) -> None:
        super().__init__(name=_call_context.operation_name(name))
        self._owner, self._variable = owner, variable
        self._same = (name, id(variable))
        self.built = True

    def _freedom(self, graph: EngineGraph) -> dict[str, Any]:
        frozen = [] if self._variable.trainable else [graph.variable(self._variable)]
        return {"trainable": self._owner.trainable, "frozen": frozen}


class Product(_WithWeight):
    """X W."""

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], self._variable.shape[1])

    def _engine_node(self, graph: EngineGraph, shapes: Sequence[tuple[int, ...]]) -> EngineNode:
        node: Any = {
            "op": "dense",
            "units": self._variable.shape[1],
            "kernel": graph.variable(self._variable),
            "bias": None,
            **self._freedom(graph),
        }
        graph.written.append(node)
        return node  # type: ignore[no-any-return]

    def _compose(self, inputs: Sequence[Any], training: bool) -> Any:
        from pronghorn import ops

        return ops.matmul(inputs[0], self._variable)


class Shift(_WithWeight):
    """X + b, with an element of b for each of the last axis."""

    _weights_of_node: tuple[int | None, int | None] = (None, 0)

    def _engine_node(self, graph: EngineGraph, shapes: Sequence[tuple[int, ...]]) -> EngineNode:
        index = graph.variable(self._variable)
        node: Any = {
            "op": "affine",
            "shape": (*(1,) * (len(shapes[0]) - 1), *self._variable.shape),
            "weights": [-1 if place is None else index for place in self._weights_of_node],
            **self._freedom(graph),
        }
        graph.written.append(node)
        return node  # type: ignore[no-any-return]

    def _compose(self, inputs: Sequence[Any], training: bool) -> Any:
        return inputs[0] + self._variable


class Scale(Shift):
    """X * g, with an element of g for each of the last axis."""

    _weights_of_node = (0, None)

    def _compose(self, inputs: Sequence[Any], training: bool) -> Any:
        return inputs[0] * self._variable


_SYMMETRIC = {"add": Shift, "multiply": Scale}


def with_weight(name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """The output of an operation of a tensor and a weight; None where it is another one."""
    owner = _call_context.layer_now()
    if owner is None or kwargs or len(args) != 2 or not _call_context.tracing():
        return None
    x, variable = args
    if name in _SYMMETRIC and isinstance(x, Variable):
        x, variable = variable, x
    if not (isinstance(x, KerasTensor) and isinstance(variable, Variable)) or x.ndim < 2:
        return None
    # A weight that the layer did not make by `add_weight` need not follow its `trainable`.
    if not any(variable is each for each in owner._weights) or variable.dtype != x.dtype:
        return None
    if name == "matmul" and variable.ndim == 2 and x.shape[-1] == variable.shape[0]:
        return Product(name, owner, variable)(x)
    if name in _SYMMETRIC and variable.shape == (x.shape[-1],):
        return _SYMMETRIC[name](name, owner, variable)(x)
    return None
