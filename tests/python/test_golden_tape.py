"""The worked numbers of the field's theory through ``GradientTape`` and the operations."""

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import GradientTape, grad, layers, ops, value_and_grad


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_linear_layer():
    """z = W x + b, so that dJ/dW = dz x', dJ/db = dz and dJ/dx = W' dz for any dz."""
    weights = np.array([[1.0, 2, -1, -2], [3, 4, -3, 4]])
    x, b, dz = np.array([1.0, 2, 3, 4]), np.array([5.0, 6]), np.array([2.0, -3])

    def loss(w, x, b):
        z = ops.matmul(w, x) + b
        return ops.sum(z * dz), z

    (_, z), (dw, dx, db) = value_and_grad(loss, argnums=(0, 1, 2), has_aux=True)(weights, x, b)
    np.testing.assert_array_equal(z, [-1, 24])
    np.testing.assert_array_equal(dw, [[2, 4, 6, 8], [-3, -6, -9, -12]])
    np.testing.assert_array_equal(dx, [-7, -8, 7, -16])
    np.testing.assert_array_equal(db, dz)


@pytest.mark.parametrize("runs", ["engine", "operations"])
def test_sigmoid_layer_and_its_jacobian(runs):
    kernel = np.array([[-1.0, 1, 1], [1, -1, 1], [1, 1, -1], [-1, -1, -1]]).T
    dense = layers.Dense(4, activation="sigmoid", dtype="float64")
    dense.build((None, 3))
    dense.set_weights([kernel, np.ones(4)])
    x = ops.convert_to_tensor(np.array([[1.0, -1, 1]]))
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        own = ops.sigmoid(ops.matmul(x, dense.kernel) + dense.bias)
        h = dense(x) if runs == "engine" else own
    np.testing.assert_allclose(h, [[0.5, 0.98201379, 0.5, 0.5]], atol=1e-8)
    s = 0.01766271
    expected = [[-0.25, 0.25, 0.25], [s, -s, s], [0.25, 0.25, -0.25], [-0.25, -0.25, -0.25]]
    np.testing.assert_allclose(np.asarray(tape.jacobian(h, x))[0, :, 0], expected, atol=1e-8)
    by_bias = np.asarray(tape.jacobian(h, dense.bias))[0]
    np.testing.assert_allclose(by_bias, np.diag([0.25, s, 0.25, 0.25]), atol=1e-8)


def test_log_sum_exp_to_the_second_derivative():
    """Its gradient is softmax p; its Hessian is diag(p) - p p'."""
    z = np.array([0.3, -1.2, 2.0, 0.0])
    p = np.exp(z) / np.exp(z).sum()
    rows = [grad(lambda z, i=i: grad(ops.logsumexp)(z)[i])(z) for i in range(4)]
    np.testing.assert_allclose(rows, np.diag(p) - np.outer(p, p), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("label", range(3))
def test_cross_entropy_at_the_logits_of_a_layer(label):
    """The gradient is p - y there, and x times it at the kernel."""
    dense = layers.Dense(3, dtype="float64")
    x = np.array([[0.5, -1.0]])
    with GradientTape() as tape:
        logits = dense(x)
        loss = ops.sum(ops.sparse_categorical_crossentropy([label], logits, from_logits=True))
    dw, db = tape.gradient(loss, dense.trainable_variables)
    e = np.exp(x @ np.asarray(dense.kernel))
    expected = e / e.sum() - np.eye(3)[label]
    np.testing.assert_allclose(db, expected[0], rtol=1e-12)
    np.testing.assert_allclose(dw, x.T @ expected, rtol=1e-12)


def test_logistic_to_the_second_derivative():
    """With s = xy of xy - log(1 + exp s): d/dx = (1 - σ)y, d²/dx² = -σ'y², and the mixed one."""
    x, y = 0.7, -1.3
    slope = grad(lambda x, y: x * y - ops.log(1 + ops.exp(x * y)))
    assert float(slope(np.float64(x), np.float64(y))) == pytest.approx(
        (1 - sigmoid(x * y)) * y, rel=1e-12
    )
    second = grad(slope, argnums=(0, 1))(np.float64(x), np.float64(y))
    s = sigmoid(x * y)
    expected = (-s * (1 - s) * y * y, 1 - s - s * (1 - s) * x * y)
    np.testing.assert_allclose(np.asarray(second, np.float64), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("rate", "expected"), [(0.2, 0.060466), (0.05, 3.486784), (1.1, 61.917364)]
)
def test_gradient_descent_on_a_square(rate, expected):
    """The update by an optimizer, the gradient by the tape through the engine's layer."""
    dense = layers.Dense(1, use_bias=False, dtype="float64")
    dense.build((None, 1))
    dense.set_weights([[[10.0]]])
    optimizer = keras.optimizers.SGD(rate)
    for _ in range(10):
        with GradientTape() as tape:
            loss = ops.mean(ops.square(dense(np.ones((1, 1)))))
        gradients = tape.gradient(loss, dense.trainable_variables)
        optimizer.apply_gradients(zip(gradients, dense.trainable_variables, strict=True))
    assert float(np.asarray(dense.kernel)[0, 0]) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("factor", "converges"), [(0.98, True), (1.02, False)])
def test_quadratic_bowl(factor, converges):
    """Descent on w'Hw/2 converges if and only if the rate is below 2 / λ_max."""
    hessian = np.array([[3.0, 1.0], [1.0, 2.0]])
    bound = 2 / np.linalg.eigvalsh(hessian).max()
    w = keras.Variable(np.array([1.0, -2.0]), dtype="float64")
    optimizer = keras.optimizers.SGD(factor * bound)
    for _ in range(400):
        with GradientTape() as tape:
            loss = ops.dot(w, ops.matmul(hessian, w)) / 2
        optimizer.apply([tape.gradient(loss, w)], [w])
    assert (np.linalg.norm(w.numpy()) < 1e-3) == converges


def test_vanishing_gradient():
    """Each sigmoid layer of unit-size weights divides the gradient by four at least."""
    chain = [layers.Dense(1, activation="sigmoid", dtype="float64") for _ in range(8)]
    for layer in chain:
        layer.build((None, 1))
        layer.set_weights([[[1.0]], [0.0]])
    with GradientTape() as tape:
        h = np.array([[0.5]])
        for layer in chain:
            h = layer(h)
    sizes = np.abs(np.ravel(tape.gradient(h, [layer.bias for layer in chain])))
    assert (sizes[:-1] <= sizes[1:] / 4).all()
    assert (sizes > 0).all()
