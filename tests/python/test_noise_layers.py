"""Layers that are random in training: distributions, seeds, steps."""

import math
from statistics import NormalDist

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import layers

N = 200_000


def sample(layer, value=0.0, dtype="float32"):
    return layer(np.full((N // 100, 100), value, dtype), training=True).ravel().astype("float64")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gaussian_noise_is_normal(dtype):
    z = np.sort(sample(layers.GaussianNoise(1.0, seed=4, dtype=dtype), dtype=dtype))
    exact = np.array([NormalDist().cdf(value) for value in z[::50]])
    ranks = (np.arange(N)[::50] + 0.5) / N
    # Kolmogorov and Smirnov: beyond this distance with probability 1e-6.
    assert np.abs(exact - ranks).max() < math.sqrt(math.log(2e6) / (2 * N)) + 50 / N
    assert abs(z.mean()) < 5 / math.sqrt(N)
    # The tails reach as far as a million draws of 32-bit words lead one to expect.
    assert 4 < z.max() < 6.3
    pairs = sample(layers.GaussianNoise(1.0, seed=4))
    assert abs(np.corrcoef(pairs[:-1], pairs[1:])[0, 1]) < 5 / math.sqrt(N)


def test_gaussian_dropout_keeps_the_mean_and_has_the_variance_of_dropout():
    rate = 0.3
    y = sample(layers.GaussianDropout(rate, seed=5), 2.0)
    deviation = 2 * math.sqrt(rate / (1 - rate))
    assert abs(y.mean() - 2) < 5 * deviation / math.sqrt(N)
    assert abs(y.std() / deviation - 1) < 5 / math.sqrt(2 * N)


def test_alpha_dropout_keeps_mean_and_variance():
    x = np.random.default_rng(0).normal(size=(N // 100, 100)).astype("float32")
    y = layers.AlphaDropout(0.2, seed=6)(x, training=True).astype("float64")
    assert abs(y.mean()) < 6 / math.sqrt(N)
    assert abs(y.var() - 1) < 0.03
    values, counts = np.unique(y, return_counts=True)
    share = counts.max() / N  # of the one value that dropped elements take
    assert abs(share - 0.2) < 5 * math.sqrt(0.2 * 0.8 / N)
    lowest = -1.6732632423543772 * 1.0507009873554805
    a = (0.8 * (1 + 0.2 * lowest**2)) ** -0.5
    np.testing.assert_allclose(values[counts.argmax()], a * lowest * (1 - 0.2), rtol=1e-5)


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: layers.GaussianNoise(0.5, seed=seed),
        lambda seed: layers.GaussianDropout(0.5, seed=seed),
        lambda seed: layers.AlphaDropout(0.5, seed=seed),
    ],
    ids=["noise", "dropout", "alpha"],
)
def test_seeds_and_steps(make):
    x = np.ones((8, 16), "float32")
    a, b, c = make(7), make(7), make(8)
    first = a(x, training=True)
    np.testing.assert_array_equal(first, b(x, training=True))
    assert (first != c(x, training=True)).any()
    assert (first != a(x, training=True)).any()
    np.testing.assert_array_equal(a(x), x)
    keras.utils.set_random_seed(3)
    d = make(None)(x, training=True)
    keras.utils.set_random_seed(3)
    np.testing.assert_array_equal(d, make(None)(x, training=True))


def test_an_embedding_of_numbers_outside_the_table_is_nan():
    layer = layers.Embedding(3, 2, "ones")
    y = layer(np.array([[0, 3], [2, -1]]))
    np.testing.assert_array_equal(np.isnan(y[..., 0]), [[False, True], [False, True]])


def test_dropout_that_always_acts():
    """A class that extends a built-in layer and calls it: for samples of what a model believes."""

    class Always(layers.Dropout):
        def call(self, inputs, training=None):
            return super().call(inputs, training=True)

    assert set(np.unique(Always(0.5, seed=1)(np.ones((4, 30))))) == {0.0, 2.0}
    model = keras.Sequential([keras.Input((6,)), Always(0.5, seed=2), layers.Dense(1)])
    x = np.ones((5, 6))
    drawn = np.stack([model.predict(x, verbose=0) for _ in range(8)])
    assert drawn.shape == (8, 5, 1)
    assert drawn.std(axis=0).min() > 0
    model.compile("sgd", "mse")
    model.fit(x, np.zeros(5), verbose=0)
