"""InverseTimeDecay."""

from typing import Any

import numpy as np

from pronghorn._numbers import real
from pronghorn.optimizers.schedules._schedule import REGISTRY, Steps, VectorSchedule, decay_length


@REGISTRY.add()
class InverseTimeDecay(VectorSchedule):
    """eta_t = eta_0 / (1 + decay_rate * t / decay_steps).

    It satisfies the conditions of Robbins & Monro (Ann. Math. Stat. 22, 1951): the rates sum to
    infinity, their squares do not.

    Args:
        initial_learning_rate: eta_0.
        decay_steps: Unit of time, in updates, > 0.
        decay_rate: How fast the rate falls, >= 0.
        staircase: True to round t / decay_steps down, so that the rate falls in jumps.
        name: A name for messages.

    Example:
        >>> InverseTimeDecay(0.1, decay_steps=10, decay_rate=1.0)(10)
        0.05
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        self.initial_learning_rate = real(initial_learning_rate, "initial_learning_rate")
        self.decay_steps = decay_length(decay_steps)
        self.decay_rate = real(decay_rate, "decay_rate", low=0.0)
        self.staircase = bool(staircase)
        self.name = name

    def _formula(self, step: Steps) -> Steps:
        time = step / self.decay_steps
        if self.staircase:
            time = np.floor(time)
        return self.initial_learning_rate / (1.0 + self.decay_rate * time)

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "decay_rate": self.decay_rate,
            "staircase": self.staircase,
            "name": self.name,
        }
