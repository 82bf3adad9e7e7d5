"""Models that run split or recorded do what the same models do compiled."""

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import layers, ops, regularizers

RNG = np.random.default_rng(12)
X = RNG.standard_normal((24, 4)).astype("float32")
Y = RNG.standard_normal((24, 2)).astype("float32")


class Stepped(keras.Model):
    """Steps in Python that are the default ones."""

    def train_step(self, data):
        return super().train_step(data)

    def test_step(self, data):
        return super().test_step(data)


def part(kind, x):
    """A graph with what the engine and the steps in Python do in ways of their own."""
    if kind == "activity":
        x = layers.Dense(5, "tanh", activity_regularizer="l2")(x)
        return layers.ActivityRegularization(l1=0.1)(x)
    if kind == "penalties":
        x = layers.PReLU("ones", alpha_regularizer=regularizers.L1L2(0.1, 0.2))(x)
        return layers.Dense(5, kernel_regularizer="l1", bias_regularizer="l2")(x)
    if kind == "constraints":
        x = layers.Dense(5, kernel_constraint="non_neg", bias_constraint="max_norm")(x)
        x = layers.PReLU("ones", alpha_constraint=keras.constraints.MinMaxNorm(0.2, 0.5))(x)
        return layers.EinsumDense("ab,bc->ac", 4, kernel_constraint="unit_norm")(x)
    start = keras.Input((4,))
    inner = keras.Model(start, layers.Dense(4, "relu", activity_regularizer="l1")(start))
    return inner(keras.Sequential([keras.Input((4,)), layers.Dense(4, "selu")])(inner(x)))


def model(kind, cls, wrap=False):
    keras.utils.set_random_seed(3)
    x = keras.Input((4,))
    made = cls([x], layers.Dense(2)(part(kind, x)))
    made.compile(keras.optimizers.SGD(0.1, momentum=0.5), "mse", metrics=["mae"])
    return made


