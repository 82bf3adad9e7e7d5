"""Scripts with training code of the user's own, run on Keras's TensorFlow backend and on pronghorn.

Each takes a library and a tape and returns named numbers. As a program,
``python _training_scripts.py FILE.npz`` runs all of them on Keras and writes what they return.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from _scripts import Scripts, named, on_keras_with_tapes, start

SCRIPTS = Scripts()

ROWS, FEATURES = 48, 5
RNG = np.random.default_rng(8)
X = RNG.normal(size=(ROWS, FEATURES)).astype("float32")
Y = (np.sin(X[:, :1]) + X[:, 1:2] * 0.5).astype("float32")
LABELS = RNG.integers(0, 3, ROWS)
WEIGHTS = RNG.uniform(0.5, 2.0, ROWS).astype("float32")
NOISE = RNG.normal(size=(ROWS, 3)).astype("float32")
OPTIONS: dict[str, Any] = {"epochs": 3, "batch_size": 16, "shuffle": False, "verbose": 0}


def outcome(model: Any, history: Any = None, **more: Any) -> dict[str, Any]:
    found = named(model.get_weights(), "weight")
    if history is not None:
        found |= {f"log {name}": np.asarray(values) for name, values in history.history.items()}
    return found | {name: np.asarray(value) for name, value in more.items()}


def own_dense(keras: Any) -> Any:
    """A layer that knows no Dense, with a penalty on what it gives."""
    ops = keras.ops

    class OwnDense(keras.layers.Layer):
        def __init__(self, units: int, rate: float = 0.0, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.units, self.rate = units, rate

        def build(self, input_shape: Any) -> None:
            self.kernel = self.add_weight(
                shape=(input_shape[-1], self.units), initializer="glorot_uniform", name="kernel"
            )
            self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

        def call(self, inputs: Any) -> Any:
            z = ops.matmul(inputs, self.kernel) + self.bias
            if self.rate:
                self.add_loss(self.rate * ops.mean(ops.square(z)))
            return z

    return OwnDense


def model_of(keras: Any, base: Any = None, output: int = 1) -> Any:
    inputs = keras.Input((FEATURES,))
    hidden = keras.layers.Dense(7, activation="tanh")(inputs)
    return (base or keras.Model)(inputs, keras.layers.Dense(output)(hidden))


@SCRIPTS.add
def own_train_and_test_step(keras: Any, tape_class: Any) -> dict[str, Any]:
    ops = keras.ops

    class Stepping(keras.Model):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.loss_seen = keras.metrics.Mean(name="loss")
            self.error_seen = keras.metrics.MeanAbsoluteError(name="mae")

        @property
        def metrics(self) -> list[Any]:
            return [self.loss_seen, self.error_seen]

        def train_step(self, data: Any) -> dict[str, Any]:
            x, y = data
            with tape_class() as tape:
                y_pred = self(x, training=True)
                loss = ops.mean(ops.square(y - y_pred) + 0.1 * ops.abs(y - y_pred))
            weights = self.trainable_variables
            gradients = tape.gradient(loss, weights)
            self.optimizer.apply_gradients(zip(gradients, weights, strict=True))
            return self.seen(y, y_pred, loss)

        def test_step(self, data: Any) -> dict[str, Any]:
            x, y = data
            y_pred = self(x, training=False)
            return self.seen(y, y_pred, ops.mean(ops.square(y - y_pred)))

        def seen(self, y: Any, y_pred: Any, loss: Any) -> dict[str, Any]:
            self.loss_seen.update_state(loss)
            self.error_seen.update_state(y, y_pred)
            return {m.name: m.result() for m in self.metrics}

    model = start(model_of(keras, Stepping))
    model.compile(optimizer=keras.optimizers.Adam(0.02))
    history = model.fit(X, Y, validation_data=(X[:20], Y[:20]), **OPTIONS)
    return outcome(model, history, evaluated=model.evaluate(X, Y, batch_size=16, verbose=0))


@SCRIPTS.add
def steps_over_all_metrics(keras: Any, tape_class: Any) -> dict[str, Any]:
    """A step that shows the batch to whatever `metrics` lists, as Keras's guide does it."""

    class Stepping(keras.Model):
        def train_step(self, data: Any) -> dict[str, Any]:
            x, y = data
            with tape_class() as tape:
                y_pred = self(x, training=True)
                loss = self.compute_loss(y=y, y_pred=y_pred)
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply(gradients, self.trainable_variables)
            return self.shown(y, y_pred, loss)

        def test_step(self, data: Any) -> dict[str, Any]:
            x, y = data
            y_pred = self(x, training=False)
            return self.shown(y, y_pred, self.compute_loss(y=y, y_pred=y_pred))

        def shown(self, y: Any, y_pred: Any, loss: Any) -> dict[str, Any]:
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred)
            return {m.name: m.result() for m in self.metrics}

    model = start(model_of(keras, Stepping))
    metrics = ["mae", keras.metrics.RootMeanSquaredError(name="root")]
    model.compile("sgd", "mse", metrics=metrics)
    history = model.fit(X, Y, validation_data=(X[:20], Y[:20]), **OPTIONS)
    return outcome(model, history)


