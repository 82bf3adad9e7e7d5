"""Every layer in both libraries: values, training, weights, configuration."""

import jax
import numpy as np
import pytest
from _pairs import LIBRARIES, assert_weights_equal, compile_pair, fit_pair, pair
from layer_cases import INTEGER, RANDOM, Case, cases

import pronghorn

CASES = cases()


def _model(case: Case, scale: float = 1.0):
    def make(library):
        inputs = [library.Input(shape) for shape in case.shapes]
        below = [
            t if case.name in INTEGER else library.layers.Dense(shape[-1])(t)
            for shape, t in zip(case.shapes, inputs, strict=True)
        ]
        inner = case.make(library, name="tested")(below if case.takes_list else below[0])
        outputs = library.layers.Dense(2)(library.layers.Flatten()(inner))
        return library.Model(inputs, outputs)

    models = pair(make)
    rng = np.random.default_rng(3)
    weights = [w + scale * rng.uniform(0.05, 0.5, w.shape) for w in models.keras.get_weights()]
    for model in models:
        model.set_weights(weights)
    return models


def _data(case: Case, rows: int):
    rng = np.random.default_rng(4)
    x = [rng.normal(size=(rows, *shape)).astype("float32") for shape in case.shapes]
    if case.name in INTEGER:
        top = case.arguments["input_dim"]
        x = [rng.integers(0, top, (rows, *shape)) for shape in case.shapes]
    return x if case.takes_list else x[0], rng.normal(size=(rows, 2)).astype("float32")


def _reference_step(model):
    """Keras's loss, gradients, new state and prediction in one compiled function."""

    def loss(learned, state, x, y):
        outputs, new_state, losses = model.stateless_call(
            learned, state, x, training=True, return_losses=True
        )
        return ((outputs - y) ** 2).mean() + sum(losses), new_state

    def step(learned, state, x, y):
        (value, new_state), gradients = jax.value_and_grad(loss, has_aux=True)(learned, state, x, y)
        learned = [w - 0.05 * g for w, g in zip(learned, gradients, strict=True)]
        prediction, _ = model.stateless_call(learned, new_state, x, training=False)
        return learned, new_state, value, prediction

    return jax.jit(step)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_and_training(case: Case) -> None:
    """Three steps of gradient descent: losses, weights, moving statistics, predictions."""
    models = _model(case)
    for weight, twin in zip(models.keras.weights, models.pronghorn.weights, strict=True):
        assert (twin.name, twin.trainable) == (weight.name, weight.trainable)
    x, y = _data(case, 21)
    if case.name in RANDOM:
        expected, actual = (np.asarray(model(x)) for model in models)
        np.testing.assert_allclose(actual, expected, rtol=2e-5, atol=2e-5)
        return
    step = _reference_step(models.keras)
    learned = [v.value for v in models.keras.trainable_variables]
    state = [v.value for v in models.keras.non_trainable_variables]
    ours = models.pronghorn
    ours.compile(pronghorn.optimizers.SGD(0.05), "mse")
    for _ in range(3):
        learned, state, loss, prediction = step(learned, state, x, y)
        np.testing.assert_allclose(ours.train_on_batch(x, y), loss, rtol=5e-5)
        np.testing.assert_allclose(ours.predict(x, verbose=0), prediction, rtol=2e-4, atol=1e-4)
        for expected, actual in (
            *zip(learned, ours.trainable_variables, strict=True),
            *zip(state, ours.non_trainable_variables, strict=True),
        ):
            np.testing.assert_allclose(actual, expected, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_configuration(case: Case) -> None:
    def plain(value):
        """Tuples as lists, numbers as exact as float32."""
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        if isinstance(value, float):
            return float(np.float32(value))
        return [plain(v) for v in value] if isinstance(value, (list, tuple)) else value

    configs = []
    for library in LIBRARIES:
        layer = case.make(library, name="tested")
        configs.append(plain(layer.get_config()))
    assert configs[1] == configs[0]


def test_a_frozen_batch_normalization_stays_in_inference() -> None:
    case = Case("BatchNormalization", {}, [(4,)])
    models = _model(case)
    for model in models:
        model.get_layer("tested").trainable = False
    compile_pair(models, optimizer="sgd", loss="mse")
    x, y = _data(case, 32)
    before = models.pronghorn.get_layer("tested").get_weights()
    reference, ours = fit_pair(models, x, y, epochs=2)
    np.testing.assert_allclose(ours.history["loss"], reference.history["loss"], rtol=2e-5)
    assert_weights_equal(models)
    for a, b in zip(before, models.pronghorn.get_layer("tested").get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
