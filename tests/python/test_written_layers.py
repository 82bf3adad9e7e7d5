"""Layers of the user's own that the engine runs: products, sums and scalings by weights."""

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import GradientTape, layers, ops

RNG = np.random.default_rng(3)
X = RNG.normal(size=(40, 5)).astype("float32")
Y = RNG.normal(size=(40, 2)).astype("float32")
OPTIONS = {"epochs": 2, "batch_size": 8, "shuffle": False, "verbose": 0}


class Linear(layers.Layer):
    """``way`` says how the same function is written."""

    def __init__(self, units, way="operators", **kwargs):
        super().__init__(**kwargs)
        self.units, self.way = units, way

    def build(self, input_shape):
        self.kernel = self.add_weight((input_shape[-1], self.units), name="kernel")
        self.bias = self.add_weight((self.units,), "ones", name="bias")
        self.gain = self.add_weight((self.units,), "ones", name="gain")

    def call(self, inputs):
        if self.way == "operators":
            return (inputs @ self.kernel + self.bias) * self.gain
        if self.way == "functions":
            return ops.multiply(ops.add(ops.matmul(inputs, self.kernel), self.bias), self.gain)
        if self.way == "turned":
            return self.gain * (self.bias + ops.matmul(inputs, self.kernel))
        kernel = ops.convert_to_tensor(self.kernel)  # which cannot be traced
        return (ops.matmul(inputs, kernel) + self.bias) * self.gain


class Net(keras.Model):
    def __init__(self, way, shared=False, residual=False):
        super().__init__()
        self.shared, self.residual = shared, residual
        self.first, self.second = Linear(5, way), Linear(2, way)

    def call(self, inputs):
        x = ops.tanh(self.first(inputs))
        if self.shared:
            x = ops.relu(self.first(x))
        if self.residual:
            x = x + inputs
        return self.second(x)


def trained(way, freeze=None, optimizer="adam", **options):
    model = Net(way, **options)
    model(X[:1])
    rng = np.random.default_rng(1)
    model.set_weights([rng.normal(size=v.shape).astype("f4") * 0.5 for v in model.weights])
    if freeze == "layer":
        model.first.trainable = False
    elif freeze == "weight":
        model.first.bias.trainable = False
    model.compile(optimizer, "mse")
    history = model.fit(X, Y, **OPTIONS).history["loss"]
    return model, history


@pytest.mark.parametrize("options", [{}, {"shared": True}, {"residual": True}], ids=str)
@pytest.mark.parametrize("way", ["operators", "functions", "turned"])
def test_compiled_and_recorded_train_alike(way, options):
    model, history = trained(way, **options)
    reference, expected = trained("recorded", **options)
    assert (model.run_mode, reference.run_mode) == ("compiled", "recorded")
    np.testing.assert_allclose(history, expected, rtol=2e-5)
    for a, b in zip(model.get_weights(), reference.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5)
    np.testing.assert_allclose(
        model.predict(X, verbose=0), reference.predict(X, verbose=0), rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("freeze", ["layer", "weight"])
def test_frozen_weights_stay(freeze):
    model, _ = trained("operators", freeze)
    reference, _ = trained("recorded", freeze)
    assert model.run_mode == "compiled"
    start = np.random.default_rng(1)
    first = [start.normal(size=v.shape).astype("f4") * 0.5 for v in model.first.weights]
    same = [np.array_equal(a, b) for a, b in zip(first, model.first.get_weights(), strict=True)]
    assert same == ([True] * 3 if freeze == "layer" else [False, True, False])
    for a, b in zip(model.get_weights(), reference.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5)


def test_gradients_of_gradients():
    found = []
    for way in ("operators", "recorded"):
        model, _ = trained(way)
        x = ops.convert_to_tensor(X[:4])
        with GradientTape() as outer:
            outer.watch(x)
            with GradientTape() as tape:
                tape.watch(x)
                y = ops.sum(model(x) ** 2)
            slope = tape.gradient(y, x)
            penalty = ops.sum(slope**2)
        found.append([slope, *outer.gradient(penalty, [x, *model.trainable_weights])])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-3, atol=2e-3)