@SCRIPTS.add
def own_compute_loss(keras: Any, tape_class: Any) -> dict[str, Any]:
    ops = keras.ops

    class Computing(keras.Model):
        def compute_loss(
            self,
            x: Any = None,
            y: Any = None,
            y_pred: Any = None,
            sample_weight: Any = None,
            training: bool = True,
        ) -> Any:
            del x, training
            errors = ops.squeeze(ops.log(1.0 + ops.square(y - y_pred)), axis=-1)
            return ops.mean(errors if sample_weight is None else errors * sample_weight)

    model = start(model_of(keras, Computing))
    model.compile(optimizer=keras.optimizers.RMSprop(0.01), metrics=["mae"])
    history = model.fit(X, Y, sample_weight=WEIGHTS, **OPTIONS)
    return outcome(model, history)


@SCRIPTS.add
def own_loss_and_metric(keras: Any, tape_class: Any) -> dict[str, Any]:
    ops = keras.ops

    class Bent(keras.losses.Loss):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return ops.mean(ops.sqrt(1.0 + ops.square(y_true - y_pred)), axis=-1)

    class LargestError(keras.metrics.Metric):
        def __init__(self, name: str = "largest", **kwargs: Any) -> None:
            super().__init__(name=name, **kwargs)
            self.largest = self.add_variable(shape=(), initializer="zeros", name="largest")

        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            error = ops.max(ops.abs(ops.cast(y_true, "float32") - y_pred))
            self.largest.assign(ops.maximum(self.largest, error))

        def result(self) -> Any:
            return self.largest * 1.0

    def spread(y_true: Any, y_pred: Any) -> Any:
        return ops.abs(y_true - y_pred) * 2.0

    model = start(model_of(keras))
    model.compile(
        optimizer=keras.optimizers.SGD(0.05, momentum=0.9),
        loss=Bent(),
        metrics=[LargestError(), spread],
    )
    history = model.fit(X, Y, sample_weight=WEIGHTS, validation_data=(X[:9], Y[:9]), **OPTIONS)
    return outcome(model, history)


