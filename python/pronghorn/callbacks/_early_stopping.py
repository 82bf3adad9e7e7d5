"""EarlyStopping."""

from __future__ import annotations

import warnings
from typing import Any

from pronghorn import _console
from pronghorn._numbers import integer, real
from pronghorn.callbacks._callback import Logs
from pronghorn.callbacks._monitor import MonitorCallback


class EarlyStopping(MonitorCallback):
    """Stops training when a result no longer improves.

    Args:
        monitor: Name of the result.
        min_delta: A smaller change is no improvement.
        patience: Epochs without improvement after which training stops.
        verbose: 1 to say so.
        mode: ``"min"``, ``"max"`` or ``"auto"``.
        baseline: The result must also beat this value for the waiting to start anew.
        restore_best_weights: Whether to end with the weights of the best epoch.
        start_from_epoch: Epochs at the beginning that do not count.

    Attributes:
        stopped_epoch: The epoch after which training stopped; 0 if it did not.
        best_epoch: The epoch of the best result.

    Example:
        >>> stopping = EarlyStopping(monitor="loss", patience=2)
        >>> stopping.on_train_begin()
        >>> stopping.on_epoch_end(0, {"loss": 1.0})
        >>> stopping.best
        1.0
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        self.patience = integer(patience, "patience", low=0)
        self.verbose = verbose
        self.baseline = None if baseline is None else real(baseline, "baseline")
        self.restore_best_weights = bool(restore_best_weights)
        self.start_from_epoch = integer(start_from_epoch, "start_from_epoch", low=0)
        self.wait = 0
        self.stopped_epoch = 0
        self.best_epoch = 0
        self.best_weights: list[Any] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.best = None
        self.best_epoch = 0
        self.best_weights = None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        value = self.get_monitor_value(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self._keep_weights(epoch)
        self.wait += 1
        if self.is_improvement(value, self.best):
            self.best = value
            self.best_epoch = epoch
            if self.restore_best_weights:
                self._keep_weights(epoch)
            if self.is_improvement(value, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def _keep_weights(self, epoch: int) -> None:
        self.best_weights = self.model.get_weights()
        self.best_epoch = epoch

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.stopped_epoch > 0 and self.verbose > 0:
            _console.print_msg(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose > 0:
                _console.print_msg(
                    "Restoring model weights from the end of the best epoch: "
                    f"{self.best_epoch + 1}."
                )
            self.model.set_weights(self.best_weights)

    def get_monitor_value(self, logs: Logs | None) -> Any:
        """The watched result of the epoch; None, with a warning, if there is none."""
        value = (logs or {}).get(self.monitor)
        if value is None:
            warnings.warn(
                f"[EarlyStopping] there is no result {self.monitor!r} to watch; there are: "
                f"{', '.join(logs or {}) or 'none'}.",
                stacklevel=3,
            )
        return value
