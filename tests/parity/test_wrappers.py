"""Models as scikit-learn's estimators, against Keras's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from _pairs import LIBRARIES

pytest.importorskip("sklearn")

OPTIONS = {"epochs": 2, "batch_size": 8, "shuffle": False, "verbose": 0}


def regression(library: Any) -> Any:
    def make(X, y):
        dense = library.layers.Dense(y.shape[1], kernel_initializer="ones")
        model = library.Sequential([library.Input(X.shape[1:]), dense])
        model.compile("sgd", "mse")
        return model

    return make


def classification(library: Any) -> Any:
    def make(X, y):
        dense = library.layers.Dense(y.shape[1], "softmax", kernel_initializer="zeros")
        model = library.Sequential([library.Input(X.shape[1:]), dense])
        model.compile("sgd", "categorical_crossentropy")
        return model

    return make


@pytest.mark.parametrize("kind", ["Classifier", "Regressor", "Transformer"])
def test_same_estimator(kind: str, rng: np.random.Generator) -> None:
    x = rng.normal(size=(24, 3))
    y = np.array(["no", "yes", "perhaps"])[np.argmax(x, 1)] if kind == "Classifier" else x.sum(1)
    found = []
    for library in LIBRARIES:
        make = (classification if kind == "Classifier" else regression)(library)
        wrapped = getattr(library.wrappers, f"SKLearn{kind}")(make, fit_kwargs=OPTIONS)
        assert wrapped.fit(x, y) is wrapped
        found.append(wrapped)
    theirs, ours = found
    assert sorted(ours.get_params()) == sorted(theirs.get_params())
    for name in ("predict", "transform", "decision_function", "score"):
        assert hasattr(ours, name) == hasattr(theirs, name)
    np.testing.assert_allclose(
        ours.history_.history["loss"], theirs.history_.history["loss"], rtol=1e-5
    )
    given, expected = ours.predict(x), theirs.predict(x)
    assert given.shape == expected.shape
    if kind == "Classifier":
        np.testing.assert_array_equal(ours.classes_, theirs.classes_)
        np.testing.assert_array_equal(given, expected)
        given, expected = ours.decision_function(x), theirs.decision_function(x)
    np.testing.assert_allclose(given, expected, rtol=1e-5, atol=1e-6)
