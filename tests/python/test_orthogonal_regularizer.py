"""OrthogonalRegularizer: values pair by pair, and training against finite differences."""

import itertools
import math

import numpy as np
import pytest

import pronghorn as keras
from pronghorn.regularizers import OrthogonalRegularizer

W = np.random.default_rng(2).normal(size=(4, 3))


def mean_cosine(rows):
    def cosine(a, b):
        return (
            abs(sum(x * y for x, y in zip(a, b, strict=True)))
            / math.dist(a, 0 * a)
            / math.dist(b, 0 * b)
        )

    pairs = list(itertools.combinations(rows, 2))
    return sum(cosine(a, b) for a, b in pairs) / len(pairs)


@pytest.mark.parametrize("mode", ["rows", "columns"])
def test_values(mode):
    expected = 0.3 * mean_cosine(W if mode == "rows" else W.T)
    assert OrthogonalRegularizer(0.3, mode)(W) == pytest.approx(expected, rel=1e-12)


def test_one_vector_has_no_pairs():
    assert OrthogonalRegularizer()(W[:1]) == 0


def test_bad_arguments():
    with pytest.raises(ValueError, match="rows"):
        OrthogonalRegularizer(mode="row")
    with pytest.raises(ValueError, match="matrix"):
        OrthogonalRegularizer()(W[0])


def test_configuration():
    given = keras.regularizers.get({"class_name": "OrthogonalRegularizer", "config": {"factor": 2}})
    assert given.get_config() == {"factor": 2.0, "mode": "rows"}
    assert isinstance(keras.regularizers.get("orthogonal_regularizer"), OrthogonalRegularizer)


@pytest.mark.parametrize("own", [False, True])
def test_training_follows_the_penalty(own):
    """One step of gradient descent moves the kernel by the gradient of loss and penalty."""

    class Quartic(keras.regularizers.Regularizer):
        def __call__(self, x):
            return 0.1 * keras.ops.sum(keras.ops.square(keras.ops.square(x)))

        def get_config(self):
            return {}

    penalty = Quartic() if own else OrthogonalRegularizer(0.5, "columns")
    layer = keras.layers.Dense(3, use_bias=False, kernel_regularizer=penalty, dtype="float64")
    model = keras.Sequential([keras.Input((4,), dtype="float64"), layer])
    model.set_weights([W])
    x, y = np.random.default_rng(3).normal(size=(2, 8, 4))
    y = y[:, :3]
    model.compile(keras.optimizers.SGD(1.0), "mse")

    def objective(w):
        return np.square(x @ w - y).mean() + float(np.asarray(penalty(w)))

    assert model.evaluate(x, y, verbose=0) == pytest.approx(objective(W), rel=1e-6)
    model.train_on_batch(x, y)
    moved = W - model.get_weights()[0]
    for i, j in np.ndindex(W.shape):
        step = np.zeros_like(W)
        step[i, j] = 1e-6
        slope = (objective(W + step) - objective(W - step)) / 2e-6
        assert moved[i, j] == pytest.approx(slope, abs=1e-6)
