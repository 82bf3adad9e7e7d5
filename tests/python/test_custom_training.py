"""What users write themselves: losses, metrics, layers, models and steps, in `fit`."""

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import GradientTape, layers, losses, metrics, ops

X = np.random.default_rng(0).random((48, 4)).astype("float32")
Y = (X @ [[1.0], [-2.0], [0.5], [1.5]]).astype("float32")
OPTIONS = {"epochs": 3, "batch_size": 16, "shuffle": False, "verbose": 0}


class PlainDense(layers.Layer):
    """Dense, written with operations."""

    def __init__(self, units, activation=None, **kwargs):
        super().__init__(**kwargs)
        self.units, self.activation = units, keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(
            shape=(input_shape[-1], self.units), initializer="glorot_uniform", name="kernel"
        )
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, inputs):
        return self.activation(ops.matmul(inputs, self.kernel) + self.bias)


class RecordedDense(PlainDense):
    """The same, with a kernel that the engine does not recognise as a weight."""

    def call(self, inputs):
        return self.activation(ops.matmul(inputs, ops.multiply(self.kernel, 1)) + self.bias)


class TwoLayers(keras.Model):
    def __init__(self, first=layers.Dense, rate=0.0):
        super().__init__()
        self.hidden = first(8, activation="tanh")
        self.drop = layers.Dropout(rate)
        self.out = layers.Dense(1)

    def call(self, inputs, training=False):
        return self.out(self.drop(self.hidden(inputs), training=training))


class WithStep(keras.Model):
    def train_step(self, data):
        x, y = data
        with GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
        variables = self.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return {"loss": loss, "mae": ops.mean(ops.absolute(y - y_pred))}


WEIGHTS = [
    np.random.default_rng(i).normal(size=shape).astype("float32") * 0.5
    for i, shape in enumerate([(4, 8), (8,), (8, 1), (1,)])
]


def chain(first=layers.Dense):
    return keras.Sequential([keras.Input((4,)), first(8, activation="tanh"), layers.Dense(1)])


def trained(model, optimizer="adam", loss="mse", **compile_options):
    model.build((None, 4))
    model.set_weights(WEIGHTS)
    model.compile(optimizer, loss, **compile_options)
    history = model.fit(X, Y, **OPTIONS).history
    return history, model.get_weights()


def assert_same_training(model, mode, **options):
    expected_logs, expected = trained(chain(), **{**options, "loss": "mse"})
    logs, weights = trained(model, **options)
    assert model.run_mode == mode
    np.testing.assert_allclose(logs["loss"], expected_logs["loss"], rtol=2e-5)
    for found, wanted in zip(weights, expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=2e-4, atol=2e-6)


def squared(y_true, y_pred):
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


class Squared(losses.Loss):
    def call(self, y_true, y_pred):
        return np.square(y_true - y_pred).mean(axis=-1)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop", "adamw"])
@pytest.mark.parametrize("loss", [squared, Squared()], ids=["function", "class"])
def test_a_loss_of_the_users_own_trains_as_the_built_in_one(optimizer, loss):
    assert_same_training(chain(), "split", optimizer=optimizer, loss=loss)


@pytest.mark.parametrize(
    ("model", "mode"),
    [
        (chain, "compiled"),
        (lambda: chain(PlainDense), "compiled"),
        (lambda: chain(RecordedDense), "recorded"),
        (TwoLayers, "compiled"),
        (lambda: TwoLayers(PlainDense), "compiled"),
        (lambda: TwoLayers(RecordedDense), "recorded"),
    ],
    ids=[
        "chain",
        "chain of own layers",
        "chain of recorded layers",
        "subclass",
        "subclass of own layers",
        "subclass of recorded layers",
    ],
)
def test_however_a_model_is_written_the_numbers_are_the_same(model, mode):
    assert_same_training(model(), mode)


def test_an_overridden_train_step_trains_as_the_built_in_one():
    inputs = keras.Input((4,))
    model = WithStep(inputs, layers.Dense(1)(layers.Dense(8, activation="tanh")(inputs)))
    model.set_weights(WEIGHTS)
    model.compile("adam", "mse")
    history = model.fit(X, Y, **OPTIONS).history
    assert model.run_mode == "split"
    assert list(history) == ["loss", "mae"]
    _, expected = trained(chain())
    for found, wanted in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=2e-4, atol=2e-6)


