"""Every metric of the package, found by introspection: values, configurations, signatures."""

import inspect
import warnings
from typing import Any

import numpy as np
import pytest
from _pairs import LIBRARIES

import pronghorn

ROWS, CLASSES = 24, 4
NAMES = sorted(
    name
    for name, entry in vars(pronghorn.metrics).items()
    if inspect.isclass(entry)
    and name not in ("Metric", "Mean", "Sum", "MeanMetricWrapper", "MetricVariable")
)
FUNCTIONS = sorted(
    name
    for name, entry in vars(pronghorn.metrics).items()
    if inspect.isfunction(entry) and name not in ("get", "serialize", "deserialize")
)
# Arguments without a default.
NEEDED: dict[str, dict[str, Any]] = {
    "PrecisionAtRecall": {"recall": 0.6},
    "RecallAtPrecision": {"precision": 0.55},
    "SensitivityAtSpecificity": {"specificity": 0.7},
    "SpecificityAtSensitivity": {"sensitivity": 0.7},
    "IoU": {"num_classes": 4, "target_class_ids": [0, 2]},
    "MeanIoU": {"num_classes": 4},
    "OneHotIoU": {"num_classes": 4, "target_class_ids": [0, 2]},
    "OneHotMeanIoU": {"num_classes": 4},
}
SETTINGS: dict[str, list[dict[str, Any]]] = {
    "AUC": [
        {"num_thresholds": 7},
        {"num_thresholds": 3, "summation_method": "minoring"},
        {"curve": "PR"},
        {"curve": "PR", "summation_method": "majoring", "num_thresholds": 11},
        {"curve": "PRGAIN", "num_thresholds": 21},
        {"thresholds": [0.1, 0.25, 0.7]},
        {"thresholds": [0.25, 0.5, 0.75], "curve": "PR"},
        {"multi_label": True, "num_labels": CLASSES},
        {"multi_label": True, "label_weights": [0.1, 0.4, 0.3, 0.2], "curve": "PR"},
        {"multi_label": True, "thresholds": [0.1, 0.25, 0.7]},
        {"label_weights": [0.1, 0.4, 0.3, 0.2]},
        {"from_logits": True},
    ],
    "Precision": [
        {"thresholds": [0.2, 0.5, 0.9]},
        {"thresholds": [0.0, 0.5, 1.0]},
        {"top_k": 2},
        {"class_id": 1},
        {"top_k": 2, "class_id": 3, "thresholds": 0.3},
    ],
    "Recall": [
        {"thresholds": [0.9, 0.2, 0.5]},
        {"top_k": 2},
        {"class_id": 1, "thresholds": 0.3},
    ],
    "TruePositives": [{"thresholds": [0.1, 0.8]}, {"thresholds": [0.0, 0.25, 0.5, 0.75, 1.0]}],
    "TrueNegatives": [{"thresholds": [0.1, 0.8]}],
    "FalsePositives": [{"thresholds": 0.25}],
    "FalseNegatives": [{"thresholds": [0.1, 0.8]}],
    "PrecisionAtRecall": [{"num_thresholds": 5}, {"class_id": 2}, {"num_thresholds": 1}],
    "SensitivityAtSpecificity": [{"num_thresholds": 50, "class_id": 0}],
    "FBetaScore": [
        {"average": "micro", "beta": 2.0},
        {"average": "macro", "threshold": 0.4},
        {"average": "weighted", "beta": 0.5},
    ],
    "F1Score": [{"average": "weighted", "threshold": 0.3}, {"average": "micro"}],
    "IoU": [{"ignore_class": 1}, {"sparse_y_pred": False}],
    "MeanIoU": [{"ignore_class": 0}],
    "OneHotIoU": [{"ignore_class": 2}],
    "RecallAtPrecision": [{"num_thresholds": 20}],
    "SpecificityAtSensitivity": [{"num_thresholds": 20}],
    "OneHotMeanIoU": [{"ignore_class": 1}],
    "BinaryIoU": [{"target_class_ids": [1], "threshold": 0.3}],
    "R2Score": [
        {"class_aggregation": None},
        {"class_aggregation": "variance_weighted_average"},
        {"num_regressors": 2},
    ],
    "CosineSimilarity": [{"axis": 0}],
    "PearsonCorrelation": [{"axis": 0}],
    "ConcordanceCorrelation": [{"axis": 0}],
    "SparseCategoricalCrossentropy": [{"ignore_class": 1}, {"from_logits": True}],
    "CategoricalCrossentropy": [{"label_smoothing": 0.1}],
    "BinaryCrossentropy": [{"from_logits": True, "label_smoothing": 0.1}],
    "TopKCategoricalAccuracy": [{"k": 2}],
    "SparseTopKCategoricalAccuracy": [{"k": 2}],
    "BinaryAccuracy": [{"threshold": 0.3}],
}
CASES = [
    (name, {**NEEDED.get(name, {}), **each})
    for name in NAMES
    for each in [{}, *SETTINGS.get(name, [])]
]


