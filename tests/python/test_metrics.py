"""Metrics on arrays against plain loops in Python, and what they tell the engine."""

import math

import numpy as np
import pytest

from pronghorn import losses, metrics
from pronghorn.metrics._metric import REGISTRY

RNG = np.random.default_rng(5)
SCORES = RNG.uniform(0.05, 0.95, size=(40, 6))
LABELS = RNG.integers(0, 6, size=40)
ROWS = np.eye(6)[LABELS]
BITS = RNG.integers(0, 2, size=(40, 6)).astype(float)
REAL = RNG.normal(size=(40, 6))
WEIGHTS = RNG.uniform(0, 2, size=40)


def among_top(label, row, k):
    return float(sum(other > row[label] for other in row) < k)


def rows(formula):
    return lambda y, p: [formula(a, b) for a, b in zip(y.tolist(), p.tolist(), strict=True)]


CASES = [
    (
        metrics.MeanSquaredError,
        {},
        REAL,
        SCORES,
        rows(lambda y, p: sum((a - b) ** 2 for a, b in zip(y, p, strict=True)) / 6),
    ),
    (
        metrics.MeanAbsoluteError,
        {},
        REAL,
        SCORES,
        rows(lambda y, p: sum(abs(a - b) for a, b in zip(y, p, strict=True)) / 6),
    ),
    (
        metrics.BinaryAccuracy,
        {},
        BITS,
        SCORES,
        rows(lambda y, p: sum((b > 0.5) == a for a, b in zip(y, p, strict=True)) / 6),
    ),
    (
        metrics.BinaryAccuracy,
        {"threshold": 0.25},
        BITS,
        SCORES,
        rows(lambda y, p: sum((b > 0.25) == a for a, b in zip(y, p, strict=True)) / 6),
    ),
    (
        metrics.CategoricalAccuracy,
        {},
        ROWS,
        SCORES,
        rows(lambda y, p: float(p.index(max(p)) == y.index(max(y)))),
    ),
    (
        metrics.SparseCategoricalAccuracy,
        {},
        LABELS,
        SCORES,
        rows(lambda y, p: float(p.index(max(p)) == y)),
    ),
    (
        metrics.TopKCategoricalAccuracy,
        {"k": 3},
        ROWS,
        SCORES,
        rows(lambda y, p: among_top(y.index(max(y)), p, 3)),
    ),
    (
        metrics.SparseTopKCategoricalAccuracy,
        {"k": 2},
        LABELS,
        SCORES,
        rows(lambda y, p: among_top(y, p, 2)),
    ),
    (
        metrics.Accuracy,
        {},
        LABELS,
        np.where(WEIGHTS > 1, LABELS, 9),
        rows(lambda y, p: float(y == p)),
    ),
    (
        metrics.BinaryCrossentropy,
        {},
        BITS,
        SCORES,
        rows(lambda y, p: -sum(math.log(b if a else 1 - b) for a, b in zip(y, p, strict=True)) / 6),
    ),
    (
        metrics.CategoricalCrossentropy,
        {},
        ROWS,
        SCORES,
        rows(lambda y, p: -math.log(p[y.index(1.0)] / sum(p))),
    ),
    (
        metrics.SparseCategoricalCrossentropy,
        {"from_logits": True},
        LABELS,
        REAL,
        rows(lambda y, p: math.log(sum(map(math.exp, p))) - p[y]),
    ),
]
IDS = [f"{case[0].__name__}-{i}" for i, case in enumerate(CASES)]


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
@pytest.mark.parametrize(("cls", "settings", "y", "p", "formula"), CASES, ids=IDS)
def test_values(cls, settings, y, p, formula, weights):
    plain = np.ones(40) if weights is None else weights
    expected = np.asarray(formula(y, p), float)
    metric = cls(**settings)
    assert metric.result() == 0.0
    for part in (slice(0, 13), slice(13, 40)):
        chosen = None if weights is None else weights[part]
        metric.update_state(y[part], p[part], sample_weight=chosen)
    result = metric.result()
    assert isinstance(result, float)
    assert result == pytest.approx(float((expected * plain).sum() / plain.sum()), rel=1e-6)
    metric.reset_state()
    assert metric.result() == 0.0
    assert metric(y[:5], p[:5]) == pytest.approx(expected[:5].mean(), rel=1e-6)


@pytest.mark.parametrize(("cls", "settings", "y", "p", "formula"), CASES, ids=IDS)
def test_configuration_and_engine(cls, settings, y, p, formula):
    metric = cls(**settings, name="mine")
    again = metrics.deserialize(metrics.serialize(metric))
    assert type(again) is cls
    assert again.get_config() == metric.get_config()
    spec = metric._engine_spec()
    assert {key: spec[key] for key in settings} == settings
    assert spec["name"] == metric._fn.__name__
    metric._set_state(6.0, 4.0)
    assert metric.result() == metric._finish(6.0, 4.0) == 1.5


def test_root_mean_squared_error():
    metric = metrics.RootMeanSquaredError()
    metric.update_state([[0.0, 0.0]], [[3.0, 0.0]])
    metric.update_state([[0.0, 0.0]], [[0.0, 5.0]])
    assert metric.result() == pytest.approx(math.sqrt((9 + 25) / 4), rel=1e-15)
    assert metric._engine_spec()["name"] == "mean_squared_error"
    assert metric._finish(8.0, 2.0) == 2.0
    assert metric._finish(0.0, 0.0) == 0.0
    assert math.isnan(metric._finish(-1.0, 2.0))