def test_run_eagerly_gives_the_same_logs():
    compiled, _ = trained(chain(), metrics=["mae"])
    eager, _ = trained(chain(), metrics=["mae"], run_eagerly=True)
    assert list(eager) == list(compiled)
    for name in compiled:
        np.testing.assert_allclose(eager[name], compiled[name], rtol=2e-5)


def test_custom_metrics_see_every_batch():
    class Largest(metrics.Metric):
        def __init__(self, name="largest", **kwargs):
            super().__init__(name=name, **kwargs)
            self.largest = self.add_variable((), "zeros", name="largest")

        def update_state(self, y_true, y_pred, sample_weight=None):
            error = ops.max(ops.absolute(y_true - y_pred))
            self.largest.assign(ops.maximum(self.largest, error))

        def result(self):
            return self.largest.value

    def mean_error(y_true, y_pred):
        return ops.mean(ops.absolute(y_true - y_pred), axis=-1)

    model = chain()
    model.compile("adam", "mse", metrics=[Largest(), mean_error, "mae"])
    model.fit(X, Y, **OPTIONS)
    results = model.evaluate(X, Y, verbose=0, return_dict=True)
    error = np.abs(model.predict(X, verbose=0) - Y)
    assert results["largest"] == pytest.approx(float(error.max()), rel=1e-6)
    assert results["mean_error"] == pytest.approx(float(error.mean()), rel=1e-6)
    assert results["mae"] == pytest.approx(results["mean_error"], rel=1e-6)
    assert model.evaluate(X, Y, verbose=0)[0] == pytest.approx(float((error**2).mean()), rel=1e-6)


def test_sample_weights_reach_a_loss_of_the_users_own():
    weights = np.linspace(0, 2, len(X)).astype("float32")
    results = []
    for loss in ("mse", squared):
        model = chain()
        model.set_weights(WEIGHTS)
        model.compile("sgd", loss)
        model.fit(X, Y, sample_weight=weights, **OPTIONS)
        results.append(model.get_weights())
    for first, second in zip(*results, strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-5, atol=1e-6)


def test_add_loss_and_weight_regularizers_join_the_loss():
    class Penalised(layers.Layer):
        def build(self, input_shape):
            self.scale = self.add_weight(
                shape=(1,), initializer="ones", regularizer=keras.regularizers.L2(0.5)
            )

        def call(self, inputs):
            self.add_loss(0.25 * ops.sum(ops.square(inputs)))
            return inputs * self.scale

    layer = Penalised()
    with GradientTape() as tape:
        layer(ops.convert_to_tensor([[1.0, 2.0]]))
        total = sum(layer.losses)
    assert float(total) == pytest.approx(0.25 * 5 + 0.5)
    assert tape.gradient(total, layer.scale).item() == pytest.approx(1.0)
    model = keras.Sequential([keras.Input((4,)), Penalised()])
    model.compile("sgd")
    assert model.evaluate(X, verbose=0, batch_size=48) == pytest.approx(
        0.25 * float((X**2).sum()) + 0.5, rel=1e-5
    )


