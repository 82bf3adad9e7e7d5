"""Functional models as plain data, and back: layers, and which layer is called on what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pronghorn import _tree
from pronghorn._graph import KerasTensor, Node, producer
from pronghorn._serialization._objects import (
    WrittenTensor,
    deserialize_keras_object,
    serialize_keras_object,
)
from pronghorn.layers import Activation, InputLayer, Layer
from pronghorn.layers._operation import Operation
from pronghorn.models._operation_nodes import (
    OperationNode,
    activation_config,
    older_options,
    operation_config,
    operation_node,
)

if TYPE_CHECKING:
    from pronghorn.models._graph_model import GraphModel


GRAPH_KEYS = frozenset({"layers", "input_layers", "output_layers"})


def graph_config(model: GraphModel) -> dict[str, Any]:
    """``layers``, ``input_layers`` and ``output_layers`` of a configuration."""
    graph = model._graph()
    own = {id(node) for node in graph.nodes}
    own.update(id(producer(tensor)) for tensor in model._inputs)

    def kept(layer: Layer) -> list[Node]:
        return [node for node in layer._inbound_nodes if id(node) in own]

    def place(tensor: KerasTensor) -> list[Any]:
        history = tensor._keras_history
        index = [id(node) for node in kept(history.operation)].index(id(producer(tensor)))
        return [history.operation.name, index, history.tensor_index]

    def end(tensor: KerasTensor) -> list[Any]:
        name, index, position = place(tensor)
        # Keras counts a node of a functional model that links its own inputs and outputs.
        nested = is_functional(tensor._keras_history.operation)
        return [name, index + nested, position]

    layers = []
    for layer in graph.operations:
        called = [node for node in kept(layer) if not node.is_input]
        if isinstance(layer, Operation):
            written, arguments = operation_config(layer, called[0])
            config = serialize_keras_object(written)
            nodes = [_node_config(arguments, {}, place)]
        else:
            made = isinstance(layer, Activation) and layer._same is not None
            config = serialize_keras_object(activation_config(layer) if made else layer)
            nodes = [_node_config(*_arguments_of(node), place) for node in called]
        layers.append({**config, "name": layer.name, "inbound_nodes": nodes})
    return {
        "layers": layers,
        "input_layers": _tree.map_structure(end, model._inputs_struct),
        "output_layers": _tree.map_structure(end, model._outputs_struct),
    }


def is_functional(layer: Any) -> bool:
    """Whether a layer is a model that was made of inputs and outputs."""
    return bool(getattr(layer, "_from_tensors", False))


def _arguments_of(node: Node) -> tuple[list[Any], dict[str, Any]]:
    if node.call is None:
        return [node.arguments], {}
    inputs, args, kwargs = node.call
    return [inputs, *args], kwargs


def _node_config(
    args: list[Any], kwargs: dict[str, Any], place: Callable[[KerasTensor], list[Any]]
) -> dict[str, Any]:
    def written(leaf: Any) -> Any:
        if not isinstance(leaf, KerasTensor):
            return serialize_keras_object(leaf)
        config = {"shape": leaf.shape, "dtype": leaf.dtype, "keras_history": place(leaf)}
        return {"class_name": "__keras_tensor__", "config": config}

    return {
        "args": [_tree.map_structure(written, argument) for argument in args],
        "kwargs": {key: _tree.map_structure(written, value) for key, value in kwargs.items()},
    }


class _NotYet(Exception):
    """A node's input comes from a node that is not made yet."""


