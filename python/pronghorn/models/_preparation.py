"""The part of a graph that prepares columns, applied to whole arrays ahead of the engine.

Layers for categories work on text and whole numbers, which the engine does not have. What lies
before them, and what only arranges their results, is done once for the data of a run; the rest of
the graph is the engine's, and its inputs are the values that lead from one part to the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pronghorn import _tree, layers
from pronghorn._autodiff import paused, value_of
from pronghorn._graph import KerasTensor, Node
from pronghorn.layers import _call_context, _lowering, _tracing
from pronghorn.layers._operation import Operation
from pronghorn.layers._tables._table_layer import TableLayer

if TYPE_CHECKING:
    from pronghorn._engine import Array, EngineGraph
    from pronghorn.layers import Layer

# Layers that arrange or scale what was prepared, and so may be done with it.
_ARRANGING = (
    layers.Concatenate,
    layers.Flatten,
    layers.Identity,
    layers.Normalization,
    layers.Permute,
    layers.Rescaling,
    layers.Reshape,
    Operation,
)


class Prepared(list[Any]):
    """Inputs of a model that are what its engine takes, and no columns any more."""


@dataclass
class Step:
    """One call of a layer: what it is called with and gives, by the numbers of values."""

    node: Node
    numbers: dict[int, int]  # of the values, by the id of the symbolic tensor

    @property
    def layer(self) -> Layer:
        """The layer called."""
        return self.node.operation

    @property
    def sources(self) -> list[int]:
        """Numbers of what comes in."""
        return [self.numbers[id(tensor)] for tensor in self.node.input_tensors]

    @property
    def results(self) -> list[int]:
        """Numbers of what comes out."""
        return [self.numbers[id(tensor)] for tensor in self.node.outputs]


def has_tables(layer: Any) -> bool:
    """Whether a layer, or one inside it, works on categories."""
    return any(isinstance(part, TableLayer) for part in layer._flatten_layers())


class Preparation:
    """A graph in two parts.

    Args:
        model: A model with a graph in which there are layers for categories.

    Attributes:
        feeds: Symbolic tensors that stand for the inputs of the engine.
        refusal: Why the engine cannot run the second part; None if it can.
        complete: Whether all of the graph is preparation.
    """

    def __init__(self, model: Any) -> None:
        self._tensors: dict[int, KerasTensor] = {}
        numbers: dict[int, int] = {}
        self._inputs = [self._number(tensor, numbers) for tensor in model._inputs]
        steps = self._flat(model._graph().nodes, numbers)
        self._outputs = [numbers[id(tensor)] for tensor in model._outputs]
        first = _closed(steps)
        self.refusal = next((r for r in map(_hindrance, first) if r is not None), None)
        first = self._arranged(steps, first)
        chosen = {id(step) for step in first}
        self._first = first
        self._rest = [step for step in steps if id(step) not in chosen]
        ready = {*self._inputs, *(number for step in first for number in step.results)}
        self.complete = all(number in ready for number in self._outputs)
        if any(number in ready for number in self._outputs):
            self.refusal = self.refusal or "gives what it prepares"
        used = {number for step in self._rest for number in step.sources}
        self._feeds = [number for number in self._tensors if number in used and number in ready]
        self.feeds = [self._tensors[number] for number in self._feeds]

    def _number(self, tensor: KerasTensor, numbers: dict[int, int]) -> int:
        numbers[id(tensor)] = number = len(self._tensors)
        self._tensors[number] = tensor
        return number

    def _flat(self, nodes: Sequence[Node], numbers: dict[int, int]) -> list[Step]:
        """The calls of a graph; models and layers with such layers inside are opened up."""
        steps = []
        for node in nodes:
            if node.is_input or all(id(tensor) in numbers for tensor in node.outputs):
                continue
            inside = _opened(node)
            if inside is not None:
                inner_inputs, inner_nodes, inner_outputs = inside
                inner = {
                    id(tensor): numbers[id(source)]
                    for tensor, source in zip(inner_inputs, node.input_tensors, strict=True)
                }
                steps += self._flat(inner_nodes, inner)
                for tensor, found in zip(node.outputs, inner_outputs, strict=True):
                    numbers[id(tensor)] = inner[id(found)]
                continue
            for tensor in node.outputs:
                self._number(tensor, numbers)
            steps.append(Step(node, numbers))
        return steps

    def _arranged(self, steps: Sequence[Step], first: Sequence[Step]) -> list[Step]:
        """`first`, and what only arranges prepared values and inputs."""
        chosen = {id(step) for step in first}
        ready = set(self._inputs)
        found = []
        for step in steps:
            arranging = isinstance(step.layer, _ARRANGING) and not step.layer.trainable_weights
            plain = step.layer.activity_regularizer is None
            if id(step) in chosen or (arranging and plain and ready.issuperset(step.sources)):
                found.append(step)
                ready.update(step.results)
        return found

    # Running.

    def run(self, inputs: Sequence[Array]) -> list[Array]:
        """What goes to the engine, for data of the model's inputs; if all is preparation, outputs.

        Raises:
            ValueError: If a layer cannot take the data, or gives another shape than it announced.
        """
        values: dict[int, Any] = dict(zip(self._inputs, inputs, strict=True))
        last = {number: place for place, step in enumerate(self._first) for number in step.sources}
        kept = {*self._feeds, *self._outputs}
        with paused():
            for place, step in enumerate(self._first):
                self._apply(step, values)
                for number in set(step.sources):
                    if last[number] == place and number not in kept:
                        del values[number]
        return [values[number] for number in (self._outputs if self.complete else self._feeds)]

    def _apply(self, step: Step, values: dict[int, Any]) -> None:
        given = [values[number] for number in step.sources]
        layer, call = step.layer, step.node.call
        try:
            if call is not None:
                inputs, args, kwargs = _tree.map_structure(
                    lambda leaf: (
                        values[step.numbers[id(leaf)]] if isinstance(leaf, KerasTensor) else leaf
                    ),
                    [call[0], list(call[1]), call[2]],
                )
                found = layer._replay(inputs, tuple(args), kwargs)
            elif self.complete and isinstance(layer, TableLayer):
                found = layer(_tree.pack_as(step.node.arguments, given))
            else:
                found = applied(layer, given, step.node.arguments)
        except (TypeError, ValueError) as error:
            if layer.name in str(error):
                raise
            raise type(error)(f"Layer '{layer.name}': {error}") from error
        for number, leaf in zip(step.results, _tree.flatten(found), strict=True):
            array = np.asarray(value_of(leaf))
            spec = self._tensors[number]
            if len(array.shape) != spec.ndim or any(
                size not in (None, own)
                for size, own in zip(spec.shape[1:], array.shape[1:], strict=True)
            ):
                raise ValueError(
                    f"Layer '{layer.name}' was put into the graph for results of shape "
                    f"{spec.shape}. It now gives {array.shape}: what it has learnt since is of "
                    "another size."
                )
            values[number] = array

    def check_rest(self) -> None:
        """Raises NotCompilable if the engine cannot run the second part."""
        if self.refusal is not None:
            raise _call_context.NotCompilable(f"The graph {self.refusal}.")

    def lower(self, graph: EngineGraph, inputs: Sequence[int]) -> list[int]:
        """Appends the second part to the engine's graph.

        Raises:
            NotCompilable: If the engine cannot run it.
        """
        values = dict(zip(self._feeds, inputs, strict=True))
        for step in self._rest:
            _tracing.check_unmasked(step.node)
            results = _lowering.lower(step.layer, graph, [values[n] for n in step.sources])
            results = _lowering.as_drawn(graph, results, step.node)
            values.update(zip(step.results, results, strict=True))
        return [values[number] for number in self._outputs]

    def compose(self, inputs: Sequence[Any], training: bool) -> list[Any]:
        """The second part from operations, layer by layer."""
        values = dict(zip(self._feeds, inputs, strict=True))
        for step in self._rest:
            found = step.layer._compose([values[n] for n in step.sources], training)
            values.update(zip(step.results, _tree.flatten(found), strict=True))
        return [values[number] for number in self._outputs]


def _closed(steps: Sequence[Step]) -> list[Step]:
    """The layers for categories, and all that leads to them."""
    needed: set[int] = set()
    found = []
    for step in reversed(steps):
        if has_tables(step.layer) or needed.intersection(step.results):
            found.append(step)
            needed.update(step.sources)
    return found[::-1]


def _hindrance(step: Step) -> str | None:
    """Why a step cannot be done once ahead of training; None if it can."""
    layer = step.layer
    if layer.trainable_weights:
        return f"has layer '{layer.name}', which learns, before layers for categories"
    if not isinstance(layer, (TableLayer, Operation)) and layer._acts_otherwise_in_training():
        return f"has layer '{layer.name}', which may be random, before layers for categories"
    return None


def _opened(node: Node) -> tuple[Sequence[KerasTensor], Sequence[Node], list[KerasTensor]] | None:
    """Inputs, calls and outputs inside of a called model or layer with layers for categories."""
    from pronghorn.models._graph_model import GraphModel

    layer = node.operation
    if isinstance(layer, TableLayer) or not has_tables(layer):
        return None
    if node.call is not None and (node.call[1] or node.call[2].keys() - {"training"}):
        return None
    if isinstance(layer, GraphModel):
        if layer._layer_graph is None or layer.activity_regularizer is not None:
            return None
        return layer._inputs, layer._layer_graph.nodes, layer._outputs
    if node.call is None:
        return None
    specs = _tree.map_structure(
        lambda tensor: (
            layers.InputLayer(batch_shape=tensor.shape, dtype=tensor.dtype)
            ._inbound_nodes[0]
            .outputs[0]
        ),
        node.call[0],
    )
    try:
        nodes, outputs = _tracing.traced(layer, specs)
    except _call_context.NotCompilable:
        return None
    return _tree.flatten(specs), nodes, _tree.flatten(outputs)


def applied(layer: Layer, given: list[Any], structure: Any) -> Any:
    """A layer on arrays. What only moves values keeps them as they are, text and large integers.

    Args:
        layer: The layer.
        given: Arrays for its inputs, flat.
        structure: Of the inputs.
    """
    first = given[0]
    if isinstance(layer, layers.Concatenate):
        if len({array.dtype for array in given}) > 1 and all(a.dtype.kind in "biuf" for a in given):
            given = [array.astype(layer.dtype, copy=False) for array in given]
        return np.concatenate(given, axis=layer._axis(first.ndim))
    if isinstance(layer, (layers.Reshape, layers.Flatten)):
        shape = layer.compute_output_shape(first.shape)
        return first.reshape(first.shape[0], *shape[1:])
    if isinstance(layer, layers.Permute):
        return first.transpose(0, *layer.dims)
    if isinstance(layer, layers.Identity):
        return first
    if isinstance(layer, layers.RepeatVector):
        return np.repeat(first[:, None], layer.n, axis=1)
    inputs = _tree.pack_as(structure, given)
    return layer._in_graph(inputs) if isinstance(layer, TableLayer) else layer(inputs)
