"""Weights kept at spectral norm 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pronghorn import initializers
from pronghorn._numbers import integer
from pronghorn.layers import _call_context
from pronghorn.layers._wrapper import Wrapper

if TYPE_CHECKING:
    from pronghorn._engine import Array
    from pronghorn._variable import Variable


class SpectralNormalization(Wrapper):
    """The layer inside, its W divided by W's largest singular value before each training step.

    That value is sigma = v W u^T, with v and u from steps of the power method, v = u W^T / |u W^T|
    and u = v W / |v W|; u is kept from step to step. Like in Keras on TensorFlow, W itself is
    replaced, and gradients do not pass through sigma. Models with this layer run recorded.

    T. Miyato et al., "Spectral normalization for generative adversarial networks", ICLR 2018,
    algorithm 1.

    Args:
        layer: A layer with a `kernel` or `embeddings`.
        power_iterations: Steps of the power method before each training step.
        **kwargs: `name`, `trainable`, `dtype`.

    Raises:
        ValueError: If the layer has neither, or `power_iterations` is not positive.

    Example:
        >>> from pronghorn import layers
        >>> layer = SpectralNormalization(layers.Dense(3), power_iterations=50)
        >>> y = layer(np.ones((1, 4)), training=True)
        >>> print(round(float(np.linalg.norm(layer.layer.kernel.numpy(), 2)), 3))
        1.0
    """

    def __init__(self, layer: Any, power_iterations: int = 1, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.power_iterations = integer(power_iterations, "power_iterations", low=1)
        self.vector_u: Variable | None = None
        self.kernel: Variable | None = None

    def build(self, input_shape: Sequence[int | None] | None = None) -> None:
        """Builds the layer inside and draws u.

        Args:
            input_shape: Shape of the input, batch first.
        """
        super().build(input_shape)
        if self.kernel is not None:
            return
        found = getattr(self.layer, "kernel", None)
        self.kernel = getattr(self.layer, "embeddings", None) if found is None else found
        if self.kernel is None:
            raise ValueError(
                f"Layer '{self.layer.name}' ({type(self.layer).__name__}) has neither `kernel` nor "
                "`embeddings`, and SpectralNormalization nothing to normalise."
            )
        self.vector_u = self.add_weight(
            (1, self.kernel.shape[-1]),
            initializers.TruncatedNormal(stddev=0.02),
            "vector_u",
            trainable=False,
        )

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Applies the layer inside.

        Args:
            inputs: What it takes.
            training: Whether to normalise W first.
        """
        if training:
            if _call_context.tracing():
                raise _call_context.NotCompilable(f"Layer '{self.name}' changes its weights.")
            self._normalize()
        return self.layer(inputs)

    def _normalize(self) -> None:
        assert self.kernel is not None
        assert self.vector_u is not None
        kernel = self.kernel.numpy()
        matrix, u = kernel.reshape(-1, kernel.shape[-1]), self.vector_u.numpy()
        for _ in range(self.power_iterations):
            v = _unit(u @ matrix.T)
            u = _unit(v @ matrix)
        sigma = (v @ matrix @ u.T).item()
        self.vector_u.assign(u)
        if sigma != 0:  # a matrix of zeros stays as it is
            self.kernel.assign(kernel / sigma)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """That of the layer inside."""
        return self.layer.compute_output_shape(input_shape)

    def _own_weights(self) -> list[Variable]:
        # In Keras the layer counts the weight that it normalises as its own, too.
        return [each for each in (self.kernel, self.vector_u) if each is not None]

    def save_own_variables(self, store: dict[str, Any]) -> None:
        for number, variable in enumerate(self._own_weights()):
            store[str(number)] = variable.numpy()

    def load_own_variables(self, store: dict[str, Any]) -> None:
        own = self._own_weights()
        if sorted(store) != [str(number) for number in range(len(own))]:
            raise ValueError(
                f"Layer '{self.name}' expected {len(own)} variables, but received {len(store)} "
                "variables during loading."
            )
        for number, variable in enumerate(own):
            variable.assign(store[str(number)])

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "power_iterations": self.power_iterations}


def _unit(vector: Array) -> Array:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), vector.dtype)
