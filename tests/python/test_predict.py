"""evaluate and predict, against plain NumPy in float64."""

import numpy as np
import pytest
from _linear import data, linear_model

import pronghorn as keras
from pronghorn import layers


@pytest.fixture(autouse=True)
def fresh_session():
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)


def test_evaluate_and_predict_agree_with_numpy():
    x, y = data(70, 3), data(70, 1, seed=2)
    model = linear_model(metrics=["mae"])
    w, b = model.get_weights()
    expected = x.astype("float64") @ w + b
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, atol=1e-6)
    mse, mae = ((expected - y) ** 2).mean(), np.abs(expected - y).mean()
    assert model.evaluate(x, y, verbose=0) == pytest.approx([mse, mae], rel=1e-5)
    result = model.evaluate(x, y, batch_size=7, verbose=0, return_dict=True)
    assert list(result) == ["loss", "mae"]
    assert list(result.values()) == pytest.approx([mse, mae], rel=1e-5)


@pytest.mark.parametrize("batch_size", [1, 7, 32, 1000, np.int64(8)])
def test_predictions_do_not_depend_on_the_batch_size(batch_size):
    x = data(100, 3)
    model = linear_model()
    expected = model.predict(x, verbose=0)
    np.testing.assert_array_equal(model.predict(x, batch_size=batch_size, verbose=0), expected)
    np.testing.assert_array_equal(model.predict(x, batch_size=batch_size, verbose=2), expected)
    np.testing.assert_array_equal(model.predict_on_batch(x), expected)


def test_predictions_in_chunks(capsys):
    x = data(40_000, 3)
    model = linear_model()
    expected = model.predict(x, verbose=0)
    np.testing.assert_array_equal(model.predict(x, verbose=1), expected)
    pieces = []
    watch = keras.callbacks.LambdaCallback(
        on_predict_batch_end=lambda batch, logs: pieces.append(logs["outputs"])
    )
    result = model.predict(x[:70], callbacks=[watch], verbose=0)
    np.testing.assert_array_equal(result, expected[:70])
    np.testing.assert_array_equal(np.concatenate(pieces), expected[:70])


def test_steps_limit_evaluate_and_predict():
    x, y = data(100, 3), data(100, 1, seed=2)
    model = linear_model()
    assert model.predict(x, batch_size=10, steps=3, verbose=0).shape == (30, 1)
    assert model.predict(x, steps=4, verbose=0).shape == (100, 1)
    part = model.evaluate(x[:30], y[:30], verbose=0)
    assert model.evaluate(x, y, batch_size=10, steps=3, verbose=0) == pytest.approx(part)


def test_training_flag_of_calls():
    model = keras.Sequential([keras.Input((50,)), layers.Dropout(0.5)])
    x = np.ones((4, 50), "float32")
    np.testing.assert_array_equal(model(x), x)
    np.testing.assert_array_equal(model(x, training=False), x)
    dropped = model(x, training=True)
    assert set(np.unique(dropped)) == {0.0, 2.0}
    assert (model(x, training=True) != dropped).any()
