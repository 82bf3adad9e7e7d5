"""A function as a layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pronghorn._serialization._objects import deserialize_keras_object
from pronghorn.layers._custom import parameters
from pronghorn.layers._layer import Layer


class Lambda(Layer):
    """Applies a function, written with `pronghorn.ops`, to its input.

    It is given `training` and the input's `mask` too if it has arguments of these names.

    A model with it runs recorded, unless the function is made of activations alone.

    Args:
        function: Takes a tensor.
        output_shape: Shape of the output without the batch, or a function of the input's shape;
            None finds it out.
        mask: The output's mask, or a function of inputs and their mask that gives it.
        arguments: Further arguments of the function, by name.
        **kwargs: `name`, `trainable`, `dtype`.

    Raises:
        TypeError: If `function` is not callable.

    Example:
        >>> import numpy as np
        >>> Lambda(lambda x: x * 2)(np.ones((1, 2))).tolist()
        [[2.0, 2.0]]
    """

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if not callable(function):
            raise TypeError(f"`function` must be callable. Received: function={function!r}")
        super().__init__(**kwargs)
        self.function = function
        self.arguments = dict(arguments or {})
        self._output_shape = output_shape
        self.mask = mask
        self.supports_masking = self._makes_mask = mask is not None
        self._reads_mask = "mask" in parameters(function)

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        """The function's value."""
        given = {"mask": mask, "training": training}
        wanted = {k: v for k, v in given.items() if k in parameters(self.function)}
        return self.function(inputs, **wanted, **self.arguments)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """What `mask` says; None without one."""
        return self.mask(inputs, previous_mask) if callable(self.mask) else self.mask

    def compute_output_shape(self, input_shape: Any) -> Any:
        """What `output_shape` says."""
        if callable(self._output_shape):
            return self._output_shape(input_shape)
        given = self._output_shape
        first = input_shape  # of several inputs, nested as they are
        while isinstance(first, dict) or (first and isinstance(first[0], (tuple, list, dict))):
            first = next(iter(first.values())) if isinstance(first, dict) else first[0]
        return (first[0], *((given,) if isinstance(given, int) else given))

    @property
    def _shape_is_known(self) -> bool:
        return self._output_shape is not None

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer; the function is among them as it is."""
        return {
            **super().get_config(),
            "function": self.function,
            "output_shape": self._output_shape,
            "mask": self.mask,
            "arguments": self.arguments,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Lambda:
        """Makes a layer from what `get_config` gave; functions are looked up by name."""
        named = {key: config.get(key) for key in ("function", "output_shape", "mask")}
        found = {
            key: deserialize_keras_object(value) if isinstance(value, dict) else value
            for key, value in named.items()
        }
        return cls(**{**config, **found})
