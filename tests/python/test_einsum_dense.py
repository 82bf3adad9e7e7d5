"""EinsumDense of equations that are no single product, against NumPy's einsum."""

import io

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import layers, ops, saving

RNG = np.random.default_rng(4)
# Equation, output_shape, shape of a sample, bias_axes; the same for NumPy where it needs none.
CASES = [
    ("ab,cb->ac", (7,), (6,), "c"),
    ("abc,bcd->abd", (5, 7), (5, 6), "bd"),
    ("abc,cbd->abd", (None, 7), (5, 6), "d"),
    ("abc,bd->abcd", (5, 6, 7), (5, 6), None),
    ("abc,cd->ad", (7,), (5, 6), "d"),
    ("abc,dcb->ad", (7,), (5, 6), None),
    ("abc,dbc->acd", (6, 7), (5, 6), "d"),
    ("ab,b->ab", (4,), (4,), "b"),
    ("ab,cd->abcd", (4, 2, 3), (4,), "bd"),
    ("...b,cb->...c", (7,), (3, 4), "c"),
    ("ab...,cb->ac...", (7,), (3, 2, 4), "c"),
    ("...bc,bcd->...bd", (3, 7), (5, 3, 4), "bd"),
]


def made(equation, output_shape, bias_axes, **more):
    return layers.EinsumDense(
        equation, output_shape, bias_axes=bias_axes, bias_initializer="normal", **more
    )


@pytest.mark.parametrize(("equation", "output_shape", "shape", "bias_axes"), CASES)
def test_values_and_gradients(equation, output_shape, shape, bias_axes):
    layer = made(equation, output_shape, bias_axes, dtype="float64", activation="tanh")
    x = RNG.normal(size=(3, *shape))
    y = layer(x)
    kernel = layer.kernel.numpy()
    linear = np.einsum(equation, x, kernel)
    linear = linear if layer.bias is None else linear + layer.bias.numpy()
    np.testing.assert_allclose(y, np.tanh(linear), rtol=1e-10)
    assert layer.compute_output_shape((None, *shape)) == (None, *y.shape[1:])
    weight = RNG.normal(size=y.shape)
    with ops.GradientTape() as tape:
        loss = ops.sum(layer(x) * weight)
    gradient = np.asarray(tape.gradient(loss, layer.kernel))
    direction = RNG.normal(size=kernel.shape)
    sides = []
    for step in (1e-6, -1e-6):
        layer.kernel.assign(kernel + step * direction)
        sides.append(float((layer(x) * weight).sum()))
    slope = (sides[0] - sides[1]) / 2e-6
    assert (gradient * direction).sum() == pytest.approx(slope, rel=1e-5, abs=1e-6)


def test_the_limit_of_the_initializer_follows_the_sums():
    layer = layers.EinsumDense("abc,dbc->acd", (60, 70))
    layer.build((None, 50, 60))
    # Glorot: the fans are the sums, over b, and what is made of each: c and d.
    limit = np.sqrt(6 / (50 + 60 * 70))
    largest = np.abs(layer.kernel.numpy()).max()
    assert 0.99 * limit < largest <= limit


@pytest.mark.parametrize("equation", ["abc,bcd->abd", "abc,cd->abd"])
def test_models_train_and_go_to_files(equation):
    inputs = keras.Input((5, 6))
    layer = made(equation, (5, 2), "bd", kernel_regularizer="l2", kernel_constraint="non_neg")
    model = keras.Model(inputs, layers.Dense(1)(layer(inputs)))
    model.compile("adam", "mse")
    assert model.run_mode == ("compiled" if equation == "abc,cd->abd" else "recorded")
    x, y = RNG.normal(size=(16, 5, 6)), RNG.normal(size=(16, 5, 1))
    first = model.evaluate(x, y, verbose=0)
    model.fit(x, y, epochs=20, verbose=0)
    assert model.evaluate(x, y, verbose=0) < first
    assert layer.kernel.numpy().min() >= 0
    file = io.BytesIO()
    saving.save_model(model, file)
    twin = saving.load_model(file)
    for each in (model, twin):
        each.fit(x, y, epochs=2, shuffle=False, verbose=0)
    np.testing.assert_array_equal(twin(x), model(x))
