"""Gradients of inputs that nothing depends on are zeros, whatever the memory held before."""

from __future__ import annotations

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import GradientTape, layers, ops

DTYPES = ["float32", "float64"]


def tensors(*arrays: np.ndarray, dtype: str = "float64") -> list:
    return [ops.convert_to_tensor(array.astype(dtype)) for array in arrays]


def gradients(model: keras.Model, xs: list, weights: list) -> list:
    """Of the sum of the outputs, each weighted by an array or left out if that is None."""
    with GradientTape() as tape:
        for x in xs:
            tape.watch(x)
        outputs = model(xs if len(xs) > 1 else xs[0])
        outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
        loss = sum(ops.sum(w * y) for w, y in zip(weights, outputs, strict=True) if w is not None)
    return [np.asarray(each) for each in tape.gradient(loss, xs)]


def used_memory(model: keras.Model, rng: np.random.Generator, dtype: str) -> None:
    """Fills the memory that later tapes get with numbers that are nobody's zeros."""
    for rows in (40, 3):
        xs = [
            rng.integers(0, 9, (rows, *x.shape[1:])) + rng.random((rows, *x.shape[1:])) * 0.5
            for x in model.inputs
        ]
        ys = [rng.normal(size=(rows, *y.shape[1:])) * 1e6 for y in model.outputs]
        gradients(model, tensors(*xs, dtype=dtype), [y.astype(dtype) for y in ys])


