"""`fit`: keys, their order, values; validation in all its forms; the arguments that cut epochs."""

from typing import Any

import numpy as np
import pytest
from _pairs import (
    assert_histories_equal,
    assert_logs_equal,
    assert_updates_equal,
    compile_pair,
    fit_pair,
    pair,
    small_classifier,
)


def _models(**arguments: Any):
    options = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], **arguments}
    return compile_pair(pair(small_classifier()), optimizer="adam", **options)


def _data(rng: np.random.Generator, rows: int = 50) -> tuple[Any, Any]:
    return rng.standard_normal((rows, 6)).astype("float32"), rng.integers(0, 3, rows)


VALIDATION: list[dict[str, Any]] = [
    {},
    {"validation_split": 0.3},
    {"validation_split": 0.07},
    {"validation_split": 0.3, "validation_batch_size": 4},
    {"validation_split": 0.3, "validation_freq": 2},
    {"validation_split": 0.3, "validation_freq": [1, 4]},
    {"batch_size": 50},
    {"batch_size": 1000},
    {"batch_size": 7},
    {"batch_size": None},
]


@pytest.mark.parametrize("options", VALIDATION)
def test_fit(options: dict[str, Any], rng: np.random.Generator) -> None:
    models = _models()
    before = models.keras.get_weights()
    x, y = _data(rng)
    histories = fit_pair(models, x, y, epochs=4, **options)
    assert_histories_equal(*histories)
    assert histories[1].params == histories[0].params
    assert_updates_equal(models, before, rtol=2e-3)


@pytest.mark.parametrize("weighted", [False, True])
def test_validation_data(weighted: bool, rng: np.random.Generator) -> None:
    models = _models(weighted_metrics=["accuracy"])
    x, y = _data(rng)
    validation = (*_data(rng, 21), rng.uniform(0, 2, 21)) if weighted else _data(rng, 21)
    assert_histories_equal(*fit_pair(models, x, y, epochs=2, validation_data=validation))


@pytest.mark.parametrize(
    "options",
    [
        {"epochs": 5, "initial_epoch": 2},
        {"epochs": 2, "initial_epoch": 2},
        {"epochs": 3, "steps_per_epoch": 2},
        {"epochs": 2, "steps_per_epoch": 4},
        {"epochs": 2, "validation_split": 0.4, "validation_steps": 1},
    ],
)
def test_epochs_and_steps(options: dict[str, Any], rng: np.random.Generator) -> None:
    models = _models()
    x, y = _data(rng, 64)
    assert_histories_equal(*fit_pair(models, x, y, **options))


@pytest.mark.parametrize("steps", [2, 3, 10])
def test_steps_per_execution(steps: int, rng: np.random.Generator) -> None:
    models = _models(steps_per_execution=steps)
    before = models.keras.get_weights()
    x, y = _data(rng)
    assert_histories_equal(*fit_pair(models, x, y, epochs=2, validation_split=0.2))
    assert_updates_equal(models, before, rtol=2e-3)


def test_history_is_kept_on_the_model(rng: np.random.Generator) -> None:
    models = _models()
    x, y = _data(rng)
    histories = fit_pair(models, x, y, epochs=2)
    for model, history in zip(models, histories, strict=True):
        assert model.history is history
        assert history.model is model


def test_shuffle_visits_every_row_once(rng: np.random.Generator) -> None:
    """With one batch a row and no learning, the mean loss does not depend on the order."""
    x, y = _data(rng, 30)
    models = compile_pair(
        pair(small_classifier()),
        lambda library: {"optimizer": library.optimizers.SGD(0.0)},
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    assert_histories_equal(*fit_pair(models, x, y, shuffle=True, batch_size=1, epochs=2))


@pytest.mark.parametrize("batch_size", [None, 8, 1000])
def test_evaluate(batch_size: int | None, rng: np.random.Generator) -> None:
    # By its other name: a name that occurs in both is listed twice.
    models = _models(weighted_metrics=["acc"])
    x, y = _data(rng)
    weights = rng.uniform(0, 2, 50)
    for given in (None, weights):
        plain, named = [], []
        for model in models:
            options = {"batch_size": batch_size, "sample_weight": given, "verbose": 0}
            plain.append(model.evaluate(x, y, **options))
            named.append(model.evaluate(x, y, return_dict=True, **options))
        np.testing.assert_allclose(plain[1], plain[0], rtol=2e-5)
        assert isinstance(plain[1], type(plain[0]))
        assert_logs_equal(*named)


def test_evaluate_of_loss_alone_is_a_number(rng: np.random.Generator) -> None:
    models = _models(metrics=None)
    x, y = _data(rng)
    expected, actual = (model.evaluate(x, y, verbose=0) for model in models)
    assert np.ndim(actual) == np.ndim(expected) == 0
    assert actual == pytest.approx(expected, rel=1e-5)
    assert np.shape(models.pronghorn.evaluate(x, y, verbose=0, steps=1)) == ()


def test_one_name_among_metrics_and_weighted_metrics(rng: np.random.Generator) -> None:
    models = _models(weighted_metrics=["accuracy"])
    x, y = _data(rng)
    expected, actual = (
        model.evaluate(x, y, sample_weight=np.linspace(0, 2, 50), verbose=0) for model in models
    )
    np.testing.assert_allclose(actual, expected, rtol=2e-5)


def test_compiled_again(rng: np.random.Generator) -> None:
    """Which settings a second `compile` keeps."""
    x, y = _data(rng)
    models = _models()
    for model in models:
        model.fit(x, y, shuffle=False, verbose=0)
    for options in (
        {"loss": "sparse_categorical_crossentropy"},
        {"loss": "mse", "metrics": ["mae"]},
        {"loss": "mse", "metrics": []},
    ):
        compile_pair(models, optimizer="sgd", **options)
        target = y if "sparse" in options["loss"] else np.eye(3)[y]
        assert_histories_equal(*fit_pair(models, x, target, epochs=2))
