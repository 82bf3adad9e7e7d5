"""Penalties on kernels and biases, in the loss and in the gradient."""

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