@SCRIPTS.add
def nested_layers_with_losses(keras: Any, tape_class: Any) -> dict[str, Any]:
    ops, dense = keras.ops, own_dense(keras)

    class Block(keras.layers.Layer):
        def __init__(self, units: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.parts = [dense(units, rate=0.1), dense(units)]
            self.shortcut = keras.layers.Dense(units)

        def call(self, inputs: Any, training: bool = False) -> Any:
            x = ops.tanh(self.parts[0](inputs))
            x = ops.relu(self.parts[1](x)) + self.shortcut(inputs)
            return x * 0.5 if training else x

    class Net(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = {"first": Block(6), "second": Block(4)}
            self.out = keras.layers.Dense(3, kernel_regularizer=keras.regularizers.L2(0.01))

        def call(self, inputs: Any, training: bool = False) -> Any:
            x = self.blocks["first"](inputs, training=training)
            return self.out(self.blocks["second"](x, training=training))

    model = Net()
    model(X[:2])
    start(model)
    model.compile(
        optimizer=keras.optimizers.AdamW(0.01, weight_decay=0.05),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    history = model.fit(X, LABELS, **OPTIONS)
    predicted = model.predict(X[:7], verbose=0)
    return outcome(model, history, shapes=[len(model.trainable_weights)], predicted=predicted)


@SCRIPTS.add
def layers_of_plain_products(keras: Any, tape_class: Any) -> dict[str, Any]:
    dense = own_dense(keras)
    layers = [dense(6), keras.layers.ReLU(), dense(6), keras.layers.Dropout(0.0), dense(1)]
    model = start(keras.Sequential([keras.Input((FEATURES,)), *layers]))
    model.layers[2].trainable = False
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss="mse")
    return outcome(model, model.fit(X, Y, validation_split=0.25, **OPTIONS))


@SCRIPTS.add
def penalty_on_gradients(keras: Any, tape_class: Any) -> dict[str, Any]:
    ops = keras.ops

    class Smooth(keras.Model):
        def train_step(self, data: Any) -> dict[str, Any]:
            x, y = data
            with tape_class() as tape:
                with tape_class() as inner:
                    inner.watch(x)
                    y_pred = self(x, training=True)
                slopes = inner.gradient(y_pred, x)
                norm = ops.sqrt(ops.sum(ops.square(slopes), axis=-1) + 1e-6)
                penalty = ops.mean(ops.square(norm - 1.0))
                loss = ops.mean(ops.square(y - y_pred)) + 0.3 * penalty
            weights = self.trainable_variables
            self.optimizer.apply(tape.gradient(loss, weights), weights)
            return {"loss": loss, "penalty": penalty}

    inputs = keras.Input((FEATURES,))
    x = keras.layers.Dense(8, activation="softplus")(inputs)
    # Not LayerNormalization: TensorFlow's moments stop gradients at the mean, which is right for
    # first derivatives alone.
    x = keras.layers.RMSNormalization()(keras.layers.Dense(6, activation="gelu")(x))
    model = start(Smooth(inputs, keras.layers.Dense(1)(x)))
    model.compile(optimizer=keras.optimizers.Adam(0.01))
    return outcome(model, model.fit(X, Y, **OPTIONS))


@SCRIPTS.add
def two_networks_with_an_optimizer_each(keras: Any, tape_class: Any) -> dict[str, Any]:
    ops, layers = keras.ops, keras.layers

    class Adversaries(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.judge = start(
                keras.Sequential(
                    [keras.Input((FEATURES,)), layers.Dense(8, activation="leaky_relu"),
                     layers.Dense(1)]
                ), 1
            )  # fmt: skip
            self.maker = start(
                keras.Sequential(
                    [keras.Input((3,)), layers.Dense(8, activation="relu"), layers.Dense(FEATURES)]
                ), 2
            )  # fmt: skip
            self.judge_loss = keras.metrics.Mean(name="judge_loss")
            self.maker_loss = keras.metrics.Mean(name="maker_loss")

        def compile(self, judge: Any, maker: Any, loss: Any, **options: Any) -> None:
            super().compile(**options)
            self.judge_optimizer, self.maker_optimizer, self.loss_of = judge, maker, loss

        @property
        def metrics(self) -> list[Any]:
            return [self.judge_loss, self.maker_loss]

        def call(self, noise: Any) -> Any:
            return self.judge(self.maker(noise))

        def train_step(self, data: Any) -> dict[str, Any]:
            real, noise = data
            with tape_class() as tape:
                both = ops.concatenate([self.maker(noise), real], axis=0)
                one = ops.ones((ops.shape(real)[0], 1))
                loss = self.loss_of(ops.concatenate([one, 0 * one], axis=0), self.judge(both))
            weights = self.judge.trainable_weights
            self.judge_optimizer.apply(tape.gradient(loss, weights), weights)
            self.judge_loss.update_state(loss)
            with tape_class() as tape:
                loss = self.loss_of(0 * one, self.judge(self.maker(noise)))
            weights = self.maker.trainable_weights
            self.maker_optimizer.apply(tape.gradient(loss, weights), weights)
            self.maker_loss.update_state(loss)
            return {m.name: m.result() for m in self.metrics}

    model = Adversaries()
    model.compile(
        keras.optimizers.Adam(0.01, beta_1=0.5),
        keras.optimizers.Adam(0.02, beta_1=0.5),
        keras.losses.BinaryCrossentropy(from_logits=True),
    )
    history = model.fit(X, NOISE, **OPTIONS)
    found = outcome(model.judge, history)
    return found | named(model.maker.get_weights(), "maker")


@SCRIPTS.add
def variational_autoencoder(keras: Any, tape_class: Any) -> dict[str, Any]:
    """As the guide to subclassing has it: layers inside layers, a loss of the `call`, a seed."""
    ops, layers = keras.ops, keras.layers

    class Sampling(layers.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.seed_generator = keras.random.SeedGenerator(1337)

        def call(self, inputs: Any) -> Any:
            mean, log_variance = inputs
            shape = ops.shape(mean)
            # The numbers differ between the libraries; that they are drawn does not.
            noise = 0.3 + 0.0 * keras.random.normal(shape=shape, seed=self.seed_generator)
            return mean + ops.exp(0.5 * log_variance) * noise

    class Encoder(layers.Layer):
        def __init__(self, size: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.hidden = layers.Dense(8, activation="relu")
            self.mean, self.log_variance = layers.Dense(size), layers.Dense(size)
            self.sampling = Sampling()

        def call(self, inputs: Any) -> Any:
            x = self.hidden(inputs)
            mean, log_variance = self.mean(x), self.log_variance(x)
            return mean, log_variance, self.sampling((mean, log_variance))

    class Autoencoder(keras.Model):
        def __init__(self, size: int = 2, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.encoder = Encoder(size, name="encoder")
            self.decoder = keras.Sequential(
                [layers.Dense(8, activation=lambda z: z * ops.sigmoid(z)), layers.Dense(FEATURES)]
            )

        def call(self, inputs: Any) -> Any:
            mean, log_variance, code = self.encoder(inputs)
            spread = log_variance - ops.square(mean) - ops.exp(log_variance) + 1
            self.add_loss(-0.5 * ops.mean(spread))
            return self.decoder(code)

    model = Autoencoder()
    model(X[:2])
    rng = np.random.default_rng(3)
    for variable in model.trainable_variables:
        variable.assign(0.4 * rng.normal(size=variable.shape))
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
    history = model.fit(X, X, validation_data=(X[:20], X[:20]), **OPTIONS)
    found = named([w.numpy() for w in model.trainable_variables], "weight")
    return found | {f"log {name}": np.asarray(values) for name, values in history.history.items()}


@SCRIPTS.add
def steps_without_a_call(keras: Any, tape_class: Any) -> dict[str, Any]:
    """As the guide to adversarial nets has it: the model is only called in parts."""
    ops, layers = keras.ops, keras.layers

    class Matching(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.left = start(keras.Sequential([keras.Input((FEATURES,)), layers.Dense(2)]), 1)
            self.right = start(keras.Sequential([keras.Input((1,)), layers.Dense(2)]), 2)
            self.distance = keras.metrics.Mean(name="distance")
            self.built = True

        @property
        def metrics(self) -> list[Any]:
            return [self.distance]

        def train_step(self, data: Any) -> dict[str, Any]:
            x, y = data
            with tape_class() as tape:
                gap = ops.mean(ops.square(self.left(x) - self.right(y)))
            weights = self.trainable_variables
            self.optimizer.apply(tape.gradient(gap, weights), weights)
            self.distance.update_state(gap)
            return {"distance": self.distance.result()}

        def test_step(self, data: Any) -> dict[str, Any]:
            x, y = data
            self.distance.update_state(ops.mean(ops.square(self.left(x) - self.right(y))))
            return {"distance": self.distance.result()}

    model = Matching()
    model.compile(keras.optimizers.RMSprop(0.01))
    history = model.fit(X, Y, validation_data=(X[:20], Y[:20]), **OPTIONS)
    return outcome(model, history, evaluated=model.evaluate(X, Y, batch_size=16, verbose=0))


@SCRIPTS.add
def lambda_layers(keras: Any, tape_class: Any) -> dict[str, Any]:
    ops, layers = keras.ops, keras.layers
    model = keras.Sequential(
        [
            keras.Input((FEATURES,)),
            layers.Lambda(lambda x: ops.concatenate([x, ops.sin(x)], axis=-1)),
            layers.Dense(6),
            layers.Lambda(lambda x: x * ops.sigmoid(1.7 * x)),
            layers.Dense(1),
        ]
    )
    start(model)
    model.compile(optimizer=keras.optimizers.Nadam(0.02), loss="huber")
    return outcome(model, model.fit(X, Y, **OPTIONS))


@SCRIPTS.add
def loop_without_fit(keras: Any, tape_class: Any) -> dict[str, Any]:
    ops = keras.ops
    model = start(model_of(keras, output=3))
    optimizer = keras.optimizers.Adagrad(0.05, clipnorm=0.5)
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    accuracy = keras.metrics.SparseCategoricalAccuracy()
    losses = []
    for epoch in range(2):
        for first in range(0, ROWS, 12):
            x, y = X[first : first + 12], LABELS[first : first + 12]
            with tape_class() as tape:
                logits = model(x, training=True)
                loss = loss_of(y, logits) + 1e-3 * sum(
                    ops.sum(ops.square(w)) for w in model.trainable_weights
                )
            gradients = tape.gradient(loss, model.trainable_weights)
            if epoch:
                gradients = [ops.clip(g, -0.1, 0.1) for g in gradients]
            optimizer.apply(gradients, model.trainable_weights)
            accuracy.update_state(y, logits)
            losses.append(float(loss))
    return outcome(model, losses=losses, accuracy=float(accuracy.result()))


if __name__ == "__main__":
    on_keras_with_tapes(SCRIPTS, sys.argv[1])
