"""Dropout layers with a `noise_shape`: axes along which elements fall together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pronghorn.layers import _call_context
from pronghorn.layers._noise import NoiseLayer

NoiseShape = tuple[int | None, ...]


def check_noise_shape(value: Any) -> NoiseShape | None:
    """A `noise_shape` argument as a tuple.

    Raises:
        ValueError: If it is no sequence of positive integers and None.
    """
    if value is None:
        return None
    if isinstance(value, Sequence) and not isinstance(value, str):
        sizes = tuple(value)
        if all(s is None or (isinstance(s, int) and s is not True and s > 0) for s in sizes):
            return sizes
    raise ValueError(
        "`noise_shape` must be None, or a sequence of positive integers and None, one for each "
        f"axis of the input with the batch. Received: noise_shape={value!r}"
    )


class ShapedMask:
    """Draws which elements stay, one number for all elements along axes of length 1.

    Args:
        rate: Probability of an element to fall.
        noise_shape: As checked by `check_noise_shape`.
        seed: The same seed gives the same masks, one after the other.
    """

    def __init__(self, rate: float, noise_shape: NoiseShape, seed: int) -> None:
        self.rate, self.noise_shape = rate, noise_shape
        self._generator = np.random.Generator(np.random.Philox(seed))

    def draw(self, shape: Sequence[int | None], name: str) -> Any:
        """Booleans that broadcast to `shape`.

        Raises:
            ValueError: If the shapes do not fit, with the layer's name.
            TypeError: For a shape that is not known yet, as in a trace.
        """
        own = tuple(shape)
        fits = len(own) == len(self.noise_shape) and all(
            size in (None, 1, whole) or whole is None
            for size, whole in zip(self.noise_shape, own, strict=True)
        )
        if not fits:
            raise ValueError(
                f"`noise_shape` of layer '{name}' must have the input's axes, each of length 1 or "
                f"the input's. Received: noise_shape={self.noise_shape}, inputs of shape {own}"
            )
        known = [whole for whole in own if whole is not None]
        if len(known) < len(own):
            raise TypeError(f"Layer '{name}' draws numbers for a batch of known size. Got {own}")
        sizes = [size or whole for size, whole in zip(self.noise_shape, known, strict=True)]
        return self._generator.random(sizes) >= self.rate


class DropoutLayer(NoiseLayer):
    """A layer that drops elements in training, each alone or together along axes.

    Args:
        rate: Probability of an element to fall, checked.
        noise_shape: None, or a shape; the layer then runs recorded.
        seed: Of the masks; None draws one.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: For a `noise_shape` that is none.
    """

    def __init__(self, rate: float, noise_shape: Any, seed: int | None, **kwargs: Any) -> None:
        shape = check_noise_shape(noise_shape)
        super().__init__(seed=seed, **kwargs)
        self.rate = rate
        self.noise_shape = shape
        if shape is not None:
            self._own_call = True
            self._mask = ShapedMask(rate, shape, self._stream)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Drops, if `training`.

        Args:
            inputs: A tensor, batch first.
            training: Whether to drop; None is what the model is doing.
        """
        if self.noise_shape is None:
            return self._call_built_in(inputs, training)
        if training is None:
            training = _call_context.training_now()
        if not training or not self.rate:
            return inputs
        return self._drop(inputs, self._mask.draw(inputs.shape, self.name))

    setattr(call, "_built_in", True)  # noqa: B010

    def _drop(self, inputs: Any, kept: Any) -> Any:
        """What `inputs` become of which `kept` stay, written with `ops`."""
        raise NotImplementedError

    def _numbers(self) -> dict[str, float]:
        return {"rate": self.rate}

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "noise_shape": self.noise_shape}
