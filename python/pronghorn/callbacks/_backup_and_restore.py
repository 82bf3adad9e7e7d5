"""BackupAndRestore."""

from __future__ import annotations

import json
import os
import shutil
from typing import Any

from pronghorn.callbacks._callback import Callback, Logs
from pronghorn.callbacks._save_frequency import SaveFrequency


class BackupAndRestore(Callback):
    """Lets an interrupted ``fit`` go on where it was when it is called again.

    Weights and the optimizer's state are saved to a folder; ``fit`` begins with what is found
    there, in the epoch that comes next, and removes the folder at its end.

    Args:
        backup_dir: The folder, for one training alone.
        save_freq: ``"epoch"``, or a number of batches.
        double_checkpoint: Whether to keep the backup before the last one too.
        delete_checkpoint: Whether the folder is removed after training.

    Raises:
        ValueError: For an empty `backup_dir` or another `save_freq`; in ``fit``, if the model is
            not built.

    Example:
        >>> import tempfile, numpy as np, pronghorn as keras
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> x = np.ones((4, 1))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     backup = BackupAndRestore(folder + "/b", delete_checkpoint=False)
        ...     _ = model.fit(x, x, epochs=2, verbose=0, callbacks=[backup])
        ...     model.fit(x, x, epochs=5, verbose=0, callbacks=[backup]).epoch
        [2, 3, 4]
    """

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: str | int = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        super().__init__()
        if not backup_dir:
            raise ValueError(f"`backup_dir` must not be empty. Received: {backup_dir!r}")
        self.backup_dir = str(os.fspath(backup_dir))
        self.save_freq = save_freq
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self._frequency = SaveFrequency(save_freq)
        self._current_epoch = 0
        self._weights_path = os.path.join(self.backup_dir, "latest.weights.h5")
        self._metadata_path = os.path.join(self.backup_dir, "training_metadata.json")
        if self._frequency.batches is not None:
            # Only then does training stop at each batch for this callback.
            self.on_train_batch_end = self._after_batch  # type: ignore[method-assign]

    def on_train_begin(self, logs: Logs | None = None) -> None:
        if not self.model.built:
            raise ValueError(
                "BackupAndRestore needs a model that is built before `fit`: begin it with an Input "
                "or call `build(input_shape)`."
            )
        try:
            self._restore()
        except (OSError, ValueError):
            # A backup that cannot be read: the one before it, if there is one.
            if not os.path.exists(f"{self._weights_path}.bkp"):
                raise
            for path in (self._weights_path, self._metadata_path):
                _replace(f"{path}.bkp", path)
            self._restore()

    def _restore(self) -> None:
        metadata: dict[str, Any] = {}
        if os.path.exists(self._metadata_path):
            with open(self._metadata_path, encoding="utf-8") as file:
                content: Any = json.load(file)
            metadata = content if isinstance(content, dict) else {}
            if not isinstance(metadata.get("epoch"), int):
                raise ValueError(f"'{self._metadata_path}' does not tell an epoch.")
        if os.path.exists(self._weights_path):
            self.model.load_weights(self._weights_path)
        if metadata:
            self._current_epoch = metadata["epoch"]
            self.model._initial_epoch = metadata["epoch"]

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._current_epoch = epoch + 1
        self._frequency.last_batch = None
        if self._frequency.batches is None:
            self._save()

    def _after_batch(self, batch: int, logs: Logs | None = None) -> None:
        if self._frequency.is_due(batch):
            self._save()

    def _save(self) -> None:
        os.makedirs(self.backup_dir, exist_ok=True)
        if self.double_checkpoint:
            for path in (self._weights_path, self._metadata_path):
                if os.path.exists(path):
                    shutil.copyfile(path, f"{path}.bkp")
        self.model.save_weights(self._weights_path, overwrite=True)
        metadata = {"epoch": self._current_epoch, "batch": self._frequency.last_batch or 0}
        with open(f"{self._metadata_path}.tmp", "w", encoding="utf-8") as file:
            json.dump(metadata, file)
        os.replace(f"{self._metadata_path}.tmp", self._metadata_path)

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.delete_checkpoint and os.path.isdir(self.backup_dir):
            shutil.rmtree(self.backup_dir)


def _replace(source: str, target: str) -> None:
    """Copies a file over another one; without a source the target goes too."""
    if os.path.exists(source):
        shutil.copyfile(source, target)
    elif os.path.exists(target):
        os.remove(target)
