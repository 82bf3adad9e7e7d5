"""Data in any container, dtype, order, stride and byte order give what plain float32 gives."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pronghorn as keras
from pronghorn import _data, layers

ROWS, FEATURES, CLASSES = 24, 4, 3


def make_model(targets="classes"):
    keras.utils.set_random_seed(1)
    units = CLASSES if targets == "classes" else 1
    activation = "softmax" if targets == "classes" else None
    model = keras.Sequential([keras.Input((FEATURES,)), layers.Dense(units, activation)])
    model.compile("adam", "sparse_categorical_crossentropy" if targets == "classes" else "mse")
    return model


# Small integers, so that every dtype holds them exactly.
X = np.random.default_rng(0).integers(0, 9, (ROWS, FEATURES)).astype("float32")
Y = np.random.default_rng(1).integers(0, CLASSES, ROWS)


def results(x, y, targets="classes", **arguments):
    model = make_model(targets)
    history = model.fit(x, y, epochs=2, batch_size=5, verbose=0, **arguments).history["loss"]
    return np.concatenate([history, *map(np.ravel, [*model.get_weights(), model(x)])])


@pytest.fixture(scope="module")
def plain():
    return results(X, Y.astype("int32"))


def strided(array):
    wide = np.zeros((array.shape[0] * 2, *array.shape[1:]), array.dtype)
    wide[::2] = array
    return wide[::2]


def unaligned(array):
    raw = bytearray(array.nbytes + 1)
    view = np.frombuffer(raw, dtype=array.dtype, offset=1, count=array.size).reshape(array.shape)
    view[...] = array
    assert not view.flags.aligned or array.itemsize == 1
    return view


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


class Subclass(np.ndarray):
    """Whatever an array of users may be."""


LAYOUTS = {
    "plain": lambda a: a,
    "fortran": np.asfortranarray,
    "reversed": lambda a: a[::-1].copy()[::-1],
    "strided": strided,
    "swapped": lambda a: a.astype(a.dtype.newbyteorder()),
    "unaligned": unaligned,
    "read only": read_only,
    "columns": lambda a: np.ascontiguousarray(a.T).T,
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    "dtype", ["float16", "float32", "float64", "longdouble", "int8", "uint16", "int64", "uint64"]
)
def test_arrays_of_any_dtype_and_layout(plain, dtype, layout):
    transform = LAYOUTS[layout]
    x, y = transform(X.astype(dtype)), transform(Y.astype(dtype))
    before = np.array(x), np.array(y)
    np.testing.assert_array_equal(results(x, y), plain)
    np.testing.assert_array_equal(np.array(x), before[0])
    np.testing.assert_array_equal(np.array(y), before[1])


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_view_of_any_dtype_property(plain, data):
    dtype = data.draw(st.sampled_from("fdegbBhHiIlLqQ?"))
    x, y = X, Y
    if dtype == "?":
        x, y = X % 2, Y % 2
        plain = results(x.copy(), y.astype("int32"))
    order = data.draw(st.sampled_from("<>"))
    steps = data.draw(st.tuples(*[st.sampled_from([-3, -1, 1, 2])] * 2))
    wide = np.zeros([n * abs(s) for n, s in zip(x.shape, steps, strict=True)], np.dtype(dtype))
    view = wide.astype(wide.dtype.newbyteorder(order))[:: steps[0], :: steps[1]]
    view[...] = x
    labels = y.astype(np.dtype(dtype).newbyteorder(order))
    if data.draw(st.booleans()):
        labels = labels[:, None]
    if data.draw(st.booleans()):
        view.flags.writeable = False
    np.testing.assert_array_equal(results(view, labels), plain)


@pytest.mark.parametrize(
    "convert",
    [
        lambda a: a.tolist(),
        lambda a: tuple(map(tuple, a.tolist())) if a.ndim == 2 else tuple(a.tolist()),
        lambda a: list(a),
        lambda a: pd.DataFrame(a) if a.ndim == 2 else pd.Series(a),
        lambda a: pd.DataFrame(a).astype("Int64") if a.ndim == 2 else pd.Series(a, dtype="Int64"),
        lambda a: pd.DataFrame(a).astype({0: "int8", 1: "float64"}) if a.ndim == 2 else pd.Index(a),
        lambda a: memoryview(np.ascontiguousarray(a)),
        lambda a: np.ma.masked_array(a),
        lambda a: a.view(Subclass),
    ],
    ids=["list", "tuple", "rows", "pandas", "nullable", "mixed", "buffer", "masked", "subclass"],
)  # fmt: skip
def test_other_containers(plain, convert):
    np.testing.assert_array_equal(results(convert(X), convert(Y)), plain)


def test_frames_of_bools_and_floats():
    frame = pd.DataFrame({"a": [True, False, True], "b": [0.5, 1.5, 2.5]})
    array = _data.numeric(frame, "x")
    np.testing.assert_array_equal(array, [[1, 0.5], [0, 1.5], [1, 2.5]])


def test_missing_values_of_frames_become_nan():
    array = _data.numeric(pd.Series([1, None], dtype="Int64"), "x")
    np.testing.assert_array_equal(array, [1, np.nan])


def test_memory_mapped_arrays(plain, tmp_path):
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "y.npy", Y)
    x = np.load(tmp_path / "x.npy", mmap_mode="r")
    y = np.load(tmp_path / "y.npy", mmap_mode="r")
    np.testing.assert_array_equal(results(x, y), plain)
    assert np.shares_memory(_data.features(x, (None, FEATURES), "float32", "x", "it"), x)


@pytest.mark.parametrize("transform", [lambda a: a, read_only, lambda a: a[3:20]])
def test_float32_in_c_order_is_used_in_place(transform):
    x = transform(X)
    assert np.shares_memory(_data.features(x, (None, FEATURES), "float32", "x", "it"), x)
    assert np.shares_memory(_data.targets(x, (None, FEATURES), "float32", "y", "it"), x)
    labels = transform(Y.astype("int32"))
    assert np.shares_memory(_data.class_labels(labels, (None, CLASSES), "y", "it"), labels)
    model = make_model()
    assert np.shares_memory(model._convert(x, labels)[0].xs[0], x)


def test_validation_split_makes_views():
    model = make_model()
    feed, _ = model._convert(X, Y.astype("int32"))
    assert np.shares_memory(feed.part(4, 9).xs[0], X)


@pytest.mark.parametrize("y", [Y, Y[:, None], Y.astype("float64"), pd.Series(Y, name="label")])
def test_one_column_targets_may_be_vectors(y):
    expected = results(X, Y[:, None].astype("float32"), "numbers")
    np.testing.assert_array_equal(results(X, y, "numbers"), expected)


def test_integers_beyond_float32_are_rounded_once():
    big = np.array([[2**24 + 1] * FEATURES], "int64")
    expected = make_model().predict(big.astype("float32"), verbose=0)
    np.testing.assert_array_equal(make_model().predict(big, verbose=0), expected)


def test_sequences_of_labels():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((5, 2)), layers.Dense(3, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x = np.random.default_rng(0).normal(size=(6, 5, 2))
    y = np.random.default_rng(1).integers(0, 3, (6, 5))
    probabilities = model.predict(x, verbose=0)
    loss = -np.log(np.take_along_axis(probabilities, y[..., None], 2)).mean()
    accuracy = (probabilities.argmax(2) == y).mean()
    for labels in (y, y[..., None], y.astype("float32")):
        assert model.evaluate(x, labels, verbose=0) == pytest.approx([loss, accuracy], rel=1e-5)
