"""TerminateOnNaN."""

from __future__ import annotations

import math

from pronghorn import _console
from pronghorn.callbacks._callback import Callback, Logs


class TerminateOnNaN(Callback):
    """Stops training when the loss is infinite or not a number.

    Args:
        raise_error: Whether to raise a RuntimeError instead of stopping quietly.

    Example:
        >>> TerminateOnNaN(raise_error=True).on_batch_end(3, {"loss": float("nan")})
        Traceback (most recent call last):
            ...
        RuntimeError: Batch 3: the loss is nan; training stops.
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = bool(raise_error)

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(f"Batch {batch}: the loss is {loss}; training stops.")
        _console.print_msg(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True
