"""Callbacks: same histories, same learning rates, same printed lines, same order of calls."""

from typing import Any

import numpy as np
import pytest
from _pairs import (
    LIBRARIES,
    assert_histories_equal,
    assert_updates_equal,
    compile_pair,
    fit_pair,
    pair,
    small_classifier,
)


def _models(rate: float = 0.05):
    return compile_pair(
        pair(small_classifier()),
        lambda library: {"optimizer": library.optimizers.Adam(rate)},
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )


def _fit(models, rng, callbacks, capsys, **options: Any):
    """Fits both one after the other; gives histories and what each printed."""
    x = rng.standard_normal((50, 6)).astype("float32")
    y = rng.integers(0, 3, 50)
    printed, histories = [], []
    options = {"epochs": 8, "validation_split": 0.4, **options}
    for library, model in zip(LIBRARIES, models, strict=True):
        capsys.readouterr()
        history = model.fit(
            x,
            y,
            callbacks=callbacks(library),
            verbose=0,
            shuffle=False,
            batch_size=16,
            **options,
        )
        histories.append(history)
        printed.append(capsys.readouterr().out)
    return histories, printed


@pytest.mark.parametrize(
    "settings",
    [
        {"patience": 1},
        {"patience": 2, "restore_best_weights": True},
        {"monitor": "val_accuracy", "patience": 1, "restore_best_weights": True},
        {"monitor": "val_accuracy", "mode": "max", "min_delta": 0.05},
        {"monitor": "loss", "min_delta": 0.1, "patience": 1},
        {"baseline": 0.5, "patience": 2},
        {"start_from_epoch": 3, "patience": 1, "restore_best_weights": True},
        {"patience": 20, "restore_best_weights": True},
    ],
)
def test_early_stopping(settings, rng: np.random.Generator, capsys) -> None:
    models = _models(0.2)
    before = models.keras.get_weights()
    histories, printed = _fit(
        models,
        rng,
        lambda lib: [lib.callbacks.EarlyStopping(verbose=1, **settings)],
        capsys,
    )
    assert_histories_equal(*histories, rtol=2e-4)
    assert printed[1] == printed[0]
    assert_updates_equal(models, before, rtol=5e-3)


@pytest.mark.parametrize(
    "settings",
    [
        {"patience": 1},
        {"patience": 0, "factor": 0.5, "cooldown": 2},
        {"monitor": "accuracy", "patience": 1, "min_delta": 0.01, "min_lr": 0.01},
        {"monitor": "val_accuracy", "mode": "max", "factor": 0.3, "patience": 1},
    ],
)
def test_reduce_lr_on_plateau(settings, rng: np.random.Generator, capsys) -> None:
    histories, printed = _fit(
        _models(0.2),
        rng,
        lambda lib: [lib.callbacks.ReduceLROnPlateau(verbose=1, **settings)],
        capsys,
    )
    assert_histories_equal(*histories, rtol=2e-4)
    assert printed[1] == printed[0]
    assert "learning_rate" in histories[1].history


@pytest.mark.parametrize(
    "schedule",
    [lambda epoch: 0.1 / (1 + epoch), lambda epoch, rate: float(rate) * 0.5],
    ids=["epoch", "epoch and rate"],
)
def test_learning_rate_scheduler(schedule, rng: np.random.Generator, capsys) -> None:
    histories, printed = _fit(
        _models(),
        rng,
        lambda lib: [lib.callbacks.LearningRateScheduler(schedule, verbose=1)],
        capsys,
        epochs=4,
    )
    assert_histories_equal(*histories)
    assert printed[1] == printed[0]


def _recorder(library, calls: list[Any]):
    def record(name):
        def method(self, number=None, logs=None):
            calls.append((name, number, sorted(logs or {})))

        return method

    names = [
        f"on_{what}_{when}"
        for what in ("epoch", "train_batch", "test_batch", "predict_batch")
        for when in ("begin", "end")
    ]
    body = {name: record(name) for name in names}

    def whole(name):
        def method(self, logs=None):
            calls.append((name, None, sorted(logs or {})))

        return method

    for what in ("train", "test", "predict"):
        for when in ("begin", "end"):
            body[f"on_{what}_{when}"] = whole(f"on_{what}_{when}")
    return type("Recorder", (library.callbacks.Callback,), body)()


