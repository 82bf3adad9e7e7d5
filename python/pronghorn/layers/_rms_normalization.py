"""Normalisation of each sample by its root mean square."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pronghorn import initializers
from pronghorn._engine import EngineGraph
from pronghorn._numbers import real
from pronghorn._variable import Variable
from pronghorn.layers import _lowering
from pronghorn.layers._layer import Layer
from pronghorn.layers._normalization import check_axis, sample_axes

if TYPE_CHECKING:
    from pronghorn._engine import Node as EngineNode


class RMSNormalization(Layer):
    """Y = scale X / sqrt(mean(X^2) + epsilon), the mean over `axis`.

    Args:
        axis: One axis or several, counted with the batch; not the batch itself.
        epsilon: Added to the mean square.
        **kwargs: `name`, `trainable`, `dtype`.

    Raises:
        ValueError: For a negative epsilon.
        TypeError: If `axis` is no integer or list of them.

    Source: Zhang & Sennrich, arXiv:1910.07467.

    Example:
        >>> import numpy as np
        >>> RMSNormalization(epsilon=0.0)(np.array([[1.0, 7.0]])).round(3).tolist()
        [[0.2, 1.4]]
    """

    _min_ndim = 2

    def __init__(
        self, axis: int | Sequence[int] = -1, epsilon: float = 1e-6, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.axis = check_axis(axis)
        self.epsilon = real(epsilon, "epsilon", low=0.0)
        self._scale: Variable | None = None

    @property
    def scale(self) -> Variable:
        """The learned scale."""
        if self._scale is None:
            raise AttributeError(f"Layer '{self.name}' is not built yet and has no `scale`.")
        return self._scale

    def _create_weights(self, input_shape: Sequence[int | None]) -> None:
        sample_axes(self, self.axis, len(input_shape))
        axes = sorted(self.axis) if isinstance(self.axis, list) else [self.axis]
        sizes = [input_shape[axis] for axis in axes]
        if None in sizes:
            raise ValueError(
                f"Layer '{self.name}' needs to know the sizes of the axes it normalises. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        shape = [int(size or 0) for size in sizes]
        self._scale = self.add_weight(shape, initializers.get("ones"), "scale")
        self.axis = axes

    def _check_inputs(self, shapes: Any) -> None:
        super()._check_inputs(shapes)
        sample_axes(self, self.axis, len(shapes))
        axes = [self.axis] if isinstance(self.axis, int) else self.axis
        sizes = tuple(shapes[axis] for axis in axes)
        if self._scale is not None and sizes != self._scale.shape:
            raise ValueError(
                f'Input of layer "{self.name}" does not fit: expected sizes {self._scale.shape} '
                f"along axis {self.axis}, received shape {tuple(shapes)}."
            )

    def _compose(self, inputs: Sequence[Any], training: bool) -> Any:
        from pronghorn import ops

        x = inputs[0]
        axes = [axis + 1 for axis in sample_axes(self, self.axis, x.ndim)]
        squares = ops.mean(ops.square(x), axis=axes, keepdims=True)
        shape = [size if axis in axes else 1 for axis, size in enumerate(x.shape)]
        return x * ops.rsqrt(squares + self.epsilon) * ops.reshape(self.scale, shape)

    def _lower(self, graph: EngineGraph, inputs: Sequence[int]) -> list[int]:
        name = self.name
        shape = graph.shapes[inputs[0]]
        axes = sample_axes(self, self.axis, len(shape) + 1)

        def normalize(index: int) -> int:
            return _lowering.activation(graph, index, "root_mean_square", name, p0=self.epsilon)

        result = _lowering.on_axes(graph, inputs[0], axes, name, normalize)
        node: EngineNode = {
            "op": "affine",
            "name": name,
            "inputs": [result],
            "shape": tuple(size if axis in axes else 1 for axis, size in enumerate(shape)),
            **_lowering.weight_fields(self, graph, [self.scale, None]),
        }
        return [graph.append(node, shape)]

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "axis": self.axis, "epsilon": self.epsilon}
