"""The calls of a graph as plain data, to be made again on copies of the layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pronghorn import _tree
from pronghorn._graph import KerasTensor, LayerGraph, Node, producer
from pronghorn.layers import Input, InputLayer, Layer


@dataclass
class Call:
    """One node: the layer, and what it was called with, (call, output) in the place of tensors.

    That is the structure of its inputs, further arguments, and those by name.
    """

    layer: Layer
    arguments: list[Any] | None


@dataclass(frozen=True)
class Place:
    """Output number `output` of call number `call`."""

    call: int
    output: int


@dataclass
class Calls:
    """All calls in their order, and the structures of the graph's inputs and outputs."""

    calls: list[Call]
    inputs: Any
    outputs: Any


def recorded_calls(graph: LayerGraph, inputs: Any, outputs: Any) -> Calls:
    """The calls of a graph, without symbolic tensors."""
    places: dict[int, Place] = {}
    calls: list[Call] = []
    # An input that feeds nothing is no node of the graph.
    for tensor in _tree.flatten(inputs):
        _record(calls, places, tensor._keras_history.operation, None, [tensor])
    for node in graph.nodes:
        if not any(id(tensor) in places for tensor in node.outputs):
            given = (node.arguments, (), {}) if node.call is None else node.call
            arguments = _tree.map_structure(
                lambda leaf: places[id(leaf)] if isinstance(leaf, KerasTensor) else leaf,
                [given[0], list(given[1]), given[2]],
            )
            _record(calls, places, node.operation, arguments, node.outputs)
    return Calls(
        calls,
        _tree.map_structure(lambda tensor: places[id(tensor)], inputs),
        _tree.map_structure(lambda tensor: places[id(tensor)], outputs),
    )


def _record(
    calls: list[Call],
    places: dict[int, Place],
    layer: Layer,
    arguments: list[Any] | None,
    outputs: list[KerasTensor],
) -> None:
    for number, tensor in enumerate(outputs):
        places[id(tensor)] = Place(len(calls), number)
    calls.append(Call(layer, arguments))


def replayed_calls(recorded: Calls) -> tuple[Any, Any]:
    """Calls the layers again; gives the structures of inputs and outputs as symbolic tensors."""
    results: list[list[KerasTensor]] = []

    def tensor(leaf: Any) -> Any:
        return results[leaf.call][leaf.output] if isinstance(leaf, Place) else leaf

    for call in recorded.calls:
        if call.arguments is None or isinstance(call.layer, InputLayer):
            results.append(call.layer._inbound_nodes[0].outputs)
        else:
            inputs, args, kwargs = _tree.map_structure(tensor, call.arguments)
            results.append(_tree.flatten(call.layer(inputs, *args, **kwargs)))
    return (
        _tree.map_structure(tensor, recorded.inputs),
        _tree.map_structure(tensor, recorded.outputs),
    )


def begun_at_inputs(inputs: Any, outputs: Any) -> tuple[Any, Any]:
    """The graph from `inputs` to `outputs`, with an Input in the place of each inner tensor.

    The layers are called as they were, with nodes of their own.
    """
    flat = _tree.flatten(inputs)
    if all(producer(tensor).is_input for tensor in flat):
        return inputs, outputs
    new: dict[int, KerasTensor] = {}
    for tensor in flat:
        if producer(tensor).is_input:
            new[id(tensor)] = tensor
        else:
            new[id(tensor)] = Input(
                batch_shape=tensor.shape, dtype=tensor.dtype, name=f"{tensor.name}CLONE"
            )

    def copied(leaf: Any) -> Any:
        return new[id(leaf)] if isinstance(leaf, KerasTensor) else leaf

    for node in LayerGraph(flat, _tree.flatten(outputs)).nodes:
        if node.is_input or all(id(tensor) in new for tensor in node.outputs):
            continue
        for tensor in node.outputs:
            if id(tensor) not in new:
                new[id(tensor)] = KerasTensor(tensor.shape, tensor.dtype)
        twin = Node(
            node.operation,
            _tree.map_structure(copied, node.arguments),
            _tree.map_structure(copied, node.output_structure),
        )
        if node.call is not None:
            args, kwargs = list(node.call[1]), node.call[2]
            given = _tree.map_structure(copied, [node.call[0], args, kwargs])
            twin.call = (given[0], tuple(given[1]), given[2])
    return _tree.map_structure(copied, inputs), _tree.map_structure(copied, outputs)
