"""Gradients that stay in the engine between the reverse pass and the optimizer."""

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import ops

ROWS, INPUTS, UNITS = 7, 37, 133  # more than one panel of columns, the last one not full


def network(seed=0, units=UNITS):
    rng = np.random.default_rng(seed)
    model = keras.Sequential(
        [keras.Input((INPUTS,)), keras.layers.Dense(units), keras.layers.Dense(3)]
    )
    model.set_weights([rng.normal(size=v.shape).astype("f4") for v in model.weights])
    return model, rng.normal(size=(ROWS, INPUTS)).astype("f4")


def gradients_of(model, x):
    with keras.GradientTape() as tape:
        loss = ops.sum(model(x) ** 2)
    return tape.gradient(loss, model.trainable_weights)


def test_values_are_the_gradients():
    model, x = network()
    found = gradients_of(model, x)
    w1, b1, w2, b2 = (w.astype("f8") for w in model.get_weights())
    hidden = x @ w1 + b1
    dz = 2 * (hidden @ w2 + b2)
    dh = dz @ w2.T
    expected = [x.T @ dh, dh.sum(0), hidden.T @ dz, dz.sum(0)]
    for gradient, variable, values in zip(found, model.weights, expected, strict=True):
        assert gradient.shape == variable.shape == values.shape
        assert gradient.dtype == np.float32
        np.testing.assert_allclose(gradient.numpy(), values, rtol=2e-4, atol=2e-3)
        np.testing.assert_allclose(2 * gradient, 2 * values, rtol=2e-4, atol=4e-3)


@pytest.mark.parametrize(
    "options", [{}, {"clipvalue": 0.5}, {"clipnorm": 0.5}, {"global_clipnorm": 0.5}], ids=str
)
def test_an_update_does_not_depend_on_where_gradients_are(options):
    """As they come, looked at before, or as arrays: the same weights, and gradients untouched."""
    results = []
    for how in ("as they come", "looked at", "arrays", "one left out"):
        model, x = network()
        optimizer = keras.optimizers.Adam(0.01, weight_decay=0.1, **options)
        for _ in range(2):
            given = gradients_of(model, x)
            if how == "looked at":
                before = [np.array(g) for g in given]
            if how == "arrays":
                given = [np.array(g) for g in given]
            if how == "one left out":
                given[0] = np.array(given[0])
            optimizer.apply(given, model.trainable_weights)
            if how == "looked at":
                for gradient, value in zip(given, before, strict=True):
                    np.testing.assert_array_equal(gradient, value)
        results.append(model.get_weights())
    for weights in results[1:]:
        for a, b in zip(weights, results[0], strict=True):
            np.testing.assert_array_equal(a, b)


def test_gradients_outlive_later_passes():
    model, x = network()
    first, second = gradients_of(model, x), gradients_of(model, 2 * x)
    third = gradients_of(model, 3 * x)
    for each, factor in ((first, 1), (second, 2), (third, 3)):
        fresh = gradients_of(model, factor * x)
        for a, b in zip(each, fresh, strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_gradient_goes_to_another_variable_by_its_values():
    model, x = network()
    found = gradients_of(model, x)
    other = keras.Variable(np.zeros(model.weights[0].shape, "f4"))
    keras.optimizers.SGD(1.0).apply([found[0]], [other])
    np.testing.assert_array_equal(other.numpy(), -found[0].numpy())


def test_used_twice_gradients_add_up():
    model, x = network()
    with keras.GradientTape() as tape:
        loss = ops.sum(model(x)) + ops.sum(model(3 * x)) + ops.sum(model.weights[0])
    (found,) = tape.gradient(loss, [model.weights[0]])
    dh = np.ones((ROWS, 3)) @ model.get_weights()[2].T
    np.testing.assert_allclose(found, 4 * x.T @ dh + 1, rtol=1e-4, atol=1e-4)


def test_threads_do_not_matter():
    from pronghorn import _engine

    before, results = _engine.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            _engine.set_num_threads(threads)
            model, x = network(units=4000)
            optimizer = keras.optimizers.Adam(0.01, clipnorm=1.0)
            given = gradients_of(model, x)
            optimizer.apply(given, model.trainable_weights)
            optimizer.apply([np.array(g) for g in given], model.trainable_weights)
            results.append([*model.get_weights(), *map(np.asarray, given)])
    finally:
        _engine.set_num_threads(before)
    for values in results[1:]:
        for a, b in zip(values, results[0], strict=True):
            np.testing.assert_array_equal(a, b)
