"""From a layer's own `call` to the engine's graph, where it draws one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pronghorn import _tree
from pronghorn._autodiff import paused
from pronghorn._graph import KerasTensor, Node
from pronghorn.layers import _masks
from pronghorn.layers._call_context import NotCompilable, trace
from pronghorn.layers._custom import call

if TYPE_CHECKING:
    from pronghorn.layers._layer import Layer


def lower(layer: Layer, graph: Any, inputs: Any) -> list[int]:
    """Appends a layer with its own `call` to the engine's graph, if that is made of its layers.

    Raises:
        NotCompilable: If it is not.
    """
    from pronghorn.layers import _lowering
    from pronghorn.layers._input_layer import InputLayer

    tensors = []
    for i, index in enumerate(inputs):
        source = InputLayer(shape=graph.shapes[index], dtype=graph.dtype, name=f"{layer.name}_{i}")
        tensors.append(source._inbound_nodes[0].outputs[0])
    calls = [node.call for node in layer._inbound_nodes if node.call is not None]
    if any(each[1] or not isinstance(each[0], KerasTensor) for each in calls):
        raise NotCompilable(f"Layer '{layer.name}' is called on more than one tensor.")
    # A fixed `training` gives way to what fit and predict ask for, as in Keras.
    if any(each[2].keys() - {"training"} or each[2].get("training") for each in calls):
        raise NotCompilable(f"Layer '{layer.name}' is called with arguments by name.")
    if any(each[0].ndim == 1 for each in calls):  # the engine's samples have an axis
        raise NotCompilable(f"Layer '{layer.name}' is called on samples of one number.")
    if len(tensors) != 1:
        raise NotCompilable(f"Layer '{layer.name}' has several inputs.")
    tensors[0]._masked = any(each[0]._masked for each in calls)
    if tensors[0]._masked and _masks.reads_mask(layer):
        raise NotCompilable(f"Layer '{layer.name}' reads a mask.")
    nodes, outputs = traced(layer, tensors[0])
    values = {id(tensors[0]): inputs[0]}
    for each in nodes:
        sources = [values[id(tensor)] for tensor in each.input_tensors]
        check_unmasked(each)
        results = _lowering.lower(each.operation, graph, sources)
        for tensor, index in zip(each.outputs, results, strict=True):
            values[id(tensor)] = index
    flat = _tree.flatten(outputs)
    if any(id(tensor) not in values for tensor in flat):
        raise NotCompilable(f"Layer '{layer.name}' does not draw a graph.")
    return [values[id(tensor)] for tensor in flat]


def traced(layer: Layer, inputs: Any) -> tuple[list[Node], Any]:
    """The nodes that a layer's `call` draws, the same in training and inference, and its outputs.

    Raises:
        NotCompilable: If it does not draw a graph, or another one in training.
    """
    from pronghorn import _graph

    found = []
    for training in (True, False):
        drawn: list[Node] = []
        _graph.drawn.append(drawn)
        try:
            with trace(training), paused():
                outputs = call(layer, inputs, (), {})
        except Exception as error:
            raise NotCompilable(f"Layer '{layer.name}' cannot be traced: {error}") from error
        finally:
            _graph.drawn.pop()
            for node in reversed(drawn):
                node.operation._inbound_nodes.remove(node)
        flat = _tree.flatten(outputs)
        if not all(isinstance(leaf, KerasTensor) for leaf in flat):
            raise NotCompilable(f"Layer '{layer.name}' returns something else than tensors.")
        found.append((drawn, outputs))
    if _signature(*found[0], inputs) != _signature(*found[1], inputs):
        raise NotCompilable(f"Layer '{layer.name}' computes something else in training.")
    return found[1]


def _signature(nodes: list[Node], outputs: Any, inputs: Any) -> list[Any]:
    numbers = {id(leaf): -1 - i for i, leaf in enumerate(_tree.flatten(inputs))}
    lines: list[Any] = []
    for node in nodes:
        layer = node.operation
        who = id(layer) if layer._same is None else (type(layer), layer._same)
        lines.append((who, [numbers.get(id(t)) for t in node.input_tensors]))
        for tensor in node.outputs:
            numbers[id(tensor)] = len(numbers)
    return [lines, [numbers.get(id(t)) for t in _tree.flatten(outputs)]]


def check_unmasked(node: Node) -> None:
    """Raises NotCompilable if a mask may come to a built-in layer that heeds it."""
    layer = node.operation
    if layer._heeds_masks and _masks.is_masked(node.input_tensors):
        raise NotCompilable(f"Layer '{layer.name}' reads a mask.")
