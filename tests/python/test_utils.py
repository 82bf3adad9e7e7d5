"""Utilities: seeds, one-hot rows, names, numbers, suggestions."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pronghorn import _state, _suggest, utils
from pronghorn._numbers import integer, real
from pronghorn.random import next_seed


def test_set_random_seed_reaches_every_generator():
    def draw():
        return random.random(), np.random.rand(), next_seed(), next_seed()  # noqa: NPY002

    utils.set_random_seed(3)
    first = draw()
    utils.set_random_seed(3)
    assert draw() == first
    utils.set_random_seed(4)
    assert draw() != first
    assert first[2] != first[3]
    assert all(0 <= seed < 2**64 for seed in first[2:])


@pytest.mark.parametrize(
    ("bad", "error"), [(-1, ValueError), (2**32, ValueError), (1.0, TypeError), ("1", TypeError)]
)
def test_set_random_seed_refuses(bad, error):
    with pytest.raises(error, match="`seed`"):
        utils.set_random_seed(bad)


@given(st.lists(st.integers(0, 20), min_size=1), st.integers(21, 30))
def test_to_categorical(labels, classes):
    rows = utils.to_categorical(labels, classes)
    assert rows.shape == (len(labels), classes)
    assert rows.argmax(axis=1).tolist() == labels
    assert rows.sum() == len(labels)
    assert utils.to_categorical(labels).shape == (len(labels), max(labels) + 1)


def test_to_categorical_shapes():
    assert utils.to_categorical([[1], [2]]).shape == (2, 3)
    assert utils.to_categorical([[1, 2], [0, 2]]).shape == (2, 2, 3)
    assert utils.to_categorical(np.array([1.0, 0.0])).tolist() == [[0, 1], [1, 0]]
    assert utils.to_categorical([], 4).shape == (0, 4)


@pytest.mark.parametrize(
    ("x", "classes", "error", "message"),
    [
        ([0, 3], 3, ValueError, r"0\.\.2; received 0\.\.3"),
        ([-1], None, ValueError, "-1"),
        ([0.5], None, ValueError, "whole"),
        ([np.nan], None, ValueError, "whole"),
        ([], None, ValueError, "num_classes"),
        (["a"], None, TypeError, "dtype"),
        ([1], 1.5, TypeError, "num_classes"),
    ],
)
def test_to_categorical_refuses(x, classes, error, message):
    with pytest.raises(error, match=message):
        utils.to_categorical(x, classes)


def test_clear_session_forgets_names():
    called = []
    _state.on_clear(lambda: called.append(True))
    utils.clear_session()
    assert [_state.unique_name("dense") for _ in range(3)] == ["dense", "dense_1", "dense_2"]
    utils.clear_session()
    assert _state.unique_name("dense") == "dense"
    assert called == [True, True]
    utils.clear_session()


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Dense", "dense"), ("MeanSquaredError", "mean_squared_error"), ("SGD", "sgd")],
)
def test_snake_case(name, expected):
    assert _state.snake_case(name) == expected


def test_suggestions():
    assert _suggest.nearest("rely", ["relu", "elu", "tanh"]) == "relu"
    assert _suggest.nearest("xyzzy", ["relu", "elu", "tanh"]) is None
    message = str(_suggest.unknown("loss", "ms", ["mse", "mae"]))
    assert message == "Unknown loss 'ms'. Did you mean 'mse'? Known: mae, mse."
    assert "Did you mean" not in str(_suggest.unknown("loss", 3, ["mse"]))


@pytest.mark.parametrize("value", [1, 1.5, np.float32(2), np.int64(3), np.array(4.0)])
def test_real(value):
    assert real(value, "x") == float(value)
    assert type(real(value, "x")) is float


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("1", TypeError),
        (None, TypeError),
        (True, TypeError),
        (1j, TypeError),
        (np.zeros(2), TypeError),
        (float("nan"), ValueError),
        (float("inf"), ValueError),
        (-0.1, ValueError),
        (1.0, ValueError),
    ],
)
def test_real_refuses(value, error):
    with pytest.raises(error, match="`x`"):
        real(value, "x", low=0.0, high=1.0, open_high=True)


def test_integer():
    assert integer(np.int32(3), "n", low=3) == 3
    with pytest.raises(ValueError, match="`n` must be an integer >= 4; received 3"):
        integer(3, "n", low=4)
    for bad in (3.0, True, "3"):
        with pytest.raises(TypeError, match="`n`"):
            integer(bad, "n")
