"""Branches and loops of `ops`: their results, their gradients, and what they refuse."""

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import layers, ops

X = np.random.default_rng(5).normal(size=(4, 3))


def test_gradients_go_through_loops():
    w = keras.Variable(np.array([0.5, -0.3, 0.8]))
    with keras.GradientTape() as tape:
        # f(w) = sum over rows of (w.x)^2, by a scan; and w^3 by a loop.
        total, _ = ops.scan(lambda c, row: (c + ops.sum(w * row) ** 2, c), 0.0, X)
        cube = ops.fori_loop(0, 2, lambda i, value: value * w, w * 1.0)
        loss = total + ops.sum(cube)
    expected = 2 * X.T @ (X @ w.numpy()) + 3 * w.numpy() ** 2
    np.testing.assert_allclose(tape.gradient(loss, w), expected, rtol=1e-12)


def test_gradients_of_the_branch_that_was_taken():
    w = keras.Variable(np.array(2.0))
    with keras.GradientTape() as tape:
        y = ops.cond(w > 1.0, lambda: w**2, lambda: -w)
    assert float(tape.gradient(y, w)) == 4.0


def test_rows():
    np.testing.assert_array_equal(ops.map(lambda row: row * 2, X), X * 2)
    pair = ops.map(lambda rows: (rows["a"] + rows["b"], rows["a"]), {"a": X, "b": X[:, ::-1]})
    np.testing.assert_array_equal(pair[0], X + X[:, ::-1])
    assert ops.scan(lambda c, _: (c + 1, None), 0, length=5) == (5, None)


def test_a_layer_with_a_branch():
    class Halves(layers.Layer):
        def call(self, x):
            return ops.cond(ops.sum(x) > 0, lambda: x * 2, lambda: x / 2)

    for factor, x in ((2.0, np.ones((2, 3))), (0.5, -np.ones((2, 3)))):
        np.testing.assert_array_equal(Halves()(x), x * factor)


def test_what_is_refused():
    with pytest.raises(TypeError, match="symbolic"):
        ops.cond(ops.sum(keras.Input((3,))) > 0, lambda: 1, lambda: 2)
    with pytest.raises(ValueError, match="one length"):
        ops.map(lambda rows: rows[0], (X, X[:2]))
    with pytest.raises(ValueError, match="at least one row"):
        ops.map(lambda row: row, X[:0])
    with pytest.raises(ValueError, match="length=3"):
        ops.scan(lambda c, row: (c, row), 0.0, X, length=3)
