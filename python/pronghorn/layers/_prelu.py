"""The rectifier with learned slopes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pronghorn import constraints, initializers, regularizers
from pronghorn._engine import EngineGraph
from pronghorn._variable import Variable
from pronghorn.layers import _lowering
from pronghorn.layers._layer import Layer

if TYPE_CHECKING:
    from pronghorn._engine import Node as EngineNode


class PReLU(Layer):
    """x where x > 0, else alpha x, with one learned alpha for each element of a sample.

    Args:
        alpha_initializer: Name or object that draws `alpha`.
        alpha_regularizer: Penalty on `alpha` in the loss.
        alpha_constraint: What `alpha` must be like after each update.
        shared_axes: Axes along which `alpha` is the same, counted with the batch.
        **kwargs: `name`, `trainable`, `dtype`.

    Raises:
        ValueError: For an unsupported argument or axes that the input does not have.

    Source: He et al., arXiv:1502.01852.

    Example:
        >>> import numpy as np
        >>> PReLU("ones")(np.array([[-1.0, 2.0]])).tolist()
        [[-1.0, 2.0]]
    """

    supports_masking = True

    _min_ndim = 2

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: int | Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        if shared_axes is None:
            self.shared_axes: list[int] | None = None
        else:
            axes = [shared_axes] if isinstance(shared_axes, int) else list(shared_axes)
            if any(not hasattr(axis, "__index__") or axis < 1 for axis in axes):
                raise ValueError(
                    "`shared_axes` must be made of positive integers, the batch being axis 0. "
                    f"Received: shared_axes={shared_axes!r}"
                )
            self.shared_axes = axes
        self._alpha: Variable | None = None

    @property
    def alpha(self) -> Variable:
        """The learned slopes."""
        if self._alpha is None:
            raise AttributeError(f"Layer '{self.name}' is not built yet and has no `alpha`.")
        return self._alpha

    def _parameter_shape(self, sample: Sequence[int | None]) -> list[int | None]:
        shared = self.shared_axes or []
        return [1 if axis + 1 in shared else size for axis, size in enumerate(sample)]

    def _create_weights(self, input_shape: Sequence[int | None]) -> None:
        sizes = self._parameter_shape(input_shape[1:])
        if None in sizes or any(axis >= len(input_shape) for axis in self.shared_axes or []):
            raise ValueError(
                f"Layer '{self.name}' needs known sizes along all axes that are not shared, and "
                f"the shared ones to exist. Received: input_shape={tuple(input_shape)}, "
                f"shared_axes={self.shared_axes}"
            )
        shape = [int(size or 0) for size in sizes]
        self._alpha = self.add_weight(shape, self.alpha_initializer, "alpha")

    def _check_inputs(self, shapes: Any) -> None:
        super()._check_inputs(shapes)
        built = self._alpha
        if built is not None and tuple(self._parameter_shape(shapes[1:])) != built.shape:
            raise ValueError(
                f'Input of layer "{self.name}" does not fit: its slopes have shape {built.shape}, '
                f"received shape {tuple(shapes)}."
            )

    def _compose(self, inputs: Sequence[Any], training: bool) -> Any:
        from pronghorn import ops

        x = inputs[0]
        return ops.relu(x) - self.alpha * ops.relu(-x)

    def _engine_node(self, graph: EngineGraph, shapes: Sequence[tuple[int, ...]]) -> EngineNode:
        return {
            "op": "prelu",
            "shape": self.alpha.shape,
            **_lowering.weight_fields(
                self, graph, [self.alpha], [self.alpha_regularizer], [self.alpha_constraint]
            ),
        }

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {
            **super().get_config(),
            "alpha_initializer": initializers.serialize(self.alpha_initializer),
            "alpha_regularizer": regularizers.serialize(self.alpha_regularizer),
            "alpha_constraint": constraints.serialize(self.alpha_constraint),
            "shared_axes": self.shared_axes,
        }
