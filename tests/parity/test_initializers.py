"""Initializers draw from the same distributions (their numbers differ: other generators)."""

from typing import Any

import numpy as np
import pytest
from _pairs import LIBRARIES

SHAPE = (300, 200)

RANDOM: list[tuple[str, dict[str, Any]]] = [
    ("GlorotUniform", {}),
    ("GlorotNormal", {}),
    ("HeUniform", {}),
    ("HeNormal", {}),
    ("LecunUniform", {}),
    ("LecunNormal", {}),
    ("RandomNormal", {}),
    ("RandomNormal", {"mean": 1.0, "stddev": 0.3}),
    ("RandomUniform", {}),
    ("RandomUniform", {"minval": -1.0, "maxval": 2.0}),
    ("TruncatedNormal", {}),
    ("TruncatedNormal", {"mean": 1.0, "stddev": 0.3}),
    ("VarianceScaling", {"scale": 2.0, "mode": "fan_out", "distribution": "uniform"}),
    ("VarianceScaling", {"scale": 0.5, "mode": "fan_avg", "distribution": "untruncated_normal"}),
    ("VarianceScaling", {}),
    ("Orthogonal", {}),
    *(
        (f"{kind}{shape}", {"input_axes": [1], "output_axes": [0]})
        for kind in ("Glorot", "He", "Lecun")
        for shape in ("Normal", "Uniform")
    ),
]


@pytest.mark.parametrize(("name", "settings"), RANDOM)
def test_same_distribution(name: str, settings: dict[str, Any]) -> None:
    """Two-sample Kolmogorov-Smirnov distance below its value for a chance of 1e-6."""
    expected, actual = (
        np.sort(np.asarray(getattr(lib.initializers, name)(seed=3, **settings)(SHAPE)).ravel())
        for lib in LIBRARIES
    )
    both = np.concatenate([expected, actual])
    distance = (
        np.abs(
            np.searchsorted(expected, both, side="right")
            - np.searchsorted(actual, both, side="right")
        ).max()
        / expected.size
    )
    assert distance < np.sqrt(-np.log(1e-6 / 2) / expected.size)
    assert actual.dtype == expected.dtype
    # The ends of what is bounded; the tails of a normal distribution are anybody's guess.
    if name not in ("RandomNormal", "Orthogonal") and "untruncated_normal" not in settings.values():
        np.testing.assert_allclose(actual[[0, -1]], expected[[0, -1]], rtol=0.02)


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4)])
def test_orthogonal(shape: tuple[int, int]) -> None:
    for library in LIBRARIES:
        q = np.asarray(library.initializers.Orthogonal(gain=2.0, seed=1)(shape))
        small = q @ q.T if shape[0] <= shape[1] else q.T @ q
        np.testing.assert_allclose(small, 4 * np.eye(min(shape)), atol=1e-5)


WITH_ARGUMENTS = [
    *((name, {**settings, "seed": 3}) for name, settings in RANDOM),
    ("Orthogonal", {"gain": 2.0, "seed": 1}),
    ("Zeros", {}),
    ("Ones", {}),
    ("Constant", {}),
    ("Constant", {"value": 0.7}),
    ("Identity", {}),
    ("Identity", {"gain": 2.5}),
]


@pytest.mark.parametrize(("name", "settings"), WITH_ARGUMENTS, ids=str)
def test_configurations(name: str, settings: dict[str, Any]) -> None:
    expected, actual = (
        getattr(library.initializers, name)(**settings).get_config() for library in LIBRARIES
    )
    # Keras forgets the gain of the identity.
    assert {**actual, **expected} == actual
    assert set(actual) - set(expected) <= {"gain"}
    twin = getattr(LIBRARIES[1].initializers, name).from_config(actual)
    assert twin.get_config() == actual


def test_constants() -> None:
    for name, arguments, shape in (
        ("Zeros", (), (3, 2)),
        ("Ones", (), (3, 2)),
        ("Constant", (0.7,), (3, 2)),
        ("Identity", (), (3, 3)),
        ("Identity", (2.5,), (3, 3)),
    ):
        expected, actual = (
            np.asarray(getattr(lib.initializers, name)(*arguments)(shape)) for lib in LIBRARIES
        )
        np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize(
    "name",
    [
        "glorot_uniform",
        "he_normal",
        "lecun_uniform",
        "random_normal",
        "random_uniform",
        "truncated_normal",
        "variance_scaling",
        "zeros",
        "ones",
        "orthogonal",
    ],
)
def test_names_and_configurations(name: str) -> None:
    objects = [library.initializers.get(name) for library in LIBRARIES]
    assert type(objects[1]).__name__ == type(objects[0]).__name__
    expected, actual = (o.get_config() for o in objects)
    # The drawn seed of an unseeded initializer is its own.
    assert {**actual, "seed": None} == {**expected, "seed": None}


def test_seed_repeats() -> None:
    for library in LIBRARIES:
        kind = library.initializers.GlorotUniform
        np.testing.assert_array_equal(np.asarray(kind(seed=5)((4, 3))), kind(seed=5)((4, 3)))
        assert not np.array_equal(np.asarray(kind(seed=5)((4, 3))), kind(seed=6)((4, 3)))
