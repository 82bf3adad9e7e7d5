"""The short way that prediction takes for one plain array."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pronghorn as keras
from pronghorn import layers


def _model(dtype: str = "float32") -> keras.Sequential:
    return keras.Sequential(
        [
            keras.Input((5,), dtype=dtype),
            layers.Dense(37, activation="relu", dtype=dtype),
            layers.Dropout(0.5, dtype=dtype),
            layers.Dense(3, activation="tanh", dtype=dtype),
        ]
    )


def _reference(model: keras.Model, x: np.ndarray) -> np.ndarray:
    k1, b1, k2, b2 = (np.asarray(w, np.float64) for w in model.get_weights())
    return np.tanh(np.maximum(x.astype(np.float64) @ k1 + b1, 0) @ k2 + b2)


@settings(max_examples=20, deadline=None)
@given(rows=st.integers(1, 300), dtype=st.sampled_from(["float32", "float64"]))
def test_all_ways_give_the_same_numbers(rows: int, dtype: str) -> None:
    model = _model(dtype)
    x = np.random.default_rng(rows).standard_normal((rows, 5)).astype(dtype)
    first = model(x)  # the engine is made here
    np.testing.assert_allclose(first, _reference(model, x), rtol=1e-5, atol=1e-5)
    assert first.dtype == dtype
    for again in (model(x), model.predict(x, verbose=0), model.predict_on_batch(x), model([x])):
        assert again is not first
        np.testing.assert_array_equal(again, first)


@pytest.mark.parametrize(
    "convert",
    [
        lambda x: x.astype("f8"),
        lambda x: x.tolist(),
        np.asfortranarray,
        lambda x: np.repeat(x, 2, axis=0)[::2],
        lambda x: x.astype(">f4"),
        lambda x: x.view(type("Sub", (np.ndarray,), {})),
        lambda x: np.ma.masked_array(x),
    ],
)
def test_other_inputs_are_converted(convert: object) -> None:
    model = _model()
    x = np.random.default_rng(0).standard_normal((4, 5)).astype("f4")
    expected = model(x)
    other = convert(x)  # type: ignore[operator]
    for result in (model(other), model.predict(other, verbose=0), model.predict_on_batch(other)):
        assert type(result) is np.ndarray
        np.testing.assert_array_equal(result, expected)


def test_bad_input_is_named_after_a_good_one() -> None:
    model = _model()
    model(np.zeros((1, 5), "f4"))
    for bad in (np.zeros((0, 5), "f4"), np.zeros((2, 6), "f4"), np.zeros(5, "f4"), np.zeros(())):
        with pytest.raises(ValueError, match=r"`x`|`inputs`"):
            model(bad)
        with pytest.raises(ValueError, match="`x`"):
            model.predict(bad, verbose=0)
    with pytest.raises(ValueError, match="verbose"):
        model.predict(np.zeros((1, 5), "f4"), verbose=7)


def test_a_dict_input_stays_one() -> None:
    x = keras.Input((5,), name="a")
    model = keras.Model({"a": x}, layers.Dense(2)(x))
    data = np.ones((3, 5), "f4")
    assert model({"a": data}).shape == (3, 2)
    with pytest.raises(ValueError, match="`inputs`"):
        model(data)


def test_changes_between_calls_are_seen() -> None:
    model = _model()
    x = np.random.default_rng(1).standard_normal((1, 5)).astype("f4")
    before = model(x)
    model.set_weights([2 * w for w in model.get_weights()])
    after = model(x)
    assert not np.array_equal(before, after)
    np.testing.assert_allclose(after, _reference(model, x), rtol=1e-5, atol=1e-5)
    model.add(layers.Dense(7))
    assert model(x).shape == (1, 7)
    model.pop()
    np.testing.assert_array_equal(model(x), after)
    model.compile("sgd", "mse")
    model.fit(x, np.ones((1, 3)), verbose=0)
    np.testing.assert_allclose(model(x), _reference(model, x), rtol=1e-5, atol=1e-5)
    assert not np.array_equal(model(x, training=True), model(x))


def test_predictions_beside_training_see_whole_steps() -> None:
    """Each kernel entry moves by the same amount a step, so mixed steps would show."""
    model = keras.Sequential([keras.Input((64,)), layers.Dense(64, use_bias=False)])
    model.set_weights([np.zeros((64, 64), "f4")])
    model.compile(keras.optimizers.SGD(1.0), keras.losses.MeanSquaredError(reduction="sum"))
    x = np.ones((2048, 64), "f4")
    y = np.full((2048, 64), 1e6, "f4")
    one = np.ones((1, 64), "f4")
    model(one)
    seen: list[np.ndarray] = []
    stop = threading.Event()

    def watch() -> None:
        while not stop.is_set():
            seen.append(model(one))

    thread = threading.Thread(target=watch)
    thread.start()
    model.optimizer.learning_rate = 1e-9
    model.fit(x, y, epochs=20, batch_size=8, verbose=0)
    stop.set()
    thread.join()
    assert all(len(np.unique(outputs)) == 1 for outputs in seen)
