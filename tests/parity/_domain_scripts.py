"""Scripts of several fields as people write them for Keras, run on Keras and on pronghorn.

Keras runs them on its TensorFlow backend, whose tapes take gradients. As a program,
``python _domain_scripts.py FILE.npz`` runs all of them on Keras and writes what they return.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import numpy as np
from _scripts import Scripts, named, on_keras_with_tapes, start

SCRIPTS = Scripts()

ROWS, FEATURES = 40, 4
RNG = np.random.default_rng(12)
X = RNG.normal(size=(ROWS, FEATURES)).astype("float32")
Y = (np.sin(X[:, :1]) + 0.4 * X[:, 1:2]).astype("float32")
IDS = RNG.integers(0, 9, (ROWS, 2))
OPTIONS: dict[str, Any] = {"epochs": 3, "batch_size": 10, "shuffle": False, "verbose": 0}


def dense(keras: ModuleType, *sizes: int, activation: str = "tanh") -> Any:
    """A chain from the first size to the last."""
    hidden = [keras.layers.Dense(size, activation) for size in sizes[1:-1]]
    return keras.Sequential([keras.Input((sizes[0],)), *hidden, keras.layers.Dense(sizes[-1])])


@SCRIPTS.add
def actor_and_critic(keras: ModuleType, tape_class: Any) -> dict[str, Any]:
    """The critic's value goes into the loss as the target, with its gradient."""
    ops, rewards = keras.ops, np.linspace(1.0, -0.5, 8)
    inputs = keras.Input((FEATURES,))
    common = keras.layers.Dense(8, "relu")(inputs)
    actions = keras.layers.Dense(2, "softmax")(common)
    model = start(keras.Model(inputs, [actions, keras.layers.Dense(1)(common)]))
    optimizer, huber, losses = keras.optimizers.Adam(0.02), keras.losses.Huber(), []
    for _ in range(3):
        with tape_class() as tape:
            actor_losses, critic_losses = [], []
            for step, reward in enumerate(rewards):
                state = ops.expand_dims(ops.convert_to_tensor(X[step]), 0)
                probabilities, value = model(state)
                difference = float(reward) - value[0, 0]
                actor_losses.append(-ops.log(probabilities[0, step % 2]) * difference)
                target = ops.expand_dims(ops.convert_to_tensor(reward, "float32"), 0)
                critic_losses.append(huber(ops.expand_dims(value[0, 0], 0), target))
            loss = sum(actor_losses) + sum(critic_losses)
        weights = model.trainable_variables
        gradients = tape.gradient(loss, weights)
        optimizer.apply_gradients(zip(gradients, weights, strict=True))
        losses.append(float(loss))
    return {"losses": losses, **named(model.get_weights(), "weight")}


@SCRIPTS.add
def actions_and_targets_of_two_networks(keras: ModuleType, tape_class: Any) -> dict[str, Any]:
    """Deterministic policy gradients: the actor learns through the critic, targets follow."""
    ops, layers = keras.ops, keras.layers

    def critic_of() -> Any:
        state, action = keras.Input((FEATURES,)), keras.Input((1,))
        joined = layers.Concatenate()([layers.Dense(6, "relu")(state), action])
        return keras.Model([state, action], layers.Dense(1)(layers.Dense(6, "relu")(joined)))

    def actor_of() -> Any:
        state = keras.Input((FEATURES,))
        return keras.Model(state, layers.Dense(1, "tanh")(layers.Dense(6, "relu")(state)) * 2.0)

    taken = ops.convert_to_tensor(Y[10:20])
    actor, critic = start(actor_of(), 1), start(critic_of(), 2)
    slow_actor, slow_critic = actor_of(), critic_of()
    slow_actor.set_weights(actor.get_weights())
    slow_critic.set_weights(critic.get_weights())
    optimizers = [keras.optimizers.Adam(0.02), keras.optimizers.Adam(0.01)]
    for first in range(0, 30, 10):
        state, after = (ops.convert_to_tensor(X[first + k : first + k + 10]) for k in (0, 5))
        with tape_class() as tape:
            wanted = ops.convert_to_tensor(Y[:10]) + 0.9 * slow_critic([after, slow_actor(after)])
            loss = ops.mean(ops.square(ops.stop_gradient(wanted) - critic([state, taken])))
        gradients = tape.gradient(loss, critic.trainable_variables)
        optimizers[0].apply(gradients, critic.trainable_variables)
        with tape_class() as tape:
            loss = -ops.mean(critic([state, actor(state, training=True)]))
        gradients = tape.gradient(loss, actor.trainable_variables)
        optimizers[1].apply(gradients, actor.trainable_variables)
        for slow, fast in ((slow_actor, actor), (slow_critic, critic)):
            for a, b in zip(slow.trainable_variables, fast.trainable_variables, strict=True):
                a.assign(0.9 * a + 0.1 * b)
    found = named(actor.get_weights(), "weight") | named(critic.get_weights(), "critic")
    return found | named(slow_critic.get_weights(), "slow critic")


