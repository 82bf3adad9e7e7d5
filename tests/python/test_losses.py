"""Losses on arrays against plain loops in Python, and what they tell the engine."""

import math

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import losses
from pronghorn.losses._function import REGISTRY, engine_spec

EPS = float(np.float32(1e-7))
ONE_MINUS = float(np.float32(1) - np.float32(1e-7))


def clip(p):
    return min(max(p, EPS), ONE_MINUS)


def sigmoid(z):
    return 1 / (1 + math.exp(-z))


def softmax(row):
    exponentials = [math.exp(value) for value in row]
    return [value / sum(exponentials) for value in exponentials]


def mean(values):
    return sum(values) / len(values)


def mse(y, p):
    return mean([(a - b) ** 2 for a, b in zip(y, p, strict=True)])


def mae(y, p):
    return mean([abs(a - b) for a, b in zip(y, p, strict=True)])


def huber(y, p, delta=1.0):
    errors = [abs(a - b) for a, b in zip(y, p, strict=True)]
    return mean([e * e / 2 if e <= delta else delta * e - delta**2 / 2 for e in errors])


def bce(y, p, from_logits=False, smoothing=0.0):
    q = [sigmoid(v) if from_logits else clip(v) for v in p]
    c = [a * (1 - smoothing) + smoothing / 2 for a in y]
    return mean([-a * math.log(b) - (1 - a) * math.log(1 - b) for a, b in zip(c, q, strict=True)])


def cce(y, p, from_logits=False, smoothing=0.0):
    q = softmax(p) if from_logits else [clip(v / sum(p)) for v in p]
    c = [a * (1 - smoothing) + smoothing / len(p) for a in y]
    return -sum(a * math.log(b) for a, b in zip(c, q, strict=True))


def scce(y, p, from_logits=False):
    return cce([float(i == y) for i in range(len(p))], p, from_logits)


RNG = np.random.default_rng(3)
REAL = RNG.normal(size=(9, 4)).astype(np.float32)
TARGET = RNG.normal(size=(9, 4)).astype(np.float32)
PROBABILITY = RNG.uniform(0.01, 0.99, size=(9, 4)).astype(np.float32)
BITS = RNG.integers(0, 2, size=(9, 4)).astype(np.float32)
LABELS = RNG.integers(0, 4, size=9)
ROWS = np.eye(4, dtype=np.float32)[LABELS]
WEIGHTS = RNG.uniform(0, 2, size=9).astype(np.float32)

CASES = [
    (losses.MeanSquaredError, {}, TARGET, REAL, mse),
    (losses.MeanAbsoluteError, {}, TARGET, REAL, mae),
    (losses.Huber, {}, TARGET, REAL, huber),
    (losses.Huber, {"delta": 0.3}, TARGET, REAL, lambda y, p: huber(y, p, 0.3)),
    (losses.BinaryCrossentropy, {}, BITS, PROBABILITY, bce),
    (
        losses.BinaryCrossentropy,
        {"from_logits": True, "label_smoothing": 0.2},
        BITS,
        REAL,
        lambda y, p: bce(y, p, True, 0.2),
    ),
    (losses.CategoricalCrossentropy, {}, ROWS, PROBABILITY, cce),
    (
        losses.CategoricalCrossentropy,
        {"from_logits": True, "label_smoothing": 0.2},
        ROWS,
        REAL,
        lambda y, p: cce(y, p, True, 0.2),
    ),
    (losses.SparseCategoricalCrossentropy, {}, LABELS, PROBABILITY, scce),
    (
        losses.SparseCategoricalCrossentropy,
        {"from_logits": True},
        LABELS,
        REAL,
        lambda y, p: scce(y, p, True),
    ),
]
IDS = [f"{case[0].__name__}-{i}" for i, case in enumerate(CASES)]


def expected_values(y, p, formula):
    return [formula(a, b) for a, b in zip(y.tolist(), p.tolist(), strict=True)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("cls", "settings", "y", "p", "formula"), CASES, ids=IDS)
def test_values(cls, settings, y, p, formula, dtype):
    expected = expected_values(y, p, formula)
    values = cls(**settings, reduction="none", dtype=dtype)(y, p)
    assert values.dtype == dtype
    np.testing.assert_allclose(values, expected, rtol=3e-7 if dtype == "float32" else 1e-13)


