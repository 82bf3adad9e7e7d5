"""Callbacks in real training runs."""

import math

import numpy as np
import pytest

import pronghorn as keras
from pronghorn.callbacks import (
    Callback,
    EarlyStopping,
    LambdaCallback,
    ReduceLROnPlateau,
    TerminateOnNaN,
)

ROWS = 128


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, 4))
    return x, (x[:, 0] > 0).astype(np.int64)


@pytest.fixture
def model():
    keras.utils.set_random_seed(2)
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(8, activation="tanh"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.1), "binary_crossentropy", metrics=["accuracy"])
    return model


class Recorder(Callback):
    def __init__(self):
        super().__init__()
        self.events, self.weights, self.rates = [], [], []

    def on_epoch_end(self, epoch, logs=None):
        self.weights.append(self.model.get_weights())
        self.rates.append(float(self.model.optimizer.learning_rate))


@pytest.mark.parametrize("monitor", ["val_accuracy", "val_loss", "loss", "accuracy"])
def test_early_stopping_restores_the_best_epoch(model, data, monitor):
    x, y = data
    recorder = Recorder()
    stopping = EarlyStopping(monitor, patience=3, restore_best_weights=True)
    # Far too large a rate: results go up and down.
    model.optimizer.learning_rate = 20.0
    history = model.fit(
        x, y, epochs=100, validation_split=0.25, verbose=0, callbacks=[recorder, stopping]
    ).history
    values = history[monitor]
    best = int(np.argmax(values) if "accuracy" in monitor else np.argmin(values))
    assert len(values) < 100
    assert len(values) == best + 4
    assert stopping.best_epoch == best
    for ours, theirs in zip(model.get_weights(), recorder.weights[best], strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_reduced_rate_is_used(model, data):
    x, y = data
    recorder = Recorder()
    # No result improves by 10, so the rate falls after every epoch but the first.
    plateau = ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=10)
    history = model.fit(
        x, y, batch_size=ROWS, epochs=4, verbose=0, callbacks=[plateau, recorder]
    ).history
    assert history["learning_rate"] == np.float32([0.1, 0.1, 0.05, 0.025]).tolist()
    steps = [
        np.linalg.norm(after[0] - before[0])
        for before, after in zip(recorder.weights, recorder.weights[1:], strict=False)
    ]
    # Full-batch steps are proportional to the rate, as the gradient hardly changes.
    assert steps[1] / steps[0] == pytest.approx(0.5, rel=0.05)
    assert steps[2] / steps[1] == pytest.approx(0.5, rel=0.05)


def test_training_stops_when_the_loss_is_not_finite(model, data):
    x, y = data
    model.compile(keras.optimizers.SGD(1e30), "mse")
    history = model.fit(x * 1e20, y * 1e25, epochs=5, verbose=0, callbacks=[TerminateOnNaN()])
    assert len(history.epoch) == 1
    assert not math.isfinite(history.history["loss"][0])
    with pytest.raises(RuntimeError, match="Batch 0"):
        model.fit(x, y * 1e30, verbose=0, callbacks=[TerminateOnNaN(raise_error=True)])


def test_order_and_numbers_of_the_calls(model, data):
    x, y = data
    events = []

    def note(name):
        return lambda *arguments: events.append(
            (name, *[each for each in arguments if isinstance(each, int)])
        )

    # The older names of batches are called by the newer ones, which are replaced here.
    hooks = [name for name in vars(Callback) if name.startswith("on_")]
    hooks = [name for name in hooks if "predict" not in name and not name.startswith("on_batch")]
    callback = LambdaCallback(**{hook: note(hook[3:]) for hook in hooks})
    model.fit(x, y, batch_size=48, epochs=1, validation_data=(x, y), verbose=0, callbacks=callback)

    def batches(mode):
        return [(f"{mode}_batch_{moment}", i) for i in range(3) for moment in ("begin", "end")]

    assert events == [
        ("train_begin",),
        ("epoch_begin", 0),
        *batches("train"),
        ("test_begin",),
        *batches("test"),
        ("test_end",),
        ("epoch_end", 0),
        ("train_end",),
    ]


def test_batch_callbacks_do_not_change_the_numbers(data):
    x, y = data
    results = []
    for callbacks in ([], [LambdaCallback(on_train_batch_end=lambda batch, logs: None)]):
        keras.utils.set_random_seed(3)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        history = model.fit(x, y, epochs=3, verbose=0, callbacks=callbacks).history
        results.append((history, model.get_weights()[0].tobytes()))
    assert results[0] == results[1]


def test_batch_logs_are_means_so_far(model, data):
    x, y = data
    seen = []
    watch = LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(dict(logs)))
    history = model.fit(x, y, batch_size=32, epochs=1, verbose=0, callbacks=[watch]).history
    assert len(seen) == 4
    assert set(seen[0]) == {"loss", "accuracy"}
    assert seen[-1]["loss"] == pytest.approx(history["loss"][0], rel=1e-12)
    assert len({entry["loss"] for entry in seen}) == 4


def test_output_of_fit(model, data, capsys):
    x, y = data
    model.fit(x, y, epochs=2, batch_size=32, validation_split=0.25, verbose=2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Epoch 1/2"
    assert lines[1].startswith("3/3 - 0s - ")
    words = [part.split(":")[0] for part in lines[1].split(" - ")[3:]]
    assert words == ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert len(lines) == 4
    model.fit(x, y, epochs=1, verbose=0)
    model.evaluate(x, y, verbose=0)
    assert capsys.readouterr().out == ""
    model.evaluate(x, y, verbose=1)
    assert capsys.readouterr().out.startswith("4/4 ━━━━━━━━━━━━━━━━━━━━ 0s ")


def test_compiling_in_the_middle_is_refused(model, data):
    x, y = data

    class Compiler(Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 0:
                self.model.compile("sgd", "mae")

    with pytest.raises(RuntimeError, match="compiled or changed while it was running"):
        model.fit(x, y, epochs=2, verbose=0, callbacks=[Compiler()])
    model.fit(x, y, verbose=0)
    assert model.optimizer.iterations == math.ceil(ROWS / 32)