def test_mean_and_sum():
    values = [[1.0, 2.0], [3.0, 4.0]]
    assert metrics.Mean()(values) == 2.5
    assert metrics.Mean()(values, sample_weight=[1, 3]) == pytest.approx((1.5 + 3 * 3.5) / 4)
    assert metrics.Mean()(7.0) == 7.0
    assert metrics.Sum()(values) == 10.0
    assert metrics.Sum()(values, sample_weight=[1, 3]) == 24.0
    mean = metrics.Mean(name="m")
    mean.update_state([1.0])
    mean.update_state([2.0, 3.0])
    assert mean.result() == 2.0
    assert [variable.name for variable in mean.variables] == ["total", "count"]
    assert [float(variable) for variable in mean.variables] == [6.0, 3.0]


def test_long_sums_keep_float64():
    metric = metrics.Mean()
    metric.update_state(np.full(2**24 + 2, 1.0, np.float32))
    assert float(metric.count) == 2**24 + 2


def test_ties_and_labels_out_of_range():
    equal = np.ones((3, 3))
    assert metrics.SparseTopKCategoricalAccuracy(k=1)([0, 1, 2], equal) == 1.0
    assert metrics.SparseCategoricalAccuracy()([0, 1, 2], equal) == pytest.approx(1 / 3)
    assert metrics.SparseTopKCategoricalAccuracy(k=3)([0, 3, -1], equal) == pytest.approx(1 / 3)


def test_not_a_number_is_never_right():
    scores = np.array([[np.nan, 0.1, 0.2]])
    assert metrics.SparseTopKCategoricalAccuracy(k=2)([0], scores) == 0.0


def test_own_metric_with_state():
    class Positives(metrics.Metric):
        def __init__(self):
            super().__init__(name="positives")
            self.count = self.add_variable((2,), "ones", name="count")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.count.assign(self.count + np.array([1.0, 2.0]))

        def result(self):
            return self.count.numpy().tolist()

    metric = Positives()
    metric.update_state(None, None)
    assert metric.result() == [2.0, 3.0]
    metric.reset_state()
    assert metric.result() == [1.0, 1.0]
    assert metric._engine_spec() is None
    with pytest.raises(NotImplementedError, match="update_state"):
        metrics.Metric().update_state()
    with pytest.raises(NotImplementedError, match="result"):
        metrics.Metric().result()


def test_wrapped_functions():
    def difference(y_true, y_pred, power):
        return np.abs(np.asarray(y_true) - np.asarray(y_pred)) ** power

    metric = metrics.MeanMetricWrapper(difference, name="d", power=2)
    assert metric([0.0, 0.0], [1.0, 3.0], sample_weight=[3.0, 1.0]) == 3.0
    assert metric._engine_spec() is None
    known = metrics.MeanMetricWrapper(losses.huber, delta=0.5)
    assert known._engine_spec() == {"name": "huber", "delta": 0.5}
    again = metrics.deserialize(metrics.serialize(known))
    assert again._fn is losses.huber
    assert again([[0.0]], [[2.0]]) == known([[0.0]], [[2.0]])


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("mse", metrics.MeanSquaredError),
        ("MAE", metrics.MeanAbsoluteError),
        ("bce", metrics.BinaryCrossentropy),
        ("mean_squared_error", metrics.MeanSquaredError),
        ("MeanSquaredError", metrics.MeanSquaredError),
        ("binary_accuracy", metrics.BinaryAccuracy),
        ("sparse_top_k_categorical_accuracy", metrics.SparseTopKCategoricalAccuracy),
        ("root_mean_squared_error", metrics.RootMeanSquaredError),
    ],
)
def test_names(name, cls):
    assert type(metrics.get(name)) is cls


def test_directions():
    for cls in {entry for entry in REGISTRY.objects() if isinstance(entry, type)}:
        if cls in (metrics.Mean, metrics.Sum, metrics.MeanMetricWrapper):
            continue
        if cls.__name__.endswith(("Positives", "Negatives")):
            assert cls._direction is None, cls
            continue
        worse = ("Error", "entropy", "Divergence", "Poisson", "Hinge")
        assert cls._direction == ("down" if cls.__name__.endswith(worse) else "up"), cls


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: metrics.get("acuracy"), ValueError, "Did you mean 'accuracy'"),
        (lambda: metrics.get(5), TypeError, "metric"),
        (lambda: metrics.BinaryAccuracy(threshold=1.0), ValueError, "threshold"),
        (lambda: metrics.TopKCategoricalAccuracy(k=0), ValueError, "`k`"),
        (
            lambda: metrics.SparseTopKCategoricalAccuracy(from_sorted_ids=True),
            ValueError,
            "from_sorted_ids",
        ),
        (
            lambda: metrics.SparseCategoricalCrossentropy(ignore_class=0.5),
            TypeError,
            "ignore_class",
        ),
        (lambda: metrics.Mean(dtype="int8"), ValueError, "dtype"),
        (lambda: metrics.Mean()([1.0], sample_weight=[1.0, 2.0]), ValueError, "sample_weight"),
        (lambda: metrics.binary_accuracy([1, 2], [1, 2, 3]), ValueError, "same shape"),
        (
            lambda: metrics.sparse_categorical_accuracy([1, 2], np.ones((3, 4))),
            ValueError,
            r"\(3,\)",
        ),
        (lambda: metrics.Mean()(["a"]), TypeError, "values"),
    ],
)
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()