def test_training_reaches_layers_that_ask_for_it():
    class Doubled(layers.Layer):
        def call(self, inputs, training=False):
            return inputs * (2.0 if training else 1.0)

    class Outer(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = Doubled()

        def call(self, inputs):
            return self.inner(inputs)

    x = np.ones((1, 2), "float32")
    assert Doubled()(x, training=True).tolist() == [[2, 2]]
    assert Outer()(x, training=True).tolist() == [[2, 2]]
    assert Outer()(x).tolist() == [[1, 1]]


def test_nested_layers_own_their_weights():
    class Block(layers.Layer):
        def __init__(self):
            super().__init__(name="block")
            self.parts = [layers.Dense(3, name="a"), {"x": PlainDense(2, name="b")}]
            self.step = keras.Variable([1.0], trainable=False, name="step")

        def call(self, inputs):
            return self.parts[1]["x"](self.parts[0](inputs)) * self.step

    block = Block()
    assert block(np.ones((5, 4))).shape == (5, 2)
    assert [v.shape for v in block.trainable_weights] == [(4, 3), (3,), (3, 2), (2,)]
    assert [v.shape for v in block.non_trainable_weights] == [(1,)]
    block.trainable = False
    assert block.trainable_weights == []


def test_lambda_like_operations_in_a_functional_model():
    inputs = keras.Input((4,))
    hidden = layers.Dense(3)(inputs)
    outputs = ops.concatenate([ops.exp(hidden) - 1.0, hidden[:, :1] ** 2], axis=1)
    model = keras.Model(inputs, outputs)
    assert model.run_mode == "recorded"
    assert model.output_shape == (None, 4)
    kernel, bias = model.get_weights()
    z = X @ kernel + bias
    expected = np.concatenate([np.exp(z) - 1, z[:, :1] ** 2], axis=1)
    np.testing.assert_allclose(model.predict(X, verbose=0), expected, rtol=1e-5, atol=1e-6)
    model.compile("adam", "mse")
    target = np.zeros((len(X), 4), "float32")
    logs = model.fit(X, target, epochs=8, verbose=0).history["loss"]
    assert logs[-1] < logs[0]


def test_gradients_through_built_in_layers_match_the_tape_of_operations():
    built_in, own = layers.Dense(3, activation="tanh"), PlainDense(3, activation="tanh")
    x = ops.convert_to_tensor(X)
    built_in(X), own(X)
    own.set_weights(built_in.get_weights())
    found = []
    for layer in (built_in, own):
        with GradientTape() as outer:
            outer.watch(x)
            with GradientTape(persistent=True) as tape:
                tape.watch(x)
                y = ops.sum(layer(x) ** 3)
            first = tape.gradient(y, [x, *layer.trainable_weights])
            penalty = ops.sum(first[0] ** 2)
        found.append([*first, *outer.gradient(penalty, [x, *layer.trainable_weights])])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=1e-5)


def test_what_a_call_cannot_do_in_training_alone_is_not_compiled():
    class Scaled(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, inputs, training=False):
            x = self.dense(inputs)
            return layers.Add()([x, x]) if training else x

    model = Scaled()
    once = model(X[:2])
    np.testing.assert_allclose(model(X[:2], training=True), 2 * once, rtol=1e-6)
    assert model.run_mode == "recorded"


def test_optimizers_apply_gradients_to_variables():
    w, b = keras.Variable(np.ones((2, 2), "float32")), keras.Variable(np.float32(3.0))
    optimizer = keras.optimizers.SGD(0.5)
    optimizer.apply_gradients([(np.ones((2, 2)), w), (np.float32(2.0), b)])
    assert w.numpy().tolist() == [[0.5, 0.5]] * 2
    assert float(b.numpy()) == 2.0
    assert optimizer.iterations == 1
    with pytest.raises(ValueError, match="No gradients"):
        optimizer.apply([None, None], [w, b])
    with pytest.raises(ValueError, match="shape"):
        optimizer.apply([np.ones(3), 1.0], [w, b])
    with pytest.warns(UserWarning, match=b.path):
        optimizer.apply([np.ones((2, 2)), None], [w, b])
    assert float(b.numpy()) == 2.0


def test_errors_are_clear():
    model = chain()
    model.compile("sgd", squared)
    with pytest.raises(ValueError, match="same number of samples"):
        model.fit(X, Y[:5], verbose=0)
    with pytest.raises(ValueError, match="no loss"):
        keras.Sequential([keras.Input((4,)), PlainDense(1)]).compute_loss(X, Y, Y)

    class Wrong(WithStep):
        def train_step(self, data):
            return 3.0

    inputs = keras.Input((4,))
    model = Wrong(inputs, layers.Dense(1)(inputs))
    model.compile("sgd", "mse")
    with pytest.raises(TypeError, match="dict of numbers"):
        model.fit(X, Y, verbose=0)


def test_lambda_layers():
    def scaled(x, factor, training=False):
        return x * (factor if training else 1.0)

    layer = layers.Lambda(scaled, arguments={"factor": 3.0})
    assert layer(np.ones((1, 2)), training=True).tolist() == [[3, 3]]
    model = keras.Sequential([keras.Input((4,)), layers.Lambda(lambda x: ops.sum(x, axis=1) ** 2)])
    assert model.output_shape == (None,)
    assert model.run_mode == "recorded"
    np.testing.assert_allclose(model.predict(X, verbose=0), X.sum(axis=1) ** 2, rtol=1e-5)
    known = layers.Lambda(lambda x: x[:, :2], output_shape=(2,))
    assert known(keras.Input((4,))).shape == (None, 2)
    with pytest.raises(TypeError, match="callable"):
        layers.Lambda(3)


