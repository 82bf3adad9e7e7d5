"""LearningRateScheduler."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from pronghorn import _console
from pronghorn.callbacks._callback import Callback, Logs
from pronghorn.callbacks._rates import log_rates, optimizers_of


class LearningRateScheduler(Callback):
    """Sets the learning rate before each epoch.

    Args:
        schedule: A function of (epoch, learning rate), or of (epoch), that returns a float.
        verbose: 1 to say so.

    Raises:
        TypeError: If ``schedule`` cannot be called.

    Example:
        >>> scheduler = LearningRateScheduler(lambda epoch, rate: rate * 0.5)
        >>> scheduler.schedule(0, 0.1)
        0.05
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        super().__init__()
        if not callable(schedule):
            raise TypeError(f"`schedule` must be a function of (epoch, rate); got {schedule!r}.")
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        for optimizer, name in optimizers_of(self.model):
            if _takes_rate(self.schedule):
                rate: Any = self.schedule(epoch, float(optimizer.learning_rate))
            else:
                rate = self.schedule(epoch)
            if not isinstance(rate, float | np.floating):
                raise ValueError(f"`schedule` must return a float; it returned {rate!r}.")
            optimizer.learning_rate = float(rate)
            if self.verbose > 0:
                _console.print_msg(
                    f"\nEpoch {epoch + 1}: LearningRateScheduler setting {name}learning rate to "
                    f"{rate}."
                )

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if logs is not None:
            log_rates(self.model, logs)


def _takes_rate(schedule: Callable[..., float]) -> bool:
    try:
        inspect.signature(schedule).bind(0, 0.1)
    except TypeError:
        return False
    except ValueError:  # no signature to be had: a built-in
        return True
    return True
