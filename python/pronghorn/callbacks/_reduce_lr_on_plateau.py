"""ReduceLROnPlateau."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from pronghorn import _console
from pronghorn._numbers import integer, real
from pronghorn.callbacks._callback import Logs
from pronghorn.callbacks._monitor import MonitorCallback
from pronghorn.callbacks._rates import log_rates, optimizers_of
from pronghorn.config import floatx


class ReduceLROnPlateau(MonitorCallback):
    """Lowers the learning rate when a result no longer improves.

    Args:
        monitor: Name of the result.
        factor: What the learning rate is multiplied by, in (0, 1).
        patience: Epochs without improvement after which it is lowered.
        verbose: 1 to say so.
        mode: ``"min"``, ``"max"`` or ``"auto"``.
        min_delta: A smaller change is no improvement.
        cooldown: Epochs to wait after it was lowered.
        min_lr: Lower bound.

    Example:
        >>> plateau = ReduceLROnPlateau(monitor="loss", factor=0.5, patience=3)
        >>> plateau.factor
        0.5
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        if kwargs:
            raise TypeError(
                f"ReduceLROnPlateau got unknown arguments: {', '.join(sorted(kwargs))}."
            )
        self.factor = real(factor, "factor", low=0.0, high=1.0, open_low=True, open_high=True)
        self.min_lr = real(min_lr, "min_lr", low=0.0)
        self.patience = integer(patience, "patience", low=0)
        self.verbose = verbose
        self.cooldown = integer(cooldown, "cooldown", low=0)
        self.cooldown_counter = 0
        self.wait = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.best = None
        self.cooldown_counter = 0
        self.wait = 0

    def in_cooldown(self) -> bool:
        """Whether the rate was lowered too recently to be lowered again."""
        return self.cooldown_counter > 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = {} if logs is None else logs
        log_rates(self.model, logs)
        value = logs.get(self.monitor)
        if value is None:
            warnings.warn(
                f"[ReduceLROnPlateau] there is no result {self.monitor!r} to watch; there are: "
                f"{', '.join(logs)}.",
                stacklevel=2,
            )
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self.is_improvement(value, self.best):
            self.best = value
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(epoch)

    def _reduce(self, epoch: int) -> None:
        reduced = [self._reduce_rate(epoch, *each) for each in optimizers_of(self.model)]
        if any(reduced):
            self.cooldown_counter = self.cooldown
            self.wait = 0

    def _reduce_rate(self, epoch: int, optimizer: Any, name: str) -> bool:
        """Lowers one optimizer's rate, unless it is at its bound; whether it did."""
        old = float(optimizer.learning_rate)
        if old <= np.asarray(self.min_lr, floatx()):  # the precision that `old` has
            return False
        new = max(old * self.factor, self.min_lr)
        optimizer.learning_rate = new
        if self.verbose > 0:
            _console.print_msg(
                f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing {name}learning rate to {new}."
            )
        return True
