"""Callbacks on a model that is a stub: their decisions, messages and what they cost."""

import math
import warnings

import numpy as np
import pytest

from pronghorn import callbacks, metrics, optimizers
from pronghorn.callbacks import CallbackList, EarlyStopping, ReduceLROnPlateau


class Model:
    """What callbacks touch of a model."""

    def __init__(self, learning_rate=0.1):
        self.optimizer = optimizers.SGD(learning_rate)
        self.metrics = [
            metrics.Mean(name="loss"),
            metrics.CategoricalAccuracy(name="accuracy"),
            metrics.MeanSquaredError(name="mse"),
            metrics.Mean(name="unclear"),
        ]
        self.stop_training = False
        self.weights = [np.zeros(1)]

    def get_weights(self):
        return [weight.copy() for weight in self.weights]

    def set_weights(self, weights):
        self.weights = [weight.copy() for weight in weights]


def run(callback, values, name="val_loss", model=None):
    """Epochs with these results; the model's weight is the number of the epoch."""
    model = model or Model()
    chain = CallbackList([callback], add_history=True, model=model, epochs=len(values))
    model.stop_training = False
    chain.on_train_begin()
    done = 0
    for epoch, value in enumerate(values):
        chain.on_epoch_begin(epoch)
        model.weights = [np.array([float(epoch)])]
        chain.on_epoch_end(epoch, {name: value})
        done += 1
        if model.stop_training:
            break
    chain.on_train_end()
    return model, done


@pytest.mark.parametrize(
    ("settings", "values", "epochs", "weight"),
    [
        ({}, [1.0, 0.9, 0.95, 0.8], 3, 2),
        ({}, [1.0, 0.9, 0.8, 0.7], 4, 3),
        ({"patience": 2}, [1.0, 1.1, 0.9, 1.0, 1.0, 0.1], 5, 4),
        ({"patience": 2, "restore_best_weights": True}, [1.0, 1.1, 0.9, 1.0, 1.0, 0.1], 5, 2),
        ({"restore_best_weights": True}, [1.0, 0.9, 0.8], 3, 2),
        ({"min_delta": 0.2}, [1.0, 0.9, 0.5], 2, 1),
        ({"min_delta": -0.2}, [1.0, 0.9, 0.5], 2, 1),
        ({"mode": "max"}, [1.0, 2.0, 1.5], 3, 2),
        ({"start_from_epoch": 3}, [1.0, 2.0, 3.0, 4.0, 3.5, 5.0, 1.0], 6, 5),
        (
            {"start_from_epoch": 3, "restore_best_weights": True},
            [0.1, 2.0, 3.0, 4.0, 3.5, 5.0],
            6,
            4,
        ),
        # Above the baseline no improvement starts the waiting anew.
        ({"baseline": 0.5, "patience": 2}, [1.0, 0.9, 0.8, 0.7], 4, 3),
        ({"baseline": 0.5, "patience": 2}, [1.0, 0.9, 0.9, 0.7], 3, 2),
        (
            {"baseline": 0.5, "patience": 2, "restore_best_weights": True},
            [1.0, 0.9, 0.95, 0.1],
            3,
            1,
        ),
        ({"baseline": 0.5, "patience": 2}, [0.4, 0.6, 0.3, 0.35, 0.36, 0.1], 5, 4),
        # Not a number is no improvement.
        ({"patience": 1}, [1.0, math.nan, 0.5], 2, 1),
    ],
)
def test_early_stopping(settings, values, epochs, weight):
    model, done = run(EarlyStopping(**settings), values)
    assert done == epochs
    assert model.get_weights()[0][0] == weight


def test_early_stopping_can_be_used_again():
    callback = EarlyStopping(patience=1, restore_best_weights=True)
    assert run(callback, [0.1, 0.2, 0.3])[1] == 2
    assert callback.stopped_epoch == 1
    assert run(callback, [5.0, 4.0, 3.0])[1] == 3
    assert callback.stopped_epoch == 0
    assert callback.best_epoch == 2


def test_early_stopping_says_so(capsys):
    run(EarlyStopping(verbose=1, restore_best_weights=True), [1.0, 2.0])
    assert capsys.readouterr().out == (
        "Epoch 2: early stopping\nRestoring model weights from the end of the best epoch: 1.\n"
    )