def test_constraints_hold_after_each_update():
    class Positive(layers.Layer):
        def build(self, input_shape):
            self.scale = self.add_weight(
                shape=(input_shape[-1],), initializer="ones", constraint="non_neg"
            )

        def call(self, inputs):
            return inputs * self.scale

    model = keras.Sequential([keras.Input((4,)), Positive()])
    model.compile(keras.optimizers.SGD(5.0), "mse")
    model.fit(X, -X, **OPTIONS)
    assert model.get_weights()[0].tolist() == [0.0] * 4


@pytest.mark.parametrize("constraint", ["MaxNorm", "NonNeg", "UnitNorm"])
def test_constraints_of_layers_hold_in_steps(constraint):
    """Compiled training applies them in the engine, steps in Python; the weights are the same."""
    found = []
    rng = np.random.default_rng(8)
    x, y = rng.normal(size=(24, 5)), rng.normal(size=(24, 2))
    values = [rng.normal(size=shape) for shape in ((5, 4), (4,), (4, 2), (2,))]
    for eager in (False, True):
        limit = getattr(keras.constraints, constraint)()
        layers = [
            keras.layers.Dense(4, "tanh", kernel_constraint=limit),
            keras.layers.EinsumDense("ab,bc->ac", 2, bias_axes="c", bias_constraint=limit),
        ]
        model = keras.Sequential([keras.Input((5,)), *layers])
        model.set_weights(values)
        model.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=eager)
        model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
        found.append(model.get_weights())
    for compiled, stepped in zip(*found, strict=True):
        np.testing.assert_allclose(stepped, compiled, rtol=1e-4, atol=1e-6)
    assert not np.allclose(found[0][0], values[0], atol=1e-2)


def test_a_metric_written_with_operations_on_its_variables():
    class Larger(metrics.Metric):
        def __init__(self, name="larger", **kwargs):
            super().__init__(name=name, **kwargs)
            self.count = self.add_variable((), "zeros", name="count")

        def update_state(self, y_true, y_pred, sample_weight=None):
            found = ops.cast(ops.greater(y_pred, y_true), self.count.dtype)
            self.count.assign(self.count + ops.sum(found))

        def result(self):
            return self.count

    model = keras.Sequential([keras.Input((4,)), layers.Dense(1, kernel_initializer="ones")])
    model.compile("sgd", "mse", metrics=[Larger()])
    expected = (X.sum(axis=1, keepdims=True) > Y).sum()
    assert model.evaluate(X, Y, verbose=0)[1] == expected


def test_a_loss_that_looks_at_shapes_is_the_users_own():
    """What it says when it is asked what it is, and not given numbers, does not count."""

    def mixture(y_true, y_pred):
        weights, means = ops.split(y_pred, 2, axis=-1)
        if y_pred.shape[-1] != 4:
            raise ValueError("two weights and two means")
        parts = ops.log_softmax(weights, axis=-1) - 0.5 * ops.square(y_true - means)
        return -ops.logsumexp(parts, axis=-1)

    model = keras.Sequential([keras.Input((3,)), layers.Dense(4)])
    model.compile("sgd", mixture)
    x, y = np.ones((8, 3)), np.zeros((8, 1))
    losses = model.fit(x, y, epochs=3, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def normalised_model():
    """Weights that learn are not those of the engine, and several have one shape."""
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(4, activation="tanh"),
            layers.BatchNormalization(),
            layers.Dense(4, activation="tanh"),
            layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.Adam(0.05), "mse")
    return model


def own_step(model, order):
    with GradientTape() as tape:
        loss = ops.mean(ops.square(Y - model(X, training=True)))
    variables = order(model.trainable_variables)
    model.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))


@pytest.mark.parametrize("order", [list, lambda variables: variables[::-1]])
def test_fit_and_own_steps_by_turns_share_the_state_of_each_weight(order):
    """As own steps alone, in whichever order they name the weights."""
    mixed, alone = normalised_model(), normalised_model()
    for turn in range(6):
        if turn % 2 == 0:
            mixed.fit(X, Y, batch_size=len(X), verbose=0)
        else:
            own_step(mixed, order)
        own_step(alone, order)
    for got, expected in zip(mixed.get_weights(), alone.get_weights(), strict=True):
        np.testing.assert_allclose(got, expected, rtol=2e-3, atol=2e-4)