@pytest.mark.parametrize("steps_per_execution", [1, 2])
def test_order_of_calls(steps_per_execution: int, rng: np.random.Generator) -> None:
    x = rng.standard_normal((50, 6)).astype("float32")
    y = rng.integers(0, 3, 50)
    models = compile_pair(
        pair(small_classifier()),
        optimizer="sgd",
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=steps_per_execution,
    )
    records: list[list[Any]] = [[], []]
    for library, model, calls in zip(LIBRARIES, models, records, strict=True):
        options = {"batch_size": 16, "verbose": 0, "callbacks": [_recorder(library, calls)]}
        model.fit(x, y, epochs=2, validation_split=0.4, shuffle=False, **options)
        model.evaluate(x, y, **options)
        model.predict(x, **options)
    assert records[1] == records[0]


def test_lambda_callback_and_logs_by_batch(rng: np.random.Generator) -> None:
    """The logs of a batch are the averages so far."""
    x = rng.standard_normal((50, 6)).astype("float32")
    y = rng.integers(0, 3, 50)
    seen: list[list[float]] = [[], []]
    for library, model, values in zip(LIBRARIES, _models(), seen, strict=True):
        callback = library.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, logs, v=values: v.extend(map(float, logs.values()))
        )
        model.fit(x, y, batch_size=16, shuffle=False, verbose=0, epochs=2, callbacks=[callback])
    np.testing.assert_allclose(seen[1], seen[0], rtol=5e-5)


def test_stop_training_at_a_batch(rng: np.random.Generator) -> None:
    x = rng.standard_normal((80, 6)).astype("float32")
    y = rng.integers(0, 3, 80)
    models = _models()
    before = models.keras.get_weights()

    def callbacks(library):
        class Stop(library.callbacks.Callback):
            def on_train_batch_end(self, batch, logs=None):
                if batch == 2:
                    self.model.stop_training = True

        return [Stop()]

    assert_histories_equal(*fit_pair(models, x, y, callbacks, epochs=5))
    assert_updates_equal(models, before, rtol=2e-3)


def test_terminate_on_nan(rng: np.random.Generator, capsys) -> None:
    x = rng.standard_normal((64, 6)).astype("float32")
    x[40] = np.nan
    y = rng.integers(0, 3, 64)
    results = []
    for library, model in zip(LIBRARIES, _models(), strict=True):
        capsys.readouterr()
        options = {"batch_size": 16, "shuffle": False, "verbose": 0, "epochs": 3}
        history = model.fit(x, y, callbacks=[library.callbacks.TerminateOnNaN()], **options)
        results.append((history.epoch, list(history.history), capsys.readouterr().out))
    assert results[1] == results[0]


def test_missing_monitor_warns_and_goes_on(rng: np.random.Generator) -> None:
    x = rng.standard_normal((32, 6)).astype("float32")
    y = rng.integers(0, 3, 32)
    for library, model in zip(LIBRARIES, _models(), strict=True):
        callback = library.callbacks.EarlyStopping(monitor="val_loss")
        with pytest.warns(UserWarning, match="val_loss"):
            model.fit(x, y, epochs=2, verbose=0, callbacks=[callback])


@pytest.mark.parametrize("swap_on_epoch", [False, True])
@pytest.mark.parametrize("validate", [False, True])
def test_swap_ema_weights(swap_on_epoch: bool, validate: bool, rng: np.random.Generator) -> None:
    settings = {"use_ema": True, "ema_momentum": 0.8}
    models = compile_pair(
        pair(small_classifier()),
        lambda library: {"optimizer": library.optimizers.SGD(0.1, **settings)},
        loss="sparse_categorical_crossentropy",
    )
    x, y = rng.standard_normal((50, 6)).astype("float32"), rng.integers(0, 3, 50)
    seen: list[list[float]] = []

    def callbacks(library):
        seen.append(mine := [])

        def note(epoch, logs):
            mine.append(float(np.abs(np.asarray(models[len(seen) - 1].get_weights()[0])).sum()))

        hooks = {"on_epoch_begin": note, "on_epoch_end": note}
        return [
            library.callbacks.SwapEMAWeights(swap_on_epoch),
            library.callbacks.LambdaCallback(**hooks),
        ]

    options = {"validation_data": (x, y)} if validate else {}
    assert_histories_equal(*fit_pair(models, x, y, callbacks, epochs=3, **options), rtol=2e-4)
    np.testing.assert_allclose(seen[1], seen[0], rtol=1e-5)
    for ours, theirs in zip(
        models.pronghorn.get_weights(), models.keras.get_weights(), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
