"""Initializers: distributions by the Kolmogorov-Smirnov distance, and exact properties."""

import math

import numpy as np
import pytest

from pronghorn import initializers, utils

SHAPE = (200, 150)
# P(D > 0.0155) < 2 exp(-2 n D^2) = 1.1e-6 for n = 30,000 independent values (Massart 1990).
KS_BOUND = 0.0155


def normal_cdf(z):
    return 0.5 * (1 + math.erf(z / math.sqrt(2)))


def truncated_cdf(z):
    low = normal_cdf(-2.0)
    return (normal_cdf(min(max(z, -2.0), 2.0)) - low) / (1 - 2 * low)


def uniform_cdf(low, high):
    return lambda x: min(max((x - low) / (high - low), 0.0), 1.0)


def distance(values, cdf):
    ordered = np.sort(np.asarray(values, np.float64).ravel())
    ideal = np.array([cdf(value) for value in ordered])
    ranks = np.arange(len(ordered) + 1) / len(ordered)
    return max(abs(ideal - ranks[:-1]).max(), abs(ideal - ranks[1:]).max())


TRUNCATED = 0.87962566103423978
FAN_IN, FAN_OUT = SHAPE
AVERAGE = (FAN_IN + FAN_OUT) / 2


def uniform_of(variance):
    limit = math.sqrt(3 * variance)
    return uniform_cdf(-limit, limit)


def truncated_of(variance):
    stddev = math.sqrt(variance) / TRUNCATED
    return lambda x: truncated_cdf(x / stddev)


DISTRIBUTIONS = [
    (initializers.RandomNormal(0.3, 0.2, seed=1), lambda x: normal_cdf((x - 0.3) / 0.2)),
    (initializers.RandomUniform(-0.1, 0.4, seed=2), uniform_cdf(-0.1, 0.4)),
    (initializers.TruncatedNormal(0.3, 0.2, seed=3), lambda x: truncated_cdf((x - 0.3) / 0.2)),
    (initializers.GlorotUniform(seed=4), uniform_of(1 / AVERAGE)),
    (initializers.GlorotNormal(seed=5), truncated_of(1 / AVERAGE)),
    (initializers.HeUniform(seed=6), uniform_of(2 / FAN_IN)),
    (initializers.HeNormal(seed=7), truncated_of(2 / FAN_IN)),
    (initializers.LecunUniform(seed=8), uniform_of(1 / FAN_IN)),
    (initializers.LecunNormal(seed=9), truncated_of(1 / FAN_IN)),
    (
        initializers.VarianceScaling(3.0, "fan_out", "untruncated_normal", seed=10),
        lambda x: normal_cdf(x / math.sqrt(3 / FAN_OUT)),
    ),
    (
        initializers.VarianceScaling(3.0, "fan_out", "normal", seed=11),
        truncated_of(3 / FAN_OUT),
    ),
]


@pytest.mark.parametrize(("initializer", "cdf"), DISTRIBUTIONS, ids=repr)
def test_distribution(initializer, cdf):
    values = initializer(SHAPE, "float64")
    assert values.shape == SHAPE
    assert distance(values, cdf) < KS_BOUND


def test_the_test_sees_a_wrong_scale():
    values = 1.1 * initializers.HeNormal(seed=7)(SHAPE, "float64")
    assert distance(values, truncated_of(2 / FAN_IN)) > KS_BOUND


def test_scaling_normals_keep_the_variance():
    values = initializers.HeNormal(seed=1)((1000, 500), "float64")
    # The relative deviation of a variance estimate from n values is about sqrt(2 / n) = 0.002.
    assert values.var() == pytest.approx(2 / 1000, rel=0.012)
    assert np.abs(values).max() <= 2 * math.sqrt(2 / 1000) / TRUNCATED


@pytest.mark.parametrize("shape", [(30, 20), (20, 30), (5, 6, 20)])
def test_orthogonal(shape):
    matrix = initializers.Orthogonal(gain=1.5, seed=3)(shape, "float64").reshape(-1, shape[-1])
    small = matrix.T @ matrix if matrix.shape[0] >= matrix.shape[1] else matrix @ matrix.T
    np.testing.assert_allclose(small, 2.25 * np.eye(min(matrix.shape)), atol=1e-12)


