"""Dropout whose elements fall together along some axes."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import pronghorn as keras

X = np.ones((400, 5, 4), "float32")
LIMIT = -1.6732632423543772 * 1.0507009873554805  # of selu from below


def test_whole_features_fall():
    layer = keras.layers.Dropout(0.25, noise_shape=(None, 1, 4), seed=3)
    np.testing.assert_array_equal(layer(X), X)
    y = layer(X, training=True)
    assert (y == y[:, :1]).all()
    np.testing.assert_allclose(np.unique(y), [0, 1 / 0.75], rtol=1e-6)
    assert abs((y[:, 0] > 0).mean() - 0.75) < 5 * np.sqrt(0.25 * 0.75 / 1600)
    assert (layer(X, training=True) != y).any()  # drawn anew
    again = keras.layers.Dropout(0.25, noise_shape=[None, 1, 4], seed=3)
    np.testing.assert_array_equal(again(X, training=True), y)
    other = keras.layers.Dropout(0.25, noise_shape=[None, 1, 4], seed=4)
    assert (other(X, training=True) != y).any()
    np.testing.assert_array_equal(keras.layers.Dropout(1.0, (None, 1, 1))(X, training=True), 0 * X)


def test_alpha_dropout_keeps_mean_and_variance():
    x = np.random.default_rng(0).normal(size=(4000, 2, 10)).astype("float32")
    y = keras.layers.AlphaDropout(0.3, noise_shape=(None, 1, None), seed=1)(x, training=True)
    scale = (0.7 * (1 + 0.3 * LIMIT**2)) ** -0.5  # Klambauer et al., arXiv:1706.02515, section 3
    fallen = np.isclose(y, scale * (LIMIT - 0.3 * LIMIT), atol=1e-6)
    assert (fallen == fallen[:, :1]).all()
    assert abs(fallen.mean() - 0.3) < 0.01
    kept = scale * (x - 0.3 * LIMIT)
    np.testing.assert_allclose(y[~fallen], kept[~fallen], rtol=1e-4, atol=1e-5)
    assert abs(y.mean()) < 0.02
    assert abs(y.var() - 1) < 0.03


@pytest.mark.parametrize("kind", [keras.layers.Dropout, keras.layers.AlphaDropout])
def test_in_a_model(kind, tmp_path):
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((5, 4)), layers.Dense(4), kind(0.9, noise_shape=(None, 5, 4)), layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    before = [w.copy() for w in model.get_weights()]
    model.fit(X[:8], X[:8, :, :1], verbose=0)
    assert all((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))
    y = model.predict(X[:3], verbose=0)
    assert (model(X[:3], training=True) != y).any()
    model.save(tmp_path / "m.keras")
    for other in (
        copy.deepcopy(model),
        pickle.loads(pickle.dumps(model)),
        keras.models.load_model(tmp_path / "m.keras"),
    ):
        np.testing.assert_array_equal(other.predict(X[:3], verbose=0), y)
        assert other.layers[1].noise_shape == (None, 5, 4)


@pytest.mark.parametrize("kind", [keras.layers.Dropout, keras.layers.AlphaDropout])
def test_configurations_and_types(kind):
    config = kind(0.25, noise_shape=[None, 1, 4], seed=3).get_config()
    assert (config["rate"], config["noise_shape"], config["seed"]) == (0.25, (None, 1, 4), 3)
    layer = kind(0.25, noise_shape=(None, 1, 4), dtype="float64", seed=3)
    y = layer(X, training=True)
    assert y.dtype == "float64"
    again = kind.from_config(layer.get_config())
    np.testing.assert_array_equal(again(X, training=True), y)
    # Nothing is drawn for a rate of zero.
    np.testing.assert_array_equal(kind(0.0, (None, 7, 4))(X, training=True), X)


def test_axes_of_unknown_length():
    x = keras.KerasTensor((None, 5, 4))
    for noise_shape in ((None, 1, 4), (7, 1, 4)):
        layer = keras.layers.Dropout(0.5, noise_shape=noise_shape)
        assert layer(x).shape == (None, 5, 4)
        with pytest.raises(TypeError, match=f"'{layer.name}' draws numbers for a batch of known"):
            layer.call(x, training=True)


def test_what_falls_gets_no_gradient():
    layer = keras.layers.Dropout(0.5, noise_shape=(None, 1, 4), seed=2)
    x = keras.Variable(X[:6])
    with keras.GradientTape() as tape:
        y = layer(x, training=True)
        loss = keras.ops.sum(y)
    np.testing.assert_array_equal(np.asarray(tape.gradient(loss, x)), np.asarray(y))


def test_random_functions_pass_gradients():
    x = keras.Variable(np.arange(12.0).reshape(6, 2))
    weights = np.arange(12.0).reshape(6, 2)
    with keras.GradientTape() as tape:
        y = keras.random.dropout(x * 1.0, 0.5, seed=1)
        loss = keras.ops.sum(y * weights)
    dropped = keras.random.dropout(np.ones((6, 2)), 0.5, seed=1)
    np.testing.assert_allclose(np.asarray(tape.gradient(loss, x)), dropped * weights)
    with keras.GradientTape() as tape:
        y = keras.random.shuffle(x * 1.0, seed=1)
        loss = keras.ops.sum(y * weights)
    np.testing.assert_array_equal(np.asarray(y), keras.random.shuffle(np.asarray(x), seed=1))
    order = np.asarray(y)[:, 0].astype(int) // 2
    expected = np.empty_like(weights)
    expected[order] = weights
    np.testing.assert_allclose(np.asarray(tape.gradient(loss, x)), expected)


@pytest.mark.parametrize("given", [np.asarray, keras.Variable])
def test_random_functions_along_axes(given):
    x = np.arange(80_000.0).reshape(8, 10_000)
    shuffled = np.asarray(keras.random.shuffle(given(x), axis=1, seed=1))
    assert (shuffled != x).any()
    np.testing.assert_array_equal(np.sort(shuffled[0]), x[0])
    np.testing.assert_array_equal(shuffled - shuffled[:1], x - x[:1])  # whole columns moved
    ones = np.ones((8, 10_000))
    dropped = np.asarray(keras.random.dropout(given(ones), 0.2, noise_shape=(1, None), seed=1))
    np.testing.assert_array_equal(dropped, np.broadcast_to(dropped[0], dropped.shape))
    assert abs((dropped[0] == 0).mean() - 0.2) < 5 * np.sqrt(0.2 * 0.8 / 10_000)


@pytest.mark.parametrize("rate", [1.0, -0.1])
def test_alpha_dropout_refuses_rates(rate):
    with pytest.raises(ValueError, match="`rate`"):
        keras.layers.AlphaDropout(rate, noise_shape=(None, 1))


@pytest.mark.parametrize("shape", ["a", 3, (0, 1), (None, 1.5), (None, True)])
def test_refuses_what_is_no_shape(shape):
    for kind in (keras.layers.Dropout, keras.layers.AlphaDropout):
        with pytest.raises((ValueError, TypeError), match="noise_shape"):
            kind(0.5, noise_shape=shape)


@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 3)])
def test_refuses_inputs_that_do_not_fit(shape):
    with pytest.raises(ValueError, match=r"`noise_shape` of layer .*Received: .*inputs of shape"):
        keras.layers.Dropout(0.5, noise_shape=(None, 1, 4))(np.ones(shape), training=True)
