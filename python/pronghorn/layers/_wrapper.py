"""Layers around another layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pronghorn._serialization._objects import deserialize_keras_object, serialize_keras_object
from pronghorn.layers._layer import Layer


class Wrapper(Layer):
    """Base of layers that hold another one and write their own `call` with it.

    Args:
        layer: The layer inside.
        **kwargs: `name`, `trainable`, `dtype`.

    Raises:
        ValueError: If `layer` is no layer.

    Example:
        >>> import numpy as np, pronghorn as keras
        >>> class Twice(Wrapper):
        ...     def call(self, inputs):
        ...         return self.layer(self.layer(inputs))
        >>> Twice(keras.layers.Rescaling(3.0))(np.ones((1, 2))).tolist()
        [[9.0, 9.0]]
    """

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        if not isinstance(layer, Layer):
            raise ValueError(
                f"`layer` of {type(self).__name__} must be a layer. Received: layer={layer!r} "
                f"(of type {type(layer).__name__})"
            )
        super().__init__(**kwargs)
        self.layer = layer

    def build(self, input_shape: Sequence[int | None] | None = None) -> None:
        """Builds the layer inside.

        Args:
            input_shape: Shape of the input, batch first.
        """
        if not self.layer.built:
            self.layer.build(input_shape)
        self.built = True

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "layer": serialize_keras_object(self.layer)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Makes a layer from what `get_config` gave."""
        return cls(**{**config, "layer": deserialize_keras_object(config["layer"])})
