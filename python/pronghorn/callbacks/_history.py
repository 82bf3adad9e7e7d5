"""History."""

from typing import Any

from pronghorn.callbacks._callback import Callback, Logs


class History(Callback):
    """What ``fit`` returns: the results of every epoch.

    Attributes:
        history: Lists of one value an epoch, by name.
        epoch: The numbers of the epochs.

    Example:
        >>> history = History()
        >>> history.on_train_begin()
        >>> history.on_epoch_end(0, {"loss": 0.5})
        >>> history.history
        {'loss': [0.5]}
    """

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[Any]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        model = self.model
        if model is not None:
            model.history = self
