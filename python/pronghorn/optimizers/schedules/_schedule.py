"""The base of learning-rate schedules."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pronghorn import _arguments
from pronghorn._numbers import real
from pronghorn._registry import Registry

REGISTRY = Registry("learning-rate schedule", "keras.optimizers.schedules")
Steps: TypeAlias = NDArray[np.float64]


class LearningRateSchedule:
    """A learning rate as a function of the number of updates done so far.

    Subclass it and write ``__call__`` (and ``get_config``, to be able to serialise the optimizer).
    ``__call__`` receives one step as an int.

    Example:
        >>> class OneOverT(LearningRateSchedule):
        ...     def __call__(self, step):
        ...         return 0.1 / (1 + step)
        >>> OneOverT()(9)
        0.01
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        _arguments.check_constructor(cls)

    def __call__(self, step: Any) -> Any:
        """The learning rate of the update number ``step``, counted from 0."""
        raise NotImplementedError(f"{type(self).__name__} must write `__call__(self, step)`.")

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal schedule."""
        raise NotImplementedError(f"{type(self).__name__} must write `get_config()`.")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "LearningRateSchedule":
        """The schedule of a configuration."""
        return cls(**config)

    def _rates(self, first: int, count: int) -> Steps:
        """The learning rates of ``count`` updates from number ``first``."""
        rates = [float(self(step)) for step in range(first, first + count)]
        return np.asarray(rates, np.float64)


class VectorSchedule(LearningRateSchedule):
    """Base of the schedules that are formulas on an array of steps, in float64."""

    name: str

    def __call__(self, step: ArrayLike) -> Any:
        """The learning rate.

        Args:
            step: A step or an array of steps, each >= 0.

        Returns:
            A float, or a float64 array of the shape of ``step``.
        """
        steps = np.asarray(step, np.float64)
        rates = self._formula(np.atleast_1d(steps))
        return float(rates[0]) if steps.ndim == 0 else rates

    def _formula(self, step: Steps) -> Steps:
        raise NotImplementedError

    def _rates(self, first: int, count: int) -> Steps:
        if type(self).__call__ is not VectorSchedule.__call__:  # a subclass of the user's own
            return super()._rates(first, count)
        return self._formula(np.arange(first, first + count, dtype=np.float64))

    def __repr__(self) -> str:
        arguments = ", ".join(f"{key}={value!r}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


def decay_length(value: object, argument: str = "decay_steps") -> float:
    """``value`` as a number above 0."""
    number = real(value, argument, low=0.0, open_low=True)
    return int(number) if number.is_integer() else number


def serialize(learning_rate_schedule: LearningRateSchedule) -> Any:
    """The configuration of a schedule.

    Example:
        >>> from pronghorn.optimizers.schedules import ExponentialDecay
        >>> serialize(ExponentialDecay(0.1, 100, 0.5))["class_name"]
        'ExponentialDecay'
    """
    return REGISTRY.serialize(learning_rate_schedule)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The schedule of a configuration made by ``serialize``.

    Example:
        >>> from pronghorn.optimizers.schedules import ExponentialDecay
        >>> deserialize(serialize(ExponentialDecay(0.1, 100, 0.5)))(100)
        0.05
    """
    return REGISTRY.deserialize(config, custom_objects)