@SCRIPTS.add
def heat_equation(keras: ModuleType, tape_class: Any) -> dict[str, Any]:
    """Second derivatives by the inputs, in a loss whose gradient is taken."""
    ops, net = keras.ops, start(dense(keras, 2, 8, 8, 1))
    optimizer, losses = keras.optimizers.Adam(0.01), []
    points = ops.convert_to_tensor(X[:16, :2])
    for _ in range(3):
        with tape_class() as tape:
            with tape_class() as outer:
                outer.watch(points)
                with tape_class() as inner:
                    inner.watch(points)
                    u = net(points)
                slopes = inner.gradient(u, points)
                along = slopes[:, 1:2]
            curvature = outer.gradient(along, points)[:, 1:2]
            residual = slopes[:, 0:1] - 0.3 * curvature + u * slopes[:, 1:2]
            loss = ops.mean(ops.square(residual))
        gradients = tape.gradient(loss, net.trainable_variables)
        optimizer.apply(
            [0.0 * w if g is None else g
             for g, w in zip(gradients, net.trainable_variables, strict=True)],
            net.trainable_variables,
        )  # fmt: skip
        losses.append(float(loss))
    return {"losses": losses, **named(net.get_weights(), "weight")}


@SCRIPTS.add
def learnt_weights_of_samples(keras: ModuleType, tape_class: Any) -> dict[str, Any]:
    ops, model = keras.ops, start(dense(keras, FEATURES, 6, 1))
    scores = keras.Variable(np.linspace(-1, 1, 20).astype("float32"))
    loss_of = keras.losses.MeanSquaredError(reduction="mean_with_sample_weight")
    optimizer = keras.optimizers.Adam(0.05)
    for _ in range(3):
        with tape_class() as tape:
            loss = loss_of(Y[:20], model(X[:20]), sample_weight=ops.softmax(scores * 1.0) * 20)
        variables = [*model.trainable_variables, scores]
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
    return {"scores": ops.convert_to_numpy(scores.value), **named(model.get_weights(), "weight")}


