"""Loss values: functions, classes, reductions, and inside a compiled model."""

from typing import Any

import numpy as np
import pytest
from _pairs import LIBRARIES, compile_pair, pair, small_classifier

ROWS, CLASSES = 24, 5

CASES: list[tuple[str, dict[str, Any]]] = [
    ("MeanSquaredError", {}),
    ("MeanAbsoluteError", {}),
    ("Huber", {}),
    ("Huber", {"delta": 0.3}),
    ("BinaryCrossentropy", {}),
    ("BinaryCrossentropy", {"label_smoothing": 0.2}),
    ("BinaryCrossentropy", {"from_logits": True}),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.2}),
    ("CategoricalCrossentropy", {}),
    ("CategoricalCrossentropy", {"label_smoothing": 0.2}),
    ("CategoricalCrossentropy", {"from_logits": True}),
    ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.2}),
    ("SparseCategoricalCrossentropy", {}),
    ("SparseCategoricalCrossentropy", {"from_logits": True}),
]
REDUCTIONS = ["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None]


def _data(name: str, logits: bool, rng: np.random.Generator) -> tuple[Any, Any]:
    """Targets and predictions that suit the loss; not all probabilities add up to one."""
    z = (3 * rng.standard_normal((ROWS, CLASSES))).astype("float32")
    labels = rng.integers(0, CLASSES, ROWS)
    if name.startswith("Binary"):
        p = 1 / (1 + np.exp(-z))
        return rng.integers(0, 2, z.shape).astype("float32"), z if logits else p
    if "Categorical" in name:
        p = np.exp(z) * rng.uniform(0.5, 1.5, (ROWS, 1)).astype("float32")
        p /= np.exp(z).sum(axis=1, keepdims=True)
        y = labels if name.startswith("Sparse") else np.eye(CLASSES, dtype="float32")[labels]
        return y, z if logits else np.minimum(p, 1).astype("float32")
    return rng.standard_normal(z.shape).astype("float32"), z


@pytest.mark.parametrize(("name", "settings"), CASES)
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
def test_classes(name, settings, reduction, weighted, rng: np.random.Generator) -> None:
    y, p = _data(name, settings.get("from_logits", False), rng)
    weights = rng.uniform(0, 2, ROWS).astype("float32") if weighted else None
    expected, actual = (
        np.asarray(getattr(lib.losses, name)(reduction=reduction, **settings)(y, p, weights))
        for lib in LIBRARIES
    )
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("function", "case"),
    [
        ("mean_squared_error", "MeanSquaredError"),
        ("mean_absolute_error", "MeanAbsoluteError"),
        ("huber", "Huber"),
        ("binary_crossentropy", "BinaryCrossentropy"),
        ("categorical_crossentropy", "CategoricalCrossentropy"),
        ("sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"),
    ],
)
def test_functions(function: str, case: str, rng: np.random.Generator) -> None:
    y, p = _data(case, False, rng)
    expected, actual = (np.asarray(getattr(lib.losses, function)(y, p)) for lib in LIBRARIES)
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)


def test_certain_and_impossible_probabilities() -> None:
    """Keras clips at 1e-7 and 1 - 1e-7."""
    p = np.array([[0.0, 1.0], [1.0, 0.0], [0.5, 0.5]], "float32")
    one_hot = np.array([[1, 0], [1, 0], [0, 1]], "float32")
    for name, y in (
        ("binary_crossentropy", one_hot),
        ("categorical_crossentropy", one_hot),
        ("sparse_categorical_crossentropy", one_hot.argmax(axis=1)),
    ):
        expected, actual = (np.asarray(getattr(lib.losses, name)(y, p)) for lib in LIBRARIES)
        np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=2e-7, err_msg=name)


def test_extreme_logits() -> None:
    z = np.array([[-200.0, 200.0], [90.0, -90.0]], "float32")
    one_hot = np.array([[1, 0], [1, 0]], "float32")
    for name, y in (
        ("BinaryCrossentropy", one_hot),
        ("CategoricalCrossentropy", one_hot),
        ("SparseCategoricalCrossentropy", one_hot.argmax(axis=1)),
    ):
        expected, actual = (
            np.asarray(getattr(lib.losses, name)(from_logits=True, reduction=None)(y, z))
            for lib in LIBRARIES
        )
        np.testing.assert_allclose(actual, expected, rtol=1e-6, atol=1e-7, err_msg=name)


@pytest.mark.parametrize(
    "name",
    ["mse", "mae", "mean_squared_error", "mean_absolute_error", "huber", "binary_crossentropy"],
)
def test_names_in_compile(name: str, rng: np.random.Generator) -> None:
    models = compile_pair(pair(small_classifier(output="sigmoid")), optimizer="sgd", loss=name)
    x = rng.standard_normal((20, 6)).astype("float32")
    y = rng.integers(0, 2, (20, 3)).astype("float32")
    expected, actual = (model.evaluate(x, y, verbose=0) for model in models)
    assert actual == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("reduction", ["sum", "mean", "sum_over_batch_size"])
def test_reductions_in_compile(reduction: str, rng: np.random.Generator) -> None:
    models = compile_pair(
        pair(small_classifier()),
        lambda library: {
            "loss": library.losses.SparseCategoricalCrossentropy(reduction=reduction),
            "optimizer": "sgd",
        },
    )
    x = rng.standard_normal((40, 6)).astype("float32")
    y = rng.integers(0, 3, 40)
    weights = rng.uniform(0, 2, 40).astype("float32")
    for given in (None, weights):
        expected, actual = (
            m.evaluate(x, y, batch_size=16, sample_weight=given, verbose=0) for m in models
        )
        assert actual == pytest.approx(expected, rel=1e-5)
        for model in models:
            model.fit(x, y, batch_size=16, sample_weight=given, shuffle=False, verbose=0)


def test_shapes_of_targets(rng: np.random.Generator) -> None:
    """A column of labels, a flat target for one output, integer and boolean targets."""
    x = rng.standard_normal((20, 6)).astype("float32")
    labels = rng.integers(0, 3, 20)
    classifiers = compile_pair(
        pair(small_classifier()), optimizer="sgd", loss="sparse_categorical_crossentropy"
    )
    for y in (labels, labels[:, None], labels.astype("float64"), labels.astype("uint8")):
        expected, actual = (model.evaluate(x, y, verbose=0) for model in classifiers)
        assert actual == pytest.approx(expected, rel=1e-5)
    regressors = compile_pair(
        pair(small_classifier(classes=1, output=None)), optimizer="sgd", loss="mse"
    )
    flat = rng.standard_normal(20)
    for y in (flat, flat[:, None], flat > 0, (10 * flat).astype("int16")):
        expected, actual = (model.evaluate(x, y, verbose=0) for model in regressors)
        assert actual == pytest.approx(expected, rel=1e-5)
