"""Calling a graph of layers: in the engine, or layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pronghorn import _tree
from pronghorn._autodiff import Tensor, _record, value_of
from pronghorn._autodiff._engine_call import array_of, call_engine
from pronghorn._graph import KerasTensor
from pronghorn.layers import _call_context, _masks
from pronghorn.layers._masked_array import MaskedSteps, plain, tensor_with_mask
from pronghorn.models._graph_engine import EngineModel
from pronghorn.models._graph_holder import _alone
from pronghorn.models._preparation import Prepared, applied


class CalledModel(EngineModel):
    """A graph of layers that is applied to symbolic tensors, arrays and tensors."""

    def _call_built_in(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        inputs = _masks.given(inputs, mask, self)
        flat = _tree.flatten(inputs)
        if any(isinstance(item, KerasTensor) for item in flat):
            if self._layer_graph is None and len(flat) == 1:
                self.build(flat[0].shape)
            return self._call_symbolic(inputs, flat, training)
        if training is None:
            training = _call_context.training_now()
        recorded = _record._state.depth > 0 or any(isinstance(item, Tensor) for item in flat)
        if self._layer_graph is None and not recorded:
            self._settle(inputs, "inputs")
        masked = self._has_masks or any(type(item) is MaskedSteps for item in flat)
        if recorded or masked or not self._is_compiled_graph():
            outputs = self._call_recorded(inputs, training)
            if recorded:
                return outputs
            return _tree.map_structure(plain, outputs)
        arrays = self._input_arrays(inputs, "inputs")
        if self._layer_graph is None:
            self._peek_output_shapes([(None, *array.shape[1:]) for array in arrays])
            self._build_from(arrays)
        engine = self._get_engine(current_flags=bool(training))
        if training:
            outputs = engine.forward(arrays, True, self._training_calls.value, False).outputs
            self._training_calls.value += 1
        else:
            outputs = engine.predict(arrays)
        return self._pack_outputs(outputs)

    def _call_recorded(self, inputs: Any, training: bool | None) -> Any:
        """Applies the model to tensors: in the engine if it can, otherwise layer by layer."""
        if self._layer_graph is None:
            arrays = self._input_arrays(_tree.map_structure(value_of, inputs), "inputs")
            self._peek_output_shapes([(None, *array.shape[1:]) for array in arrays])
            self._build_from(arrays)
        if self._preparation is not None:
            return self._call_prepared(inputs, training)
        tensors = self._plain_tensors(inputs)
        if tensors is None:
            ordered = self._ordered_inputs(inputs)
            dtype = np.dtype(self._model_dtype())
            tensors = [
                tensor_with_mask(
                    _fitted(array_of(x, dtype, self.name), spec.ndim),
                    getattr(x, "_keras_mask", None),
                )
                for x, spec in zip(ordered, self._inputs, strict=True)
            ]
            self._check_inputs([tuple(x.shape) for x in tensors])
        apart = self._begins_penalised() or self._has_masks or _masks.masks_of(tensors) is not None
        if apart or not self._is_compiled_graph():
            results = self._walk(tensors, training)
            return _tree.pack_as(_alone(self._outputs_struct), results)
        return self._call_graph(
            tensors, training, lambda again: self._walk(again, bool(training), composed=True)
        )

    def _begins_penalised(self) -> bool:
        """Forgets the losses of the last call; gives whether outputs of layers cost.

        As one node of the record the graph would not tell what they cost.
        """
        outermost = _call_context.training_now() is None
        penalised = False
        for layer in self._flatten_layers():
            penalised = penalised or layer.activity_regularizer is not None
            if outermost:
                layer._losses.clear()
        return penalised

    def _call_prepared(self, inputs: Any, training: bool | None) -> Any:
        """Applies a model with layers for categories to tensors."""
        assert self._preparation is not None
        compose = self._preparation.compose
        if isinstance(inputs, Prepared):
            self._begins_penalised()
            return self._call_graph(inputs, training, lambda again: compose(again, bool(training)))
        columns = self._columns(inputs, "inputs")
        if self._preparation.complete:
            prepared = [Tensor(array) for array in self._preparation.run(columns)]
            return _tree.pack_as(_alone(self._outputs_struct), prepared)
        # A gradient of the data goes layer by layer, past those for categories.
        parts = self._parts(inputs, "inputs")
        traced = any(isinstance(leaf, Tensor) and leaf._node is not None for leaf in parts)
        if self._begins_penalised() or traced or not self._is_compiled_graph():
            given = [
                _fitted(leaf, spec.ndim) if isinstance(leaf, Tensor) else column
                for leaf, column, spec in zip(parts, columns, self._inputs, strict=True)
            ]
            results = self._walk(given, training)
            return _tree.pack_as(_alone(self._outputs_struct), results)
        return self._call_graph(
            self._prepared(columns), training, lambda again: compose(again, bool(training))
        )

    def _call_graph(
        self, tensors: Sequence[Any], training: bool | None, compose: Callable[..., Any]
    ) -> Any:
        """The engine's graph as one node of the record."""
        engine = self._get_engine(current_flags=True)
        step = self._training_calls.value
        self._training_calls.value += bool(training)
        tensors = [x if x.ndim > 1 else x[:, None] for x in tensors]
        results = call_engine(
            self.name,
            engine,
            self._engine_variables,
            tensors,
            (bool(training), step),
            compose,
        )
        if isinstance(self._outputs_struct, KerasTensor) and self._outputs_struct.ndim > 1:
            return results[0]
        shaped = [
            x[:, 0] if tensor.ndim == 1 else x
            for x, tensor in zip(results, self._outputs, strict=True)
        ]
        return _tree.pack_as(_alone(self._outputs_struct), shaped)

    def _plain_tensors(self, inputs: Any) -> list[Any] | None:
        """The tensor that the engine can read as it is; None for anything else."""
        plain = self._plain_input
        if plain is None or type(inputs) is not Tensor:
            return None
        value = inputs._value
        flags = value.flags
        fits = value.dtype == plain[1] and value.shape[1:] == plain[0]
        return [inputs] if fits and flags.c_contiguous and flags.aligned else None

    def _walk(
        self, inputs: Sequence[Any], training: bool | None, composed: bool = False
    ) -> list[Any]:
        """The outputs, by calling layer after layer; `composed`: with operations only."""
        parts: list[Any] = self._flatten_layers()
        if any(layer._makes_mask for layer in parts):  # which arrays cannot carry
            inputs = [Tensor(x) if isinstance(x, np.ndarray) else x for x in inputs]
        values = {id(tensor): x for tensor, x in zip(self._inputs, inputs, strict=True)}
        with _call_context.within_call(training):
            for node in self._graph().nodes:
                if node.is_input:
                    continue
                layer = node.operation
                found: Any
                if node.call is not None:
                    args = _tree.map_structure(
                        lambda leaf: values[id(leaf)] if isinstance(leaf, KerasTensor) else leaf,
                        [node.call[0], list(node.call[1]), node.call[2]],
                    )
                    if training is not None and args[2].get("training") is not None:
                        args[2]["training"] = training  # a fixed one gives way, as in Keras
                    found = layer._replay(args[0], tuple(args[1]), args[2])
                elif composed:
                    sources = [values[id(tensor)] for tensor in node.input_tensors]
                    found = layer._compose(sources, bool(training))
                else:
                    given = _tree.map_structure(lambda leaf: values[id(leaf)], node.arguments)
                    if node.input_tensors[0].dtype == "string" and layer._keeps_values:
                        moved = [np.asarray(value_of(x)) for x in _tree.flatten(given)]
                        found = Tensor(applied(layer, moved, node.arguments))
                    else:
                        found = layer(given, training=training)
                for tensor, x in zip(node.outputs, _tree.flatten(found), strict=True):
                    values[id(tensor)] = x
        return [values[id(tensor)] for tensor in self._outputs]

    def _compose(self, inputs: Sequence[Any], training: bool) -> Any:
        return _tree.pack_as(
            _alone(self._outputs_struct), self._walk(inputs, training, composed=True)
        )


def _fitted(x: Any, rank: int) -> Any:
    """A vector as the column that an input of one feature takes."""
    return x[:, None] if x.ndim == 1 and rank == 2 else x