def test_orthogonal_is_uniform():
    # A uniform draw has no preferred sign; in LAPACK's Q the first entry is never positive.
    corners = [initializers.Orthogonal(seed=s)((3, 3), "float64")[0, 0] for s in range(2000)]
    # Each coordinate of a point on the unit sphere is uniform in [-1, 1] (Archimedes).
    assert distance(corners, uniform_cdf(-1.0, 1.0)) < 0.06  # P < 2 exp(-2 n D^2) = 1e-6


def test_constants():
    np.testing.assert_array_equal(initializers.Zeros()((2, 3)), np.zeros((2, 3)))
    np.testing.assert_array_equal(initializers.Ones()((2, 3)), np.ones((2, 3)))
    np.testing.assert_array_equal(initializers.Constant(2.5)((2, 3)), np.full((2, 3), 2.5))
    np.testing.assert_array_equal(initializers.Constant([1, 2, 3])((2, 3))[1], [1, 2, 3])
    np.testing.assert_array_equal(initializers.Identity(3.0)((2, 3)), [[3, 0, 0], [0, 3, 0]])


def random_classes():
    base = initializers._initializer.RandomInitializer
    return [each for each in initializers._initializer.REGISTRY.objects() if issubclass(each, base)]


@pytest.mark.parametrize("cls", random_classes(), ids=lambda cls: cls.__name__)
def test_seeds(cls):
    seeded = cls(seed=5)
    np.testing.assert_array_equal(seeded((40, 30)), seeded((40, 30)))
    np.testing.assert_array_equal(seeded((40, 30)), cls(seed=5)((40, 30)))
    assert not np.array_equal(seeded((40, 30)), cls(seed=6)((40, 30)))
    assert not np.array_equal(cls()((40, 30)), cls()((40, 30)))
    utils.set_random_seed(11)
    first = cls()((40, 30))
    utils.set_random_seed(11)
    np.testing.assert_array_equal(first, cls()((40, 30)))
    for bad in (-1, 2**64):
        with pytest.raises(ValueError, match="`seed`"):
            cls(seed=bad)
    for bad in (1.5, "1", True):
        with pytest.raises(TypeError, match="`seed`"):
            cls(seed=bad)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "cls", initializers._initializer.REGISTRY.objects(), ids=lambda cls: cls.__name__
)
def test_every_initializer(cls, dtype):
    values = cls()((4, 3), dtype)
    assert values.shape == (4, 3)
    assert values.dtype == dtype
    assert values.flags.c_contiguous
    again = initializers.deserialize(initializers.serialize(cls()))
    assert type(again) is cls
    assert type(initializers.get(cls)) is cls
    assert type(cls().clone()) is cls
    assert cls()((4, 3)).dtype == np.float32


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("glorot_uniform", "GlorotUniform"),
        ("HeNormal", "HeNormal"),
        ("lecun_uniform", "LecunUniform"),
        ("zeros", "Zeros"),
        ("zero", "Zeros"),
        ("one", "Ones"),
        ("normal", "RandomNormal"),
        ("uniform", "RandomUniform"),
        ("orthogonal", "Orthogonal"),
        ("OrthogonalInitializer", "Orthogonal"),
        ("IdentityInitializer", "Identity"),
        ("identity", "Identity"),
        ("truncated_normal", "TruncatedNormal"),
    ],
)
def test_names(name, cls):
    assert type(initializers.get(name)).__name__ == cls


def test_get():
    assert initializers.get(None) is None
    copy = initializers.get(np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(copy((2, 3), "float32"), [[0, 1, 2], [3, 4, 5]])
    with pytest.raises(ValueError, match=r"\(2, 3\).*\(3, 2\)"):
        copy((3, 2))

    def own(shape, dtype=None):
        return np.full(shape, 7.0, dtype)

    assert initializers.get(own) is own
    with pytest.raises(ValueError, match=r"'he_norml'.*Did you mean 'he_normal'"):
        initializers.get("he_norml")
    with pytest.raises(TypeError, match="initializer"):
        initializers.get(3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: initializers.Identity()((2, 2, 2)), "matrices"),
        (lambda: initializers.Orthogonal()((2,)), "two dimensions"),
        (lambda: initializers.VarianceScaling(scale=-1), "`scale`.*-1"),
        (lambda: initializers.VarianceScaling(mode="fan"), "Did you mean 'fan_"),
        (lambda: initializers.VarianceScaling(distribution="unifrm"), "Did you mean 'uniform'"),
        (lambda: initializers.VarianceScaling(input_axes=[0]), "together"),
        (lambda: initializers.RandomNormal(stddev=-1), "`stddev`"),
        (lambda: initializers.Zeros()((2, -1)), "negative"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()
