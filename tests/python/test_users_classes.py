"""Classes of the user's own: what they need not write, and what of them is kept."""

import copy

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import layers, ops

RNG = np.random.default_rng(3)
X = RNG.normal(size=(24, 3)).astype("float32")
Y = np.sin(X[:, :1])


class Net(keras.Model):
    def __init__(self, units, activation="relu", **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.hidden = layers.Dense(units, activation=activation)

    def call(self, x):
        return self.hidden(x)


class Plain(layers.Layer):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def call(self, x):
        return x * self.factor


def test_configuration_from_arguments():
    net = Net(4, activation="tanh", name="n", dtype="float64")
    config = net.get_config()
    assert (config["units"], config["activation"], config["name"]) == (4, "tanh", "n")
    again = Net.from_config(config)
    assert (again.units, again.dtype) == (4, "float64")
    assert Plain(3).get_config() == {"factor": 3}  # it takes nothing else
    assert Plain.from_config(Plain(3).get_config()).factor == 3
    assert copy.deepcopy(Plain(2)).get_config() == {"factor": 2}


def test_a_model_without_a_configuration_in_a_file(tmp_path):
    model = Net(4, activation="tanh")
    expected = model(X)
    model.save(tmp_path / "net.keras")
    loaded = keras.models.load_model(tmp_path / "net.keras", custom_objects={"Net": Net})
    np.testing.assert_array_equal(loaded(X), expected)


class Product(keras.Model):
    """Runs recorded, and takes two inputs."""

    def __init__(self):
        super().__init__()
        self.first, self.second = layers.Dense(2), layers.Dense(2)

    def call(self, inputs, training=False):
        a, b = (inputs["a"], inputs["b"]) if isinstance(inputs, dict) else inputs
        return ops.sin(self.first(a)) * self.second(b)


@pytest.mark.parametrize("inputs", [[X, X[:, :2]], {"a": X, "b": X[:, :2]}])
def test_weights_of_recorded_models_come_back(inputs, tmp_path):
    model = Product()
    expected = model(inputs, training=False)
    model.save(tmp_path / "product.keras")
    loaded = keras.models.load_model(
        tmp_path / "product.keras", custom_objects={"Product": Product}
    )
    np.testing.assert_array_equal(loaded(inputs), expected)


def test_weights_that_cannot_be_read_are_told_of(tmp_path):
    class Late(Product):
        def get_build_config(self):
            return None

    model = Late()
    model([X, X[:, :2]])
    model.save(tmp_path / "late.keras")
    with pytest.warns(UserWarning, match="were not read.*before it is called"):
        keras.models.load_model(tmp_path / "late.keras", custom_objects={"Late": Late})


def test_layers_as_arguments_need_a_configuration():
    class Wrapped(keras.Model):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def call(self, x):
            return self.inner(x)

    with pytest.raises(NotImplementedError, match="Wrapped must write a `get_config`"):
        Wrapped(layers.Dense(1)).get_config()


class Adversaries(keras.Model):
    """A model whose steps say all: no `call`."""

    def __init__(self):
        super().__init__()
        self.judge = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
        self.judge_loss = keras.metrics.Mean(name="judge_loss")

    @property
    def metrics(self):
        return [self.judge_loss]

    def train_step(self, x):
        with keras.GradientTape() as tape:
            loss = ops.mean(self.judge(x) ** 2)
        weights = self.judge.trainable_weights
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        self.judge_loss.update_state(loss)
        return {"judge_loss": self.judge_loss.result()}

    def test_step(self, x):
        self.judge_loss.update_state(ops.mean(self.judge(x) ** 2))
        return {"judge_loss": self.judge_loss.result()}


def test_a_model_without_a_call(tmp_path):
    model = Adversaries()
    model.compile(keras.optimizers.SGD(0.1))
    kernel = model.judge.layers[0].kernel.numpy()
    model.fit(X, batch_size=24, verbose=0)
    expected = kernel - 0.1 * 2 * X.T @ (X @ kernel) / 24
    np.testing.assert_allclose(model.judge.layers[0].kernel.numpy(), expected, rtol=1e-5)
    value = float(np.mean(np.asarray(model.judge(X)) ** 2))
    assert model.evaluate(X, batch_size=24, verbose=0) == pytest.approx(value, rel=1e-6)
    assert model.built
    assert len(model.weights) == 2
    model.save_weights(tmp_path / "a.weights.h5")
    model.save(tmp_path / "a.keras")
    loaded = keras.models.load_model(
        tmp_path / "a.keras", custom_objects={"Adversaries": Adversaries}
    )
    np.testing.assert_array_equal(loaded.judge(X), model.judge(X))
    with pytest.raises(NotImplementedError, match="does not write a `call`"):
        model(X)
    with pytest.raises(NotImplementedError, match="does not write a `call`"):
        model.predict(X, verbose=0)
    with pytest.raises(TypeError, match="`inputs`"):
        keras.Model()


@keras.saving.register_keras_serializable(package="users_classes")
def bent(x):
    return x**2 - ops.sin(x)


@pytest.mark.parametrize("kind", ["dense", "einsum", "layer"])
def test_activations_of_ones_own(kind, tmp_path):
    hidden = {
        "dense": lambda: [layers.Dense(4, activation=bent)],
        "einsum": lambda: [
            layers.EinsumDense("ab,bc->ac", output_shape=4, bias_axes="c", activation=bent)
        ],
        "layer": lambda: [layers.Dense(4), layers.Activation(bent)],
    }[kind]()
    model = keras.Sequential([keras.Input((3,)), *hidden, layers.Dense(1)])
    z = X.astype(float) @ hidden[0].kernel.numpy() + hidden[0].bias.numpy()
    w, b = (v.numpy() for v in model.layers[-1].weights)
    output = (z**2 - np.sin(z)) @ w + b
    np.testing.assert_allclose(model.predict(X, verbose=0), output, rtol=1e-4, atol=1e-5)
    # One step of gradient descent on the mean square.
    slope = 2 * (output - Y) / len(X)
    kernel = hidden[0].kernel.numpy() - 0.1 * X.T @ ((slope @ w.T) * (2 * z - np.cos(z)))
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.fit(X, Y, batch_size=len(X), verbose=0)
    np.testing.assert_allclose(hidden[0].kernel.numpy(), kernel, rtol=1e-4, atol=1e-5)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))


