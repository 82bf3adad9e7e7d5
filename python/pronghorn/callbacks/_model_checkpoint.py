"""ModelCheckpoint."""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np

from pronghorn import _console
from pronghorn.callbacks._callback import Logs
from pronghorn.callbacks._monitor import MonitorCallback
from pronghorn.callbacks._save_frequency import SaveFrequency


class ModelCheckpoint(MonitorCallback):
    """Saves the model, or its weights, after epochs or after a number of batches.

    Args:
        filepath: Ends in ``.keras`` or ``.h5``, or in ``.weights.h5`` for weights alone. It may
            have places for the epoch, the batch and results:
            ``"{epoch:02d}-{val_loss:.2f}.keras"``.
        monitor: Name of the result that decides what is best.
        verbose: 1 to say what is done.
        save_best_only: Whether to save only when the result has improved.
        save_weights_only: Whether to save weights (and the optimizer's state) alone.
        mode: ``"min"``, ``"max"`` or ``"auto"``.
        save_freq: ``"epoch"``, or a number of batches.
        initial_value_threshold: What the first result must beat.

    Raises:
        ValueError: For another ending of `filepath`, or another `save_freq`.

    Example:
        >>> import os, tempfile, numpy as np, pronghorn as keras
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     saving = ModelCheckpoint(folder + "/{epoch:02d}.keras")
        ...     x = np.ones((4, 1))
        ...     _ = model.fit(x, x, epochs=2, verbose=0, callbacks=[saving])
        ...     sorted(os.listdir(folder))
        ['01.keras', '02.keras']
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode)
        self.filepath = str(os.fspath(filepath))
        endings = (".weights.h5",) if save_weights_only else (".keras", ".h5")
        if not self.filepath.endswith(endings):
            raise ValueError(
                f"`filepath` must end in {' or '.join(f'`{ending}`' for ending in endings)} with "
                f"save_weights_only={save_weights_only}. Received: filepath={self.filepath!r}"
            )
        self.best = initial_value_threshold
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self._frequency = SaveFrequency(save_freq)
        self._current_epoch = 0
        if self._frequency.batches is not None:
            # Only then does training stop at each batch for this callback.
            self.on_train_batch_end = self._after_batch  # type: ignore[method-assign]

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._current_epoch = epoch

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self._frequency.batches is None:
            self._save(epoch, None, logs or {})

    def _after_batch(self, batch: int, logs: Logs | None = None) -> None:
        if self._frequency.is_due(batch):
            self._save(self._current_epoch, batch, logs or {})

    def _save(self, epoch: int, batch: int | None, logs: Logs) -> None:
        path = self._path(epoch, batch, logs)
        if not self._is_wanted(epoch, logs, path):
            return
        if os.path.isdir(path):
            raise IsADirectoryError(f"`filepath` of ModelCheckpoint is a folder: '{path}'.")
        if os.path.dirname(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)
        self._say(epoch, f"finished saving model to {path}")

    def _is_wanted(self, epoch: int, logs: Logs, path: str) -> bool:
        if not self.save_best_only:
            self._say(epoch, f"saving model to {path}")
            return True
        value = logs.get(self.monitor)
        if value is None or np.ndim(value) > 0:
            reason = "available" if value is None else f"one number; it is {value!r}"
            warnings.warn(f"Can save best model only with {self.monitor} {reason}.", stacklevel=5)
            return True
        before = "None" if self.best is None else f"{self.best:.5f}"
        # Keras decides which way is better even where there is nothing to compare with.
        if not self.is_improvement(value, self.best):
            self._say(epoch, f"{self.monitor} did not improve from {before}")
            return False
        change = f"{self.monitor} improved from {before} to {value:.5f}"
        self._say(epoch, f"{change}, saving model to {path}")
        self.best = value
        return True

    def _say(self, epoch: int, text: str) -> None:
        if self.verbose > 0:
            _console.print_msg(f"\nEpoch {epoch + 1}: {text}")

    def _path(self, epoch: int, batch: int | None, logs: Logs) -> str:
        places: dict[str, Any] = {**logs, "epoch": epoch + 1}
        if batch is not None:
            places.setdefault("batch", batch + 1)
        try:
            return self.filepath.format(**places)
        except KeyError as error:
            raise KeyError(
                f'Failed to format this callback filepath: "{self.filepath}". Reason: {error}; '
                f"there are: {', '.join(places)}."
            ) from None
