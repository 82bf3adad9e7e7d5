"""Optimizers whose numbers change on the way, that go on elsewhere, or leave variables alone."""

import numpy as np
import pytest
from _optimizer_rules import STEPS, N, nadam, problem, reference, sgd

import pronghorn as keras


@pytest.mark.parametrize(
    "schedule",
    [
        keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5),
        keras.optimizers.schedules.PiecewiseConstantDecay([10, 20], [0.1, 0.05, 0.2]),
        keras.optimizers.schedules.CosineDecay(0.01, 30, warmup_target=0.1, warmup_steps=15),
    ],
    ids=lambda schedule: type(schedule).__name__,
)
def test_schedules_in_fit(schedule):
    model, x, y, weights = problem()
    model.compile(keras.optimizers.SGD(schedule, momentum=0.5), "mse")
    model.fit(x, y, batch_size=N, epochs=STEPS, shuffle=False, verbose=0)
    rates = [schedule(step) for step in range(STEPS)]
    expected = reference(sgd, weights, x, y, rates, {"momentum": 0.5, "nesterov": False}, {})
    for ours, theirs in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9)
    assert model.optimizer.learning_rate == np.float32(schedule(STEPS))


def test_rate_of_every_batch_comes_from_the_schedule():
    """Several batches in one pass: the rate changes between them."""
    model, x, y, weights = problem()
    schedule = keras.optimizers.schedules.InverseTimeDecay(0.1, 1, 0.5)
    model.compile(keras.optimizers.SGD(schedule), "mse")
    model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    expected = [w.copy() for w in weights]
    for step in range(6):
        rows = slice(8 * (step % 3), 8 * (step % 3) + 8)
        expected = reference(
            sgd,
            expected,
            x[rows],
            y[rows],
            [schedule(step)],
            {"momentum": 0.0, "nesterov": False},
            {},
        )
    for ours, theirs in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10)


def test_settings_changed_between_epochs():
    model, x, y, weights = problem()
    optimizer = keras.optimizers.SGD(0.02, momentum=0.9)
    model.compile(optimizer, "mse")
    model.fit(x, y, batch_size=N, epochs=3, shuffle=False, verbose=0)
    optimizer.learning_rate = 0.01
    model.fit(x, y, batch_size=N, epochs=3, shuffle=False, verbose=0)
    hyper = {"momentum": 0.9, "nesterov": False}
    expected = reference(sgd, weights, x, y, [0.02] * 3 + [0.01] * 3, hyper, {})
    for ours, theirs in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10)


def test_compiling_again_keeps_the_state():
    model, x, y, weights = problem()
    optimizer = keras.optimizers.Nadam(0.02)
    for steps in (3, 4):
        model.compile(optimizer, "mse", metrics=["mae"])
        model.fit(x, y, batch_size=N, epochs=steps, shuffle=False, verbose=0)
    assert optimizer.iterations == 7
    hyper = {name: getattr(optimizer, name) for name in type(optimizer)._hyper}
    expected = reference(nadam, weights, x, y, [0.02] * 7, hyper, {})
    np.testing.assert_allclose(model.get_weights()[0], expected[0], rtol=1e-8)


def test_callbacks_set_the_rate():
    model, x, y, weights = problem()
    model.compile(keras.optimizers.SGD(0.1), "mse")
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    history = model.fit(
        x, y, batch_size=N, epochs=3, shuffle=False, verbose=0, callbacks=[halve]
    ).history
    assert history["learning_rate"] == np.float32([0.05, 0.025, 0.0125]).tolist()
    hyper = {"momentum": 0.0, "nesterov": False}
    expected = reference(sgd, weights, x, y, [0.05, 0.025, 0.0125], hyper, {})
    # The callback is told the rate with float32's precision.
    np.testing.assert_allclose(model.get_weights()[0], expected[0], rtol=1e-7)


def test_one_optimizer_for_two_models():
    """As in Keras on JAX it has one state and one count, whichever model takes the step."""
    optimizer = keras.optimizers.SGD(
        keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5), momentum=0.5
    )
    models = []
    for _ in range(2):
        layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", dtype="float64")
        models.append(keras.Sequential([keras.Input((1,)), layer]))
        models[-1].compile(optimizer, "mse")
    w, v = [1.0, 1.0], 0.0
    for step in range(6):
        models[step % 2].train_on_batch(np.ones((1, 1)), np.zeros((1, 1)))
        v = 0.5 * v - 0.1 * 0.5**step * 2 * w[step % 2]
        w[step % 2] += v
    assert optimizer.iterations == 6
    found = [model.get_weights()[0].item() for model in models]
    np.testing.assert_allclose(found, w, rtol=1e-7)


@pytest.mark.parametrize(
    ("optimizer", "name", "value"),
    [
        (keras.optimizers.SGD(0.01), "momentum", 0.9),
        (keras.optimizers.SGD(0.01, momentum=0.9), "momentum", 0.0),
        (keras.optimizers.RMSprop(0.01), "centered", True),
        (keras.optimizers.RMSprop(0.01, momentum=0.5, centered=True), "momentum", 0.0),
        (keras.optimizers.Adam(0.01), "amsgrad", True),
    ],
)
def test_what_needs_other_state_cannot_be_switched_on_the_way(optimizer, name, value):
    model, x, y, _ = problem()
    model.compile(optimizer, "mse")
    model.train_on_batch(x, y)
    before = getattr(optimizer, name)
    with pytest.raises(ValueError, match=f"`{name}` of the optimizer .* cannot change from"):
        setattr(optimizer, name, value)
    assert getattr(optimizer, name) == before
    setattr(optimizer, name, before)
    model.train_on_batch(x, y)
    assert optimizer.iterations == 2


@pytest.mark.parametrize("clip", [{}, {"clipnorm": 100.0}])
@pytest.mark.parametrize("way", ["names", "variables", "apply"])
def test_weight_decay_leaves_variables_alone(way, clip):
    """Fused and not, in `fit` and by `apply`: the bias is not decayed, the kernel is."""
    model, x, y, weights = problem()
    bias = model.layers[0].bias
    optimizer = keras.optimizers.SGD(0.05, weight_decay=0.5, **clip)
    excluded = {"var_list": [bias]} if way == "variables" else {"var_names": ["bias"]}
    optimizer.exclude_from_weight_decay(**excluded)
    error = 2.0 * (x @ weights[0] + weights[1] - y) / y.size
    gradients = [x.T @ error, error.sum(axis=0)]
    if way == "apply":
        optimizer.apply(gradients, model.trainable_weights)
    else:
        model.compile(optimizer, "mse")
        model.train_on_batch(x, y)
    kernel = weights[0] * (1 - 0.05 * 0.5) - 0.05 * gradients[0]
    np.testing.assert_allclose(model.get_weights()[0], kernel, rtol=1e-9)
    np.testing.assert_allclose(model.get_weights()[1], weights[1] - 0.05 * gradients[1], rtol=1e-9)
    with pytest.raises(ValueError, match="built"):
        optimizer.exclude_from_weight_decay(var_names=["kernel"])
