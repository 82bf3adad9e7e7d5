"""ExponentialDecay."""

from typing import Any

import numpy as np

from pronghorn._numbers import real
from pronghorn.optimizers.schedules._schedule import REGISTRY, Steps, VectorSchedule, decay_length


@REGISTRY.add()
class ExponentialDecay(VectorSchedule):
    """eta_t = eta_0 * decay_rate^(t / decay_steps).

    Args:
        initial_learning_rate: eta_0.
        decay_steps: Updates over which the rate falls by the factor ``decay_rate``, > 0.
        decay_rate: The factor.
        staircase: True to round t / decay_steps down, so that the rate falls in jumps.
        name: A name for messages.

    Example:
        >>> ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)(20)
        0.025
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        self.initial_learning_rate = real(initial_learning_rate, "initial_learning_rate")
        self.decay_steps = decay_length(decay_steps)
        self.decay_rate = real(decay_rate, "decay_rate", low=0.0)
        self.staircase = bool(staircase)
        self.name = name

    def _formula(self, step: Steps) -> Steps:
        power = step / self.decay_steps
        if self.staircase:
            power = np.floor(power)
        return self.initial_learning_rate * np.power(self.decay_rate, power)

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "decay_rate": self.decay_rate,
            "staircase": self.staircase,
            "name": self.name,
        }
