"""Normalisation of each sample by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pronghorn._engine import EngineGraph
from pronghorn.layers import _lowering
from pronghorn.layers._normalization import ScaledLayer, check_axis, sample_axes


class LayerNormalization(ScaledLayer):
    """Y = gamma (X - mean) / sqrt(variance + epsilon) + beta, mean and variance over `axis`.

    Args:
        axis: One axis or several, counted with the batch; not the batch itself.
        epsilon: Added to the variance.
        center: Whether there is an offset `beta`.
        scale: Whether there is a scale `gamma`.
        beta_initializer: Name or object that draws `beta`.
        gamma_initializer: Name or object that draws `gamma`.
        beta_regularizer: Penalty on `beta` in the loss.
        gamma_regularizer: Penalty on `gamma` in the loss.
        beta_constraint: What `beta` must be like after each update.
        gamma_constraint: Likewise for `gamma`.
        **kwargs: `name`, `trainable`, `dtype`.

    Raises:
        ValueError: For numbers out of range or an unsupported argument.
        TypeError: If `axis` is no integer or list of them.

    Source: Ba, Kiros & Hinton, arXiv:1607.06450.

    Example:
        >>> import numpy as np
        >>> LayerNormalization(epsilon=0.0)(np.array([[1.0, 3.0], [0.0, 10.0]])).tolist()
        [[-1.0, 1.0], [-1.0, 1.0]]
    """

    _tells_shape = True

    def __init__(
        self,
        axis: int | Sequence[int] = -1,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        if kwargs.pop("rms_scaling", False):
            raise ValueError(
                "LayerNormalization does not support `rms_scaling`; use RMSNormalization. "
                "Received: rms_scaling=True"
            )
        super().__init__(
            epsilon=epsilon,
            center=center,
            scale=scale,
            beta_initializer=beta_initializer,
            gamma_initializer=gamma_initializer,
            beta_regularizer=beta_regularizer,
            gamma_regularizer=gamma_regularizer,
            beta_constraint=beta_constraint,
            gamma_constraint=gamma_constraint,
            **kwargs,
        )
        self.axis = check_axis(axis)

    def _create_weights(self, input_shape: Sequence[int | None]) -> None:
        sample_axes(self, self.axis, len(input_shape))
        self.axis = sorted(self.axis) if isinstance(self.axis, list) else [self.axis]
        self._create_scale([input_shape[axis] for axis in self.axis])

    def _compose(self, inputs: Sequence[Any], training: bool) -> Any:
        from pronghorn import ops

        x = inputs[0]
        axes = [axis + 1 for axis in sample_axes(self, self.axis, x.ndim)]
        centred = x - ops.mean(x, axis=axes, keepdims=True)
        variance = ops.mean(ops.square(centred), axis=axes, keepdims=True)
        return self._compose_affine(centred * ops.rsqrt(variance + self.epsilon), axes)

    def _lower(self, graph: EngineGraph, inputs: Sequence[int]) -> list[int]:
        shape = graph.shapes[inputs[0]]
        axes = sample_axes(self, self.axis, len(shape) + 1)

        def standardize(index: int) -> int:
            return _lowering.activation(graph, index, "standardize", self.name, p0=self.epsilon)

        result = _lowering.on_axes(graph, inputs[0], axes, self.name, standardize)
        parameters = [size if axis in axes else 1 for axis, size in enumerate(shape)]
        return [self._affine(graph, result, parameters)]

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "axis": self.axis, "rms_scaling": False}
