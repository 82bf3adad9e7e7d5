"""CSVLogger."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import numpy as np

from pronghorn.callbacks._callback import Callback, Logs


class CSVLogger(Callback):
    """Writes the results of each epoch as a line of a CSV file.

    The columns are the epoch and what is in the logs of the first epoch, by name; if that was not
    validated, also the same names with ``val_`` for later ones. What is missing is ``NA``.

    Args:
        filename: Of the file.
        separator: Between the columns.
        append: Whether to go on with the file if it is there; otherwise it is begun anew.

    Example:
        >>> import pathlib, tempfile
        >>> import numpy as np, pronghorn as keras
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     log = keras.callbacks.CSVLogger(f"{folder}/log.csv")
        ...     _ = model.fit(np.ones((4, 1)), np.ones(4), verbose=0, callbacks=[log])
        ...     pathlib.Path(folder, "log.csv").read_text().splitlines()[0]
        'epoch,loss,val_loss'
    """

    def __init__(
        self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False
    ) -> None:
        super().__init__()
        self.filename = os.fspath(filename)
        self.sep = separator
        self.append = append
        self.keys: list[str] | None = None
        self._has_header = False
        self._file: IO[str] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._close()
        path = Path(self.filename)
        self._has_header = self.append and path.exists() and path.stat().st_size > 0
        self.keys = None
        self._file = path.open("a" if self.append else "w", newline="", encoding="utf-8")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = logs or {}
        if self._file is None:
            raise RuntimeError("CSVLogger.on_epoch_end was called before on_train_begin.")
        import csv  # at the first use, for a quick start of the package

        writer = csv.writer(self._file, delimiter=self.sep)
        if self.keys is None:
            self.keys = sorted(logs)
            if not any(key.startswith("val_") for key in self.keys):
                self.keys += [f"val_{key}" for key in self.keys]
            if not self._has_header:
                writer.writerow(["epoch", *self.keys])
        writer.writerow([epoch, *(_cell(logs.get(key, "NA")) for key in self.keys)])
        self._file.flush()

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._close()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _cell(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, Iterable) and not isinstance(value, str):
        return f'"[{", ".join(map(str, value))}]"'
    return value