@pytest.mark.parametrize(
    "activation", [lambda x: ops.relu(x) + ops.tanh(x), ops.tanh, layers.LeakyReLU(0.1)]
)
def test_activations_made_of_the_engine_s_run_compiled(activation):
    model = keras.Sequential([keras.Input((3,)), layers.Dense(4, activation=activation)])
    model.compile("sgd", "mse")
    model.fit(X, np.ones((24, 4)), verbose=0)
    kernel, bias = model.get_weights()
    expected = np.asarray(activation(X @ kernel + bias))
    np.testing.assert_allclose(model.predict(X, verbose=0), expected, rtol=1e-4, atol=1e-5)
    assert model.run_mode == "compiled"


def test_output_shapes_of_a_call_of_ones_own():
    class Split(layers.Layer):
        def build(self, input_shape):
            self.kernel = self.add_weight(shape=(input_shape[-1], 4), name="kernel")

        def call(self, x):
            return ops.matmul(x, self.kernel), x[:, 0]

    layer = Split()
    assert layer.compute_output_shape((None, 3)) == ((None, 4), (None,))
    specs = layer.compute_output_spec(keras.KerasTensor((None, 3)))
    assert [spec.shape for spec in specs] == [(None, 4), (None,)]


def test_results_of_metrics_read_as_tensors_do():
    metric = keras.metrics.Mean()
    metric.update_state([1.0, 2.0])
    result = metric.result()
    assert (float(result.numpy()), result.shape, result.dtype) == (1.5, (), "float32")
    assert isinstance(result, float)


def test_logs_of_a_step_are_ordered_as_keras_orders_them():
    class Stepping(keras.Model):
        def train_step(self, data):
            super().train_step(data)
            return {m.name: m.result() for m in self.metrics}

    x = keras.Input((3,))
    model = Stepping(x, layers.Dense(1)(x))
    model.compile("sgd", "mse", metrics=["mse", "mae"])
    # The metrics of `compile` are one entry, named compile_metrics.
    assert list(model.fit(X, Y, verbose=0).history) == ["mae", "mse", "loss"]


