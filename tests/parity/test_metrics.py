"""What 'accuracy' means for each output and loss, and the values of the metrics."""

from typing import Any

import numpy as np
import pytest
from _pairs import LIBRARIES, assert_logs_equal, compile_pair, pair, small_classifier

COMBINATIONS = [
    ("softmax", 3, "sparse_categorical_crossentropy", "labels"),
    ("softmax", 3, "sparse_categorical_crossentropy", "column"),
    ("softmax", 3, "categorical_crossentropy", "one_hot"),
    ("sigmoid", 1, "binary_crossentropy", "binary"),
    ("sigmoid", 1, "binary_crossentropy", "binary_column"),
    ("sigmoid", 3, "binary_crossentropy", "multi_label"),
    ("softmax", 3, "mse", "one_hot"),
    ("sigmoid", 3, "mse", "multi_label"),
    (None, 1, "mse", "binary_column"),
    (None, 1, "mae", "binary"),
    ("softmax", 2, "sparse_categorical_crossentropy", "binary"),
]


def _target(kind: str, classes: int, rng: np.random.Generator) -> Any:
    labels = rng.integers(0, max(classes, 2), 40)
    return {
        "labels": labels,
        "column": labels[:, None],
        "one_hot": np.eye(max(classes, 2), dtype="float32")[labels],
        "binary": rng.integers(0, 2, 40),
        "binary_column": rng.integers(0, 2, (40, 1)),
        "multi_label": rng.integers(0, 2, (40, classes)).astype("float32"),
    }[kind]


@pytest.mark.parametrize(("output", "classes", "loss", "target"), COMBINATIONS)
@pytest.mark.parametrize("name", ["accuracy", "acc"])
def test_names_resolved_by_output_and_loss(
    output, classes, loss, target, name, rng: np.random.Generator
) -> None:
    x = rng.standard_normal((40, 6)).astype("float32")
    y = _target(target, classes, rng)
    models = compile_pair(
        pair(small_classifier(classes=classes, output=output)),
        optimizer="sgd",
        loss=loss,
        metrics=[name],
    )
    logs = [model.evaluate(x, y, batch_size=16, verbose=0, return_dict=True) for model in models]
    assert_logs_equal(*logs)


@pytest.mark.parametrize("threshold", [0.3, 0.5])
def test_named_metrics_in_a_model(threshold: float, rng: np.random.Generator) -> None:
    x = rng.standard_normal((40, 6)).astype("float32")
    y = rng.integers(0, 2, (40, 3)).astype("float32")

    def arguments(library):
        m = library.metrics
        return {
            "optimizer": "sgd",
            "loss": "binary_crossentropy",
            "metrics": [
                "mse",
                "mae",
                m.RootMeanSquaredError(),
                m.BinaryAccuracy(threshold=threshold),
                m.BinaryCrossentropy(label_smoothing=0.1, name="smooth"),
                m.MeanSquaredError(name="again"),
                "binary_accuracy",
                m.Accuracy(),
            ],
        }

    models = compile_pair(pair(small_classifier(output="sigmoid")), arguments)
    logs = [model.evaluate(x, y, batch_size=16, verbose=0, return_dict=True) for model in models]
    assert_logs_equal(*logs)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_top_k(k: int, rng: np.random.Generator) -> None:
    x = rng.standard_normal((40, 6)).astype("float32")
    labels = rng.integers(0, 7, 40)
    for loss, kind, y in (
        ("sparse_categorical_crossentropy", "SparseTopKCategoricalAccuracy", labels),
        ("categorical_crossentropy", "TopKCategoricalAccuracy", np.eye(7)[labels]),
    ):
        models = compile_pair(
            pair(small_classifier(classes=7)),
            lambda library, kind=kind, loss=loss: {
                "optimizer": "sgd",
                "loss": loss,
                "metrics": [getattr(library.metrics, kind)(k=k), "accuracy"],
            },
        )
        logs = [model.evaluate(x, y, verbose=0, return_dict=True) for model in models]
        assert_logs_equal(*logs)


STANDALONE: list[tuple[str, dict[str, Any], str]] = [
    ("Accuracy", {}, "classes"),
    ("BinaryAccuracy", {}, "binary"),
    ("BinaryAccuracy", {"threshold": 0.7}, "binary"),
    ("CategoricalAccuracy", {}, "one_hot"),
    ("SparseCategoricalAccuracy", {}, "labels"),
    ("TopKCategoricalAccuracy", {"k": 2}, "one_hot"),
    ("SparseTopKCategoricalAccuracy", {"k": 2}, "labels"),
    ("MeanSquaredError", {}, "binary"),
    ("MeanAbsoluteError", {}, "binary"),
    ("RootMeanSquaredError", {}, "binary"),
    ("BinaryCrossentropy", {}, "binary"),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, "binary"),
    ("CategoricalCrossentropy", {}, "one_hot"),
    ("CategoricalCrossentropy", {"from_logits": True}, "one_hot"),
    ("SparseCategoricalCrossentropy", {}, "labels"),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, "labels"),
]


@pytest.mark.parametrize(("name", "settings", "kind"), STANDALONE)
@pytest.mark.parametrize("weighted", [False, True])
def test_objects(name, settings, kind, weighted, rng: np.random.Generator) -> None:
    """Two updates, the result, a reset, and the default name."""
    metrics = [getattr(library.metrics, name)(**settings) for library in LIBRARIES]
    assert metrics[1].name == metrics[0].name
    for _ in range(2):
        p = rng.dirichlet(np.ones(4), 12).astype("float32")
        labels = rng.integers(0, 4, 12)
        y = {
            "classes": p.round(1),
            "binary": rng.integers(0, 2, p.shape).astype("float32"),
            "one_hot": np.eye(4, dtype="float32")[labels],
            "labels": labels,
        }[kind]
        weights = rng.uniform(0, 2, 12).astype("float32") if weighted else None
        for metric in metrics:
            metric.update_state(y, p.round(1) if kind == "classes" else p, sample_weight=weights)
        expected, actual = (float(np.asarray(m.result())) for m in metrics)
        assert actual == pytest.approx(expected, rel=2e-5)
    for metric in metrics:
        metric.reset_state()
    assert [float(np.asarray(m.result())) for m in metrics] == [0.0, 0.0]


@pytest.mark.parametrize(("output", "classes", "loss", "target"), COMBINATIONS[:6])
@pytest.mark.parametrize("name", ["crossentropy", "ce"])
def test_cross_entropy_resolved_by_output(
    output, classes, loss, target, name, rng: np.random.Generator
) -> None:
    x = rng.standard_normal((40, 6)).astype("float32")
    y = _target(target, classes, rng)
    models = compile_pair(
        pair(small_classifier(classes=classes, output=output)), optimizer="sgd", loss=name
    )
    expected, actual = (model.evaluate(x, y, verbose=0) for model in models)
    assert actual == pytest.approx(expected, rel=2e-5)


def test_names_and_results_on_the_model(rng: np.random.Generator) -> None:
    x = rng.standard_normal((20, 6)).astype("float32")
    y = rng.integers(0, 3, 20)
    models = compile_pair(
        pair(small_classifier()),
        optimizer="sgd",
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        weighted_metrics=["sparse_categorical_crossentropy"],
    )
    for model in models:
        model.fit(x, y, verbose=0, shuffle=False)
    assert models.pronghorn.metrics_names == models.keras.metrics_names
    assert_logs_equal(models.keras.get_metrics_result(), models.pronghorn.get_metrics_result())
