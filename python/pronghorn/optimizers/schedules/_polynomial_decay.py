"""PolynomialDecay."""

from typing import Any

import numpy as np

from pronghorn._numbers import real
from pronghorn.optimizers.schedules._schedule import REGISTRY, Steps, VectorSchedule, decay_length


@REGISTRY.add()
class PolynomialDecay(VectorSchedule):
    """eta_t = (eta_0 - eta_end) * (1 - t / decay_steps)^power + eta_end, then constant.

    With power 1 it is the linear decay (1 - a) eta_0 + a eta_end, a = t / decay_steps, of
    Goodfellow, Bengio & Courville, *Deep Learning*, equation 8.14.

    Args:
        initial_learning_rate: eta_0.
        decay_steps: Updates until eta_end is reached, > 0.
        end_learning_rate: eta_end.
        power: Exponent, > 0.
        cycle: True to lengthen ``decay_steps`` to its next multiple whenever it is passed, so that
            the rate jumps up and falls again.
        name: A name for messages.

    Example:
        >>> PolynomialDecay(0.2, decay_steps=10, end_learning_rate=0.1)([0, 5, 10, 99]).round(
        ...     6
        ... ).tolist()
        [0.2, 0.15, 0.1, 0.1]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        self.initial_learning_rate = real(initial_learning_rate, "initial_learning_rate")
        self.decay_steps = decay_length(decay_steps)
        self.end_learning_rate = real(end_learning_rate, "end_learning_rate")
        self.power = real(power, "power", low=0.0, open_low=True)
        self.cycle = bool(cycle)
        self.name = name

    def _formula(self, step: Steps) -> Steps:
        if self.cycle:
            length = self.decay_steps * np.maximum(1.0, np.ceil(step / self.decay_steps))
        else:
            length = np.full_like(step, self.decay_steps)
        left = 1.0 - np.minimum(step, length) / length
        span = self.initial_learning_rate - self.end_learning_rate
        return span * np.power(left, self.power) + self.end_learning_rate

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "end_learning_rate": self.end_learning_rate,
            "power": self.power,
            "cycle": self.cycle,
            "name": self.name,
        }
