"""CosineDecayRestarts."""

from typing import Any

import numpy as np

from pronghorn._numbers import real
from pronghorn.optimizers.schedules._schedule import REGISTRY, Steps, VectorSchedule, decay_length


@REGISTRY.add()
class CosineDecayRestarts(VectorSchedule):
    """Half a cosine down to alpha times the start, again and again.

    Period i, counted from 0, lasts first_decay_steps * t_mul^i updates and begins at
    initial_learning_rate * m_mul^i (of the part of the rate above its end).

    Args:
        initial_learning_rate: The first rate.
        first_decay_steps: Updates of the first period, > 0.
        t_mul: How many times longer each period is than the one before.
        m_mul: How many times higher each period begins.
        alpha: The last rate of a period, as a fraction of the initial rate.
        name: A name for messages.

    Source: Loshchilov & Hutter, arXiv:1608.03983, eq. 5.

    Example:
        >>> CosineDecayRestarts(0.1, 2)([0, 1, 2, 4]).round(6).tolist()
        [0.1, 0.05, 0.1, 0.05]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        self.initial_learning_rate = real(initial_learning_rate, "initial_learning_rate")
        self.first_decay_steps = decay_length(first_decay_steps, "first_decay_steps")
        self.t_mul = real(t_mul, "t_mul", low=0.0, open_low=True)
        self.m_mul = real(m_mul, "m_mul")
        self.alpha = real(alpha, "alpha")
        self.name = name

    def _formula(self, step: Steps) -> Steps:
        done = step / self.first_decay_steps
        if self.t_mul == 1.0:
            period = np.floor(done)
            fraction = done - period
        else:
            # Period i begins after sum_{k < i} t_mul^k = (1 - t_mul^i) / (1 - t_mul) first periods.
            # What rounding leaves below a whole number of periods counts as that number.
            exact = np.log(1.0 - done * (1.0 - self.t_mul)) / np.log(self.t_mul)
            period = np.floor(exact + 1e-9)
            before = (1.0 - self.t_mul**period) / (1.0 - self.t_mul)
            fraction = np.maximum(done - before, 0.0) / self.t_mul**period
        cosine = 0.5 * self.m_mul**period * (1.0 + np.cos(np.pi * fraction))
        return self.initial_learning_rate * ((1.0 - self.alpha) * cosine + self.alpha)

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "first_decay_steps": self.first_decay_steps,
            "t_mul": self.t_mul,
            "m_mul": self.m_mul,
            "alpha": self.alpha,
            "name": self.name,
        }
