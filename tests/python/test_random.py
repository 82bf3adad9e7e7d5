"""The random module: moments and bounds from theory, seeds, errors."""

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import config, random, utils

N = 40_000
# Draws, with their mean and standard deviation.
DRAWS = {
    "normal": (lambda **o: random.normal((N,), 2.0, 3.0, **o), 2.0, 3.0),
    # Standard deviation of a normal number within two: Greene (2003), theorem 22.1.
    "truncated_normal": (lambda **o: random.truncated_normal((N,), 1.0, 2.0, **o), 1.0, 1.7592),
    "uniform": (lambda **o: random.uniform((N,), -1.0, 3.0, **o), 1.0, 4 / 12**0.5),
    "randint": (lambda **o: random.randint((N,), 0, 10, **o), 4.5, (99 / 12) ** 0.5),
    "gamma": (lambda **o: random.gamma((N,), 3.0, **o), 3.0, 3**0.5),
    "beta": (lambda **o: random.beta((N,), 2.0, 3.0, **o), 0.4, 0.2),
    "binomial": (lambda **o: random.binomial((N,), 10, 0.3, **o), 3.0, 2.1**0.5),
    "dropout": (lambda **o: random.dropout(np.ones(N, "float32"), 0.2, **o), 1.0, 0.5),
}


@pytest.mark.parametrize("name", DRAWS)
def test_moments(name):
    draw, mean, deviation = DRAWS[name]
    values = draw(seed=7)
    assert values.shape == (N,)
    # Five standard errors of the mean; that of the deviation is of the same size.
    assert abs(values.mean(dtype="float64") - mean) < 5 * deviation / N**0.5
    assert values.std(dtype="float64") == pytest.approx(deviation, rel=0.03)
    assert values.dtype == ("int32" if name == "randint" else "float32")


@pytest.mark.parametrize("name", DRAWS)
def test_seeds(name):
    draw = DRAWS[name][0]
    np.testing.assert_array_equal(draw(seed=3), draw(seed=3))
    assert (draw(seed=3) != draw(seed=4)).any()
    utils.set_random_seed(1)
    first, second = draw(), draw()
    assert (first != second).any()
    utils.set_random_seed(1)
    np.testing.assert_array_equal(draw(), first)
    generator, again = random.SeedGenerator(5), random.SeedGenerator(5)
    one, two = draw(seed=generator), draw(seed=generator)
    assert (one != two).any()
    np.testing.assert_array_equal(draw(seed=again), one)
    assert generator.state.numpy().tolist() == [5, 2]


def test_bounds():
    assert np.abs(random.truncated_normal((N,), seed=1)).max() <= 2
    values = random.uniform((N,), 2.0, 3.0, seed=1)
    assert values.min() >= 2
    assert values.max() < 3
    assert np.unique(random.randint((N,), -2, 2, seed=1)).tolist() == [-2, -1, 0, 1]
    assert random.normal((2, 3), dtype="float64", seed=1).dtype == "float64"


def test_categorical_follows_the_softmax():
    logits = np.log([[0.2, 0.3, 0.5], [0.7, 0.2, 0.1]])
    drawn = random.categorical(logits, N, seed=2)
    assert drawn.shape == (2, N)
    for row, probabilities in zip(drawn, np.exp(logits), strict=True):
        np.testing.assert_allclose(np.bincount(row) / N, probabilities, atol=0.013)


def test_shuffle_and_noise_shape():
    x = np.arange(24).reshape(2, 12)
    mixed = random.shuffle(x, axis=1, seed=1)
    assert (mixed != x).any()
    # Whole columns move.
    np.testing.assert_array_equal(np.sort(mixed, 1), x)
    np.testing.assert_array_equal(mixed[1] - mixed[0], 12)
    rows = random.dropout(np.ones((50, 4), "float32"), 0.5, noise_shape=(None, 1), seed=1)
    assert (rows == rows[:, :1]).all()
    assert set(np.unique(rows)) == {0.0, 2.0}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: random.normal((2,), dtype="int32"), "`dtype` of random.normal"),
        (lambda: random.randint((2,), 0, 3, dtype="float32"), "`dtype` of random.randint"),
        (lambda: random.dropout([1.0], 1.0), "`rate`"),
        (lambda: random.categorical([1.0], 2), "`logits`"),
        (lambda: random.normal((2,), seed=-1), "`seed`"),
    ],
)
def test_refuses(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_seed_generator_config():
    generator = random.SeedGenerator(9, name="mine")
    assert random.SeedGenerator.from_config(generator.get_config()).state.numpy().tolist() == [9, 0]
    assert generator.get_config() == {"seed": 9, "name": "mine"}
    assert config.floatx() == "float32"


@pytest.mark.parametrize("seed", [None, 5, "generator"])
def test_numbers_drawn_in_a_call_are_no_constants_of_the_graph(seed):
    class Noisy(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.seed = random.SeedGenerator(5) if seed == "generator" else seed

        def call(self, inputs):
            return inputs + random.normal((3,), seed=self.seed)

    model = keras.Sequential([keras.Input((3,)), Noisy()])
    first, second = (model.predict(np.zeros((2, 3)), verbose=0) for _ in range(2))
    assert np.array_equal(first, second) == (seed == 5)


def test_sizes_that_are_not_known():
    with pytest.raises(TypeError, match="`shape` must have integers alone"):
        random.normal(keras.ops.shape(keras.Input((3,))))