@pytest.mark.parametrize("kind", ["activity", "penalties", "constraints", "nested"])
def test_training_and_evaluation(kind):
    compiled, split = model(kind, keras.Model), model(kind, Stepped)
    assert (compiled.run_mode, split.run_mode) == ("compiled", "split")
    for a, b in zip(compiled.get_weights(), split.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    for _ in range(3):
        logs = [m.train_on_batch([X], Y, return_dict=True) for m in (compiled, split)]
        assert logs[0] == pytest.approx(logs[1], rel=1e-5)
        logs = [m.evaluate([X], Y, verbose=0, return_dict=True) for m in (compiled, split)]
        assert logs[0] == pytest.approx(logs[1], rel=1e-5)
    for a, b in zip(compiled.get_weights(), split.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_penalties_of_outputs_are_gone_with_the_next_call():
    layer = layers.Dense(2, activity_regularizer=regularizers.L1(0.5))
    for factor in (1.0, 2.0):
        with keras.GradientTape():
            out = layer(factor * X)
        (loss,) = layer.losses
        np.testing.assert_allclose(loss, 0.5 * np.abs(out).sum() / 24, rtol=1e-6)


def test_a_constraint_of_ones_own_on_a_built_in_layer():
    class Rounded(keras.constraints.Constraint):
        def __call__(self, w):
            return ops.round(w * 4) / 4

    made = keras.Sequential([keras.Input((4,)), layers.Dense(2, kernel_constraint=Rounded())])
    made.compile("sgd", "mse")
    made.fit(X, Y, epochs=2, verbose=0)
    kernel = made.layers[0].kernel.numpy() * 4
    np.testing.assert_array_equal(kernel, np.round(kernel))
    assert made.layers[0].kernel.constraint is made.layers[0].kernel_constraint


def test_models_with_operations_take_arrays():
    x = keras.Input((4,))
    made = keras.Model(x, ops.tanh(layers.Dense(2)(x)) * 2)
    assert made.run_mode == "recorded"
    kernel, bias = made.get_weights()
    np.testing.assert_allclose(made(X), 2 * np.tanh(X @ kernel + bias), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(made.predict(X, verbose=0), made(X), rtol=1e-6)


def descended(loss, **settings):
    """Losses and weights of a float64 model after some steps."""
    keras.utils.set_random_seed(3)
    parts = [layers.Dense(8, "tanh", dtype="float64"), layers.Dense(2, dtype="float64", **settings)]
    made = keras.Sequential([keras.Input((4,), dtype="float64"), *parts])
    made.compile(keras.optimizers.Adam(0.01), loss)
    x, y = (np.random.default_rng(seed).normal(size=(24, n)) for seed, n in ((0, 4), (1, 2)))
    history = made.fit(x, y, batch_size=8, epochs=3, shuffle=False, verbose=0)
    return made.run_mode, history.history["loss"], made.get_weights()


class OwnError(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return ops.mean(ops.square(y_pred - y_true), axis=-1)


@pytest.mark.parametrize("regularizer", [None, "l1", "l2"])
@pytest.mark.parametrize("loss", [OwnError(), OwnError().call], ids=["class", "function"])
def test_float64_is_float64_in_steps_too(loss, regularizer):
    compiled = descended("mse", kernel_regularizer=regularizer)
    split = descended(loss, kernel_regularizer=regularizer)
    assert (compiled[0], split[0]) == ("compiled", "split")
    np.testing.assert_allclose(split[1], compiled[1], rtol=1e-13)
    for a, b in zip(split[2], compiled[2], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


class FiveFold(keras.losses.MeanSquaredError):
    def call(self, y_true, y_pred):
        return 5 * super().call(y_true, y_pred)


class Seven(keras.metrics.MeanSquaredError):
    def result(self):
        return 7.0


class Counting(keras.metrics.BinaryAccuracy):
    def update_state(self, y_true, y_pred, sample_weight=None):
        self.total.assign_add(3.0)
        self.count.assign_add(1.0)


class Shifted(layers.Dense):
    def call(self, inputs):
        return 2 * super().call(inputs) + 5


class Scaled(layers.LayerNormalization):
    def call(self, inputs):
        return 3 * super().call(inputs)


def test_what_subclasses_of_built_in_parts_change_holds():
    made = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    made.compile("sgd", FiveFold(), metrics=[Seven(), Counting()])
    error = float(np.mean((made.predict(X, verbose=0) - Y) ** 2))
    logs = made.evaluate(X, Y, verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx(5 * error, rel=1e-5)
    assert (logs["mean_squared_error"], logs["binary_accuracy"]) == (7.0, 3.0)


@pytest.mark.parametrize("kind", [Shifted, Scaled])
def test_a_layer_may_call_the_class_that_it_extends(kind):
    layer = kind(3) if kind is Shifted else kind()
    made = keras.Sequential([keras.Input((4,)), layer])
    made.compile(keras.optimizers.SGD(0.5), "mse")
    target = np.zeros((24, made.output_shape[-1]), "float32")
    if kind is Shifted:
        kernel, bias = (np.asarray(w, np.float64) for w in made.get_weights())
        expected = 2 * (X @ kernel + bias) + 5
    else:
        centred = X - X.mean(axis=-1, keepdims=True, dtype=np.float64)
        expected = 3 * centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + layer.epsilon)
    np.testing.assert_allclose(made.predict(X, verbose=0), expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(made(X), expected, rtol=1e-5, atol=1e-5)
    made.train_on_batch(X, target)
    if kind is Shifted:
        step = 0.5 * 2 * 2 * expected.mean(axis=0) / 3
        np.testing.assert_allclose(made.get_weights()[1], bias - step, rtol=1e-4)


class Late(keras.optimizers.schedules.ExponentialDecay):
    def __call__(self, step):
        return super().__call__(step) / 8


def test_a_schedule_may_call_the_class_that_it_extends():
    steps = []
    for rate in (Late(1.0, 1, 0.5), 0.125):
        made = keras.Sequential([keras.Input((4,)), layers.Dense(2, "linear", True, "ones")])
        made.compile(keras.optimizers.SGD(rate), "mse")
        made.train_on_batch(X, Y)
        steps.append(made.get_weights()[0])
    np.testing.assert_allclose(*steps, rtol=1e-6)
