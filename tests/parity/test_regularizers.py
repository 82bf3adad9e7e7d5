"""Penalties on kernels and biases, in the loss and in the gradient."""

from typing import Any

import jax
import numpy as np
import pytest
from _pairs import (
    LIBRARIES,
    assert_histories_equal,
    assert_updates_equal,
    compile_pair,
    fit_pair,
    pair,
)

import pronghorn

CASES = [
    ({"kernel_regularizer": "l2"}, {}),
    ({"kernel_regularizer": "l1", "bias_regularizer": "l2"}, {}),
    ({}, {"kernel_regularizer": ("L1", {"l1": 0.003})}),
    ({}, {"kernel_regularizer": ("L2", {"l2": 0.03}), "bias_regularizer": ("L1", {"l1": 0.02})}),
    ({}, {"kernel_regularizer": ("L1L2", {"l1": 0.01, "l2": 0.02})}),
    ({}, {"bias_regularizer": ("L1L2", {"l1": 0.01, "l2": 0.02})}),
]


def _make(names, objects):
    def make(library):
        own = {
            key: getattr(library.regularizers, kind)(**settings)
            for key, (kind, settings) in objects.items()
        }
        return library.Sequential(
            [
                library.Input((6,)),
                library.layers.Dense(8, "tanh", bias_initializer="random_normal", **names, **own),
                library.layers.Dense(3, kernel_regularizer=library.regularizers.L2(0.05)),
            ]
        )

    return make


@pytest.mark.parametrize(("names", "objects"), CASES)
def test_training_and_validation(names, objects, rng: np.random.Generator) -> None:
    models = compile_pair(pair(_make(names, objects)), optimizer="sgd", loss="mse", metrics=["mse"])
    before = models.keras.get_weights()
    x = rng.standard_normal((40, 6)).astype("float32")
    y = rng.standard_normal((40, 3)).astype("float32")
    histories = fit_pair(models, x, y, epochs=3, validation_split=0.2)
    assert_histories_equal(*histories)
    assert_updates_equal(models, before)
    np.testing.assert_allclose(
        models.pronghorn.evaluate(x, y, verbose=0),
        models.keras.evaluate(x, y, verbose=0),
        rtol=1e-5,
    )


ALL = [
    ("L1", {}),
    ("L1", {"l1": 0.3}),
    ("L2", {}),
    ("L2", {"l2": 0.2}),
    ("L1L2", {}),
    ("L1L2", {"l1": 0.3, "l2": 0.2}),
    ("OrthogonalRegularizer", {}),
    ("OrthogonalRegularizer", {"factor": 0.3, "mode": "columns"}),
]


@pytest.mark.parametrize(("name", "settings"), ALL, ids=str)
def test_every_regularizer(name: str, settings: dict[str, Any], rng: np.random.Generator) -> None:
    """Value, derivative and configuration."""
    weights = rng.standard_normal((4, 5)).astype("float32")
    theirs, ours = (getattr(library.regularizers, name)(**settings) for library in LIBRARIES)
    value, slope = jax.value_and_grad(lambda w: theirs(w))(weights)
    mine, my_slope = pronghorn.value_and_grad(ours)(weights)
    np.testing.assert_allclose(float(mine), float(value), rtol=1e-5)
    np.testing.assert_allclose(np.asarray(my_slope), slope, rtol=1e-4, atol=1e-6)
    expected, actual = theirs.get_config(), ours.get_config()
    assert list(actual) == list(expected)
    for key, entry in expected.items():  # Keras keeps some numbers as float32
        kind = str if isinstance(entry, str) else np.float32
        assert kind(actual[key]) == kind(entry), key


def test_values(rng: np.random.Generator) -> None:
    weights = rng.standard_normal((4, 5)).astype("float32")
    for kind, arguments in (("L1", (0.3,)), ("L2", (0.2,)), ("L1L2", (0.3, 0.2)), ("L1L2", ())):
        expected, actual = (
            float(np.asarray(getattr(library.regularizers, kind)(*arguments)(weights)))
            for library in LIBRARIES
        )
        assert actual == pytest.approx(expected, rel=1e-6), kind
    for name in ("l1", "l2", "l1l2"):
        expected, actual = (
            float(np.asarray(library.regularizers.get(name)(weights))) for library in LIBRARIES
        )
        assert actual == pytest.approx(expected, rel=1e-6), name