def test_in_a_functional_model():
    inputs = keras.Input((5,))
    outputs = layers.Dense(2)(Linear(6, name="own")(inputs))
    model = keras.Model(inputs, outputs)
    assert model.run_mode == "compiled"
    kernel, bias, gain = model.get_layer("own").get_weights()
    out, shift = model.layers[-1].get_weights()
    expected = ((X @ kernel + bias) * gain) @ out + shift
    np.testing.assert_allclose(model.predict(X, verbose=0), expected, rtol=1e-5, atol=1e-5)


def test_a_call_that_counts_runs_recorded():
    class Counting(Linear):
        def build(self, input_shape):
            super().build(input_shape)
            self.calls = self.add_weight((), "zeros", name="calls", trainable=False)

        def call(self, inputs):
            self.calls.assign_add(1.0)
            return super().call(inputs)

    model = keras.Sequential([keras.Input((5,)), Counting(2)])
    assert model.run_mode == "recorded"
    before = float(model.layers[0].calls.numpy())
    model.compile("sgd", "mse")
    model.fit(X, Y, **OPTIONS)
    assert float(model.layers[0].calls.numpy()) - before == 10


def test_a_weight_of_another_layer_is_not_compiled():
    """Its owner may be frozen without this layer's knowing."""
    tied = layers.Dense(5, use_bias=False)
    tied.build((None, 5))

    class Tied(layers.Layer):
        def call(self, inputs):
            return ops.matmul(inputs, tied.kernel)

    model = keras.Sequential([keras.Input((5,)), tied, Tied()])
    assert model.run_mode == "recorded"
    kernel = tied.get_weights()[0]
    np.testing.assert_allclose(model.predict(X, verbose=0), X @ kernel @ kernel, rtol=1e-4)


class PerSample(layers.Layer):
    """Reads the batch's size, which a graph does not know."""

    def call(self, inputs):
        return ops.reshape(inputs, (ops.shape(inputs)[0], -1)) * ops.ones((inputs.shape[0], 1))


def test_chains_without_an_input_run_layers_that_draw_no_graph():
    x, y = np.random.default_rng(0).random((4, 2, 3)).astype("float32"), np.ones((4, 1))
    flat = x.reshape(4, 6)
    np.testing.assert_array_equal(keras.Sequential([PerSample()])(x), flat)
    np.testing.assert_array_equal(keras.Sequential([PerSample()]).predict(x, verbose=0), flat)
    model = keras.Sequential([PerSample(), layers.Dense(1, kernel_initializer="ones")])
    model.compile("sgd", "mse")
    loss = model.fit(x, y, verbose=0).history["loss"]
    np.testing.assert_allclose(loss, ((flat.sum(axis=1) - 1) ** 2).mean(), rtol=1e-5)
    assert model.run_mode == "recorded"
    evaluated = keras.Sequential([PerSample(), layers.Dense(1, kernel_initializer="ones")])
    evaluated.compile("sgd", "mse")
    np.testing.assert_allclose(evaluated.evaluate(x, y, verbose=0), loss[0], rtol=1e-5)


class Mixed(keras.Model):
    """Weights to be trained and others, made and assigned in no order."""

    def __init__(self):
        super().__init__()
        self.offset = self.add_weight(shape=(3,), trainable=False, name="offset")
        self.dense = layers.Dense(2)
        self.count = keras.Variable(np.zeros(4), trainable=False, name="count")
        self.factor = self.add_weight(shape=(2,), initializer="ones", name="factor")
        self.power = keras.Variable(1.0, name="power")

    def call(self, x):
        return self.dense(x - self.offset) * self.factor * self.power


def test_weights_to_be_trained_come_first():
    model = Mixed()
    model(np.ones((1, 3)))
    names = [w.name for w in model.weights]
    # As real Keras 3.15.1 lists them.
    assert names == ["factor", "power", "offset", "count", "kernel", "bias"]
    model.factor.trainable = False
    assert [w.name for w in model.weights] == names
    assert [w.name for w in model.trainable_weights] == ["power", "kernel", "bias"]


def test_variables_that_are_attributes_are_in_files(tmp_path):
    model, other = Mixed(), Mixed()
    for each in (model, other):
        each(np.ones((1, 3)))
    model.power.assign(3.0)
    model.count.assign(np.arange(4.0))
    model.save_weights(tmp_path / "m.weights.h5")
    other.load_weights(tmp_path / "m.weights.h5")
    assert float(other.power) == 3.0
    np.testing.assert_array_equal(other.count, np.arange(4.0))