@pytest.mark.parametrize("weights", [None, WEIGHTS, WEIGHTS[:, None]], ids=["1", "n", "n1"])
@pytest.mark.parametrize(
    "reduction",
    ["sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None],
)
@pytest.mark.parametrize(("cls", "settings", "y", "p", "formula"), CASES, ids=IDS)
def test_reductions(cls, settings, y, p, formula, reduction, weights):
    plain = [1.0] * 9 if weights is None else weights.astype(float).ravel().tolist()
    weighted = [a * b for a, b in zip(expected_values(y, p, formula), plain, strict=True)]
    if reduction in ("none", None):
        expected = weighted
    elif reduction == "sum":
        expected = sum(weighted)
    elif reduction == "mean_with_sample_weight":
        expected = sum(weighted) / sum(plain)
    else:
        expected = sum(weighted) / 9
    result = cls(**settings, reduction=reduction, dtype="float64")(y, p, sample_weight=weights)
    np.testing.assert_allclose(np.ravel(result), np.ravel(expected), rtol=1e-12)


@pytest.mark.parametrize(("cls", "settings", "y", "p", "formula"), CASES, ids=IDS)
def test_configuration_round_trip(cls, settings, y, p, formula):
    loss = cls(**settings, reduction="sum", name="mine")
    again = losses.deserialize(losses.serialize(loss))
    assert type(again) is cls
    assert again.get_config() == loss.get_config()
    assert again(y, p) == loss(y, p)


@pytest.mark.parametrize(("cls", "settings", "y", "p", "formula"), CASES, ids=IDS)
def test_what_the_engine_is_told(cls, settings, y, p, formula):
    spec = cls(**settings, reduction="sum")._engine_spec()
    assert spec["reduction"] == "sum"
    assert spec["name"] == cls(**settings).fn.__name__
    assert {key: spec[key] for key in settings} == settings
    with pytest.raises(ValueError, match="reduction=None"):
        cls(**settings, reduction=None)._engine_spec()


def test_extreme_logits_lose_nothing():
    z = np.array([[800.0], [-800.0]])
    loss = losses.BinaryCrossentropy(from_logits=True, reduction="none", dtype="float64")
    np.testing.assert_array_equal(loss([[0.0], [1.0]], z), [800.0, 800.0])
    np.testing.assert_array_equal(loss([[1.0], [0.0]], z), [0.0, 0.0])
    rows = np.array([[1e4, 0.0, -1e4]])
    sparse = losses.SparseCategoricalCrossentropy(from_logits=True, dtype="float64")
    assert [float(sparse([label], rows)) for label in range(3)] == [0.0, 1e4, 2e4]


def test_probabilities_of_zero_and_one():
    loss = losses.BinaryCrossentropy()
    # -log(1 - (1 - 1e-7)) in float32, as Keras has it
    assert float(loss([[0.0]], [[1.0]])) == pytest.approx(-math.log(2**-23), rel=1e-6)
    assert float(loss([[1.0]], [[1.0]])) < 1.2e-7


def test_dtype_of_functions():
    assert losses.mean_squared_error([[0.0]], np.float32([[2.0]])).dtype == np.float32
    assert losses.mean_squared_error([[0]], [[2]]).dtype == np.float32
    assert losses.mean_squared_error([[0.0]], np.float64([[2.0]])).dtype == np.float64


def test_ranks():
    np.testing.assert_array_equal(
        losses.mean_squared_error(np.zeros(3), np.ones((3, 1))), np.ones(3)
    )
    assert losses.MeanSquaredError()(np.zeros(3), np.ones((3, 1))) == 1.0
    assert losses.sparse_categorical_crossentropy([[1]], [[0.5, 0.5]]).shape == (1,)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: losses.mean_squared_error(np.zeros((3, 2)), np.zeros((3, 1))),
            ValueError,
            "shape",
        ),
        (
            lambda: losses.sparse_categorical_crossentropy([3], [[0.5, 0.25, 0.25]]),
            ValueError,
            r"0\.\.2",
        ),
        (
            lambda: losses.sparse_categorical_crossentropy([-1], [[0.5, 0.5]]),
            ValueError,
            r"0\.\.1",
        ),
        (
            lambda: losses.sparse_categorical_crossentropy([0.5], [[0.5, 0.5]]),
            ValueError,
            "whole",
        ),
        (
            lambda: losses.sparse_categorical_crossentropy([np.nan], [[0.5, 0.5]]),
            ValueError,
            "whole",
        ),
        (
            lambda: losses.sparse_categorical_crossentropy([0, 1], [[0.5, 0.5]]),
            ValueError,
            r"\(1,\); received \(2,\)",
        ),
        (lambda: losses.mean_squared_error([["a"]], [[0.5]]), TypeError, "y_true"),
        (lambda: losses.MeanSquaredError()([[1.0]], [["a"]]), TypeError, "y_pred"),
        (
            lambda: losses.MeanSquaredError()(TARGET, REAL, sample_weight=[1.0, 2.0]),
            ValueError,
            "sample_weight",
        ),
        (lambda: losses.MeanSquaredError(reduction="avg"), ValueError, "reduction"),
        (lambda: losses.MeanSquaredError(dtype="float16"), ValueError, "dtype"),
        (lambda: losses.BinaryCrossentropy(label_smoothing=1.5), ValueError, "label_smoothing"),
        (lambda: losses.Huber(delta=0), ValueError, "delta"),
        (
            lambda: losses.SparseCategoricalCrossentropy(ignore_class=0.5),
            TypeError,
            "ignore_class",
        ),
        (lambda: losses.BinaryFocalCrossentropy(gamma=-1), ValueError, "gamma"),
        (lambda: losses.CategoricalGeneralizedCrossEntropy(q=1), ValueError, "`q`"),
        (lambda: losses.Dice(axis=0)._engine_spec(), ValueError, "axis"),
        (lambda: losses.get("mes"), ValueError, "Did you mean 'mse'"),
        (lambda: losses.get(3), TypeError, "loss"),
        (lambda: losses.CategoricalCrossentropy(axis=1)._engine_spec(), ValueError, "axis"),
    ],
)
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_ignored_class_in_the_function():
    p = [[0.5, 0.5], [0.25, 0.75]]
    values = losses.sparse_categorical_crossentropy([7, 1], p, ignore_class=7)
    np.testing.assert_allclose(values, [0.0, -math.log(0.75)], rtol=1e-7)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mse", "mean_squared_error"),
        ("MAE", "mean_absolute_error"),
        ("bce", "binary_crossentropy"),
        ("huber", "huber"),
        ("categorical_crossentropy", "categorical_crossentropy"),
    ],
)
def test_function_names(name, expected):
    assert losses.get(name).__name__ == expected
    assert losses.serialize(losses.get(name))["config"] == expected
    assert losses.get(name)._engine_spec()["name"] == expected


