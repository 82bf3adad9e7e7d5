"""Models with several inputs and outputs: how losses, weights and metrics are assigned to them."""

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
)


def _make(library):
    a = library.Input((4,), name="a")
    b = library.Input((3,), name="b")
    joined = library.layers.Concatenate()([a, b])
    hidden = library.layers.Dense(8, activation="tanh")(joined)
    kind = library.layers.Dense(3, activation="softmax", name="kind")(hidden)
    size = library.layers.Dense(1, name="size")(hidden)
    return library.Model([a, b], [kind, size])


CASES: dict[str, dict[str, Any]] = {
    "lists": {"loss": ["sparse_categorical_crossentropy", "mse"]},
    "dictionaries": {"loss": {"size": "mse", "kind": "sparse_categorical_crossentropy"}},
    "weights as list": {
        "loss": ["sparse_categorical_crossentropy", "mse"],
        "loss_weights": [0.3, 2.0],
    },
    "weights as dictionary": {
        "loss": {"kind": "sparse_categorical_crossentropy", "size": "mse"},
        "loss_weights": {"kind": 0.3, "size": 2.0},
    },
    "metrics by output": {
        "loss": ["sparse_categorical_crossentropy", "mse"],
        "metrics": {"kind": "accuracy", "size": ["mae", "mse"]},
    },
    "metrics of one output": {
        "loss": ["sparse_categorical_crossentropy", "mse"],
        "metrics": {"size": ["mae"]},
    },
    "metrics as lists": {
        "loss": ["sparse_categorical_crossentropy", "mse"],
        "metrics": [["accuracy"], ["mae"]],
    },
    "weighted metrics": {
        "loss": ["sparse_categorical_crossentropy", "mse"],
        "metrics": [["accuracy"], ["mae"]],
        "weighted_metrics": [["accuracy"], []],
    },
    "one loss for both": {"loss": "mse", "metrics": [["mse"], ["mse"]]},
}


def _data(rng: np.random.Generator, both_mse: bool = False) -> tuple[Any, Any]:
    x = [rng.standard_normal((50, 4)).astype("float32"), rng.standard_normal((50, 3))]
    kind: Any = rng.random((50, 3)) if both_mse else rng.integers(0, 3, 50)
    return x, [kind, rng.standard_normal(50).astype("float32")]


@pytest.mark.parametrize("case", CASES)
def test_compile_forms(case: str, rng: np.random.Generator) -> None:
    models = compile_pair(pair(_make), optimizer="sgd", **CASES[case])
    before = models.keras.get_weights()
    x, y = _data(rng, case == "one loss for both")
    assert_histories_equal(*fit_pair(models, x, y, epochs=2, validation_split=0.2))
    assert_updates_equal(models, before)
    expected, actual = (model.evaluate(x, y, verbose=0) for model in models)
    np.testing.assert_allclose(actual, expected, rtol=2e-5)
    assert_logs_equal(*(model.evaluate(x, y, verbose=0, return_dict=True) for model in models))
    expected, actual = (model.train_on_batch(x, y) for model in models)
    np.testing.assert_allclose(actual, expected, rtol=2e-5)


def test_data_by_name(rng: np.random.Generator) -> None:
    models = compile_pair(
        pair(_make),
        optimizer="sgd",
        loss={"kind": "sparse_categorical_crossentropy", "size": "mse"},
    )
    (a, b), (kind, size) = _data(rng)
    x = {"b": b, "a": a}
    assert_histories_equal(*fit_pair(models, x, {"size": size, "kind": kind}, epochs=2))
    expected, actual = (model.predict(x, verbose=0) for model in models)
    for e, p in zip(expected, actual, strict=True):
        np.testing.assert_allclose(p, e, atol=1e-5)


def test_sample_weights_of_each_output(rng: np.random.Generator) -> None:
    models = compile_pair(
        pair(_make),
        optimizer="sgd",
        loss=["sparse_categorical_crossentropy", "mse"],
        weighted_metrics=[["accuracy"], ["mae"]],
    )
    x, y = _data(rng)
    weights = [rng.uniform(0, 2, 50), rng.uniform(0, 2, 50)]
    assert_histories_equal(*fit_pair(models, x, y, sample_weight=weights, epochs=2))


def test_outputs_in_a_dictionary(rng: np.random.Generator) -> None:
    def make(library):
        x = library.Input((6,), name="x")
        hidden = library.layers.Dense(8, activation="tanh")(x)
        return library.Model(
            x,
            {
                "second": library.layers.Dense(1, name="s")(hidden),
                "first": library.layers.Dense(3, activation="softmax", name="f")(hidden),
            },
        )

    models = compile_pair(
        pair(make),
        optimizer="sgd",
        loss={"first": "sparse_categorical_crossentropy", "second": "mse"},
        metrics={"first": ["accuracy"]},
    )
    x = rng.standard_normal((50, 6)).astype("float32")
    y = {"first": rng.integers(0, 3, 50), "second": rng.standard_normal(50)}
    assert_histories_equal(*fit_pair(models, x, y, epochs=2))
    expected, actual = (model.predict(x, verbose=0) for model in models)
    assert list(actual) == list(expected)
    for key in expected:
        np.testing.assert_allclose(actual[key], expected[key], atol=1e-5)


def test_an_output_without_a_loss(rng: np.random.Generator) -> None:
    models = compile_pair(pair(_make), optimizer="sgd", loss=[None, "mse"])
    x, y = _data(rng)
    assert_histories_equal(*fit_pair(models, x, y, epochs=2))
