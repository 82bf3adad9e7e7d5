"""What a `call` of the user's own says is what runs: arguments, `training`, penalties, changes."""

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import layers, ops

RNG = np.random.default_rng(5)
X = RNG.normal(size=(32, 5)).astype("float32")
Y = RNG.normal(size=(32, 5)).astype("float32")


class Through(layers.Layer):
    """Calls a layer, with a `training` of its own if there is one."""

    def __init__(self, inner, training=None, **kwargs):
        super().__init__(**kwargs)
        self.inner, self.fixed = inner, training

    def call(self, inputs, training=None):
        return self.inner(inputs, training=training if self.fixed is None else self.fixed)


def dropping():
    return keras.Sequential([keras.Input((5,)), layers.Dropout(0.5)])


@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.Dropout(0.5),
        lambda: layers.GaussianNoise(0.5),
        lambda: layers.AlphaDropout(0.5),
        lambda: layers.BatchNormalization(),
        lambda: Through(layers.Dropout(0.5)),
        dropping,
    ],
    ids=["dropout", "noise", "alpha", "batch", "written", "model"],
)
@pytest.mark.parametrize("whole", ["layer", "model"])
def test_a_fixed_training_holds(make, whole):
    inner = make()
    if whole == "layer":
        model = keras.Sequential([keras.Input((5,)), Through(inner, training=False)])
    else:

        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.inner = inner

            def call(self, inputs):
                return self.inner(inputs, training=False)

        model = Net()
    model.compile("sgd", "mse")
    expected = model.predict(X, verbose=0)
    np.testing.assert_array_equal(np.asarray(model(X, training=True)), expected)
    assert model.run_mode == "recorded"
    loss = model.fit(X, Y, batch_size=32, verbose=0).history["loss"][0]
    assert loss == pytest.approx(np.mean((expected - Y) ** 2), rel=1e-5)


@pytest.mark.parametrize("make", [layers.BatchNormalization, lambda: layers.GaussianNoise(0.5)])
def test_the_training_of_the_whole_is_compiled(make):
    model = keras.Sequential([keras.Input((5,)), Through(make())])
    assert model.run_mode == "compiled"
    assert np.abs(np.asarray(model(X, training=True)) - model.predict(X, verbose=0)).max() > 0.01


class Turned(layers.Layer):
    def call(self, inputs, training=None):
        return inputs * 2.0 if training else inputs


class Chosen(layers.Layer):
    def call(self, inputs, turn=False):
        return ops.relu(inputs) if turn else ops.tanh(inputs)


def test_arguments_by_name_in_a_graph_hold():
    inputs = keras.Input((5,))
    model = keras.Model(inputs, Chosen()(inputs, turn=True))
    np.testing.assert_array_equal(model.predict(X, verbose=0), np.maximum(X, 0))


@pytest.mark.parametrize("fixed", [None, False, True])
def test_what_is_asked_of_a_model_goes_before_training_in_its_graph(fixed):
    inputs = keras.Input((5,))
    model = keras.Model(inputs, Turned()(inputs, training=fixed))
    np.testing.assert_array_equal(model.predict(X, verbose=0), X)
    np.testing.assert_array_equal(model(X, training=True), 2 * X)
    np.testing.assert_array_equal(model(X, training=False), X)
    np.testing.assert_array_equal(model(X), 2 * X if fixed else X)


class Halved(layers.Layer):
    """Cannot be traced."""

    def call(self, inputs):
        return inputs / 2.0


@pytest.mark.parametrize(
    "layer",
    [
        lambda: Through(layers.Dense(5, activity_regularizer="l2")),
        lambda: Through(Turned(activity_regularizer="l2")),
        lambda: Halved(activity_regularizer="l2"),
        lambda: Turned(activity_regularizer="l2"),
    ],
    ids=["built in", "written", "recorded", "outermost"],
)
def test_penalties_on_outputs_count(layer):
    model = keras.Sequential([keras.Input((5,)), layer()])
    model.compile("sgd", "mse")
    out = model.predict(X, verbose=0)
    expected = np.mean((out - Y) ** 2) + 0.01 * np.sum(out**2) / len(X)
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(expected, rel=1e-5)


class Switched(layers.Layer):
    on = True

    def call(self, inputs):
        return ops.relu(inputs) if self.on else ops.tanh(inputs)


class SwitchedNet(keras.Model):
    def __init__(self):
        super().__init__()
        self.part = Switched()

    def call(self, inputs):
        return self.part(inputs)


@pytest.mark.parametrize("own", [True, False])
def test_compile_takes_notice_of_changes(own):
    part = Switched()
    model = SwitchedNet() if own else keras.Sequential([keras.Input((5,)), part])
    model.compile("sgd", "mse")
    np.testing.assert_array_equal(model.predict(X, verbose=0), np.maximum(X, 0))
    (model.part if own else part).on = False
    model.compile("sgd", "mse")
    np.testing.assert_allclose(model.predict(X, verbose=0), np.tanh(X), rtol=1e-5)
    assert model.run_mode == "compiled"


@pytest.mark.parametrize("way", ["call", "predict", "build"])
def test_a_model_that_cannot_be_traced_from_the_first_line(way):
    class Doubled(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(3)

        def call(self, inputs):
            if float(np.asarray(ops.max(inputs))) > 0:
                inputs = inputs * 2.0
            return self.dense(inputs)

    model = Doubled()
    if way == "build":
        model.build((None, 5))
    given = model(X) if way == "call" else model.predict(X, verbose=0)
    kernel, bias = model.get_weights()
    np.testing.assert_allclose(given, 2 * X @ kernel + bias, rtol=1e-5, atol=1e-5)


class Tail(keras.Model):
    def __init__(self, compiled):
        super().__init__()
        self.dense, self.compiled_too = layers.Dense(3), compiled

    def call(self, inputs, turn=False):
        x = self.dense(inputs)
        if turn:
            x = ops.relu(x)
        return x if self.compiled_too else ops.exp(x)


@pytest.mark.parametrize("called", [False, True])
@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("options", [{}, {"turn": True}], ids=str)
def test_a_model_of_the_users_own_in_a_graph(compiled, called, options):
    tail = Tail(compiled)
    if called:
        tail(X)
    inputs = keras.Input((5,))
    model = keras.Model(inputs, tail(inputs, **options))
    kernel, bias = model.get_weights()
    expected = X @ kernel + bias
    expected = np.maximum(expected, 0) if options else expected
    expected = expected if compiled else np.exp(expected)
    np.testing.assert_allclose(model.predict(X, verbose=0), expected, rtol=1e-4, atol=1e-5)
    model.compile("sgd", "mse")
    loss = model.fit(X, Y[:, :3], batch_size=32, verbose=0).history["loss"][0]
    assert loss == pytest.approx(np.mean((expected - Y[:, :3]) ** 2), rel=1e-4)


def test_outputs_of_one_number_a_sample_without_an_axis():
    inputs = keras.Input((5,))
    layer = layers.EinsumDense("ab,b->a", output_shape=())
    model = keras.Model(inputs, layer(inputs))
    expected = X @ layer.get_weights()[0]
    np.testing.assert_allclose(model.predict(X, verbose=0), expected, rtol=1e-5, atol=1e-6)