class GraphReader:
    """Makes the layers of a configuration and calls them on each other.

    Args:
        config: With ``layers``, ``input_layers`` and ``output_layers``.

    Raises:
        ValueError: If it is malformed, or the graph has loops or misses layers.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._layers: dict[str, Layer | OperationNode] = {}
        # A layer that another graph shares has been called already: its nodes here come later.
        self._first: dict[str, int] = {}
        waiting: dict[str, list[Any]] = {}
        for entry in _list_of_dicts(config, "layers"):
            name, layer = self._read_layer(entry)
            if name in self._layers:
                raise ValueError(f"The configuration has two layers named '{name}'.")
            self._layers[name] = layer
            self._first[name] = 0 if isinstance(layer, InputLayer) else len(layer._inbound_nodes)
            nodes = entry.get("inbound_nodes") or []
            if not isinstance(nodes, list):
                raise ValueError(f"'inbound_nodes' of layer '{name}' must be a list.")
            if nodes:
                waiting[name] = list(nodes)
        self._make_nodes(waiting)
        self.inputs = self._ends(config, "input_layers")
        self.outputs = self._ends(config, "output_layers")

    def _read_layer(self, entry: Mapping[str, Any]) -> tuple[str, Layer | OperationNode]:
        from pronghorn._serialization._older import layer_from_config

        operation = operation_node(entry)
        if operation is not None:
            return operation.name, operation
        layer = layer_from_config(entry)
        name = entry.get("name", getattr(layer, "name", None))
        if not isinstance(layer, Layer) or not isinstance(name, str):
            raise ValueError(
                f"A layer was expected in the configuration; received {type(layer).__name__} "
                f"with the name {name!r}."
            )
        return name, layer

    def _make_nodes(self, waiting: dict[str, list[Any]]) -> None:
        while waiting:
            progress = False
            for name in list(waiting):
                nodes = waiting[name]
                while nodes:
                    try:
                        args, kwargs = self._arguments(nodes[0])
                    except _NotYet:
                        break
                    self._layers[name](*args, **kwargs)
                    nodes.pop(0)
                    progress = True
                if not nodes:
                    del waiting[name]
            if not progress:
                raise ValueError(
                    "The configuration's graph has loops or misses layers: no inputs for "
                    f"{sorted(waiting)}."
                )

    def _arguments(self, node: Any) -> tuple[list[Any], dict[str, Any]]:
        if isinstance(node, list):  # as Keras 2 writes it
            if node and isinstance(node[0], str):
                return self._older_operation(node)
            tensors: list[KerasTensor] = []
            options: dict[str, Any] = {}
            for item in node:
                if not isinstance(item, list) or len(item) not in (3, 4):
                    raise ValueError(f"A node of the graph is malformed: {item!r}.")
                tensors.append(self._tensor(item[0], self._older_index(item[0], item[1]), item[2]))
                options.update(item[3] if len(item) == 4 else {})
            return [tensors[0] if len(tensors) == 1 else tensors], _given(options)
        if not isinstance(node, Mapping):
            raise ValueError(f"A node of the graph must be a dict; received {node!r}.")
        args = deserialize_keras_object(node.get("args") or [])
        kwargs = deserialize_keras_object(node.get("kwargs") or {})
        if not isinstance(args, list) or not isinstance(kwargs, dict):
            raise ValueError("'args' of a node must be a list, and 'kwargs' a dict.")
        return [self._revive(item) for item in args], _given(self._revive(kwargs))

    def _older_operation(self, node: list[Any]) -> tuple[list[Any], dict[str, Any]]:
        """Arguments of a function of TensorFlow: the first one's place, and the others by name."""
        if len(node) != 4 or not isinstance(node[3], Mapping):
            raise ValueError(f"A node of the graph is malformed: {node!r}.")

        def tensors(value: Any) -> Any:
            if isinstance(value, list):
                if len(value) == 3 and isinstance(value[0], str) and value[0] in self._layers:
                    return self._tensor(value[0], self._older_index(value[0], value[1]), value[2])
                return [tensors(item) for item in value]
            return value

        constant = node[0] == "_CONSTANT_VALUE"
        first = node[2] if constant else tensors(node[:3])
        return [first], {k: tensors(v) for k, v in older_options(node[3]).items()}

    def _revive(self, structure: Any) -> Any:
        def leaf(item: Any) -> Any:
            if not isinstance(item, WrittenTensor):
                return item
            place = item.history
            if not isinstance(place, (list, tuple)) or len(place) != 3:
                raise ValueError(f"A tensor's place must have three parts; received {place!r}.")
            return self._tensor(*place)

        return _tree.map_structure(leaf, structure)

    def _older_index(self, name: Any, index: Any) -> Any:
        """In Keras 2 a model inside has one more node, which links its own inputs and outputs."""
        nested = hasattr(self._layers.get(str(name)), "_layer_graph")
        return index - 1 if nested and isinstance(index, int) else index

    def _tensor(self, name: Any, node_index: Any, tensor_index: Any) -> KerasTensor:
        layer = self._layers.get(name) if isinstance(name, str) else None
        if layer is None:
            raise ValueError(f"The configuration's graph refers to an unknown layer: {name!r}.")
        numbers = (node_index, tensor_index)
        if any(isinstance(n, bool) or not isinstance(n, int) or n < 0 for n in numbers):
            raise ValueError(f"A tensor's place must have indices >= 0; received {numbers}.")
        nodes = layer._inbound_nodes[self._first[name] :]
        if node_index >= len(nodes):
            raise _NotYet
        if tensor_index >= len(nodes[node_index].outputs):
            raise ValueError(f"Layer '{name}' has no output number {tensor_index}.")
        tensor: KerasTensor = nodes[node_index].outputs[tensor_index]
        return tensor

    def _ends(self, config: Mapping[str, Any], key: str) -> Any:
        def read(part: Any) -> Any:
            if isinstance(part, Mapping):
                return {str(name): read(value) for name, value in part.items()}
            if not isinstance(part, (list, tuple)):
                raise ValueError(f"'{key}' of the configuration is malformed: {part!r}.")
            if len(part) == 3 and isinstance(part[0], str):
                name, index, position = part
                if is_functional(self._layers.get(name)) and index:
                    index = index - 1
                try:
                    return self._tensor(name, index, position)
                except _NotYet:
                    raise ValueError(f"'{key}' refers to node {index} of '{name}'.") from None
            return [read(item) for item in part]

        if key not in config:
            raise ValueError(f"The configuration of a functional model has no '{key}'.")
        return read(config[key])


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in options.items() if value is not None}


def _list_of_dicts(config: Mapping[str, Any], key: str) -> Sequence[Mapping[str, Any]]:
    entries = config.get(key)
    if not isinstance(entries, list) or any(not isinstance(entry, Mapping) for entry in entries):
        raise ValueError(f"'{key}' of the configuration must be a list of dicts.")
    return entries
