"""SpectralNormalization against singular values and the power method in NumPy."""

import io

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import layers, saving

RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=(8, 4)), RNG.normal(size=(8, 3))


def made(**arguments):
    layer = layers.SpectralNormalization(layers.Dense(3, dtype="float64"), **arguments)
    layer.build((None, 4))
    layer.layer.kernel.assign(RNG.normal(size=(4, 3)))
    return layer


def power_method(matrix, u, steps):
    for _ in range(steps):
        v = matrix @ u / np.linalg.norm(matrix @ u)
        u = matrix.T @ v / np.linalg.norm(matrix.T @ v)
    return u, v @ matrix @ u


def test_many_steps_find_the_largest_singular_value():
    layer = made(power_iterations=300)
    kernel = layer.layer.kernel.numpy()
    layer(X, training=True)
    sigma = np.linalg.svd(kernel)[1][0]
    np.testing.assert_allclose(layer.layer.kernel.numpy(), kernel / sigma, rtol=1e-6)


def test_u_is_kept_between_calls_and_inference_changes_nothing():
    layer = made(power_iterations=2, dtype="float64")
    for _ in range(2):
        matrix, u = layer.layer.kernel.numpy(), layer.vector_u.numpy()[0]
        expected, sigma = power_method(matrix, u, 2)
        result = layer(X, training=True)
        np.testing.assert_allclose(layer.vector_u.numpy()[0], expected, rtol=1e-9)
        np.testing.assert_allclose(result, X @ (matrix / sigma), rtol=1e-9)
    before = layer.get_weights()
    np.testing.assert_allclose(layer(X), X @ layer.layer.kernel.numpy(), rtol=1e-9)
    for ours, theirs in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_step_of_training():
    layer = made(dtype="float64")
    model = keras.Sequential([keras.Input((4,), dtype="float64"), layer])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    assert model.run_mode == "recorded"
    kernel, u = layer.layer.kernel.numpy(), layer.vector_u.numpy()[0]
    model.fit(X, Y, batch_size=8, epochs=1, verbose=0)
    kernel = kernel / power_method(kernel, u, 1)[1]
    gradient = 2 * X.T @ (X @ kernel - Y) / Y.size
    np.testing.assert_allclose(layer.layer.kernel.numpy(), kernel - 0.1 * gradient, rtol=1e-6)
    assert [v.name for v in model.trainable_weights] == ["kernel", "bias"]
    assert [v.name for v in model.weights] == ["kernel", "vector_u", "bias"]


def test_embeddings_and_files():
    model = keras.Sequential(
        [
            keras.Input((2,)),
            layers.SpectralNormalization(layers.Embedding(5, 3), power_iterations=100),
            layers.Flatten(),
            layers.SpectralNormalization(layers.Dense(2)),
        ]
    )
    ids = np.array([[1, 4], [0, 2]])
    model(ids, training=True)
    table = model.layers[0].layer.embeddings.numpy()
    assert np.linalg.norm(table, 2) == pytest.approx(1.0, rel=1e-4)
    file = io.BytesIO()
    saving.save_model(model, file)
    twin = saving.load_model(file)
    np.testing.assert_array_equal(twin(ids), model(ids))
    np.testing.assert_array_equal(twin(ids, training=True), model(ids, training=True))


def test_zeros_stay_zeros():
    layer = made()
    layer.layer.kernel.assign(np.zeros((4, 3)))
    np.testing.assert_array_equal(layer(X, training=True), 0.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: layers.SpectralNormalization(layers.Dense(3), 0), "power_iterations"),
        (lambda: layers.SpectralNormalization(3), "must be a layer"),
        (lambda: layers.SpectralNormalization(layers.ReLU())(X), "neither"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
