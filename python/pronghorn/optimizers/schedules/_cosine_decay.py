"""CosineDecay."""

from typing import Any

import numpy as np

from pronghorn._numbers import real
from pronghorn.optimizers.schedules._schedule import REGISTRY, Steps, VectorSchedule, decay_length


@REGISTRY.add()
class CosineDecay(VectorSchedule):
    """A linear rise to ``warmup_target``, then half a cosine down to alpha times the start.

    Without warm-up: eta_t = eta_0 * ((1 - alpha) * (1 + cos(pi t / decay_steps)) / 2 + alpha),
    constant after ``decay_steps``. With warm-up: a line from eta_0 to ``warmup_target`` over
    ``warmup_steps``, then the same fall from ``warmup_target``.

    Args:
        initial_learning_rate: eta_0.
        decay_steps: Updates of the fall, > 0; the warm-up is not counted.
        alpha: The last rate, as a fraction of the one that the fall starts from.
        name: A name for messages.
        warmup_target: The rate after warm-up; None for no warm-up.
        warmup_steps: Updates of the rise, >= 0.

    Source: Loshchilov & Hutter, arXiv:1608.03983.

    Example:
        >>> CosineDecay(0.0, 10, warmup_target=0.1, warmup_steps=10)([0, 5, 10, 15, 20]).round(
        ...     6
        ... ).tolist()
        [0.0, 0.05, 0.1, 0.05, 0.0]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: float = 0,
    ) -> None:
        self.initial_learning_rate = real(initial_learning_rate, "initial_learning_rate")
        self.decay_steps = decay_length(decay_steps)
        self.alpha = real(alpha, "alpha")
        self.name = name
        self.warmup_target = None if warmup_target is None else real(warmup_target, "warmup_target")
        real(warmup_steps, "warmup_steps", low=0.0)
        self.warmup_steps = warmup_steps

    def _formula(self, step: Steps) -> Steps:
        if self.warmup_target is None:
            return self._fall(step, self.initial_learning_rate)
        fallen = self._fall(step - self.warmup_steps, self.warmup_target)
        if self.warmup_steps == 0:
            return fallen
        rise = self.warmup_target - self.initial_learning_rate
        risen = self.initial_learning_rate + rise * step / self.warmup_steps
        return np.where(step < self.warmup_steps, risen, fallen)

    def _fall(self, step: Steps, start: float) -> Steps:
        fraction = np.minimum(step, self.decay_steps) / self.decay_steps
        cosine = 0.5 * (1.0 + np.cos(np.pi * fraction))
        return start * ((1.0 - self.alpha) * cosine + self.alpha)

    def get_config(self) -> dict[str, Any]:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "alpha": self.alpha,
            "name": self.name,
            "warmup_target": self.warmup_target,
            "warmup_steps": self.warmup_steps,
        }
