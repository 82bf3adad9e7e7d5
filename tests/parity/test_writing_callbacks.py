"""Callbacks that write files: which, when, what they say, and how training goes on from them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _pairs import LIBRARIES, assert_histories_equal, compile_pair, pair, small_classifier

RNG = np.random.default_rng(8)
X = RNG.standard_normal((50, 6)).astype("float32")
Y = RNG.integers(0, 3, 50)
OPTIONS = {"batch_size": 16, "shuffle": False, "verbose": 0}


def _models() -> Any:
    return compile_pair(
        pair(small_classifier()),
        lambda library: {"optimizer": library.optimizers.Adam(0.2)},
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )


def _written(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


CHECKPOINTS: list[tuple[str, dict[str, Any]]] = [
    ("m.keras", {}),
    ("{epoch:02d}-{val_loss:.2f}.keras", {}),
    ("{epoch}-{accuracy:.3f}.weights.h5", {"save_weights_only": True}),
    ("{epoch:02d}.keras", {"save_best_only": True}),
    ("{epoch:02d}.keras", {"save_best_only": True, "monitor": "val_accuracy"}),
    ("{epoch:02d}.keras", {"save_best_only": True, "monitor": "accuracy", "mode": "min"}),
    ("{epoch:02d}.keras", {"save_best_only": True, "initial_value_threshold": 3.0}),
    ("{epoch:02d}.keras", {"monitor": "loss", "mode": "max", "save_best_only": True}),
    ("{epoch:02d}-{batch:02d}.keras", {"save_freq": 3}),
    ("{epoch}-{batch}.weights.h5", {"save_freq": 2, "save_weights_only": True}),
    ("{epoch:02d}.keras", {"save_freq": 2, "save_best_only": True, "monitor": "loss"}),
]


@pytest.mark.parametrize(("name", "settings"), CHECKPOINTS, ids=str)
def test_model_checkpoint(name: str, settings: dict[str, Any], tmp_path: Path, capsys) -> None:
    seen = []
    for library, model in zip(LIBRARIES, _models(), strict=True):
        folder = tmp_path / library.__name__
        folder.mkdir()
        callback = library.callbacks.ModelCheckpoint(str(folder / name), verbose=1, **settings)
        capsys.readouterr()
        model.fit(X, Y, epochs=3, validation_split=0.3, callbacks=[callback], **OPTIONS)
        printed = capsys.readouterr().out.replace(str(folder), "")
        seen.append((_written(folder), printed))
    assert seen[1] == seen[0]
    assert seen[0][0]


class _Interrupt(Exception):
    pass


def _stopping(library: Any, epoch: int) -> Any:
    def stop(at: int, logs: Any) -> None:
        if at == epoch:
            raise _Interrupt

    return library.callbacks.LambdaCallback(on_epoch_begin=stop)


@pytest.mark.parametrize(
    "settings", [{}, {"delete_checkpoint": False}, {"double_checkpoint": True}], ids=str
)
def test_backup_and_restore(settings: dict[str, Any], tmp_path: Path) -> None:
    """A second call of `fit` goes on where the first was interrupted, in both alike."""
    histories, left = [], []
    for library, model in zip(LIBRARIES, _models(), strict=True):
        folder = tmp_path / library.__name__

        def backup(library: Any = library, folder: Path = folder) -> Any:
            return library.callbacks.BackupAndRestore(str(folder), **settings)

        with pytest.raises(_Interrupt):
            model.fit(X, Y, epochs=5, callbacks=[backup(), _stopping(library, 3)], **OPTIONS)
        histories.append(model.fit(X, Y, epochs=5, callbacks=[backup()], **OPTIONS))
        left.append(bool(_written(folder)) if folder.exists() else False)
    assert histories[0].epoch == [3, 4]
    assert_histories_equal(*histories, rtol=2e-4)
    assert left[1] == left[0]


def test_callback_list(capsys) -> None:
    """Used alone: which callbacks it has, in which order they are called, and with what."""
    seen = []
    for library, model in zip(LIBRARIES, _models(), strict=True):
        calls: list[Any] = []

        class Note(library.callbacks.Callback):  # type: ignore[misc,name-defined]
            def __init__(self, label: str, calls: list[Any] = calls) -> None:
                super().__init__()
                self.label, self.calls = label, calls

            def on_train_begin(self, logs: Any = None) -> None:
                self.calls.append((self.label, "begin", dict(logs or {})))

            def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
                self.calls.append((self.label, epoch, dict(logs or {})))

        given = [Note("a"), Note("b")]
        listed = library.callbacks.CallbackList(
            given, add_history=True, add_progbar=True, model=model, epochs=2, verbose=2, steps=3
        )
        listed.on_train_begin()
        listed.on_epoch_begin(0)
        listed.on_epoch_end(0, {"loss": 0.5})
        listed.on_train_end({"loss": 0.5})
        names = [type(each).__name__ for each in listed.callbacks]
        params = sorted(given[0].params)
        seen.append((calls, names, params, given[0].model is model))
    assert seen[1] == seen[0]
