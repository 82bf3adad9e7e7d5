"""Activations on arrays against formulas in Python's math, and what they tell the engine."""

import functools
import math

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import activations, config
from pronghorn.activations._function import REGISTRY, engine_spec

X = [-40.0, -7.5, -3.0, -1.0, -0.3, -1e-4, 0.0, 1e-4, 0.3, 1.0, 2.0, 3.0, 7.5, 40.0]


def sigmoid(x):
    return 1 / (1 + math.exp(-x)) if x > 0 else math.exp(x) / (1 + math.exp(x))


def softplus(x):
    return max(x, 0) + math.log1p(math.exp(-abs(x)))


def elu(x, alpha=1.0):
    return x if x > 0 else alpha * math.expm1(x)


def gelu(x):
    return x * 0.5 * math.erfc(-x / math.sqrt(2))


def gelu_tanh(x):
    return 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def general_relu(x):
    return 6.0 if x >= 6 else x if x >= 0.5 else 0.1 * (x - 0.5)


CASES = [
    (activations.linear, {}, lambda x: x),
    (activations.relu, {}, lambda x: max(x, 0.0)),
    (
        activations.relu,
        {"negative_slope": 0.1, "max_value": 6.0, "threshold": 0.5},
        general_relu,
    ),
    (activations.leaky_relu, {}, lambda x: x if x >= 0 else 0.2 * x),
    (activations.leaky_relu, {"negative_slope": 0.01}, lambda x: x if x >= 0 else 0.01 * x),
    (activations.elu, {}, elu),
    (activations.elu, {"alpha": 0.5}, lambda x: elu(x, 0.5)),
    (activations.selu, {}, lambda x: 1.0507009873554805 * elu(x, 1.6732632423543772)),
    (activations.gelu, {}, gelu),
    (activations.gelu, {"approximate": True}, gelu_tanh),
    (activations.sigmoid, {}, sigmoid),
    (activations.hard_sigmoid, {}, lambda x: min(max(x / 6 + 0.5, 0.0), 1.0)),
    (activations.tanh, {}, math.tanh),
    (activations.softplus, {}, softplus),
    (activations.softsign, {}, lambda x: x / (1 + abs(x))),
    (activations.silu, {}, lambda x: x * sigmoid(x)),
    (activations.swish, {}, lambda x: x * sigmoid(x)),
    (activations.mish, {}, lambda x: x * math.tanh(softplus(x))),
    (activations.exponential, {}, math.exp),
    (activations.relu6, {}, lambda x: min(max(x, 0.0), 6.0)),
    (activations.celu, {"alpha": 0.5}, lambda x: x if x > 0 else 0.5 * math.expm1(x / 0.5)),
    (activations.hard_tanh, {}, lambda x: min(max(x, -1.0), 1.0)),
    (activations.hard_silu, {}, lambda x: x * min(max(x / 6 + 0.5, 0.0), 1.0)),
    (activations.log_sigmoid, {}, lambda x: -softplus(-x)),
    (activations.sparse_sigmoid, {}, lambda x: min(max((x + 1) / 2, 0.0), 1.0)),
    (activations.sparse_plus, {}, lambda x: max(x, 0.0) if abs(x) >= 1 else (x + 1) ** 2 / 4),
    (activations.tanh_shrink, {}, lambda x: x - math.tanh(x)),
    (activations.hard_shrink, {"threshold": 0.75}, lambda x: x if abs(x) > 0.75 else 0.0),
    (
        activations.soft_shrink,
        {"threshold": 0.75},
        lambda x: math.copysign(max(abs(x) - 0.75, 0.0), x),
    ),
    (
        activations.threshold,
        {"threshold": 0.75, "default_value": -2.0},
        lambda x: x if x > 0.75 else -2.0,
    ),
]
IDS = [f"{function.__name__}-{settings}" for function, settings, _ in CASES]


@pytest.mark.parametrize(("function", "settings", "formula"), CASES, ids=IDS)
def test_float64(function, settings, formula):
    values = function(np.array(X), **settings)
    assert values.dtype == np.float64
    # Absolute: gelu and its like cancel far from zero, in any arithmetic.
    np.testing.assert_allclose(values, [formula(x) for x in X], rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize(("function", "settings", "formula"), CASES, ids=IDS)
def test_float32(function, settings, formula):
    values = function(np.array(X, np.float32), **settings)
    assert values.dtype == np.float32
    expected = [formula(float(np.float32(x))) for x in X]
    np.testing.assert_allclose(values, expected, rtol=1e-6, atol=2e-7)


@pytest.mark.parametrize("function", [activations.softmax, activations.log_softmax])
def test_rows(function):
    x = np.array([[1.0, 2.0, 3.0, -1.0], [1000.0, 0.0, -1000.0, 999.0]])
    total = [math.fsum(math.exp(v - max(row)) for v in row) for row in x]
    logs = [[v - max(row) - math.log(t) for v in row] for row, t in zip(x, total, strict=True)]
    expected = np.exp(logs) if function is activations.softmax else np.array(logs)
    np.testing.assert_allclose(function(x), expected, rtol=1e-13, atol=1e-300)
    np.testing.assert_allclose(function(x.T, axis=0), expected.T, rtol=1e-13, atol=1e-300)
    stacked = np.stack([x, x + 1])
    np.testing.assert_allclose(function(stacked)[1], expected, rtol=1e-11, atol=1e-300)
    np.testing.assert_allclose(function(x[0]), expected[0], rtol=1e-13)


# Parameters below zero, which layers refuse and functions take; values from Keras 3.15.1.
@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"negative_slope": -0.5}, [1, 0.5, 0, 0.5, 1, 3]),
        ({"threshold": -1.0}, [0, 0, 0, 0.5, 1, 3]),
        ({"threshold": 1.0}, [0, 0, 0, 0, 0, 3]),
    ],
)
def test_relu_takes_any_parameters(settings, expected):
    x = np.array([-2.0, -1.0, 0.0, 0.5, 1.0, 3.0], np.float32)
    np.testing.assert_array_equal(activations.relu(x, **settings), np.array(expected, np.float32))


