"""The digits that come with the package."""

from pathlib import Path

import numpy as np
import pytest

from pronghorn.datasets import digits


def test_shapes_and_ranges():
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    assert x_train.shape == (1442, 8, 8)
    assert x_test.shape == (355, 8, 8)
    assert y_train.shape == (1442,)
    assert y_test.shape == (355,)
    for array in (x_train, y_train, x_test, y_test):
        assert array.dtype == np.uint8
    assert (x_train.min(), x_train.max(), y_train.min(), y_train.max()) == (0, 16, 0, 9)
    assert np.bincount(y_test).min() >= 34


def test_every_fifth_of_a_class_is_for_testing():
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    for digit in range(10):
        train, test = (y_train == digit).sum(), (y_test == digit).sum()
        assert test == (train + test) // 5
    both = np.concatenate([x_train, x_test]).reshape(1797, 64)
    assert len(np.unique(both, axis=0)) == 1797


def test_against_scikit_learn():
    datasets = pytest.importorskip("sklearn.datasets")
    original = datasets.load_digits()
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    test = np.zeros(1797, bool)
    for digit in range(10):
        test[np.flatnonzero(original.target == digit)[4::5]] = True
    np.testing.assert_array_equal(x_train, original.images[~test])
    np.testing.assert_array_equal(y_train, original.target[~test])
    np.testing.assert_array_equal(x_test, original.images[test])
    np.testing.assert_array_equal(y_test, original.target[test])


def test_licence_lies_beside_it():
    text = Path(digits.__file__).with_name("digits.LICENSE.txt").read_text()
    assert "10.24432/C50P49" in text
    assert "Creative Commons Attribution 4.0 International" in text
