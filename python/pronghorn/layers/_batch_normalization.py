"""Normalisation by the statistics of the batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pronghorn import config, initializers
from pronghorn._engine import EngineGraph
from pronghorn._numbers import real
from pronghorn._variable import Variable
from pronghorn.layers import _lowering, _masks
from pronghorn.layers._input_spec import InputSpec
from pronghorn.layers._normalization import ScaledLayer, check_axis, sample_axes

if TYPE_CHECKING:
    from pronghorn._engine import Node as EngineNode


class BatchNormalization(ScaledLayer):
    """Y = gamma (X - mean) / sqrt(variance + epsilon) + beta, for each feature along `axis`.

    In training the mean and the (biased) variance are those of the batch, and the weights
    `moving_mean` and `moving_variance` follow them. In inference, and in training if the layer's
    `trainable` is false, these moving statistics are used instead. Steps that are masked have no
    part in the statistics.

    Args:
        axis: Of the features, counted with the batch.
        momentum: Share of the old moving statistics that an update keeps.
        epsilon: Added to the variance.
        center: Whether there is an offset `beta`.
        scale: Whether there is a scale `gamma`.
        beta_initializer: Name or object that draws `beta`.
        gamma_initializer: Name or object that draws `gamma`.
        moving_mean_initializer: Name or object that gives the first `moving_mean`.
        moving_variance_initializer: Name or object that gives the first `moving_variance`.
        beta_regularizer: Penalty on `beta` in the loss.
        gamma_regularizer: Penalty on `gamma` in the loss.
        beta_constraint: What `beta` must be like after each update.
        gamma_constraint: Likewise for `gamma`.
        renorm: Must be false.
        renorm_clipping: Must be None.
        renorm_momentum: Unused, as `renorm` is false.
        synchronized: Accepted for compatibility: there is one device, which sees the whole batch.
        **kwargs: `name`, `trainable`, `dtype`.

    Raises:
        ValueError: For numbers out of range or an unsupported argument.
        TypeError: If `axis` is no integer.

    Source: Ioffe & Szegedy, arXiv:1502.03167.

    Example:
        >>> import numpy as np
        >>> layer = BatchNormalization(epsilon=0.0, momentum=0.5)
        >>> layer(np.array([[1.0], [3.0]]), training=True).tolist()
        [[-1.0], [1.0]]
        >>> layer.moving_mean.numpy().tolist()
        [1.0]
    """

    _knows_training = True
    _heeds_masks = True

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: Any = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        if renorm or renorm_clipping is not None:
            raise ValueError(
                "BatchNormalization does not support `renorm`. "
                f"Received: renorm={renorm!r}, renorm_clipping={renorm_clipping!r}"
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
        self.momentum = real(momentum, "momentum", low=0.0, high=1.0)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.renorm = False
        self.renorm_clipping = None
        self.renorm_momentum = renorm_momentum
        self.synchronized = bool(synchronized)
        self._moving: tuple[Variable, Variable] | None = None

    def _statistics(self, which: int, name: str) -> Variable:
        if self._moving is None:
            raise AttributeError(f"Layer '{self.name}' is not built yet and has no `{name}`.")
        return self._moving[which]

    @property
    def moving_mean(self) -> Variable:
        """Mean of each feature that inference subtracts."""
        return self._statistics(0, "moving_mean")

    @property
    def moving_variance(self) -> Variable:
        """Variance of each feature that inference divides by."""
        return self._statistics(1, "moving_variance")

    def _own_input_spec(self) -> InputSpec | None:
        if not self.built:
            return None
        rank = len(self._build_shape)
        return InputSpec(ndim=rank, axes={self.axis: self._build_shape[self.axis]})

    def _create_weights(self, input_shape: Sequence[int | None]) -> None:
        (axis,) = sample_axes(self, self.axis, len(input_shape))
        shape = (input_shape[axis + 1],)
        self._create_scale(shape)
        sizes = (int(shape[0] or 0),)
        self._moving = (
            self.add_weight(sizes, self.moving_mean_initializer, "moving_mean", trainable=False),
            self.add_weight(
                sizes, self.moving_variance_initializer, "moving_variance", trainable=False
            ),
        )

    def _check_training_argument(self, training: bool | None) -> None:
        if training:  # a fixed False gives way to what fit and predict ask for, as in Keras
            raise ValueError(
                f"Layer '{self.name}' decides at run time whether it trains; in a graph it cannot "
                f"be fixed. Received: training={training!r}. To keep the moving statistics as "
                "they are, set `trainable = False` on the layer."
            )

    def _compose(self, inputs: Sequence[Any], training: bool) -> Any:
        from pronghorn import ops

        x = inputs[0]
        (axis,) = (a + 1 for a in sample_axes(self, self.axis, x.ndim))
        if training and self.trainable:
            rest = [a for a in range(x.ndim) if a != axis]
            centred = x - ops.mean(x, axis=rest, keepdims=True)
            variance = ops.mean(ops.square(centred), axis=rest, keepdims=True)
        else:
            shape = [size if a == axis else 1 for a, size in enumerate(x.shape)]
            centred = x - ops.reshape(self.moving_mean, shape)
            variance = ops.reshape(self.moving_variance, shape)
        return self._compose_affine(centred * ops.rsqrt(variance + self.epsilon), [axis])

    def _call_built_in(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        return super()._call_built_in(_masks.given(inputs, mask, self), training)

    def _call_masked(self, inputs: Sequence[Any], mask: Any, training: bool) -> Any:
        """The layer from operations, with the statistics of what counts."""
        from pronghorn import ops

        x = inputs[0]
        if np.ndim(mask) != x.ndim - 1:
            raise ValueError(
                f"The mask of an input of layer '{self.name}' must have one axis less than it. "
                f"Received: mask of shape {np.shape(mask)}, inputs of shape {tuple(x.shape)}"
            )
        if not (training and self.trainable):
            return self._eager.run_recorded(self, inputs, training)[0]
        (axis,) = (a + 1 for a in sample_axes(self, self.axis, x.ndim))
        rest = tuple(a for a in range(x.ndim) if a != axis)
        kept = _masks.over(mask, x)
        zero = np.zeros((), x.dtype)
        # As in Keras, which lets a feature without any step be zero.
        count = (kept.sum(axis=rest, keepdims=True) + config.epsilon()).astype(x.dtype)
        mean = ops.sum(ops.where(kept, x, zero), axis=rest, keepdims=True) / count
        squares = ops.square(ops.where(kept, x - mean, zero))
        variance = ops.sum(squares, axis=rest, keepdims=True) / count
        for moving, found in ((self.moving_mean, mean), (self.moving_variance, variance)):
            new = np.asarray(found).reshape(-1) * (1 - self.momentum)
            moving.assign(moving.numpy() * self.momentum + new)
        return self._compose_affine((x - mean) * ops.rsqrt(variance + self.epsilon), [axis])

    def _lower(self, graph: EngineGraph, inputs: Sequence[int]) -> list[int]:
        rank = len(graph.shapes[inputs[0]]) + 1
        axes = sample_axes(self, self.axis, rank)
        order = [a for a in range(rank - 1) if a not in axes] + axes
        moved = _lowering.permute(graph, inputs[0], order, self.name)
        node: EngineNode = {
            "op": "batch_normalization",
            "name": self.name,
            "inputs": [moved],
            "numbers": {"epsilon": self.epsilon, "momentum": self.momentum},
            **_lowering.weight_fields(
                self,
                graph,
                [self.gamma, self.beta, self.moving_mean, self.moving_variance],
                [self.gamma_regularizer, self.beta_regularizer],
                [self.gamma_constraint, self.beta_constraint],
            ),
        }
        result = graph.append(node, graph.shapes[moved])
        return [_lowering.permute(graph, result, _lowering.inverse(order), self.name)]

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {
            **super().get_config(),
            "axis": self.axis,
            "momentum": self.momentum,
            "moving_mean_initializer": initializers.serialize(self.moving_mean_initializer),
            "moving_variance_initializer": initializers.serialize(self.moving_variance_initializer),
            "synchronized": self.synchronized,
            "renorm": self.renorm,
            "renorm_clipping": self.renorm_clipping,
            "renorm_momentum": self.renorm_momentum,
        }