def test_shapes_and_dtypes():
    assert activations.relu(-2.0) == 0.0
    assert activations.relu(np.float32(3)).shape == ()
    assert activations.relu([[1, -2]]).dtype == np.float32
    assert activations.relu(np.ones(3, np.float16)).dtype == np.float16
    assert activations.relu(np.zeros((0, 3))).shape == (0, 3)
    assert activations.tanh(np.ones((2, 3, 4))[:, ::-1, ::2]).shape == (2, 3, 2)
    np.testing.assert_array_equal(activations.relu(np.array([1.0, -1.0], ">f4")), [1.0, 0.0])
    config.set_floatx("float64")
    try:
        assert activations.relu([1, 2]).dtype == np.float64
    finally:
        config.set_floatx("float32")
    with pytest.raises(TypeError, match=r"\[relu\].*dtype <U1"):
        activations.relu(["a"])


def test_does_not_write_into_its_input():
    x = np.array([-1.0, 1.0])
    activations.relu(x)
    assert x.tolist() == [-1.0, 1.0]


@pytest.mark.parametrize("function", REGISTRY.objects(), ids=lambda function: function.__name__)
def test_names(function):
    assert activations.get(function.__name__) is function
    assert activations.get(function) is function
    assert activations.serialize(function) == function.__name__
    assert activations.deserialize(function.__name__) is function
    assert set(function._engine_spec()) == {"name", "p0", "p1", "p2"}
    assert function.__name__ in activations.__all__


def test_the_engine_knows_every_name():
    known = pytest.importorskip("pronghorn._engine").activation_names()
    for function in REGISTRY.objects():
        assert function._engine_spec()["name"] in known
    assert activations.get("swish") is activations.silu
    assert activations.get(None) is activations.linear


def test_functions_of_one_activation_are_understood():
    spec = engine_spec(lambda x: activations.relu(x, negative_slope=0.25, max_value=6))
    assert (spec["name"], spec["p0"], spec["p1"], spec["p2"]) == ("relu", 0.25, 6.0, 0.0)
    partial = functools.partial(activations.gelu, approximate=True)
    assert engine_spec(partial)["name"] == "gelu_tanh"
    for other in (np.tanh, lambda x: 2 * activations.relu(x), lambda x: x):
        with pytest.raises(ValueError, match="`activation` must be a compiled activation"):
            engine_spec(other)


def test_symbols_decide_for_themselves():
    class Symbol:
        shape = (None, 4)

        def _activate(self, specification):
            return specification["name"]

    assert activations.mish(Symbol()) == "mish"
    assert activations.softmax(Symbol(), axis=1) == "softmax"
    with pytest.raises(ValueError, match=r"\[softmax\] `axis`"):
        activations.softmax(Symbol(), axis=0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: activations.get("rely"), ValueError, "Did you mean 'relu'"),
        (lambda: activations.get(3), TypeError, "activation"),
        (lambda: activations.relu(1.0, max_value=-1), ValueError, "max_value"),
        (lambda: activations.serialize(np.tanh), ValueError, "tanh"),
    ],
)
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_sparsemax_is_the_nearest_point_of_the_simplex():
    rng = np.random.default_rng(0)
    x = 2 * rng.standard_normal((50, 6))
    y = activations.sparsemax(x)
    np.testing.assert_allclose(y.sum(axis=1), 1, rtol=1e-12)
    assert (y >= 0).all()
    assert (y == 0).any()
    distance = ((y - x) ** 2).sum(axis=1)
    for _ in range(200):
        other = rng.dirichlet(np.full(6, 0.3), size=50)
        assert (distance <= ((other - x) ** 2).sum(axis=1) + 1e-12).all()
    np.testing.assert_allclose(activations.sparsemax(x.T, axis=0), y.T, rtol=1e-12)


def test_glu():
    x = np.array([[1.0, -2.0, 0.5, 3.0]])
    expected = [[1.0 * sigmoid(0.5), -2.0 * sigmoid(3.0)]]
    np.testing.assert_allclose(activations.glu(x), expected, rtol=1e-12)
    with pytest.raises(ValueError):
        activations.glu(x[:, :3])


def test_celu_refuses_alpha():
    with pytest.raises(ValueError, match=r"\[celu\] `alpha` must be > 0"):
        activations.celu([1.0], alpha=0)


def test_new_names_train_in_layers():
    x = np.linspace(-2, 2, 32, dtype="float32").reshape(8, 4)
    for activation in (
        "relu6",
        "hard_swish",
        "soft_shrink",
        lambda z: activations.threshold(z, 0.5, 0.0),
    ):
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation=activation)])
        model.compile("sgd", "mean_squared_error")
        assert model.run_mode == "compiled"
        assert np.isfinite(model.train_on_batch(x, x[:, :3]))


def test_squareplus():
    expected = [(x + math.sqrt(x * x + 2)) / 2 for x in X]  # cancels far below zero
    np.testing.assert_allclose(activations.squareplus(np.array(X), b=2.0), expected, atol=1e-13)
