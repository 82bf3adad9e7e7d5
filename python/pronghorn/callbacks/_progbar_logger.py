"""ProgbarLogger."""

from typing import Any

from pronghorn import _console
from pronghorn.callbacks._callback import Callback, Logs
from pronghorn.utils import Progbar


class ProgbarLogger(Callback):
    """Shows the progress of an epoch, and its results at the end.

    The training loop calls ``update`` at most every ``interval`` seconds, not after each batch.

    Example:
        >>> logger = ProgbarLogger()
        >>> logger.set_params({"verbose": 2, "epochs": 2, "steps": 4})
        >>> logger.on_epoch_begin(0)
        Epoch 1/2
        >>> logger.on_epoch_end(0, {"loss": 0.25})
        4/4 - 0s - ...s/step - loss: 0.2500
    """

    interval = 0.05

    def __init__(self) -> None:
        super().__init__()
        self.progbar: Progbar | None = None
        self.target: int | None = None
        self.verbose = 1
        self.epochs = 1
        self.seen = 0
        self._in_fit = False

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params)
        verbose = params.get("verbose", 1)
        self.verbose = 1 if verbose == "auto" else int(verbose)
        self.epochs = params.get("epochs") or 1
        self.target = params.get("steps")

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._in_fit = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._in_fit = False

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        if self.verbose and self.epochs > 1:
            _console.print_msg(f"Epoch {epoch + 1}/{self.epochs}")
        self._begin()

    def on_test_begin(self, logs: Logs | None = None) -> None:
        if not self._in_fit:
            self._begin()

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._begin()

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self.update(batch + 1, logs)

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if not self._in_fit:
            self.update(batch + 1, logs)

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self.update(batch + 1)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._end(logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        if not self._in_fit:
            self._end(logs)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._end(None)

    def update(self, steps: int, logs: Logs | None = None) -> None:
        """Shows that ``steps`` batches of the epoch are done.

        Args:
            steps: How many.
            logs: Results so far, shown as they are.
        """
        self.seen = steps
        if self.verbose == 1 and self.progbar is not None:
            self.progbar.update(steps, list((logs or {}).items()), finalize=False)

    def see(self, steps: int) -> None:
        """Notes how many batches an epoch had, where that was not known."""
        self.seen = steps

    def _begin(self) -> None:
        self.seen = 0
        self.progbar = Progbar(
            self.target, verbose=self.verbose, interval=self.interval, stateless_metrics=()
        )

    def _end(self, logs: Logs | None) -> None:
        if self.progbar is None:
            self._begin()
        assert self.progbar is not None
        if self.target is None:
            self.target = self.progbar.target = self.seen
        self.progbar.update(self.target, list((logs or {}).items()), finalize=True)