def test_class_names():
    assert isinstance(losses.get("MeanSquaredError"), losses.MeanSquaredError)
    assert isinstance(losses.get(losses.Huber), losses.Huber)


def test_functions_of_a_loss_are_understood():
    spec = engine_spec(lambda y, p: losses.binary_crossentropy(y, p, from_logits=True))
    assert (spec["name"], spec["from_logits"]) == ("binary_crossentropy", True)
    assert engine_spec(lambda y, p: np.mean((y - p) ** 2)) is None
    assert losses.Loss()._engine_spec() is None


def test_own_loss():
    class Cubic(losses.Loss):
        def call(self, y_true, y_pred):
            return (np.abs(y_true - y_pred) ** 3).mean(axis=-1)

    assert float(Cubic()([[0.0, 0.0]], [[1.0, 3.0]])) == 14.0
    assert Cubic(name="c").name == "c"


@pytest.mark.parametrize("margin", [0.1, 0.4, 0.9])
def test_circle_pair_by_pair(margin):
    # Sun et al., arXiv:2002.10857, eq. 7 and 8, with distances d = 1 - similarity, which may be 2.
    rng, gamma = np.random.default_rng(5), 3.0
    y = np.array([0, 0, 1, 1, 2, 2])
    p = rng.normal(size=(6, 2))
    p /= np.linalg.norm(p, axis=1, keepdims=True)
    expected = []
    for i in range(6):
        near = far = 0.0
        for j in range(6):
            d = max(1 - p[i] @ p[j], 0)
            if y[i] == y[j] and i != j:
                near += np.exp(gamma * max(margin + d, 0) * (d - margin))
            elif y[i] != y[j]:
                far += np.exp(gamma * max(1 + margin - d, 0) * (1 - margin - d))
        expected.append(np.log1p(near * far))
    found = losses.circle(y, p, gamma=gamma, margin=margin)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    loss = losses.Circle(gamma=gamma, margin=margin, reduction="sum", dtype="float64")
    np.testing.assert_allclose(loss(y, p), np.sum(expected), rtol=1e-6)


# `circle` couples the samples of a batch; the other cannot be made without its q.
NOT_IN_ENGINE = ("Circle", "circle", "categorical_generalized_cross_entropy")


def test_every_function_knows_itself():
    for entry in REGISTRY.objects():
        spec = entry()._engine_spec() if isinstance(entry, type) else entry._engine_spec()
        if entry.__name__ in NOT_IN_ENGINE:
            assert spec is None
        else:
            assert spec["name"] in REGISTRY


@pytest.mark.parametrize("weights", [[0.0, 0.0], [1.0, -1.0]])
def test_mean_over_weights_that_sum_to_zero(weights):
    """Is zero, with a zero gradient, as Keras's divide_no_nan makes it."""
    loss = losses.MeanSquaredError(reduction="mean_with_sample_weight")
    x, y, weights = np.array([[1.0], [2.0]]), np.zeros((2, 1)), np.array(weights)
    assert float(loss(y, x, sample_weight=weights)) == 0
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", loss)
    before = model.get_weights()
    assert model.fit(x, y, sample_weight=weights, verbose=0).history == {"loss": [0.0]}
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
