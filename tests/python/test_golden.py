"""Cases worked by hand: layers, gradients and descent whose numbers are known."""

import itertools
import math

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import _core


def dense(n_in, n_out, activation=None, use_bias=True, dtype="float64", weights=None):
    model = keras.Sequential(
        [
            keras.Input((n_in,), dtype=dtype),
            keras.layers.Dense(n_out, activation=activation, use_bias=use_bias, dtype=dtype),
        ]
    )
    if weights is not None:
        model.set_weights([np.asarray(weight, dtype) for weight in weights])
    return model


def variable(value):
    value = np.ascontiguousarray(value, np.float64)
    made = _core.Variable(value.shape, "float64")
    made.set(value)
    return made


def dense_node(source, kernel, bias=None, activation="linear"):
    return {
        "op": "dense",
        "name": "dense",
        "inputs": [source],
        "units": kernel.shape[1],
        "kernel": 0,
        "bias": None if bias is None else 1,
        "activation": {"name": activation},
        "trainable": True,
    }


def input_node(*shape):
    return {"op": "input", "name": "x", "inputs": [], "shape": shape}


DTYPES = pytest.mark.parametrize("dtype", ["float32", "float64"])
SIGMOID_W = np.array([[-1, 1, 1], [1, -1, 1], [1, 1, -1], [-1, -1, -1.0]]).T


@DTYPES
def test_linear_layer(dtype):
    kernel = np.array([[1, 2, -1, -2], [3, 4, -3, 4]]).T
    model = dense(4, 2, dtype=dtype, weights=[kernel, [5, 6]])
    result = model.predict(np.array([[1, 2, 3, 4]]), verbose=0)
    assert result.dtype == dtype
    assert result.tolist() == [[-1.0, 24.0]]


@DTYPES
def test_sigmoid_layer(dtype):
    model = dense(3, 4, "sigmoid", dtype=dtype, weights=[SIGMOID_W, np.ones(4)])
    result = model.predict(np.array([[1, -1, 1]]), verbose=0)
    np.testing.assert_allclose(result, [[0.5, 0.98201379, 0.5, 0.5]], rtol=1e-7, atol=1e-8)


def test_jacobian_of_the_sigmoid_layer():
    kernel, bias = variable(SIGMOID_W), variable(np.ones(4))
    nodes = [input_node(3), dense_node(0, kernel, bias, "sigmoid")]
    engine = _core.Engine(nodes, [1], [kernel, bias], "float64")
    tape = engine.forward([np.array([[1.0, -1.0, 1.0]])], training=True)
    rows = []
    for direction in np.eye(4):
        _, (dx,) = tape.backward([direction[None, :]])
        rows.append(dx[0])
    expected = [
        [-0.25, 0.25, 0.25],
        [0.01766271, -0.01766271, 0.01766271],
        [0.25, 0.25, -0.25],
        [-0.25, -0.25, -0.25],
    ]
    np.testing.assert_allclose(rows, expected, atol=5e-9)


@pytest.mark.parametrize(
    ("x", "y", "z", "gradient"), [(2, 3, -2, (-2, -2, 5)), (-2, 5, -4, (-4, -4, 3))]
)
def test_sum_times_a_weight(x, y, z, gradient):
    """(x + y) z with z a weight: the gradient is (z, z, x + y)."""
    kernel = variable([[z]])
    nodes = [
        input_node(1),
        input_node(1),
        {"op": "add", "name": "add", "inputs": [0, 1]},
        dense_node(2, kernel),
    ]
    engine = _core.Engine(nodes, [3], [kernel], "float64")
    tape = engine.forward([np.array([[float(x)]]), np.array([[float(y)]])], training=True)
    assert tape.outputs[0].item() == (x + y) * z
    of_variables, (dx, dy) = tape.backward([np.ones((1, 1))])
    assert (dx.item(), dy.item(), of_variables.get(0).item()) == gradient


@pytest.mark.parametrize(("x", "w"), [(1.5, -0.7), (-3.0, 2.0), (40.0, 1.0), (-40.0, 1.0)])
def test_logistic_log_likelihood(x, w):
    """-(xw - log(1 + exp(xw))), the loss of a logit xw with target 1."""
    kernel = variable([[w]])
    engine = _core.Engine([input_node(1), dense_node(0, kernel)], [1], [kernel], "float64")
    spec = {"name": "binary_crossentropy", "from_logits": True}
    trainer = _core.Trainer(engine, [spec], [[]], None)
    one = np.ones((1, 1))
    loss, (dw,) = trainer.gradients([np.array([[x]])], [one], [None])
    rest = 1 / (1 + math.exp(x * w))  # 1 - sigmoid(xw), without cancellation
    assert loss == pytest.approx(math.log1p(math.exp(-x * w)), rel=1e-13)
    assert dw.item() == pytest.approx(-rest * x, rel=1e-13)