def test_targets_only_for_outputs_with_a_loss():
    x = keras.Input((3,))
    outputs = [layers.Dense(1, name=name)(x) for name in ("p", "q")]
    model = keras.Model(x, outputs)
    model.compile("sgd", loss=[None, "mse"])
    losses = model.fit(X, {"q": Y}, batch_size=24, verbose=0).history["loss"]
    model.compile("sgd", loss=[None, "mse"])
    assert np.isfinite(losses[0])
    with pytest.raises(ValueError, match="unknown"):
        model.fit(X, {"r": Y}, verbose=0)


def test_weights_are_written_once_whatever_was_run_before(tmp_path):
    model, same = Net(4), Net(4)
    same(X)
    model.predict(X, verbose=0)  # which makes an engine of the model
    assert len(model._own_weights()) == 0
    model.save_weights(tmp_path / "net.weights.h5")
    same.load_weights(tmp_path / "net.weights.h5")
    np.testing.assert_array_equal(same(X), model(X))


def test_a_subclass_of_dense_writes_what_it_adds(tmp_path):
    class Noted(layers.Dense):
        def __init__(self, units, **kwargs):
            super().__init__(units, **kwargs)
            self.note = keras.Variable(np.arange(units), dtype="float32", name="note")

        def call(self, x):
            return super().call(x) + self.note

        def save_own_variables(self, store):
            super().save_own_variables(store)
            store["note"] = self.note.numpy()

        def load_own_variables(self, store):
            self.note.assign(store["note"])
            self.kernel.assign(store["0"])
            self.bias.assign(store["1"])

    model = keras.Sequential([keras.Input((3,)), Noted(2)])
    model.layers[0].note.assign([5.0, 7.0])
    model.save(tmp_path / "noted.keras")
    loaded = keras.models.load_model(tmp_path / "noted.keras", custom_objects={"Noted": Noted})
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))


def thrice(base):
    """A class that extends `base`, whose call gives three times as much."""

    class Thrice(base):
        def call(self, inputs, *args, **kwargs):
            return 3 * super().call(inputs, *args, **kwargs)

    return Thrice


def twice(values):
    return 2 * values


OWN_CALLS = {
    "activation": (layers.Activation, {}, 1),
    "product": (
        layers.EinsumDense,
        {"equation": "ab,bc->ac", "output_shape": 5, "bias_axes": "c"},
        4.5,
    ),
    "dense": (layers.Dense, {"units": 5}, 4.5),
}


@pytest.mark.parametrize("kind", OWN_CALLS)
@pytest.mark.parametrize(("activation", "factor"), [("relu", 1), (twice, 2)])
def test_a_call_of_ones_own_counts_in_every_class(kind, activation, factor):
    x = np.ones((2, 4), "float32")
    base, options, sums = OWN_CALLS[kind]
    if sums != 1:
        constant = keras.initializers.Constant(0.5)
        options = {**options, "kernel_initializer": "ones", "bias_initializer": constant}
    plain = base(activation=activation, **options)
    made = thrice(base)(activation=activation, **options)
    for layer, times in ((plain, factor), (made, 3 * factor)):
        expected = np.full((2, 4 if sums == 1 else 5), times * sums)
        np.testing.assert_allclose(layer(x), expected, rtol=1e-6)
        model = keras.Sequential([keras.Input((4,)), layer])
        np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-6)
    # Only what the built-in layer does not do by itself runs as the user wrote it.
    assert (plain._own_call, made._own_call) == (activation is twice, True)


@pytest.mark.parametrize("base", [layers.Dropout, layers.AlphaDropout])
@pytest.mark.parametrize("noise_shape", [None, (None, 1)])
def test_a_call_of_ones_own_counts_in_dropouts(base, noise_shape):
    x = np.ones((2, 4), "float32")
    layer = thrice(base)(0.5, noise_shape=noise_shape, seed=1)
    np.testing.assert_array_equal(layer(x), 3 * x)
    same = base(0.5, noise_shape=noise_shape, seed=1)
    np.testing.assert_allclose(layer(x, training=True), 3 * same(x, training=True), rtol=1e-6)
