"""The base of the callbacks: one method for each moment of training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pronghorn import _arguments

if TYPE_CHECKING:
    from pronghorn.models import Model

Logs = dict[str, Any]


class Callback:
    """Called at the moments of ``fit``, ``evaluate`` and ``predict``; subclass it.

    A method that is not written costs nothing: batches are run in one go unless a callback has a
    method for batches.

    Attributes:
        params: ``verbose``, ``epochs`` and ``steps`` of the running call.
        model: The model that runs.

    Example:
        >>> class Count(Callback):
        ...     epochs = 0
        ...
        ...     def on_epoch_end(self, epoch, logs=None):
        ...         self.epochs += 1
        >>> count = Count()
        >>> count.on_epoch_end(0, {"loss": 1.0})
        >>> count.epochs
        1
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        _arguments.check_constructor(cls)

    def __init__(self) -> None:
        self.params: dict[str, Any] | None = None
        self._model: Any = None

    def set_params(self, params: dict[str, Any]) -> None:
        """Receives ``params``."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Receives ``model``."""
        self._model = model

    @property
    def model(self) -> Model | Any:
        """The model that runs; None before."""
        return getattr(self, "_model", None)

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Older name of ``on_train_batch_begin``."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Older name of ``on_train_batch_end``."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Before each epoch of ``fit``; ``epoch`` counts from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """After each epoch and its validation; ``logs`` holds its results and may be added to."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before each batch of ``fit``; ``batch`` counts from 0."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After each batch of ``fit``; ``logs`` holds the means of the epoch so far."""
        self.on_batch_end(batch, logs)

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before each batch of ``evaluate`` or of validation."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After each batch of ``evaluate`` or of validation."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before each batch of ``predict``."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After each batch of ``predict``; ``logs`` holds ``outputs``."""

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Before the first epoch of ``fit``."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """After the last epoch of ``fit``."""

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Before ``evaluate`` or validation."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """After ``evaluate`` or validation."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Before ``predict``."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """After ``predict``."""