def data(name: str, settings: dict[str, Any], rng: np.random.Generator) -> tuple[Any, Any]:
    """Targets and predictions that suit the metric."""
    p = rng.dirichlet(np.ones(CLASSES), ROWS).astype("float32")
    labels = rng.integers(0, CLASSES, ROWS)
    one_hot = np.eye(CLASSES, dtype="float32")[labels]
    if name in ("IoU", "MeanIoU"):
        return labels, rng.integers(0, CLASSES, ROWS) if settings.get("sparse_y_pred", True) else p
    if name == "BinaryIoU":
        return rng.integers(0, 2, ROWS), rng.random(ROWS).astype("float32")
    if name.startswith("Sparse"):
        return labels, p
    if "Hinge" in name or name.startswith(("OneHot", "Categorical", "TopK")):
        return one_hot, p
    if name in ("R2Score", "Poisson", "KLDivergence") or "Correlation" in name or "Error" in name:
        return rng.dirichlet(np.ones(CLASSES), ROWS).astype("float32"), p
    if name == "Accuracy":
        return labels.astype("float32"), rng.integers(0, CLASSES, ROWS).astype("float32")
    return rng.integers(0, 2, p.shape).astype("float32"), p


@pytest.mark.parametrize(("name", "settings"), CASES, ids=str)
def test_values(name: str, settings: dict[str, Any], rng: np.random.Generator) -> None:
    """Two updates, the result, a reset; then again with weights."""
    metrics = [getattr(library.metrics, name)(**settings) for library in LIBRARIES]
    for weighted in (False, True):
        if weighted and settings.get("axis") == 0:
            continue
        for _ in range(2):
            y, p = data(name, settings, rng)
            if settings.get("from_logits"):
                p = np.log(p)
            weights = rng.integers(0, 3, ROWS).astype("float32") if weighted else None
            for metric in metrics:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    metric.update_state(y, p, sample_weight=weights)
        expected, actual = (np.asarray(metric.result()) for metric in metrics)
        assert actual.shape == expected.shape
        np.testing.assert_allclose(actual, expected, rtol=3e-5, atol=1e-6)
        for metric in metrics:
            metric.reset_state()


@pytest.mark.parametrize(("name", "settings"), CASES, ids=str)
def test_configurations(name: str, settings: dict[str, Any]) -> None:
    """Keras forgets some arguments, so that the metric would come back as another one."""
    expected, actual = (
        getattr(library.metrics, name)(**settings).get_config() for library in LIBRARIES
    )
    for key, value in expected.items():
        if key == "label_weights" and value is not None:
            assert actual[key] == pytest.approx(np.asarray(value))
        elif key not in ("fn", "name"):
            assert actual[key] == value, key
    again = getattr(pronghorn.metrics, name).from_config(actual)
    assert again.get_config() == actual


def test_signatures() -> None:
    for name in (*NAMES, *FUNCTIONS):
        expected, actual = (
            [
                (key, each.default)
                for key, each in inspect.signature(
                    getattr(library.metrics, name)
                ).parameters.items()
            ]
            for library in LIBRARIES
        )
        assert actual == expected, name


def test_short_names() -> None:
    for name in ("mape", "MAPE", "msle", "MSLE", "cosine_similarity", "hinge", "poisson"):
        expected, actual = (type(library.metrics.get(name)).__name__ for library in LIBRARIES)
        assert actual == expected, name


@pytest.mark.parametrize("name", ["pearson_correlation", "concordance_correlation"])
def test_functions(name: str, rng: np.random.Generator) -> None:
    y, p = data("R2Score", {}, rng)
    for axis in (0, -1):
        expected, actual = (
            np.asarray(getattr(library.metrics, name)(y, p, axis=axis)) for library in LIBRARIES
        )
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)


def _summed(y_true, y_pred, scale=1.0):
    return scale * (y_true - y_pred).sum(axis=-1)


ACCUMULATING = [
    ("Mean", {}),
    ("Mean", {"name": "seen", "dtype": "float32"}),
    ("Sum", {}),
    ("Sum", {"name": "seen", "dtype": "float32"}),
    ("MeanMetricWrapper", {"fn": _summed}),
    ("MeanMetricWrapper", {"fn": _summed, "name": "gap", "scale": 2.0}),
]


@pytest.mark.parametrize(
    ("name", "settings"),
    ACCUMULATING,
    ids=lambda part: part if isinstance(part, str) else "-".join(part) or "plain",
)
def test_accumulating_metrics(name: str, settings: dict[str, Any], rng) -> None:
    """Of values, or of a function; with weights, after several updates and a reset."""
    theirs, ours = (getattr(library.metrics, name)(**settings) for library in LIBRARIES)
    assert ours.name == theirs.name
    assert [v.shape for v in ours.variables] == [v.shape for v in theirs.variables]
    if name != "MeanMetricWrapper":
        assert ours.get_config() == theirs.get_config()
    for weighted in (False, True, True):
        values = [rng.standard_normal((6, 3)).astype("float32")]
        if name == "MeanMetricWrapper":
            values.append(rng.standard_normal((6, 3)).astype("float32"))
        weights = rng.uniform(0, 2, 6).astype("float32") if weighted else None
        for metric in (theirs, ours):
            metric.update_state(*values, sample_weight=weights)
        np.testing.assert_allclose(float(ours.result()), float(theirs.result()), rtol=1e-5)
    for metric in (theirs, ours):
        metric.reset_state()
    assert float(ours.result()) == float(theirs.result())
