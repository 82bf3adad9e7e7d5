"""Products with large variables, which the engine takes, against NumPy in double precision."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import _engine, ops
from pronghorn._autodiff._engine_call import EngineCall

_ROWS, _INNER, _COLUMNS = 9, 270, 261


def _data(dtype: str = "float64") -> tuple[Any, Any]:
    rng = np.random.default_rng(5)
    x = rng.standard_normal((_ROWS, _INNER)).astype(dtype)
    return x, (rng.standard_normal((_INNER, _COLUMNS)) / 16).astype(dtype)


def _in_the_engine(y: Any) -> bool:
    return isinstance(y._node.operation, EngineCall)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("converted", [False, True])
def test_values_and_gradients_are_those_of_the_product(dtype: str, converted: bool) -> None:
    x, w = _data(dtype)
    v, given = keras.Variable(w), ops.convert_to_tensor(x)
    with keras.GradientTape() as tape:
        tape.watch(given)
        y = ops.matmul(given, ops.convert_to_tensor(v) if converted else v)
        loss = ops.sum(ops.square(y)) / 2
    assert _in_the_engine(y)
    wide, weights = x.astype(float), w.astype(float)
    dx, dw = tape.gradient(loss, [given, v])
    scale = 200 * np.finfo(dtype).eps
    for found, expected in (
        (y, wide @ weights),
        (dx, wide @ weights @ weights.T),
        (dw, wide.T @ (wide @ weights)),
    ):
        assert np.asarray(found).dtype == dtype
        np.testing.assert_allclose(found, expected, rtol=scale, atol=scale * abs(expected).max())


@pytest.mark.parametrize("converted", [False, True])
def test_gradients_belong_to_the_values_of_the_forward_pass(converted: bool) -> None:
    x, w = _data()
    v, given = keras.Variable(w), ops.convert_to_tensor(x)
    with keras.GradientTape() as tape:
        tape.watch(given)
        kernel = ops.convert_to_tensor(v) if converted else v
        y = ops.matmul(given, kernel)
        v.assign(2 * w)
        again = ops.matmul(given, kernel)
    factor = 1 if converted else 2  # a tensor stays what it was
    np.testing.assert_allclose(again, factor * (x @ w), rtol=1e-12)
    np.testing.assert_allclose(kernel, factor * w)
    dx = tape.gradient([y, again], given)
    np.testing.assert_allclose(dx, (1 + factor) * np.ones_like(x @ w) @ w.T, rtol=1e-11, atol=1e-11)


def test_a_tensor_that_outlives_its_tape_keeps_its_value() -> None:
    _, w = _data()
    v = keras.Variable(w)
    with keras.GradientTape():
        kernel = ops.convert_to_tensor(v)
    v._core.set(np.zeros_like(w))  # as compiled training does
    np.testing.assert_array_equal(kernel, w)


def test_a_variable_may_be_used_twice_and_elsewhere() -> None:
    x, w = _data()
    v = keras.Variable(w)
    with keras.GradientTape() as tape:
        kernel = ops.convert_to_tensor(v)
        loss = ops.sum(ops.matmul(x, kernel)) + ops.sum(ops.matmul(2 * x, v))
        loss = loss + ops.sum(ops.square(kernel))
    expected = 3 * x.T @ np.ones((_ROWS, _COLUMNS)) + 2 * w
    np.testing.assert_allclose(tape.gradient(loss, v), expected, rtol=1e-11, atol=1e-11)


def test_the_product_can_be_differentiated_twice() -> None:
    x, w = _data()
    v, given = keras.Variable(w), ops.convert_to_tensor(x)
    with keras.GradientTape() as outer:
        outer.watch(given)
        with keras.GradientTape() as inner:
            inner.watch(given)
            loss = ops.sum(ops.square(ops.matmul(given, v))) / 2
        first = inner.gradient(loss, given)
    found = outer.gradient(first, [given, v])
    ones = np.ones_like(x)  # of the sum of x W W'
    np.testing.assert_allclose(found[0], ones @ w @ w.T, rtol=1e-10, atol=1e-10)
    expected = x.T @ (ones @ w) + ones.T @ (x @ w)
    np.testing.assert_allclose(found[1], expected, rtol=1e-10, atol=1e-10)


def test_optimizers_take_the_gradient_as_it_is() -> None:
    x, w = _data()
    v = keras.Variable(w)
    with keras.GradientTape() as tape:
        loss = ops.sum(ops.square(ops.matmul(x, v))) / 2
    keras.optimizers.SGD(0.01).apply_gradients([(tape.gradient(loss, v), v)])
    np.testing.assert_allclose(v, w - 0.01 * x.T @ (x @ w), rtol=1e-11, atol=1e-11)
    # A value of the variable may be a gradient too, if somebody wants that.
    before = v.numpy()
    with keras.GradientTape():
        keras.optimizers.SGD(0.5).apply_gradients([(ops.convert_to_tensor(v), v)])
    np.testing.assert_allclose(v, before / 2, rtol=1e-12)


def test_nothing_is_recorded_of_what_is_frozen_or_not_watched() -> None:
    x, w = _data()
    frozen, v = keras.Variable(w, trainable=False), keras.Variable(w)
    with keras.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(frozen)
        y = ops.matmul(x, frozen)
        z = ops.matmul(x, v)
    assert type(z) is np.ndarray
    expected = x.T @ np.ones((_ROWS, _COLUMNS))
    np.testing.assert_allclose(tape.gradient(y, frozen), expected, rtol=1e-11, atol=1e-11)


def test_used_variables_can_be_pickled() -> None:
    x, w = _data()
    v = keras.Variable(w)
    with keras.GradientTape():
        ops.matmul(x, v)
    again = pickle.loads(pickle.dumps(v))
    with keras.GradientTape() as tape:
        y = ops.matmul(x, again)
    assert tape.gradient(y, again).shape == w.shape


def test_the_number_of_threads_changes_no_bit() -> None:
    x = np.random.default_rng(1).standard_normal((300, _INNER)).astype(np.float32)
    w = _data("float32")[1]
    before = _engine.get_num_threads()
    found = []
    try:
        for threads in (1, 2):
            _engine.set_num_threads(threads)
            v, given = keras.Variable(w), ops.convert_to_tensor(x)
            with keras.GradientTape() as tape:
                tape.watch(given)
                y = ops.matmul(given, v)
                loss = ops.sum(ops.square(y))
            found.append([np.asarray(y), *map(np.asarray, tape.gradient(loss, [given, v]))])
    finally:
        _engine.set_num_threads(before)
    for one, two in zip(*found, strict=True):
        np.testing.assert_array_equal(one, two)


def test_training_meanwhile_leaves_gradients_at_the_values_of_the_forward_pass() -> None:
    rng = np.random.default_rng(6)
    x, y = rng.standard_normal((8, 5)).astype("f4"), rng.standard_normal((8, 3)).astype("f4")
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3)])
    model.compile(keras.optimizers.SGD(0.5), "mse")
    before, given = model.get_weights()[0], ops.convert_to_tensor(x)
    with keras.GradientTape() as tape:
        tape.watch(given)
        out = model(given)
    model.fit(x, y, epochs=2, verbose=0)
    assert abs(model.get_weights()[0] - before).max() > 0.01
    dx = tape.gradient(out, given)
    np.testing.assert_allclose(dx, np.ones((8, 3)) @ before.T, rtol=1e-5, atol=1e-6)


def test_a_scalar_variable_becomes_a_number() -> None:
    variable = keras.Variable(2.5)
    assert (float(variable), int(variable)) == (2.5, 2)
    with pytest.raises(TypeError, match=r"Received: shape=\(1,\)"):
        float(keras.Variable([1.0]))