@pytest.mark.parametrize("fused", ["logits", "softmax"])
def test_gradient_of_cross_entropy_at_the_logits(fused):
    """p - one_hot(y): the bias is the logits where the input is zero."""
    logits = np.array([2.0, -1.0, 0.5, 700.0, -700.0])
    kernel, bias = variable(np.zeros((2, 5))), variable(logits)
    node = dense_node(0, kernel, bias, "softmax" if fused == "softmax" else "linear")
    engine = _core.Engine([input_node(2), node], [1], [kernel, bias], "float64")
    spec = {"name": "sparse_categorical_crossentropy", "from_logits": fused == "logits"}
    trainer = _core.Trainer(engine, [spec], [[]], None)
    p = np.exp(logits - logits.max())
    p /= p.sum()
    for label in range(5):
        y = np.array([label], np.int32)
        loss, (_, gradient) = trainer.gradients([np.zeros((1, 2))], [y], [None])
        np.testing.assert_allclose(gradient, p - np.eye(5)[label], rtol=1e-13, atol=1e-300)
        assert loss == pytest.approx(700.0 - logits[label], rel=1e-13)


@DTYPES
@pytest.mark.parametrize(
    ("rate", "after_ten_steps"), [(0.2, 0.060466), (0.05, 3.486784), (1.1, 61.917364)]
)
@pytest.mark.parametrize("path", ["one fit", "ten fits", "train_on_batch"])
def test_gradient_descent_on_a_square(rate, after_ten_steps, path, dtype):
    """w^2 from w = 10: the loss of a 1-1 layer at x = 1, y = 0."""
    model = dense(1, 1, use_bias=False, dtype=dtype, weights=[[[10.0]]])
    model.compile(keras.optimizers.SGD(rate), "mse")
    x, y = np.ones((1, 1)), np.zeros((1, 1))
    if path == "one fit":
        losses = model.fit(x, y, epochs=10, verbose=0).history["loss"]
        np.testing.assert_allclose(
            losses, [100 * (1 - 2 * rate) ** (2 * t) for t in range(10)], rtol=2e-5
        )
    else:
        for _ in range(10):
            if path == "ten fits":
                model.fit(x, y, verbose=0)
            else:
                model.train_on_batch(x, y)
    w = model.get_weights()[0].item()
    assert w == pytest.approx(after_ten_steps, abs=5e-7 if dtype == "float64" else 5e-5)
    assert w == pytest.approx(10 * (1 - 2 * rate) ** 10, rel=1e-12 if dtype == "float64" else 1e-5)


@pytest.mark.parametrize(("factor", "converges"), [(0.99, True), (1.01, False)])
def test_quadratic_bowl(factor, converges):
    """Descent converges if and only if the rate is below 2 / (largest curvature)."""
    rng = np.random.default_rng(6)
    x = rng.normal(size=(50, 4)) @ np.diag([3.0, 1.0, 0.5, 0.2])
    curvature = np.linalg.eigvalsh(2 * x.T @ x / 50).max()
    model = dense(4, 1, use_bias=False, weights=[np.ones((4, 1))])
    model.compile(keras.optimizers.SGD(factor * 2 / curvature), "mse")
    losses = model.fit(x, np.zeros((50, 1)), batch_size=50, epochs=600, verbose=0).history["loss"]
    assert (losses[-1] < losses[0] * 1e-2) is converges
    if not converges:
        assert losses[-1] > losses[0] * 1e3


def test_vanishing_gradient():
    """Each sigmoid layer with unit weights divides the gradient by four at least."""
    sizes = []
    for depth in range(1, 9):
        kernels = [variable([[1.0]]) for _ in range(depth)]
        nodes = [input_node(1)]
        for i, kernel in enumerate(kernels):
            nodes.append({**dense_node(i, kernel, activation="sigmoid"), "kernel": i})
        engine = _core.Engine(nodes, [depth], kernels, "float64")
        tape = engine.forward([np.array([[0.3]])], training=True)
        _, (dx,) = tape.backward([np.ones((1, 1))])
        sizes.append(abs(dx.item()))
    assert all(b <= a / 4 for a, b in itertools.pairwise(sizes))
    assert sizes[0] == pytest.approx(math.exp(-0.3) / (1 + math.exp(-0.3)) ** 2, rel=1e-14)
