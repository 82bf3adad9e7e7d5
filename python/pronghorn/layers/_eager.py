"""Runs single layers on arrays: an engine of one layer, made once for each input shape."""

from __future__ import annotations

import typing
from typing import TYPE_CHECKING, Any

from pronghorn._autodiff import Tensor
from pronghorn._autodiff._engine_call import call_engine
from pronghorn._engine import Array, EngineGraph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pronghorn._engine import DType, Engine
    from pronghorn.layers._layer import Layer


class EagerEngines:
    """The engines in which one layer runs on its own."""

    def __init__(self) -> None:
        # By shapes of the inputs and whether the layer learns (normalisation heeds that).
        self._engines: dict[tuple[tuple[tuple[int, ...], ...], bool], Engine] = {}
        self._training_calls = 0
        # For recorded calls, also by what is trainable: the engine and its variables.
        self._recorded: dict[Any, tuple[Engine, list[Any]]] = {}

    def run_recorded(self, layer: Layer, inputs: Sequence[Any], training: bool) -> list[Tensor]:
        """As `run`, on tensors and arrays; a tape that is open records the call."""
        if any(len(each) != len(inputs[0]) for each in inputs):
            raise ValueError(
                f'Inputs of layer "{layer.name}" must have one batch size. Received shapes '
                f"{[each.shape for each in inputs]}."
            )
        flat = inputs[0].ndim == 1
        if flat:
            vector = layer._keeps_shape
            inputs = [each[None, :] if vector else each[:, None] for each in inputs]
        shapes = tuple(each.shape[1:] for each in inputs)
        flags = (layer.trainable, *(variable.trainable for variable in layer.weights))
        found = self._recorded.get((shapes, flags))
        if found is None:
            graph, outputs = _make_graph(layer, shapes)
            found = graph.engine(outputs), graph.variables
            self._recorded[(shapes, flags)] = found
        step = self._training_calls
        self._training_calls += training
        results = call_engine(
            layer.name,
            *found,
            inputs,
            (training, step),
            lambda again: [layer._compose(again, training)],
        )
        return _as_vectors(layer, results) if flat else results

    def run(self, layer: Layer, arrays: Sequence[Array], training: bool) -> list[Array]:
        """Applies `layer` to arrays of shape (batch, ...), already of its dtype."""
        if any(len(array) != len(arrays[0]) for array in arrays):
            raise ValueError(
                f'Inputs of layer "{layer.name}" must have one batch size. Received shapes '
                f"{[array.shape for array in arrays]}."
            )
        # The engine keeps the batch apart and wants samples with at least one axis. For layers that
        # keep shapes a vector is one sample, so that softmax runs along it.
        flat = arrays[0].ndim == 1
        if flat:
            vector = layer._keeps_shape
            arrays = [array[None, :] if vector else array[:, None] for array in arrays]
        shapes = tuple(array.shape[1:] for array in arrays)
        key = (shapes, layer.trainable)
        engine = self._engines.get(key)
        if engine is None:
            engine = self._engines[key] = _make_engine(layer, shapes)
        if training:
            outputs = engine.forward(arrays, True, self._training_calls, False).outputs
            self._training_calls += 1
        else:
            outputs = engine.predict(arrays)
        return _as_vectors(layer, outputs) if flat else outputs

    def __deepcopy__(self, memo: dict[int, Any]) -> EagerEngines:
        return EagerEngines()

    def __reduce__(self) -> tuple[Any, ...]:
        return EagerEngines, ()


def _as_vectors(layer: Layer, outputs: Sequence[Any]) -> list[Any]:
    """Outputs for vectors without the axis that the engine was given with them."""
    if layer._keeps_shape:
        return [output[0] for output in outputs]
    return [output[:, 0] for output in outputs] if layer._adds_axis else list(outputs)


def _make_engine(layer: Layer, shapes: Sequence[tuple[int, ...]]) -> Engine:
    graph, outputs = _make_graph(layer, shapes)
    return graph.engine(outputs)


def _make_graph(layer: Layer, shapes: Sequence[tuple[int, ...]]) -> tuple[EngineGraph, list[int]]:
    graph = EngineGraph(typing.cast("DType", layer.dtype))
    inputs = [
        graph.append({"op": "input", "name": "input", "inputs": [], "shape": shape}, shape)
        for shape in shapes
    ]
    return graph, layer._lower(graph, inputs)
