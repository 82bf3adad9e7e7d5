"""What has a graph of layers: inputs, outputs, layers, and its place in another graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from pronghorn import _data, _suggest, _tree
from pronghorn._engine import Array, Engine, EngineGraph
from pronghorn._graph import KerasTensor, LayerGraph
from pronghorn.layers import Layer, _call_context, _lowering, _masks, _tracing
from pronghorn.models._preparation import Preparation, has_tables

if TYPE_CHECKING:
    from pronghorn._engine import DType


class _Count:
    """A number that may change without its owner's attributes doing so, which are watched."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0


_changes = _Count()  # of the graphs of all models


def _keys_or_names(structure: Any, tensors: Sequence[KerasTensor]) -> list[str]:
    if isinstance(structure, dict):
        return sorted(structure)
    return [tensor._keras_history.operation.name for tensor in tensors]


class GraphHolder(Layer):
    """A layer that is a graph of layers."""

    def __init__(self, name: str | None = None, trainable: bool = True, dtype: Any = None) -> None:
        super().__init__(name=name, trainable=trainable, dtype=dtype)
        self._layer_graph: LayerGraph | None = None
        self._inputs: list[KerasTensor] = []
        self._outputs: list[KerasTensor] = []
        self._inputs_struct: Any = None
        self._outputs_struct: Any = None
        # What is done to data before the engine gets them, if there are layers for categories.
        self._preparation: Preparation | None = None
        self._engine: Engine | None = None
        self._engine_flags: tuple[bool, ...] = ()
        self._engine_variables: list[Any] = []  # in the engine's order
        self._graph_dtype: DType | None = None
        # The whole check that the commonest input needs: a plain array of this shape and dtype.
        self._plain_input: tuple[tuple[int | None, ...], Any] | None = None
        # And all of prediction for it: the outputs, or None for any other input.
        self._plain_predict: Callable[[Any], Array | None] = _never
        self._training_calls = _Count()
        # The layers inside, and how many graphs had changed anywhere when they were looked up.
        self._flat_layers: tuple[int, tuple[Any, ...]] | None = None
        # Whether the engine can run the graph; None if that was not tried.
        self._lowers: bool | None = None
        # Whether a `call` of the user's own was traced in vain, and whether it is being traced.
        self._untraceable = False
        # Whether it neither has a graph nor writes a `call`: only its steps say what it does.
        self._callless = False
        self._traces = False
        # Symbolic inputs, of which some are text, that a `call` of the user's own was given first.
        self._seen_inputs: Any = None

    # The graph.

    def _set_graph(self, inputs: Any, outputs: Any) -> None:
        flat_inputs, flat_outputs = _tree.flatten(inputs), _tree.flatten(outputs)
        graph = LayerGraph(flat_inputs, flat_outputs)
        self._inputs_struct, self._outputs_struct = inputs, outputs
        self._inputs, self._outputs = flat_inputs, flat_outputs
        self._layer_graph = graph
        tables = any(has_tables(layer) for layer in graph.operations)
        self._preparation = Preparation(self) if tables else None
        self._drop_engine()
        self._lowers = None
        self._eager = type(self._eager)()
        self.built = True
        _changes.value += 1

    def _drop_graph(self) -> None:
        self._layer_graph = None
        self._flat_layers = None
        _changes.value += 1
        self._preparation = None
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

    def _known_graph(self) -> None:
        """Raises AttributeError without a graph, so that ``hasattr(model, "inputs")`` tells."""
        if self._layer_graph is None:
            try:
                self._graph()
            except ValueError as error:
                raise AttributeError(str(error)) from None

    @property
    def inputs(self) -> list[KerasTensor]:
        """Symbolic inputs, flat."""
        self._known_graph()
        return self._inputs

    @property
    def outputs(self) -> list[KerasTensor]:
        """Symbolic outputs, flat."""
        self._known_graph()
        return self._outputs

    @property
    def input(self) -> Any:
        """Symbolic inputs in the structure given."""
        self._known_graph()
        return self._inputs_struct

    @property
    def output(self) -> Any:
        """Symbolic outputs in the structure given."""
        self._known_graph()
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
        self._known_graph()
        return _tree.map_structure(lambda tensor: tensor.shape, _alone(self._inputs_struct))

    @property
    def output_shape(self) -> Any:
        """Shape of the output, batch first; in the structure given if there are several."""
        self._known_graph()
        return _tree.map_structure(lambda tensor: tensor.shape, _alone(self._outputs_struct))

    @property
    def layers(self) -> list[Layer]:
        """The layers, inputs first, without the operations between them."""
        if self._own_call:
            return super()._sublayers()
        return [layer for layer in self._graph().operations if not layer._is_operation]

    def _sublayers(self) -> list[Layer]:
        if self._own_call:
            return super()._sublayers()
        return [] if self._layer_graph is None else list(self._layer_graph.operations)

    def _sublayers_are_attributes(self) -> bool:
        return self._own_call

    def _flatten_layers(self) -> list[Any]:
        if self._layer_graph is None or self._own_call:
            return super()._flatten_layers()
        known = self._flat_layers
        if known is None or known[0] != _changes.value:
            found: list[Any] = super()._flatten_layers()
            if any(
                each._own_call or (isinstance(each, GraphHolder) and each._layer_graph is None)
                for each in found
            ):
                return found  # what is inside them may change without a graph
            known = self._flat_layers = (_changes.value, tuple(found))
        return list(known[1])

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
        for layer in [*layers, *self._sublayers()]:
            if layer.name == name:
                return layer
        raise _suggest.unknown("layer", name, [layer.name for layer in layers])

    def get_build_config(self) -> dict[str, Any] | None:
        """Shapes of what a model takes: of the input of one with one input, as Keras writes it."""
        if self._layer_graph is None:
            known = self.built and self._build_shape is not None
            return {"input_shape": self._build_shape} if known else None
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

    @property
    def _has_masks(self) -> bool:
        """Whether masks come with the outputs, for losses and later layers."""
        return any(tensor._masked for tensor in self._outputs)

    @property
    def _passes_masks(self) -> bool:
        """Whether a mask of an input may reach an output."""
        parts: list[Any] = self._flatten_layers()[1:]
        return all(layer.supports_masking or isinstance(layer, GraphHolder) for layer in parts)

    def _symbolic_outputs(self, shapes: Any) -> Any:
        batch = shapes[0][0]
        return _tree.map_structure(
            lambda tensor: KerasTensor((batch, *tensor.shape[1:]), self._model_dtype()),
            _alone(self._outputs_struct),
        )

    def _check_text(self, tensors: list[KerasTensor]) -> None:
        for given, own in zip(tensors, self._inputs, strict=False):
            if (given.dtype == "string") != (own.dtype == "string"):
                raise ValueError(
                    f"Model '{self.name}' takes dtype '{own.dtype}' for '{own.name}'. Received: "
                    f"'{given.name}' of dtype '{given.dtype}'."
                )

    def _call_symbolic(self, inputs: Any, flat: list[Any], training: bool | None) -> Any:
        ordered = inputs
        if not any(not isinstance(item, KerasTensor) for item in flat) and _tree.is_nested(inputs):
            ordered = self._ordered_inputs(inputs)
        return super()._call_symbolic(ordered, flat, training)

    @property
    def _shape_is_known(self) -> bool:
        """Whether `compute_output_shape` can answer; without a graph only that of a subclass."""
        own = type(self).compute_output_shape is not GraphHolder.compute_output_shape
        return own or self._layer_graph is not None

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Shape of the output for inputs of `input_shape`."""
        return self.output_shape

    def _lower(self, graph: EngineGraph, inputs: Sequence[int]) -> list[int]:
        if self._own_call:
            calls = [node.call for node in self._inbound_nodes if node.call is not None]
            named = any(call[1] or call[2].keys() - {"training"} for call in calls)
            if self._layer_graph is None or named:
                raise _call_context.NotCompilable(f"Model '{self.name}' draws no graph.")
        if self._preparation is not None:
            raise _call_context.NotCompilable(f"Model '{self.name}' follows what the engine runs.")
        if any(_masks.is_masked(node.input_tensors) for node in self._inbound_nodes) and any(
            _masks.reads_mask(layer) for layer in self._flatten_layers()
        ):
            raise _call_context.NotCompilable(f"A layer of model '{self.name}' reads a mask.")
        values = {id(tensor): index for tensor, index in zip(self._inputs, inputs, strict=True)}
        for node in self._graph().nodes:
            if node.is_input:
                continue
            _tracing.check_unmasked(node)
            sources = [values[id(tensor)] for tensor in node.input_tensors]
            results = _lowering.lower(node.operation, graph, sources)
            results = _lowering.as_drawn(graph, results, node)
            for tensor, index in zip(node.outputs, results, strict=True):
                values[id(tensor)] = index
        return [values[id(tensor)] for tensor in self._outputs]

    def _model_dtype(self) -> DType:
        """The one dtype of all layers."""
        raise NotImplementedError


def _never(x: Any) -> Array | None:
    """For models that take or give more than one plain array, or have no engine yet."""
    return None


def _alone(structure: Any) -> Any:
    """The only element of a list of one, as Keras gives it; anything else as it is."""
    if isinstance(structure, (list, tuple)) and len(structure) == 1:
        return structure[0]
    return structure