@pytest.mark.parametrize(
    ("name", "values", "epochs"),
    [
        ("loss", [1.0, 2.0], 2),
        ("val_loss", [2.0, 1.0, 0.5], 3),
        ("accuracy", [0.1, 0.2, 0.1, 0.3], 3),
        ("val_accuracy", [0.1, 0.2, 0.3], 3),
        ("val_mse", [0.3, 0.2, 0.1], 3),
        ("out_accuracy", [0.1, 0.2, 0.3], 3),
        ("val_out_loss", [0.3, 0.2, 0.1], 3),
    ],
)
def test_direction_is_found_from_the_metric(name, values, epochs):
    assert run(EarlyStopping(name), values, name)[1] == epochs


def test_direction_that_cannot_be_found():
    for name in ("unclear", "nothing"):
        with pytest.raises(ValueError, match=f"'{name}'.*mode='min' or mode='max'"):
            run(EarlyStopping(name), [1.0], name)


def test_missing_result_is_told():
    with pytest.warns(UserWarning, match="'val_loss'.*there are: loss"):
        assert run(EarlyStopping(), [1.0, 2.0, 3.0], "loss")[1] == 3
    with pytest.warns(UserWarning, match="'val_loss'.*loss, learning_rate"):
        run(ReduceLROnPlateau(), [1.0], "loss")


@pytest.mark.parametrize(
    ("settings", "values", "rates"),
    [
        # The rate in the logs of an epoch is the one it was trained with.
        ({"patience": 1}, [1.0, 1.0, 1.0], [0.1, 0.1, 0.01]),
        ({"patience": 2, "factor": 0.5}, [1.0, 1.0, 0.5, 0.5, 0.5, 0.5], [0.1] * 5 + [0.05]),
        ({"patience": 1, "cooldown": 2}, [1.0] * 6, [0.1, 0.1, 0.01, 0.01, 0.001, 0.001]),
        ({"patience": 1, "min_lr": 0.05}, [1.0] * 4, [0.1, 0.1, 0.05, 0.05]),
        ({"patience": 1, "min_delta": 0.2}, [1.0, 0.9, 0.75, 0.7], [0.1, 0.1, 0.01, 0.01]),
        ({"patience": 1, "mode": "max"}, [1.0, 2.0, 1.0, 1.0], [0.1, 0.1, 0.1, 0.01]),
    ],
)
def test_reduce_on_plateau(settings, values, rates):
    model = Model()
    callback = ReduceLROnPlateau(**settings)
    run(callback, values, model=model)
    assert model.history.history["learning_rate"] == pytest.approx(rates, rel=1e-6)


def test_reduce_on_plateau_says_so(capsys):
    run(ReduceLROnPlateau(patience=1, factor=0.5, verbose=1), [1.0, 1.0])
    assert capsys.readouterr().out == (
        "\nEpoch 2: ReduceLROnPlateau reducing learning rate to 0.05000000074505806.\n"
    )


def test_learning_rate_scheduler(capsys):
    model = Model()
    callback = callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5, verbose=1)
    run(callback, [1.0, 1.0], model=model)
    assert model.history.history["learning_rate"] == np.float32([0.05, 0.025]).tolist()
    assert capsys.readouterr().out == (
        "\nEpoch 1: LearningRateScheduler setting learning rate to 0.05000000074505806.\n"
        "\nEpoch 2: LearningRateScheduler setting learning rate to 0.02500000037252903.\n"
    )
    run(callbacks.LearningRateScheduler(lambda epoch: 0.3 / (1 + epoch)), [1.0, 1.0], model=model)
    assert float(model.optimizer.learning_rate) == np.float32(0.15)
    with pytest.raises(ValueError, match="must return a float"):
        run(callbacks.LearningRateScheduler(lambda epoch, rate: "fast"), [1.0])
    with pytest.raises(TypeError, match="`schedule`"):
        callbacks.LearningRateScheduler(0.1)


def test_an_error_inside_a_schedule_is_not_hidden():
    def schedule(epoch, rate):
        raise TypeError("inside")

    with pytest.raises(TypeError, match="inside"):
        run(callbacks.LearningRateScheduler(schedule), [1.0])


def test_terminate_on_nan(capsys):
    model = Model()
    chain = CallbackList(callbacks.TerminateOnNaN(), model=model)
    chain.on_train_batch_end(0, {"loss": 1.0})
    assert not model.stop_training
    chain.on_train_batch_end(4, {"loss": math.inf})
    assert model.stop_training
    assert capsys.readouterr().out == "Batch 4: Invalid loss, terminating training\n"
    with pytest.raises(RuntimeError, match="Batch 7"):
        callbacks.TerminateOnNaN(raise_error=True).on_train_batch_end(7, {"loss": math.nan})


