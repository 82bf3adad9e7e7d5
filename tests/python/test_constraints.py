"""Constraints on arrays against their definition, one vector at a time."""

import math

import numpy as np
import pytest

from pronghorn import constraints

RNG = np.random.default_rng(4)
WEIGHTS = RNG.normal(size=(5, 3))


def scaled(length_of):
    """The constraint that gives every column the length `length_of(its length)`."""

    def apply(w):
        columns = []
        for column in w.T.tolist():
            norm = math.sqrt(sum(each * each for each in column))
            columns.append([each * length_of(norm) / (norm + 1e-7) for each in column])
        return np.array(columns).T

    return apply


CASES = [
    (constraints.MaxNorm(1.5), scaled(lambda norm: min(norm, 1.5))),
    (constraints.UnitNorm(), scaled(lambda norm: 1.0)),
    (
        constraints.MinMaxNorm(1.7, 2.1, rate=0.25),
        scaled(lambda norm: 0.25 * min(max(norm, 1.7), 2.1) + 0.75 * norm),
    ),
    (constraints.NonNeg(), lambda w: np.where(w < 0, 0, w)),
    (constraints.Constraint(), lambda w: w),
]


@pytest.mark.parametrize(("constraint", "formula"), CASES, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values(constraint, formula, dtype):
    w = WEIGHTS.astype(dtype)
    result = constraint(w)
    assert result.dtype == dtype
    np.testing.assert_allclose(result, formula(w), rtol=1e-6 if dtype == "float32" else 1e-14)


def test_axes():
    by_row = constraints.UnitNorm(axis=1)(WEIGHTS)
    np.testing.assert_allclose(by_row, constraints.UnitNorm(axis=0)(WEIGHTS.T).T)
    whole = constraints.UnitNorm(axis=(0, 1))(WEIGHTS)
    assert np.linalg.norm(whole) == pytest.approx(1, abs=1e-7)
    np.testing.assert_allclose(whole * np.linalg.norm(WEIGHTS), WEIGHTS, rtol=1e-6)


@pytest.mark.parametrize(("constraint", "formula"), CASES, ids=str)
def test_configurations(constraint, formula):
    again = constraints.deserialize(constraints.serialize(constraint))
    assert type(again) is type(constraint)
    assert again.get_config() == constraint.get_config()


def test_names():
    for name in ("max_norm", "MaxNorm"):
        assert isinstance(constraints.get(name), constraints.MaxNorm)
    assert constraints.get(None) is None
    assert constraints.get(np.abs) is np.abs
    with pytest.raises(ValueError, match="unit_norm"):
        constraints.get("unit_norn")


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: constraints.MaxNorm(-1), ValueError),
        (lambda: constraints.MinMaxNorm(2.0, 1.0), ValueError),
        (lambda: constraints.UnitNorm("rows"), TypeError),
    ],
)
def test_bad_arguments(make, error):
    with pytest.raises(error):
        make()
