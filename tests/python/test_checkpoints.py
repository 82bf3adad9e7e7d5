"""ModelCheckpoint and BackupAndRestore: which files, when, and what goes on from them."""

import json
import os

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import callbacks, layers

X = np.random.default_rng(1).standard_normal((24, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True)


def model():
    keras.utils.set_random_seed(5)
    made = keras.Sequential([keras.Input((3,)), layers.Dense(4, "tanh"), layers.Dense(1)])
    made.compile("adam", "mse", metrics=["mae"])
    return made


def fit(made, *used, **options):
    arguments = {"epochs": 3, "batch_size": 8, "verbose": 0, "shuffle": False, **options}
    return made.fit(X, Y, callbacks=list(used), **arguments)


def test_names_hold_epochs_and_results(tmp_path):
    path = tmp_path / "sub" / "{epoch:02d}-{val_loss:.2f}.keras"
    history = fit(model(), callbacks.ModelCheckpoint(path), validation_split=0.25).history
    expected = [f"{i + 1:02d}-{loss:.2f}.keras" for i, loss in enumerate(history["val_loss"])]
    assert sorted(os.listdir(tmp_path / "sub")) == expected


def test_the_last_file_is_the_model(tmp_path):
    made = model()
    fit(made, callbacks.ModelCheckpoint(tmp_path / "m.keras"))
    twin = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(twin(X), made(X))
    assert twin.optimizer.iterations == 9


class Scripted(callbacks.Callback):
    """Gives the epochs these values of a result."""

    def __init__(self, values):
        super().__init__()
        self.values = values

    def on_epoch_end(self, epoch, logs=None):
        logs["score"] = self.values[epoch]


@pytest.mark.parametrize(
    ("values", "options", "saved"),
    [
        ([3.0, 1.0, 2.0, 0.5], {"mode": "min"}, [1, 2, 4]),
        ([3.0, 1.0, 2.0, 4.0], {"mode": "max"}, [1, 4]),
        ([3.0, 1.0, 2.0, 0.5], {"mode": "min", "initial_value_threshold": 1.5}, [2, 4]),
        ([3.0, 1.0, 2.0, 0.5], {"mode": "min", "save_best_only": False}, [1, 2, 3, 4]),
    ],
)
def test_only_the_best(values, options, saved, tmp_path):
    options = {"monitor": "score", "save_best_only": True, **options}
    checkpoint = callbacks.ModelCheckpoint(
        tmp_path / "{epoch}.weights.h5", save_weights_only=True, **options
    )
    fit(model(), Scripted(values), checkpoint, epochs=4)
    assert sorted(os.listdir(tmp_path)) == [f"{epoch}.weights.h5" for epoch in saved]


def test_what_is_said(tmp_path, capsys):
    checkpoint = callbacks.ModelCheckpoint(
        tmp_path / "m.keras", "score", verbose=1, save_best_only=True, mode="min"
    )
    fit(model(), Scripted([2.0, 3.0]), checkpoint, epochs=2)
    path = tmp_path / "m.keras"
    assert capsys.readouterr().out == (
        f"\nEpoch 1: score improved from None to 2.00000, saving model to {path}\n"
        f"\nEpoch 1: finished saving model to {path}\n"
        "\nEpoch 2: score did not improve from 2.00000\n"
    )


def test_a_missing_result_is_told(tmp_path):
    checkpoint = callbacks.ModelCheckpoint(tmp_path / "m.keras", "nothing", save_best_only=True)
    with pytest.warns(UserWarning, match="Can save best model only with nothing available"):
        fit(model(), checkpoint, epochs=1)
    assert (tmp_path / "m.keras").exists()


def test_saving_by_batches(tmp_path):
    checkpoint = callbacks.ModelCheckpoint(tmp_path / "{epoch}-{batch}.keras", save_freq=2)
    fit(model(), checkpoint)  # three batches an epoch
    assert sorted(os.listdir(tmp_path)) == ["1-2.keras", "2-1.keras", "2-3.keras", "3-2.keras"]


def test_no_batch_is_stopped_at_without_need():
    by_epoch = callbacks.CallbackList([callbacks.ModelCheckpoint("m.keras")])
    assert not by_epoch.has_batch_hooks("train")
    by_batch = callbacks.CallbackList([callbacks.ModelCheckpoint("m.keras", save_freq=5)])
    assert by_batch.has_batch_hooks("train")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"filepath": "m.txt"}, "must end in"),
        ({"filepath": "m.keras", "save_weights_only": True}, "weights.h5"),
        ({"filepath": "m.keras", "save_freq": "batch"}, "save_freq"),
        ({"filepath": "m.keras", "save_freq": 0}, "save_freq"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        callbacks.ModelCheckpoint(**arguments)


def test_an_unknown_place_in_the_name(tmp_path):
    with pytest.raises(KeyError, match="nothing"):
        fit(model(), callbacks.ModelCheckpoint(tmp_path / "{nothing}.keras"))


class Interrupt(callbacks.Callback):
    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            raise KeyboardInterrupt


@pytest.mark.parametrize("double", [False, True])
def test_an_interrupted_training_goes_on(double, tmp_path):
    whole = model()
    expected = fit(whole, epochs=5)

    def backup():
        return callbacks.BackupAndRestore(tmp_path / "b", double_checkpoint=double)

    first = model()
    with pytest.raises(KeyboardInterrupt):
        fit(first, backup(), Interrupt(3), epochs=5)
    assert json.loads((tmp_path / "b/training_metadata.json").read_text())["epoch"] == 3
    second = model()
    history = fit(second, backup(), epochs=5)
    assert history.epoch == [3, 4]
    assert history.history["loss"] == expected.history["loss"][3:]
    for ours, theirs in zip(second.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert not (tmp_path / "b").exists()


def test_a_torn_backup_is_replaced_by_the_one_before(tmp_path):
    backup = callbacks.BackupAndRestore(
        tmp_path / "b", double_checkpoint=True, delete_checkpoint=False
    )
    fit(model(), backup)
    (tmp_path / "b/latest.weights.h5").write_bytes(b"torn")
    assert fit(model(), backup, epochs=4).epoch == [2, 3]


def test_backups_by_batches(tmp_path):
    backup = callbacks.BackupAndRestore(tmp_path / "b", save_freq=2, delete_checkpoint=False)
    fit(model(), backup, epochs=1)
    metadata = json.loads((tmp_path / "b/training_metadata.json").read_text())
    assert metadata == {"epoch": 0, "batch": 1}


def test_backups_need_a_built_model(tmp_path):
    made = keras.Sequential([layers.Dense(1)])
    made.compile("sgd", "mse")
    with pytest.raises(ValueError, match="built"):
        callbacks.CallbackList(
            [callbacks.BackupAndRestore(tmp_path / "b")], model=made
        ).on_train_begin()
    with pytest.raises(ValueError, match="backup_dir"):
        callbacks.BackupAndRestore("")
