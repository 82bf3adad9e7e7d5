"""Chains of layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pronghorn import _columns, _naming
from pronghorn._engine import Array, Shape
from pronghorn._graph import KerasTensor, producer
from pronghorn._serialization._custom_objects import CustomObjectScope
from pronghorn._serialization._objects import serialize_keras_object
from pronghorn.layers import InputLayer, Layer
from pronghorn.layers._tables._table_layer import TableLayer
from pronghorn.models._model import Model


class Sequential(Model):
    """A chain of layers, each applied to the output of the one before.

    If it does not begin with an Input, it is built by the first data it sees.

    Args:
        layers: Layers, or an Input first.
        trainable: Whether training changes the weights.
        name: Given automatically if None.

    Raises:
        ValueError: If something else than a layer is among them, two layers share a name, or
            shapes do not fit.

    Example:
        >>> import pronghorn as keras
        >>> model = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(1)])
        >>> model.build((None, 4))
        >>> model.count_params()
        49
    """

    _graph_comes_later = True

    def __init__(
        self,
        layers: Sequence[Any] | None = None,
        trainable: bool = True,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self._trainable = trainable
        self._layers: list[Layer] = []
        self._sees_text = False  # whether the data that it is built on are text
        for layer in layers or ():
            self._append(layer)
        self._build_if_known()

    def add(self, layer: Any) -> None:
        """Appends a layer.

        Args:
            layer: A layer, or an Input first.

        Raises:
            ValueError: If it is no layer, its name is taken, or its input shape does not fit; the
                model is then as it was.
        """
        before = list(self._layers)
        self._append(layer)
        try:
            if self.built:
                last = self._apply(self._layers[-1], self._outputs[0])
                self._set_graph(self._inputs_struct, last)
            else:
                self._build_if_known()
        except (TypeError, ValueError):
            self._layers = before
            raise

    def _append(self, layer: Any) -> None:
        if isinstance(layer, KerasTensor):
            layer = layer._keras_history.operation
        if not isinstance(layer, Layer):
            raise ValueError(
                "A Sequential model is made of layers. "
                f"Received: {layer!r} (of type {type(layer).__name__})"
            )
        if not self._layers and layer._input_shape_arg is not None:
            self._layers.append(InputLayer(shape=layer._input_shape_arg))
        if isinstance(layer, InputLayer) and self._layers:
            raise ValueError(
                f"Sequential model '{self.name}' has layers already; an Input can only come first."
            )
        if any(other.name == layer.name for other in self._layers):
            raise ValueError(
                f"Sequential model '{self.name}' has a layer named '{layer.name}' already; give "
                "each layer a `name` of its own."
            )
        self._layers.append(layer)

    def pop(self) -> Layer:
        """Removes the last layer and returns it.

        Raises:
            ValueError: If there is none.
        """
        if not self.layers:
            raise ValueError(f"Sequential model '{self.name}' has no layers to remove.")
        layer = self._layers.pop()
        if self.built and self.layers:
            self._set_graph(self._inputs_struct, producer(self._outputs[0]).input_tensors[0])
        else:
            self._drop_graph()
        return layer

    def _build_if_known(self) -> None:
        """Builds the graph if the shape of the input is known."""
        if len(self._layers) < 2 and not (
            self._layers and isinstance(self._layers[0], Model) and self._layers[0].built
        ):
            return
        first = self._layers[0]
        if isinstance(first, InputLayer):
            self._chain(first._inbound_nodes[0].outputs[0])
        elif isinstance(first, Model) and first.built and len(first.inputs) == 1:
            self.build(first.inputs[0].shape)

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights.

        Args:
            input_shape: Shape of the input, batch first, such as ``(None, 4)``.

        Raises:
            ValueError: If there are no layers, or the shape contradicts the model's Input.
        """
        if not self._layers:
            raise ValueError(f"Sequential model '{self.name}' has no layers; add some first.")
        first = self._layers[0]
        if isinstance(first, InputLayer):
            if input_shape is not None and tuple(input_shape) != first.batch_shape:
                raise ValueError(
                    f"Sequential model '{self.name}' has an Input of shape {first.batch_shape}. "
                    f"Received: input_shape={tuple(input_shape)}"
                )
            if not self.built:
                self._chain(first._inbound_nodes[0].outputs[0])
            return
        if input_shape is None:
            raise ValueError(
                f"Sequential model '{self.name}' needs `input_shape`, as it has no Input. "
                "Received: input_shape=None"
            )
        dtype = (
            first._input_dtype(self._sees_text) if isinstance(first, TableLayer) else first.dtype
        )
        source = InputLayer(batch_shape=input_shape, dtype=dtype)
        self._layers.insert(0, source)
        try:
            self._chain(source._inbound_nodes[0].outputs[0])
        except (TypeError, ValueError):
            self._layers.pop(0)
            raise

    def _chain(self, tensor: KerasTensor) -> None:
        if len(self._layers) < 2:
            raise ValueError(f"Sequential model '{self.name}' has no layers after its Input.")
        source = tensor
        for layer in self._layers[1:]:
            tensor = self._apply(layer, tensor)
        self._set_graph(source, tensor)

    def _set_graph(self, inputs: Any, outputs: Any) -> None:
        # Keras makes a functional model inside, which has its part in the names of later ones.
        _naming.auto_name("functional")
        super()._set_graph(inputs, outputs)

    def _apply(self, layer: Layer, tensor: KerasTensor) -> KerasTensor:
        with _naming.name_scope(self.name):
            result = layer(tensor)
        if not isinstance(result, KerasTensor):
            raise ValueError(
                f"Layer '{layer.name}' of Sequential model '{self.name}' must have one output. "
                f"It has {len(result)}."
            )
        return result

    def _result_names(self) -> tuple[list[str], bool]:
        return [self._layers[-1].name if self._layers else "output"], False

    def _peek_output_shapes(self, input_shapes: Sequence[Shape]) -> list[Shape]:
        if self._layer_graph is not None:
            return super()._peek_output_shapes(input_shapes)
        if not self._layers:
            raise ValueError(f"Sequential model '{self.name}' has no layers; add some first.")
        shape = input_shapes[0]
        for layer in self._layers:
            if isinstance(layer, InputLayer):
                continue
            layer._check_inputs(shape)
            shape = layer.compute_output_shape(shape)
        return [tuple(shape)]

    def _build_on(self, array: Array) -> None:
        self._sees_text = _columns.is_text(array)
        self.build((None, *(array.shape[1:] or (1,))))

    def _build_from(self, arrays: Sequence[Array]) -> None:
        if self._layer_graph is None:
            self.build((None, *arrays[0].shape[1:]))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Shape of the output for inputs of `input_shape`."""
        return self._peek_output_shapes([input_shape])[0]

    def get_config(self) -> dict[str, Any]:
        """The layers, as plain data."""
        config = super().get_config()
        config["layers"] = [serialize_keras_object(layer) for layer in self._layers]
        if self._layer_graph is not None:
            config["build_input_shape"] = self._inputs[0].shape
        return config

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Any:
        """Makes a model from what `get_config` gave.

        Args:
            config: The configuration.
            custom_objects: Classes and functions of the user by name.

        Raises:
            ValueError: If it is malformed.
            TypeError: If it names something that is not known.
        """
        from pronghorn._serialization._older import layer_from_config

        layers = config.get("layers")
        if not isinstance(layers, list):
            raise ValueError(
                "The configuration of a Sequential model has a list of 'layers'; received "
                f"layers={layers!r}."
            )
        with CustomObjectScope(custom_objects):
            model = cls(name=config.get("name"))
            for layer in layers:
                model.add(layer_from_config(layer))
            shape = config.get("build_input_shape")
            if not model.built and shape and model._layers:
                model.build(tuple(shape))
        if config.get("trainable") is False:
            model.trainable = False
        return model

    @property
    def layers(self) -> list[Layer]:
        """The layers, without the Input."""
        inputs = bool(self._layers) and isinstance(self._layers[0], InputLayer)
        return self._layers[1:] if inputs else list(self._layers)

    def _sublayers(self) -> list[Layer]:
        return list(self._layers)

    def _sublayers_are_attributes(self) -> bool:
        return False
