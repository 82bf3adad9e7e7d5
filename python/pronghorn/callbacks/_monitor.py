"""What callbacks that watch one result share."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable
from typing import Any

from pronghorn import _arguments
from pronghorn._numbers import real
from pronghorn.callbacks._callback import Callback


class MonitorCallback(Callback):
    """Base of the callbacks that ask whether a result has improved.

    Args:
        monitor: Name of the result, e.g. ``"val_loss"``.
        mode: ``"min"``, ``"max"`` or ``"auto"`` (losses and errors fall, accuracies rise).
        min_delta: A smaller change is no improvement.

    Example:
        >>> watcher = MonitorCallback("loss", min_delta=0.1)
        >>> watcher.is_improvement(0.5, best=0.7), watcher.is_improvement(0.65, best=0.7)
        (True, False)
    """

    def __init__(self, monitor: str, mode: str = "auto", min_delta: float = 0.0) -> None:
        super().__init__()
        if mode not in ("auto", "min", "max"):
            warnings.warn(
                f"[{type(self).__name__}] unknown mode {mode!r}; 'auto' is used. Known: auto, max, "
                "min.",
                stacklevel=_arguments.stacklevel(),
            )
            mode = "auto"
        self.monitor = monitor
        self.mode = mode
        self.min_delta = abs(real(min_delta, "min_delta"))
        self.best: float | None = None
        self._better: Callable[[Any, Any], bool] | None = None

    def is_improvement(self, value: float, best: float | None) -> bool:
        """Whether ``value`` is better than ``best`` by more than ``min_delta``."""
        if self._better is None:
            self._better = operator.gt if self._direction() == "up" else operator.lt
        if best is None:
            return True
        delta = self.min_delta if self._better is operator.gt else -self.min_delta
        return bool(self._better(value - delta, best))

    def _direction(self) -> str:
        """Either "up" or "down"."""
        if self.mode != "auto":
            return "up" if self.mode == "max" else "down"
        name = self.monitor.removeprefix("val_")
        if name == "loss" or name.endswith("_loss"):
            return "down"
        listed = list(getattr(self.model, "metrics", None) or ())
        inside = [each for metric in listed for each in getattr(metric, "metrics", ())]
        for metric in listed + inside:
            if name == metric.name or name.endswith(f"_{metric.name}"):
                direction = getattr(metric, "_direction", None)
                if direction is not None:
                    return str(direction)
        raise ValueError(
            f"[{type(self).__name__}] not known whether {self.monitor!r} should fall or rise: "
            "set mode='min' or mode='max'."
        )