@SCRIPTS.add
def recommendations(keras: ModuleType, tape_class: Any) -> dict[str, Any]:
    """Vectors of users and items, looked up without an axis of their own."""
    ops, layers = keras.ops, keras.layers

    class Quotients(layers.Layer):  # type: ignore[misc, name-defined]
        def __init__(self, buckets: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.buckets = buckets
            self.quotients = layers.Embedding(buckets, 3)
            self.remainders = layers.Embedding(buckets, 3)

        def call(self, ids: Any) -> Any:
            by_quotient = self.quotients(ops.floor_divide(ids, self.buckets))
            return by_quotient * self.remainders(ops.mod(ids, self.buckets))

    class Scores(keras.Model):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.users = layers.Embedding(9, 3)
            self.items = layers.Embedding(9, 3)
            self.bias = layers.Embedding(9, 1)

        def call(self, pairs: Any) -> Any:
            users, items = self.users(pairs[:, 0]), self.items(pairs[:, 1])
            product = ops.sum(users * items, axis=1, keepdims=True)
            return ops.sigmoid(product + self.bias(pairs[:, 0]))

    users = keras.Input((), name="users", dtype="int32")
    items = keras.Input((), name="items", dtype="int32")
    plain = layers.Embedding(9, 3)(items)
    graph = start(keras.Model([users, items], layers.Dot(axes=1)([Quotients(3)(users), plain])))
    graph.compile(keras.optimizers.SGD(0.1), "mse")
    losses = graph.fit([IDS[:, 0], IDS[:, 1]], Y, **OPTIONS).history["loss"]
    scores = Scores()
    scores(IDS[:2])
    start(scores).compile(keras.optimizers.SGD(0.1), "binary_crossentropy")
    more = scores.fit(IDS, (Y > 0).astype("float32"), **OPTIONS).history["loss"]
    return {"losses": losses, "more": more, "predicted": scores.predict(IDS, verbose=0)}


@SCRIPTS.add
def aligning_network(keras: ModuleType, tape_class: Any) -> dict[str, Any]:
    """A penalty of the user's own on a matrix that a layer puts out."""
    ops, layers = keras.ops, keras.layers

    class NearlyOrthogonal(keras.regularizers.Regularizer):  # type: ignore[misc, name-defined]
        def __call__(self, x: Any) -> Any:
            matrices = ops.reshape(x, (-1, 2, 2))
            products = ops.matmul(matrices, ops.transpose(matrices, (0, 2, 1)))
            return 0.1 * ops.sum(ops.square(products - ops.eye(2)))

    inputs = keras.Input((FEATURES,))
    flat = layers.Dense(4, activity_regularizer=NearlyOrthogonal())(layers.Dense(5, "relu")(inputs))
    turned = layers.Dot(axes=(2, 1))([layers.Reshape((2, 2))(inputs), layers.Reshape((2, 2))(flat)])
    model = start(keras.Model(inputs, layers.Dense(1)(layers.Flatten()(turned))))
    model.compile(keras.optimizers.Adam(0.02), "mse", metrics=["mae"])
    history = model.fit(X, Y, validation_data=(X[:9], Y[:9]), **OPTIONS).history
    return {**{f"log {k}": v for k, v in history.items()}, **named(model.get_weights(), "weight")}


@SCRIPTS.add
def densities_and_hazards(keras: ModuleType, tape_class: Any) -> dict[str, Any]:
    """Losses over mixtures and over all of a batch."""
    ops = keras.ops

    def mixture(y: Any, parameters: Any) -> Any:
        weights, means, scales = ops.split(parameters, 3, axis=-1)
        scales = ops.clip(scales, -3.0, 3.0)
        parts = -scales - 0.5 * ops.square((y - means) / ops.exp(scales))
        return -ops.logsumexp(ops.log_softmax(weights, axis=-1) + parts, axis=-1)

    def partial_likelihood(events: Any, risks: Any) -> Any:
        risks, events = ops.reshape(risks, (-1,)), ops.reshape(events, (-1,))
        return -ops.mean((risks - ops.log(ops.cumsum(ops.exp(risks)))) * events)

    found: dict[str, Any] = {}
    for loss, outputs, targets in (
        (mixture, 6, Y), (partial_likelihood, 1, (Y > 0).astype("float32"))
    ):  # fmt: skip
        model = start(dense(keras, FEATURES, 6, outputs))
        # Not Adam: a shift of all risks changes nothing, and it would scale up what is rounding.
        model.compile(keras.optimizers.SGD(0.05), loss)
        found[loss.__name__] = model.fit(X, targets, **OPTIONS).history["loss"]
        found |= named(model.get_weights(), loss.__name__)
    return found


@SCRIPTS.add
def selected_variables(keras: ModuleType, tape_class: Any) -> dict[str, Any]:
    """Gated residual networks that are attributes in lists, and a layer of several inputs."""
    ops, layers = keras.ops, keras.layers

    class Gated(layers.Layer):  # type: ignore[misc, name-defined]
        def __init__(self, units: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.units = units
            self.first, self.second = layers.Dense(units, "elu"), layers.Dense(units)
            self.gate, self.linear = layers.Dense(units, "sigmoid"), layers.Dense(units)
            self.norm, self.project = layers.LayerNormalization(), layers.Dense(units)

        def call(self, inputs: Any) -> Any:
            x = self.second(self.first(inputs))
            if inputs.shape[-1] != self.units:
                inputs = self.project(inputs)
            return self.norm(inputs + self.linear(x) * self.gate(x))

    class Selection(layers.Layer):  # type: ignore[misc, name-defined]
        def __init__(self, count: int, units: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.each = [Gated(units) for _ in range(count)]
            self.all, self.weights_of = Gated(units), layers.Dense(count, "softmax")

        def call(self, inputs: Any) -> Any:
            weights = ops.expand_dims(self.weights_of(self.all(layers.concatenate(inputs))), -1)
            values = ops.stack([one(x) for one, x in zip(self.each, inputs, strict=True)], axis=1)
            return ops.squeeze(ops.matmul(ops.transpose(weights, (0, 2, 1)), values), axis=1)

    inputs = [keras.Input((2,), name=name) for name in "ab"]
    model = keras.Model(inputs, layers.Dense(1)(Selection(2, 4)([*inputs])))
    start(model).compile(keras.optimizers.Adam(0.02), "mse")
    losses = model.fit([X[:, :2], X[:, 2:]], Y, **OPTIONS).history["loss"]
    return {"losses": losses, "predicted": model.predict([X[:, :2], X[:, 2:]], verbose=0)}


@SCRIPTS.add
def features_without_training(keras: ModuleType, tape_class: Any) -> dict[str, Any]:
    """Weights of which some are not trained, made first, in the order of `get_weights`."""
    ops = keras.ops

    class Fourier(keras.layers.Layer):  # type: ignore[misc, name-defined]
        def build(self, input_shape: Any) -> None:
            options = {"initializer": "zeros", "trainable": False}
            self.directions = self.add_weight(shape=(input_shape[-1], 6), name="d", **options)
            self.phases = self.add_weight(shape=(6,), name="p", **options)
            self.scale = self.add_weight(shape=(1,), initializer="ones", name="s")

        def call(self, x: Any) -> Any:
            return ops.cos(ops.matmul(x, self.directions / self.scale) + self.phases)

    inputs = keras.Input((FEATURES,))
    model = keras.Model(inputs, keras.layers.Dense(1)(Fourier()(inputs)))
    rng = np.random.default_rng(3)
    model.set_weights([1.0 + 0.3 * rng.normal(size=w.shape) for w in model.get_weights()])
    model.compile(keras.optimizers.Adam(0.02), "hinge")
    losses = model.fit(X, np.sign(Y), **OPTIONS).history["loss"]
    return {"losses": losses, **named(model.get_weights(), "weight")}


@SCRIPTS.add
def distances_of_pairs(keras: ModuleType, tape_class: Any) -> dict[str, Any]:
    """A network shared by two inputs, a Lambda with its output's shape, a contrastive loss."""
    ops, base = keras.ops, start(dense(keras, FEATURES, 6, 3, activation="relu"))
    left, right = keras.Input((FEATURES,)), keras.Input((FEATURES,))

    def distance(pair: Any) -> Any:
        squares = ops.sum(ops.square(pair[0] - pair[1]), axis=1, keepdims=True)
        return ops.sqrt(ops.maximum(squares, 1e-6))

    def contrastive(same: Any, found: Any) -> Any:
        apart = ops.square(ops.maximum(1.0 - found, 0.0))
        return ops.mean(same * ops.square(found) + (1.0 - same) * apart)

    found = keras.layers.Lambda(distance, output_shape=(1,))([base(left), base(right)])
    model = keras.Model([left, right], found)
    model.compile("rmsprop", contrastive)
    labels = (Y[:20] * Y[20:] > 0).astype("float32")
    losses = model.fit([X[:20], X[20:]], labels, **OPTIONS).history["loss"]
    return {
        "losses": losses,
        "shape": np.array(found.shape[1:]),
        **named(base.get_weights(), "weight"),
    }


@SCRIPTS.add
def names_of_what_a_graph_is_made_of(keras: ModuleType, tape_class: Any) -> dict[str, Any]:
    x = keras.Input((FEATURES,))
    sliced = keras.ops.sin(x[:, :2]) * 2 - x[:, 2:] / 3
    wide = keras.ops.concatenate([sliced, keras.ops.max(x, axis=-1, keepdims=True)], axis=-1)
    hidden = keras.ops.relu(keras.layers.Dense(4)(wide))
    model = start(keras.Model(x, keras.layers.Dense(1)(hidden)))
    lines: list[str] = []
    model.summary(line_length=120, print_fn=lambda text, **_: lines.append(text))
    table = "\n".join(lines).partition(" Total params")[0]
    names = np.array([layer.name for layer in model.layers])
    return {"table": np.array(table), "names": names, "y": model.predict(X, verbose=0)}


if __name__ == "__main__":
    on_keras_with_tapes(SCRIPTS, sys.argv[1])