@pytest.mark.parametrize("dtype", DTYPES)
def test_inputs_without_a_way_to_the_outputs(dtype: str) -> None:
    rng = np.random.default_rng(1)
    a, b, c = (keras.Input((size,), dtype=dtype) for size in (6, 5, 4))
    dense = layers.Dense(3, dtype=dtype)
    model = keras.Model(
        [a, b, c], dense(layers.Add(dtype=dtype)([a, layers.Rescaling(2, dtype=dtype)(a)]))
    )
    for rows in (2, 40, 7):
        used_memory(model, rng, dtype)
        dy = rng.normal(size=(rows, 3)).astype(dtype)
        xs = tensors(*(rng.normal(size=(rows, size)) for size in (6, 5, 4)), dtype=dtype)
        da, db, dc = gradients(model, xs, [dy])
        np.testing.assert_allclose(da, 3 * dy @ np.asarray(dense.kernel).T, rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(db, np.zeros((rows, 5)))
        np.testing.assert_array_equal(dc, np.zeros((rows, 4)))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("trainable", [True, False])
def test_inputs_of_tables(dtype: str, trainable: bool) -> None:
    """Floating, integer and masked numbers of rows, beside an input that has a gradient."""
    rng = np.random.default_rng(2)
    a, b = keras.Input((6,), dtype=dtype), keras.Input((2, 3), dtype=dtype)
    c, d = keras.Input((3,), dtype="int32"), keras.Input((3,), dtype=dtype)
    plain, whole, masked = (
        layers.Embedding(10, 4, mask_zero=zero, dtype=dtype) for zero in (False, False, True)
    )
    dense = layers.Dense(3, dtype=dtype)
    parts = [a, *(layers.Flatten(dtype=dtype)(part) for part in (plain(b), whole(c), masked(d)))]
    model = keras.Model([a, b, c, d], dense(layers.Concatenate(dtype=dtype)(parts)))
    for table in (plain, whole, masked):
        table.trainable = trainable
    for rows in (2, 40, 7):
        used_memory(model, rng, dtype)
        dy = rng.normal(size=(rows, 3)).astype(dtype)
        numbers = [rng.integers(0, 10, (rows, *shape)) for shape in ((2, 3), (3,), (3,))]
        xs = tensors(rng.normal(size=(rows, 6)), *numbers, dtype=dtype)
        da, *others = gradients(model, xs, [dy])
        expected = dy @ np.asarray(dense.kernel)[:6].T
        np.testing.assert_allclose(da, expected, rtol=1e-5, atol=1e-6)
        for other, x in zip(others, xs[1:], strict=True):
            np.testing.assert_array_equal(other, np.zeros(x.shape))


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_input_of_a_table_and_of_another_layer(dtype: str) -> None:
    """The table adds nothing to what the other layer gives, whichever of them comes first."""
    rng = np.random.default_rng(3)
    for table_first in (True, False):
        x = keras.Input((4,), dtype=dtype)
        dense, table = layers.Dense(2, dtype=dtype), layers.Embedding(10, 2, dtype=dtype)
        made = [layer(x) for layer in ((table, dense) if table_first else (dense, table))]
        model = keras.Model(x, made)
        for rows in (2, 40, 7):
            used_memory(model, rng, dtype)
            dys = [rng.normal(size=(rows, *y.shape[1:])).astype(dtype) for y in model.outputs]
            dy = dys[1 if table_first else 0]
            (dx,) = gradients(model, tensors(rng.integers(0, 10, (rows, 4)), dtype=dtype), dys)
            expected = dy @ np.asarray(dense.kernel).T
            np.testing.assert_allclose(dx, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
def test_branches_whose_outputs_are_left_out(dtype: str) -> None:
    """Gradients of one output are none of the other's inputs, in any order of asking."""
    rng = np.random.default_rng(4)
    inputs = [keras.Input((size,), dtype=dtype) for size in (5, 4)]
    dense = [layers.Dense(3, dtype=dtype), layers.Dense(2, dtype=dtype)]
    model = keras.Model(inputs, [layer(x) for layer, x in zip(dense, inputs, strict=True)])
    for rows, asked in ((2, 0), (40, 1), (40, 0), (7, 1), (7, 0)):
        used_memory(model, rng, dtype)
        dy = rng.normal(size=(rows, 3 - asked)).astype(dtype)
        xs = tensors(rng.normal(size=(rows, 5)), rng.normal(size=(rows, 4)), dtype=dtype)
        found = gradients(model, xs, [dy if o == asked else None for o in range(2)])
        expected = dy @ np.asarray(dense[asked].kernel).T
        np.testing.assert_allclose(found[asked], expected, rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(found[1 - asked], np.zeros(xs[1 - asked].shape))


@pytest.mark.parametrize("dtype", DTYPES)
def test_masked_steps(dtype: str) -> None:
    """Masked steps of a sequence pass nothing back; the others what the layer above says."""
    rng = np.random.default_rng(5)
    x = keras.Input((4, 3), dtype=dtype)
    dense = layers.Dense(2, dtype=dtype)
    model = keras.Model(x, dense(layers.Masking(dtype=dtype)(x)))
    for rows in (2, 40, 7):
        used_memory(model, rng, dtype)
        given, dy = rng.normal(size=(rows, 4, 3)), rng.normal(size=(rows, 4, 2)).astype(dtype)
        given[rng.random((rows, 4)) < 0.4] = 0
        (dx,) = gradients(model, tensors(given, dtype=dtype), [dy])
        expected = dy @ np.asarray(dense.kernel).T * np.any(given != 0, -1, keepdims=True)
        np.testing.assert_allclose(dx, expected, rtol=1e-5, atol=1e-6)


def test_branches_that_cannot_be_differentiated() -> None:
    rng = np.random.default_rng(6)
    a, b = keras.Input((4,)), keras.Input((4,))
    dense = layers.Dense(3)
    model = keras.Model([a, b], dense(layers.Add()([a, ops.sign(b)])))
    for rows in (2, 40, 7):
        used_memory(model, rng, "float32")
        dy = rng.normal(size=(rows, 3)).astype("float32")
        xs = tensors(rng.normal(size=(rows, 4)), rng.normal(size=(rows, 4)), dtype="float32")
        da, db = gradients(model, xs, [dy])
        expected = dy @ np.asarray(dense.kernel).T
        np.testing.assert_allclose(da, expected, rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(db, np.zeros((rows, 4)))
