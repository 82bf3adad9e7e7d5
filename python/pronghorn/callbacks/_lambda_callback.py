"""LambdaCallback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pronghorn._suggest import unknown
from pronghorn.callbacks._callback import Callback

_HOOKS = tuple(name for name in vars(Callback) if name.startswith("on_"))


class LambdaCallback(Callback):
    """A callback made of functions.

    Args:
        on_epoch_begin: Function of (epoch, logs).
        on_epoch_end: Function of (epoch, logs).
        on_train_begin: Function of (logs).
        on_train_end: Function of (logs).
        on_train_batch_begin: Function of (batch, logs).
        on_train_batch_end: Function of (batch, logs).
        **kwargs: Functions for any other method of ``Callback``.

    Raises:
        ValueError: For a method that ``Callback`` does not have.

    Example:
        >>> callback = LambdaCallback(on_epoch_end=lambda epoch, logs: print(logs["loss"]))
        >>> callback.on_epoch_end(0, {"loss": 0.5})
        0.5
    """

    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        on_train_batch_begin: Callable[..., Any] | None = None,
        on_train_batch_end: Callable[..., Any] | None = None,
        **kwargs: Callable[..., Any],
    ) -> None:
        super().__init__()
        hooks = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **kwargs,
        }
        for name, function in hooks.items():
            if name not in _HOOKS:
                raise unknown("method of Callback", name, _HOOKS)
            if function is not None:
                setattr(self, name, function)
