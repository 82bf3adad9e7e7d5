"""Any activation as a layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pronghorn import activations
from pronghorn.activations._function import native_spec
from pronghorn.layers._elementwise import ActivationLayer
from pronghorn.layers._operation import class_name_of


class Activation(ActivationLayer):
    """Y = act(X).

    Args:
        activation: Name or function. With a function of your own, written with `ops`, the model
            runs recorded unless the function draws a graph of built-in layers.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: For an unknown name, with the nearest one suggested.

    Example:
        >>> import numpy as np
        >>> Activation("relu")(np.array([-1.0, 2.0])).tolist()
        [0.0, 2.0]
    """

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)
        self._written = native_spec(self.activation) is None  # a function of the user's own
        if self._written:
            self._own_call = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Applies the function.

        Args:
            inputs: A tensor, batch first.
            training: Has no effect.
        """
        if self._written:
            return self.activation(inputs)
        return self._call_built_in(inputs, training)

    setattr(call, "_built_in", True)  # noqa: B010

    @property
    def _kind(self) -> str:
        # One that a function put into a graph has the name of Keras's operation.
        return super()._kind if self._same is None else class_name_of(dict(self._same)["name"])

    def _function(self) -> Callable[..., Any]:
        return self.activation

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "activation": activations.serialize(self.activation)}
