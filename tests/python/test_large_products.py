"""Products of large matrices, which the engine's threads compute."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pronghorn import _engine, ops

SIZES = st.integers(1, 70)


@given(SIZES, SIZES, SIZES, st.booleans(), st.booleans(), st.sampled_from(["f4", "f8"]))
def test_product(m, k, n, turned_a, turned_b, dtype):
    rng = np.random.default_rng(m + 71 * k + 71**2 * n)
    a = rng.normal(size=(k, m) if turned_a else (m, k)).astype(dtype)
    b = rng.normal(size=(n, k) if turned_b else (k, n)).astype(dtype)
    found = _engine.matmul(a, b, turned_a, turned_b)
    left, right = (a.T if turned_a else a), (b.T if turned_b else b)
    expected = left.astype("f8") @ right.astype("f8")
    assert found.dtype == a.dtype
    tolerance = (1e-13 if dtype == "f8" else 1e-5) * k
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * 10)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("shapes", [((512, 96), (96, 1030)), ((1500, 64), (64, 40))], ids=str)
def test_large_ones_through_ops(shapes, dtype):
    rng = np.random.default_rng(0)
    a, b = (rng.normal(size=shape).astype(dtype) for shape in shapes)
    expected = a.astype("f8") @ b.astype("f8")
    tolerance = 1e-12 if dtype == "f8" else 2e-4
    for left in (a, np.asfortranarray(a), np.repeat(a, 2, axis=1)[:, ::2]):
        for right in (b, np.asfortranarray(b), b[::-1][::-1]):
            np.testing.assert_allclose(ops.matmul(left, right), expected, rtol=0, atol=tolerance)
    mixed = ops.matmul(a, b.astype("f8" if dtype == "f4" else "f4"))
    np.testing.assert_allclose(mixed, expected, rtol=0, atol=2e-4)
    with pytest.raises(ValueError, match="matmul"):
        ops.matmul(a, b[:-1])


def test_threads_do_not_matter():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(300, 400)).astype("f4"), rng.normal(size=(400, 500)).astype("f4")
    before, found = _engine.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            _engine.set_num_threads(threads)
            found += [ops.matmul(a, b), ops.matmul(b.T, a.T).T]
    finally:
        _engine.set_num_threads(before)
    for each, first in zip(found[2:], found[:2] * 2, strict=True):
        np.testing.assert_array_equal(each, first)


def test_errors():
    a = np.ones((2, 3), "f4")
    with pytest.raises(ValueError, match="3 columns and b 2 rows"):
        _engine.matmul(a, a)
    with pytest.raises(ValueError, match="matrices"):
        _engine.matmul(a, a[0])
