"""A graph of layers as one layer: its inputs, outputs, engine, and calls on data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from pronghorn import _data, _suggest, _tree
from pronghorn._autodiff import Tensor, _record
from pronghorn._engine import Array, Engine, EngineGraph, Shape
from pronghorn._graph import KerasTensor, LayerGraph
from pronghorn.layers import InputLayer, Layer, _custom, _lowering
from pronghorn.layers._recorded import array_of, call_engine
from pronghorn.models._replay import recorded_calls, replayed_calls

if TYPE_CHECKING:
    from pronghorn._engine import DType


def _keys_or_names(structure: Any, tensors: Sequence[KerasTensor]) -> list[str]:
    if isinstance(structure, dict):
        return sorted(structure)
    return [tensor._keras_history.operation.name for tensor in tensors]


class GraphModel(Layer):
    """What Sequential and functional models share."""

    def __init__(self, name: str | None = None, trainable: bool = True) -> None:
        super().__init__(name=name, trainable=trainable)
        self._layer_graph: LayerGraph | None = None
        self._inputs: list[KerasTensor] = []
        self._outputs: list[KerasTensor] = []
        self._inputs_struct: Any = None
        self._outputs_struct: Any = None
        self._engine: Engine | None = None
        self._engine_flags: tuple[bool, ...] = ()
        self._engine_variables: list[Any] = []  # in the engine's order
        self._graph_dtype: DType | None = None
        # The whole check that the commonest input needs: a plain array of this shape and dtype.
        self._plain_input: tuple[tuple[int | None, ...], Any] | None = None
        # And all of prediction for it: the outputs, or None for any other input.
        self._plain_predict: Callable[[Any], Array | None] = _never
        self._training_calls = 0
        # Whether the engine can run the graph; None if that was not tried.
        self._lowers: bool | None = None
        # Whether a `call` of the user's own was traced in vain, and whether it is being traced.
        self._untraceable = False
        self._traces = False

    # The graph.

    def _set_graph(self, inputs: Any, outputs: Any) -> None:
        flat_inputs, flat_outputs = _tree.flatten(inputs), _tree.flatten(outputs)
        graph = LayerGraph(flat_inputs, flat_outputs)
        self._inputs_struct, self._outputs_struct = inputs, outputs
        self._inputs, self._outputs = flat_inputs, flat_outputs
        self._layer_graph = graph
        self._drop_engine()
        self._lowers = None
        self._eager = type(self._eager)()
        self.built = True

    def _drop_graph(self) -> None:
        self._layer_graph = None
        self._drop_engine()
        self.built = False

    def _drop_engine(self) -> None:
        self._engine = None
        self._graph_dtype = None
        self._plain_input = None
        self._plain_predict = _never

    def _graph(self) -> LayerGraph:
        if self._layer_graph is None:
            raise ValueError(
                f"Model '{self.name}' is not built yet: the shape of its input is not known. Begin "
                "it with an Input, call `build(input_shape)`, or call it on data."
            )
        return self._layer_graph

    @property
    def inputs(self) -> list[KerasTensor]:
        """Symbolic inputs, flat."""
        self._graph()
        return self._inputs

    @property
    def outputs(self) -> list[KerasTensor]:
        """Symbolic outputs, flat."""
        self._graph()
        return self._outputs

    @property
    def input(self) -> Any:
        """Symbolic inputs in the structure given."""
        self._graph()
        return self._inputs_struct

    @property
    def output(self) -> Any:
        """Symbolic outputs in the structure given."""
        self._graph()
        return self._outputs_struct

    @property
    def input_names(self) -> list[str]:
        """Names of the inputs, or keys if they are a dict."""
        return _keys_or_names(self._inputs_struct, self.inputs)

    @property
    def output_names(self) -> list[str]:
        """Names of the output layers."""
        return [tensor._keras_history.operation.name for tensor in self.outputs]

    @property
    def input_shape(self) -> Any:
        """Shape of the input, batch first; in the structure given if there are several."""
        self._graph()
        return _tree.map_structure(lambda tensor: tensor.shape, _alone(self._inputs_struct))

    @property
    def output_shape(self) -> Any:
        """Shape of the output, batch first; in the structure given if there are several."""
        self._graph()
        return _tree.map_structure(lambda tensor: tensor.shape, _alone(self._outputs_struct))

    @property
    def layers(self) -> list[Layer]:
        """The layers, inputs first."""
        if self._own_call:
            return super()._sublayers()
        return list(self._graph().operations)

    def _sublayers(self) -> list[Layer]:
        if self._own_call:
            return super()._sublayers()
        return [] if self._layer_graph is None else list(self._layer_graph.operations)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """A layer by name or position.

        Args:
            name: Its name.
            index: Its place in `layers`.

        Raises:
            ValueError: If there is none, or not exactly one argument is given.
        """
        layers = self.layers
        if (name is None) == (index is None):
            raise ValueError(
                f"get_layer takes either `name` or `index`. Received: name={name!r}, index={index}"
            )
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(
                    f"Model '{self.name}' has {len(layers)} layers. Received: index={index}"
                )
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        raise _suggest.unknown("layer", name, [layer.name for layer in layers])

    def get_build_config(self) -> dict[str, Any] | None:
        """The shape of the input of a model of one input, as Keras writes it."""
        if self._layer_graph is None:
            return None
        functional = getattr(self, "_from_tensors", False)
        return {"input_shape": None if functional else self._inputs[0].shape}

    # The model as a layer of another model.

    def _shapes_of(self, inputs: Any) -> Any:
        return [tuple(item.shape) for item in self._ordered_inputs(inputs)]

    def _ordered_inputs(self, inputs: Any) -> list[Any]:
        self._graph()
        return _data.split_structure(
            inputs,
            self.input_names,
            isinstance(self._inputs_struct, dict),
            [tensor.ndim for tensor in self._inputs],
            "inputs",
        )

    def _check_inputs(self, shapes: Any) -> None:
        for shape, tensor in zip(shapes, self._inputs, strict=True):
            if len(shape) != tensor.ndim or any(
                None not in (given, own) and given != own
                for given, own in zip(shape[1:], tensor.shape[1:], strict=True)
            ):
                raise ValueError(
                    f"Model '{self.name}' takes inputs of shape {tensor.shape} for "
                    f"'{tensor.name}'. Received shape {tuple(shape)}."
                )

    def _symbolic_outputs(self, shapes: Any) -> Any:
        batch = shapes[0][0]
        return _tree.map_structure(
            lambda tensor: KerasTensor((batch, *tensor.shape[1:]), self._model_dtype()),
            _alone(self._outputs_struct),
        )

    def _call_symbolic(self, inputs: Any, flat: list[Any], training: bool | None) -> Any:
        ordered = inputs
        if not any(not isinstance(item, KerasTensor) for item in flat) and _tree.is_nested(inputs):
            ordered = self._ordered_inputs(inputs)
        return super()._call_symbolic(ordered, flat, training)

    @property
    def _shape_is_known(self) -> bool:
        """Whether `compute_output_shape` can answer; without a graph only that of a subclass."""
        own = type(self).compute_output_shape is not GraphModel.compute_output_shape
        return own or self._layer_graph is not None

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Shape of the output for inputs of `input_shape`."""
        return self.output_shape

    def _lower(self, graph: EngineGraph, inputs: Sequence[int]) -> list[int]:
        if self._own_call:
            calls = [node.call for node in self._inbound_nodes if node.call is not None]
            named = any(call[1] or call[2].keys() - {"training"} for call in calls)
            if self._layer_graph is None or named:
                raise _custom.NotCompilable(f"Model '{self.name}' draws no graph.")
        values = {id(tensor): index for tensor, index in zip(self._inputs, inputs, strict=True)}
        for node in self._graph().nodes:
            if node.is_input:
                continue
            sources = [values[id(tensor)] for tensor in node.input_tensors]
            results = _lowering.lower(node.operation, graph, sources)
            for tensor, index in zip(node.outputs, results, strict=True):
                values[id(tensor)] = index
        return [values[id(tensor)] for tensor in self._outputs]

    # The engine.

    def _model_dtype(self) -> DType:
        """The one dtype of all layers.

        Raises:
            ValueError: If layers have different ones.
        """
        if self._graph_dtype is not None:
            return self._graph_dtype
        found: dict[str, str] = {}
        for layer in self._flatten_layers():
            if not isinstance(layer, (InputLayer, GraphModel)):
                found.setdefault(layer._dtype, layer.name)
        if len(found) > 1:
            raise ValueError(
                f"Model '{self.name}' mixes dtypes, which the engine cannot: "
                f"{', '.join(f'{dtype} (layer {name!r})' for dtype, name in found.items())}."
            )
        dtype = cast("DType", next(iter(found), self._dtype))
        if self._layer_graph is not None:
            self._graph_dtype = dtype
        return dtype

    def _trainable_flags(self) -> tuple[bool, ...]:
        layers = [layer.trainable for layer in self._flatten_layers()]
        return (*layers, *(variable.trainable for variable in self.weights))

    def _get_engine(self, current_flags: bool = False) -> Engine:
        """The engine of this graph; with `current_flags` as trainable as the layers are now."""
        flags = self._trainable_flags() if current_flags else self._engine_flags
        if self._engine is None or flags != self._engine_flags:
            graph = EngineGraph(self._model_dtype())
            inputs = []
            for tensor in self._inputs:
                # The engine's samples have at least one axis.
                shape = tensor.shape[1:] or (1,)
                index = graph.append({"op": "input", "name": tensor.name, "inputs": []}, shape)
                graph.nodes[index]["shape"] = graph.shapes[index]
                inputs.append(index)
            self._engine_flags = self._trainable_flags()
            outputs = self._lower(graph, inputs)
            if not self._trainable:  # whatever the layers inside say, as `trainable_weights` does
                for node in graph.nodes:
                    node["trainable"] = False
            self._engine = graph.engine(outputs)
            self._engine_variables = graph.variables
            self._plain_predict = self._make_plain_predict(self._engine)
        return self._engine

    def _own_predict_step(self) -> bool:
        """Whether a subclass says how a batch is predicted."""
        return False

    def _make_plain_predict(self, engine: Engine) -> Callable[[Any], Array | None]:
        if self._own_predict_step():
            return _never
        out = self._outputs_struct
        keyed = isinstance(self._inputs_struct, dict)
        if keyed or not isinstance(out, KerasTensor) or out.ndim < 2 or self._inputs[0].ndim < 2:
            return _never
        return engine.plain_predictor() or _never

    # Calls on data.

    def _peek_output_shapes(self, input_shapes: Sequence[Shape]) -> list[Shape]:
        """Shapes of the outputs for such inputs, without building anything."""
        return [tensor.shape for tensor in self.outputs]

    def _build_from(self, arrays: Sequence[Array]) -> None:
        """Builds the model for such inputs if it is not built."""
        self._graph()

    def _input_arrays(self, x: Any, argument: str = "x") -> list[Array]:
        """Data for all inputs, as the engine reads them; nothing is built."""
        plain = self._plain_input
        if plain is not None and type(x) is np.ndarray and x.shape[1:] == plain[0]:
            flags = x.flags
            if x.dtype == plain[1] and flags.c_contiguous and flags.aligned and x.size:
                return [x]
        dtype = self._model_dtype()
        if self._layer_graph is None:
            array = _data.numeric(self._only_input(x, argument), argument)
            array = array[:, None] if array.ndim == 1 else array
            return [_data.features(array, (None, *array.shape[1:]), dtype, argument, "the model")]
        names = self.input_names
        parts = _data.split_structure(
            x,
            names,
            isinstance(self._inputs_struct, dict),
            [tensor.ndim for tensor in self._inputs],
            argument,
        )
        arrays = []
        for part, name, tensor in zip(parts, names, self._inputs, strict=True):
            label = argument if len(names) == 1 else f"{argument}[{name!r}]"
            what = f"the input '{name}' of model '{self.name}'"
            arrays.append(_data.features(part, tensor.shape, dtype, label, what))
        _data.check_lengths([(argument, arrays)])
        keyed = isinstance(self._inputs_struct, dict)
        known = self._inputs[0].ndim > 1 and None not in self._inputs[0].shape[1:]
        if len(arrays) == 1 and known and not keyed:
            self._plain_input = (self._inputs[0].shape[1:], arrays[0].dtype)
        return [array if array.ndim > 1 else array[:, None] for array in arrays]

    def _only_input(self, x: Any, argument: str) -> Any:
        if isinstance(x, dict) and len(x) == 1:
            return next(iter(x.values()))
        wrapped = isinstance(x, (list, tuple)) and len(x) == 1 and isinstance(x[0], np.ndarray)
        return x[0] if wrapped and x[0].ndim > 1 else x

    def _pack_outputs(self, arrays: Sequence[Array]) -> Any:
        if isinstance(self._outputs_struct, KerasTensor) and self._outputs_struct.ndim > 1:
            return arrays[0]
        shaped = [
            array[:, 0] if tensor.ndim == 1 < array.ndim else array
            for array, tensor in zip(arrays, self._outputs, strict=True)
        ]
        return _tree.pack_as(_alone(self._outputs_struct), shaped)

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Applies the model.

        Args:
            inputs: Symbolic tensors, or arrays or tensors with the batch first, in the structure
                of the model's inputs.
            *args: `training`, which says whether dropout acts (for arrays and tensors only), or
                what the model's own `call` takes.
            **kwargs: Likewise.

        Returns:
            Symbolic tensors, arrays or tensors in the structure of the model's outputs.
        """
        if not (args or kwargs or _record._state.depth):
            plain = self._plain_predict(inputs)
            if plain is not None:
                return plain
        if self._own_call:
            return self._call_own(inputs, args, kwargs)
        return self._call_built_in(inputs, *args, **kwargs)

    def _call_built_in(self, inputs: Any, training: bool | None = None) -> Any:
        flat = _tree.flatten(inputs)
        if any(isinstance(item, KerasTensor) for item in flat):
            if self._layer_graph is None and len(flat) == 1:
                self.build(flat[0].shape)
            return self._call_symbolic(inputs, flat, training)
        if training is None:
            training = _custom.training_now()
        recorded = _record._state.depth > 0 or any(isinstance(item, Tensor) for item in flat)
        if recorded or not self._is_compiled_graph():
            outputs = self._call_recorded(inputs, training)
            if recorded:
                return outputs
            return _tree.map_structure(_custom._plain, outputs)
        arrays = self._input_arrays(inputs, "inputs")
        if self._layer_graph is None:
            self._peek_output_shapes([(None, *array.shape[1:]) for array in arrays])
            self._build_from(arrays)
        engine = self._get_engine(current_flags=bool(training))
        if training:
            outputs = engine.forward(arrays, True, self._training_calls, False).outputs
            self._training_calls += 1
        else:
            outputs = engine.predict(arrays)
        return self._pack_outputs(outputs)

    def _is_compiled_graph(self) -> bool:
        """Whether the model's graph is one that the engine runs; an unknown graph counts as one."""
        if self._layer_graph is None:
            return not self._own_call
        if self._lowers is None:
            try:
                self._get_engine()
                self._lowers = True
            except _custom.NotCompilable:
                self._lowers = False
        return self._lowers

    def _call_recorded(self, inputs: Any, training: bool | None) -> Any:
        """Applies the model to tensors: in the engine if it can, otherwise layer by layer."""
        if self._layer_graph is None:
            plain = _tree.map_structure(
                lambda leaf: leaf._value if isinstance(leaf, Tensor) else leaf, inputs
            )
            arrays = self._input_arrays(plain, "inputs")
            self._peek_output_shapes([(None, *array.shape[1:]) for array in arrays])
            self._build_from(arrays)
        ordered = self._ordered_inputs(inputs)
        dtype = np.dtype(self._model_dtype())
        tensors = [
            _fitted(array_of(x, dtype, self.name), spec.ndim)
            for x, spec in zip(ordered, self._inputs, strict=True)
        ]
        self._check_inputs([tuple(x.shape) for x in tensors])
        if _custom.training_now() is None:
            self._forget_losses()
        # As one node of the record the graph would not tell what its layers' outputs cost.
        layers = self._flatten_layers()
        penalised = any(layer.activity_regularizer is not None for layer in layers)
        if penalised or not self._is_compiled_graph():
            results = self._walk(tensors, training)
            return _tree.pack_as(_alone(self._outputs_struct), results)
        engine = self._get_engine(current_flags=True)
        step = self._training_calls
        self._training_calls += bool(training)
        tensors = [x if x.ndim > 1 else x[:, None] for x in tensors]
        results = call_engine(
            self.name,
            engine,
            self._engine_variables,
            tensors,
            (bool(training), step),
            lambda again: self._walk(again, bool(training), composed=True),
        )
        shaped = [
            x[:, 0] if tensor.ndim == 1 else x
            for x, tensor in zip(results, self._outputs, strict=True)
        ]
        return _tree.pack_as(_alone(self._outputs_struct), shaped)

    def _walk(
        self, inputs: Sequence[Any], training: bool | None, composed: bool = False
    ) -> list[Any]:
        """The outputs, by calling layer after layer; `composed`: with operations only."""
        values = {id(tensor): x for tensor, x in zip(self._inputs, inputs, strict=True)}
        with _custom.within_call(training):
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
                    found = layer(given, training=training)
                for tensor, x in zip(node.outputs, _tree.flatten(found), strict=True):
                    values[id(tensor)] = x
        return [values[id(tensor)] for tensor in self._outputs]

    def _compose(self, inputs: Sequence[Any], training: bool) -> Any:
        return _tree.pack_as(
            _alone(self._outputs_struct), self._walk(inputs, training, composed=True)
        )

    # A `call` of the user's own.

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """What the model computes; a subclass overrides it, and writes it with layers and `ops`.

        Args:
            inputs: A tensor, or a structure of them.
            *args: Further arguments.
            **kwargs: Further arguments, such as `training`.
        """
        return self._call_built_in(inputs, *args, **kwargs)

    setattr(call, "_built_in", True)  # noqa: B010

    def _call_own(self, inputs: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        symbolic = any(isinstance(leaf, KerasTensor) for leaf in _tree.flatten(inputs))
        if not symbolic and not args and not kwargs.keys() - {"training"}:
            self._try_trace(inputs)
            if self._layer_graph is not None:
                return self._call_built_in(inputs, **kwargs)
        return _custom.call(self, inputs, args, kwargs)

    def _try_trace(self, inputs: Any) -> None:
        """Finds the graph that `call` draws, if it draws one that the engine runs."""
        if self._layer_graph is not None or self._untraceable or self._traces:
            return
        self._traces = True
        try:
            count = iter(range(10**6))
            specs = _tree.map_structure(
                lambda leaf: (
                    InputLayer(
                        shape=tuple(np.shape(leaf))[1:], name=f"{self.name}_input_{next(count)}"
                    )
                    ._inbound_nodes[0]
                    .outputs[0]
                ),
                inputs,
            )
            _custom.traced(self, specs)
            with _custom.trace(False), _record.paused():
                outputs = _custom.call(self, specs, (), {})
            self._set_graph(specs, outputs)
            if not self._is_compiled_graph():
                raise _custom.NotCompilable(self.name)
        except (_custom.NotCompilable, ValueError, TypeError):
            self._untraceable = True
            GraphModel._drop_graph(self)
            # What was built while tracing stays so.
            self.built = bool(self.weights)
        finally:
            self._traces = False

    def _trace_again(self) -> None:
        """Looks anew at what the user's own calls do, if the engine runs what they did once."""
        parts: list[Any] = self._flatten_layers()
        if self._layer_graph is None or not any(each._own_call for each in parts):
            return
        inputs = self._inputs_struct
        if not self._own_call:
            self._drop_engine()
            self._lowers = None
            return
        GraphModel._drop_graph(self)
        self._try_trace(_tree.map_structure(lambda spec: np.zeros((1, *spec.shape[1:])), inputs))

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights.

        Args:
            input_shape: Shape of the input, batch first, or a structure of shapes.
        """
        if self._own_call and not self._traces and not self.built and input_shape is not None:
            nested = isinstance(input_shape, (list, dict)) and not isinstance(
                next(iter(input_shape), None), (int, type(None))
            )
            sample = (
                [np.zeros((1, *shape[1:]), self._dtype) for shape in input_shape]
                if nested
                else np.zeros((1, *input_shape[1:]), self._dtype)
            )
            self._try_trace(sample)
            if self._layer_graph is None:
                self.built = True  # or the call would build it again
                try:
                    with _record.paused():
                        _custom.call(self, sample, (), {})
                except BaseException:
                    self.built = False
                    raise
        self.built = True

    def __getstate__(self) -> dict[str, Any]:
        """For pickle and copy: layers with their weights, and the calls as plain data."""
        state = super().__getstate__()
        for name in _OF_THE_GRAPH:
            state.pop(name, None)
        if self._layer_graph is not None:
            state["_calls"] = recorded_calls(
                self._layer_graph, self._inputs_struct, self._outputs_struct
            )
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        calls = state.pop("_calls", None)
        self.__dict__.update(state)
        GraphModel._drop_graph(self)
        self._inputs, self._outputs = [], []
        self._engine_flags, self._engine_variables = (), []
        if calls is not None:
            self._set_graph(*replayed_calls(calls))


# Made anew after pickling and copying.
_OF_THE_GRAPH = (
    "_engine",
    "_engine_flags",
    "_engine_variables",
    "_inputs",
    "_inputs_struct",
    "_layer_graph",
    "_outputs",
    "_outputs_struct",
    "_plain_input",
    "_plain_predict",
)


def _never(x: Any) -> Array | None:
    """For models that take or give more than one plain array, or have no engine yet."""
    return None


def _fitted(x: Any, rank: int) -> Any:
    """A vector as the column that an input of one feature takes."""
    return x[:, None] if x.ndim == 1 and rank == 2 else x


def _alone(structure: Any) -> Any:
    """The only element of a list of one, as Keras gives it; anything else as it is."""
    if isinstance(structure, (list, tuple)) and len(structure) == 1:
        return structure[0]
    return structure