def test_history():
    model, _ = run(callbacks.History(), [3.0, 2.0], "loss")
    assert model.history.history == {"loss": [3.0, 2.0]}
    assert model.history.epoch == [0, 1]
    assert model.history.params == {"epochs": 2}


def test_lambda_callback():
    seen = []
    callback = callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append((epoch, logs)),
        on_test_begin=lambda logs: seen.append(logs),
    )
    chain = CallbackList([callback])
    chain.on_epoch_end(2, {"loss": 1.0})
    chain.on_test_begin()
    assert seen == [(2, {"loss": 1.0}), {}]
    with pytest.raises(ValueError, match="Did you mean 'on_epoch_end'"):
        callbacks.LambdaCallback(on_epoch_ends=print)


class PerBatch(callbacks.Callback):
    def on_test_batch_end(self, batch, logs=None):
        pass


@pytest.mark.parametrize(
    ("callback", "modes"),
    [
        (EarlyStopping(), ""),
        (callbacks.History(), ""),
        (callbacks.ProgbarLogger(), ""),
        (callbacks.LambdaCallback(on_epoch_end=print), ""),
        (callbacks.TerminateOnNaN(), "train"),
        (callbacks.LambdaCallback(on_train_batch_end=print), "train"),
        (callbacks.LambdaCallback(on_predict_batch_begin=print), "predict"),
        (PerBatch(), "test"),
    ],
)
def test_who_wants_to_be_called_for_every_batch(callback, modes):
    chain = CallbackList([callback])
    found = [mode for mode in ("train", "test", "predict") if chain.has_batch_hooks(mode)]
    assert found == modes.split()


def test_older_names_are_called():
    class Old(callbacks.Callback):
        seen = ()

        def on_batch_begin(self, batch, logs=None):
            self.seen += (f"begin {batch}",)

        def on_batch_end(self, batch, logs=None):
            self.seen += (f"end {batch}",)

    old = Old()
    chain = CallbackList([old])
    assert chain.has_batch_hooks("train")
    chain.on_train_batch_begin(1)
    chain.on_train_batch_end(1)
    assert old.seen == ("begin 1", "end 1")


def test_every_hook_reaches_every_callback():
    hooks = [name for name in vars(callbacks.Callback) if name.startswith("on_")]
    assert len(hooks) == 16
    for hook in hooks:
        seen = []
        first = callbacks.LambdaCallback(**{hook: lambda *a, **k: seen.append(1)})  # noqa: B023
        second = callbacks.LambdaCallback(**{hook: lambda *a, **k: seen.append(2)})  # noqa: B023
        chain = CallbackList([first, [second]])
        method = getattr(chain, hook)
        method(0, {}) if "batch" in hook or "epoch" in hook else method({})
        assert seen == [1, 2], hook


def test_list_adds_what_is_missing():
    model = Model()
    mine = callbacks.History()
    chain = CallbackList([mine], add_history=True, add_progbar=True, model=model, verbose=2)
    assert [type(each).__name__ for each in chain] == ["History", "ProgbarLogger"]
    assert chain.progbar.verbose == 2
    assert model.history is mine
    assert all(each.model is model for each in chain)
    assert CallbackList(None).progbar is None
    assert [type(each).__name__ for each in CallbackList(add_history=True)] == ["History"]


@pytest.mark.parametrize("bad", [print, "EarlyStopping", [3], EarlyStopping])
def test_what_is_no_callback(bad):
    with pytest.raises(TypeError, match="`callbacks` must hold Callback objects"):
        CallbackList(bad)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: EarlyStopping(patience=-1), ValueError, "`patience`"),
        (lambda: EarlyStopping(patience=1.5), TypeError, "`patience`"),
        (lambda: EarlyStopping(baseline="low"), TypeError, "`baseline`"),
        (lambda: ReduceLROnPlateau(factor=1.0), ValueError, "`factor`"),
        (lambda: ReduceLROnPlateau(epsilon=1.0), TypeError, "epsilon"),
    ],
)
def test_bad_arguments(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_unknown_mode_is_told():
    with pytest.warns(UserWarning, match="'minimum'"):
        callback = EarlyStopping(mode="minimum")
    assert callback.mode == "auto"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        EarlyStopping(mode="min")
