"""Several callbacks called as one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal

from pronghorn.callbacks._callback import Callback, Logs
from pronghorn.callbacks._history import History
from pronghorn.callbacks._progbar_logger import ProgbarLogger

_BATCH_HOOKS = {
    "train": ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end"),
    "test": ("on_test_batch_begin", "on_test_batch_end"),
    "predict": ("on_predict_batch_begin", "on_predict_batch_end"),
}


class CallbackList(Callback):
    """Calls each of its callbacks in turn.

    Args:
        callbacks: A callback, or callbacks in (nested) sequences; None for none.
        add_history: Whether to add a ``History`` where there is none.
        add_progbar: Whether to add a ``ProgbarLogger`` where there is none.
        model: The model that runs.
        **params: ``verbose``, ``epochs``, ``steps``.

    Raises:
        TypeError: If something is no callback.

    Example:
        >>> from pronghorn.callbacks import LambdaCallback
        >>> callbacks = CallbackList(LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch)))
        >>> callbacks.on_epoch_end(3)
        3
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        super().__init__()
        self.callbacks: list[Callback] = []
        self.history: Any = None
        self.progbar: Any = None
        if callbacks is not None:
            self.callbacks += _flatten(callbacks)
            self.history = self._last(History)
            self.progbar = self._last(ProgbarLogger)
        if self.history is None and add_history:
            self.history = History()
            self.callbacks.append(self.history)
        if self.progbar is None and add_progbar:
            self.progbar = ProgbarLogger()
            self.callbacks.append(self.progbar)
        if model is not None:
            self.set_model(model)
        self.set_params(params)

    def _last(self, kind: type) -> Any:
        for callback in reversed(self.callbacks):
            if isinstance(callback, kind):
                return callback
        return None

    def __iter__(self) -> Iterator[Callback]:
        return iter(self.callbacks)

    def append(self, callback: Callback) -> None:
        """Adds a callback at the end."""
        self.callbacks += _flatten(callback)

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params
        if params:
            for callback in self.callbacks:
                callback.set_params(params)

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        if self.history is not None:
            model.history = self.history
        for callback in self.callbacks:
            callback.set_model(model)

    def has_batch_hooks(self, mode: Literal["train", "test", "predict"]) -> bool:
        """Whether a callback wants to be called for each batch.

        The progress bar is not counted: it is told how far the run is at its own pace.

        Args:
            mode: Which batches.
        """
        hooks = _BATCH_HOOKS[mode]
        for callback in self.callbacks:
            if type(callback) in (ProgbarLogger, History):
                continue
            for hook in hooks:
                if _writes(callback, hook):
                    return True
        return False

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._call("on_batch_begin", batch, logs)

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._call("on_batch_end", batch, logs)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        logs = {} if logs is None else logs
        for callback in self.callbacks:
            callback.on_epoch_begin(epoch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = {} if logs is None else logs
        for callback in self.callbacks:
            callback.on_epoch_end(epoch, logs)

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._call("on_train_batch_begin", batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._call("on_train_batch_end", batch, logs)

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._call("on_test_batch_begin", batch, logs)

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._call("on_test_batch_end", batch, logs)

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._call("on_predict_batch_begin", batch, logs)

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._call("on_predict_batch_end", batch, logs)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        logs = {} if logs is None else logs
        for callback in self.callbacks:
            callback.on_train_begin(logs)

    def on_train_end(self, logs: Logs | None = None) -> None:
        logs = {} if logs is None else logs
        for callback in self.callbacks:
            callback.on_train_end(logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self._call("on_test_begin", logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        self._call("on_test_end", logs)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._call("on_predict_begin", logs)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._call("on_predict_end", logs)

    def _call(self, hook: str, *arguments: Any) -> None:
        """Calls a method of every callback; all share one dict of logs and may add to it."""
        *position, logs = arguments
        logs = {} if logs is None else logs
        for callback in self.callbacks:
            getattr(callback, hook)(*position, logs)


def _flatten(callbacks: Any) -> Iterable[Callback]:
    if callbacks is None:
        return
    if isinstance(callbacks, CallbackList):
        yield from callbacks.callbacks
    elif isinstance(callbacks, list | tuple):
        for each in callbacks:
            yield from _flatten(each)
    elif isinstance(callbacks, Callback):
        yield callbacks
    else:
        hint = " Did you mean to make an instance of it?" if isinstance(callbacks, type) else ""
        raise TypeError(
            f"`callbacks` must hold Callback objects; received {callbacks!r} of type "
            f"{type(callbacks).__name__}.{hint}"
        )


def _writes(callback: Callback, hook: str) -> bool:
    """Whether the class or the object itself has its own method of this name."""
    return hook in vars(callback) or getattr(type(callback), hook) is not getattr(Callback, hook)
