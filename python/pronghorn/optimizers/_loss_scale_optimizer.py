"""LossScaleOptimizer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pronghorn._numbers import integer, real
from pronghorn.optimizers._optimizer import REGISTRY, Optimizer
from pronghorn.optimizers._variables import LearningRate
from pronghorn.optimizers._wrapper import Wrapper, check_inner
from pronghorn.optimizers.schedules import LearningRateSchedule

# What older configurations have beside the name; only these values mean nothing.
_UNSET = {
    "weight_decay": None,
    "clipnorm": None,
    "global_clipnorm": None,
    "clipvalue": None,
    "use_ema": False,
    "ema_momentum": 0.99,
    "ema_overwrite_frequency": None,
    "loss_scale_factor": None,
    "gradient_accumulation_steps": None,
}


@REGISTRY.add()
class LossScaleOptimizer(Wrapper):
    """Scales the loss up before gradients are taken, and the gradients back; wraps an optimizer.

    The scale is halved where a gradient is not finite, and that step left out; it is doubled after
    `dynamic_growth_steps` steps without. It is meant for 16-bit floats, whose small gradients are
    lost otherwise; in float32 and float64 the updates are those of the inner optimizer, but for
    steps that are left out.

    Args:
        inner_optimizer: Makes the updates.
        initial_scale: The first scale, > 0.
        dynamic_growth_steps: Steps after which the scale grows, >= 1.
        name: A name; None makes one from the class.
        **kwargs: What older files have, with its default; everything else is to be set on the
            inner optimizer.

    Raises:
        ValueError: If an argument belongs to the inner optimizer.

    Source: Micikevicius et al., arXiv:1710.03740.

    Example:
        >>> import pronghorn as keras
        >>> w = keras.Variable([1.0])
        >>> optimizer = LossScaleOptimizer(keras.optimizers.SGD(0.5), initial_scale=4.0)
        >>> optimizer.build([w])
        >>> optimizer.apply([np.array([np.inf])], [w])  # left out
        >>> float(optimizer.dynamic_scale)
        2.0
        >>> optimizer.apply([np.array([2.0])], [w])
        >>> w.numpy().tolist()
        [0.5]
    """

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 32768.0,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if not kwargs.pop("dynamic", True):
            raise ValueError(
                "`dynamic=False` is not possible; set `loss_scale_factor` of the inner optimizer."
            )
        for argument, value in kwargs.items():
            if argument not in _UNSET or value != _UNSET[argument]:
                raise ValueError(
                    f"LossScaleOptimizer has no `{argument}`; set it on the `inner_optimizer`. "
                    f"Received: {argument}={value!r}"
                )
        self.inner_optimizer = check_inner(inner_optimizer, "inner_optimizer")
        super().__init__(0.0, name=name)
        self.initial_scale = real(initial_scale, "initial_scale", low=0.0, open_low=True)
        self.dynamic_growth_steps = integer(dynamic_growth_steps, "dynamic_growth_steps", low=1)
        self.inner_optimizer.loss_scale_factor = None  # or gradients would be scaled twice

    def _inner(self) -> list[Optimizer]:
        return [self.inner_optimizer]

    @property
    def learning_rate(self) -> LearningRate:
        """That of the inner optimizer."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float | LearningRateSchedule | Callable[[], float]) -> None:
        self.inner_optimizer.learning_rate = value

    @property
    def iterations(self) -> Any:
        """The number of updates of the inner optimizer."""
        return self.inner_optimizer.iterations

    @iterations.setter
    def iterations(self, value: int) -> None:
        self.inner_optimizer.iterations = value

    def build(self, variables: Sequence[Any]) -> None:
        """Makes the state for variables; `apply` does it by itself."""
        if self.built:
            return
        self._begin_state(variables)
        self.step_counter = self.add_variable((), dtype="int", name="step_counter")
        self.dynamic_scale = self.add_variable((), dtype="float32", name="dynamic_scale")
        self.dynamic_scale.assign(self.initial_scale)
        self.inner_optimizer.build(variables)

    def apply(self, grads: Sequence[Any], trainable_variables: Any = None) -> None:
        """Updates variables once, unless a gradient is not finite.

        Args:
            grads: Of the scaled loss, one a variable; None leaves that variable alone.
            trainable_variables: The variables; None for those of `build`.
        """
        grads = list(grads)
        variables = self._given(grads, trainable_variables)
        arrays = [None if gradient is None else np.asarray(gradient) for gradient in grads]
        if not all(array is None or np.isfinite(array).all() for array in arrays):
            self.step_counter.assign(0)
            self.dynamic_scale.assign(self.dynamic_scale.numpy() * np.float32(0.5))
            return
        scale = self.dynamic_scale.numpy()
        unscaled = [
            array if array is None or variable.overwrite_with_gradient
            else array / array.dtype.type(scale)
            for array, variable in zip(arrays, variables, strict=True)
        ]  # fmt: skip
        self.inner_optimizer.apply(unscaled, variables)
        if int(self.step_counter.numpy()) == self.dynamic_growth_steps - 1:
            self.step_counter.assign(0)
            self.dynamic_scale.assign(scale * np.float32(2))
        else:
            self.step_counter.assign_add(1)

    def scale_loss(self, loss: Any) -> Any:
        """A loss times the present scale.

        Args:
            loss: A number, array or tensor.
        """
        return loss * (float(self.dynamic_scale.numpy()) if self.built else self.initial_scale)

    def finalize_variable_values(self, var_list: Sequence[Any]) -> None:
        """Ends a training, as the inner optimizer does.

        Args:
            var_list: The weights that were trained.
        """
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal optimizer."""
        return {
            "name": self.name,
            "inner_optimizer": REGISTRY.serialize(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> LossScaleOptimizer:
        """The optimizer of a configuration made by ``get_config``."""
        inner = REGISTRY.deserialize(config["inner_optimizer"], custom_objects)
        return cls(**{**config, "inner_optimizer": inner})
