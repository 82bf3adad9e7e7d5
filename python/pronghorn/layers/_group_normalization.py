"""Normalisation of each sample by groups of features."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from pronghorn._engine import EngineGraph
from pronghorn.layers import _lowering
from pronghorn.layers._normalization import ScaledLayer, check_axis, sample_axes


class GroupNormalization(ScaledLayer):
    """The features along `axis` in groups, each with its own mean and variance over all else.

    Y = gamma (X - mean) / sqrt(variance + epsilon) + beta with one gamma and beta a feature.

    Args:
        groups: Number of groups, which divides the number of features; -1 for one a feature.
        axis: Of the features, counted with the batch.
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
        ValueError: For a number of groups that does not divide the features.
        TypeError: If `axis` is no integer.

    Source: Wu & He, arXiv:1803.08494.

    Example:
        >>> import numpy as np
        >>> GroupNormalization(groups=2, epsilon=0.0)(np.array([[1.0, 3.0, 5.0, 9.0]])).tolist()
        [[-1.0, 1.0, -1.0, 1.0]]
    """

    _tells_shape = True

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
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
        if (
            isinstance(groups, bool)
            or not hasattr(groups, "__index__")
            or not (groups > 0 or groups == -1)
        ):
            raise ValueError(
                f"`groups` must be a positive integer or -1. Received: groups={groups!r}"
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
        checked = check_axis(axis)
        if isinstance(checked, list):
            raise TypeError(f"`axis` must be an int. Received: axis={axis!r}")
        self.axis = checked
        self.groups = int(groups)

    def _create_weights(self, input_shape: Sequence[int | None]) -> None:
        (axis,) = sample_axes(self, self.axis, len(input_shape))
        features = input_shape[axis + 1]
        groups = features if self.groups == -1 else self.groups
        if features is not None and (groups is None or features % groups):
            raise ValueError(
                f"Layer '{self.name}' cannot cut {features} features into equal groups. "
                f"Received: groups={self.groups}, input_shape={tuple(input_shape)}"
            )
        self._create_scale((features,))
        self.groups = groups or self.groups

    def _compose(self, inputs: Sequence[Any], training: bool) -> Any:
        from pronghorn import ops

        x = inputs[0]
        (axis,) = sample_axes(self, self.axis, x.ndim)
        first = ops.moveaxis(x, axis + 1, 1)
        cut = ops.reshape(first, (x.shape[0], self.groups, -1))
        centred = cut - ops.mean(cut, axis=-1, keepdims=True)
        variance = ops.mean(ops.square(centred), axis=-1, keepdims=True)
        made = ops.reshape(centred * ops.rsqrt(variance + self.epsilon), first.shape)
        return self._compose_affine(ops.moveaxis(made, 1, axis + 1), [axis + 1])

    def _lower(self, graph: EngineGraph, inputs: Sequence[int]) -> list[int]:
        name = self.name
        shape = graph.shapes[inputs[0]]
        (axis,) = sample_axes(self, self.axis, len(shape) + 1)
        # Groups first, then the features within a group and all other axes.
        order = [axis, *(a for a in range(len(shape)) if a != axis)]
        moved = _lowering.permute(graph, inputs[0], order, name)
        rows = (self.groups, math.prod(shape) // self.groups)
        cut = _lowering.reshape(graph, moved, rows, name)
        made = _lowering.activation(graph, cut, "standardize", name, p0=self.epsilon)
        back = _lowering.reshape(graph, made, graph.shapes[moved], name)
        result = _lowering.permute(graph, back, _lowering.inverse(order), name)
        parameters = [size if a == axis else 1 for a, size in enumerate(shape)]
        return [self._affine(graph, result, parameters)]

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "groups": self.groups, "axis": self.axis}
