"""What the activation layers share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from pronghorn._engine import EngineGraph
from pronghorn.activations._function import engine_spec
from pronghorn.layers._layer import Layer

if TYPE_CHECKING:
    from pronghorn._engine import Activation as ActivationSpec
    from pronghorn._engine import Node as EngineNode


class ActivationLayer(Layer):
    """A layer that is one of the engine's activations; subclasses say which."""

    supports_masking = True
    _keeps_shape = True

    def _function(self) -> Callable[..., Any]:
        """The activation as a function of one argument."""
        raise NotImplementedError

    def _compose(self, inputs: Sequence[Any], training: bool) -> Any:
        return self._function()(inputs[0])

    def _engine_node(self, graph: EngineGraph, shapes: Sequence[tuple[int, ...]]) -> EngineNode:
        specification = cast("ActivationSpec", engine_spec(self._function()))
        return {"op": "activation", "activation": specification}
