"""Activation functions on plain arrays."""

import jax
import numpy as np
import pytest
from _pairs import LIBRARIES
from _random_models import DENSE_ACTIVATIONS

import pronghorn

X = np.concatenate(
    [np.linspace(-12, 12, 97), [0.0, -0.0, 3.0, -3.0, 1e-6, -1e-6, 40.0, -40.0, 88.0, -100.0]]
).astype("float32")


def _values(call):
    return [np.asarray(call(library.activations)) for library in LIBRARIES]


MORE = (
    *("celu", "hard_shrink", "hard_silu", "hard_tanh", "log_sigmoid", "relu6", "soft_shrink"),
    *("sparse_plus", "sparse_sigmoid", "squareplus", "tanh_shrink"),
)


@pytest.mark.parametrize("name", [*DENSE_ACTIVATIONS, *MORE])
def test_values(name: str) -> None:
    x = X.reshape(1, -1)
    expected, actual = _values(lambda activations: getattr(activations, name)(x))
    np.testing.assert_allclose(actual, expected, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", [*DENSE_ACTIVATIONS, *MORE, "glu"])
def test_gradients(name: str, rng: np.random.Generator) -> None:
    """Of a weighted sum of what comes out, away from the corners."""
    x = (3 * rng.standard_normal((4, 6))).astype("float32")
    theirs, ours = (getattr(library.activations, name) for library in LIBRARIES)
    factors = rng.standard_normal(np.shape(ours(x))).astype("float32")
    expected = jax.grad(lambda z: (theirs(z) * factors).sum())(x)
    actual = pronghorn.grad(lambda z: pronghorn.ops.sum(ours(z) * factors))(x)
    np.testing.assert_allclose(np.asarray(actual), expected, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("relu", {"negative_slope": 0.2}),
        ("relu", {"max_value": 6.0}),
        ("relu", {"threshold": 1.5}),
        ("relu", {"negative_slope": 0.1, "max_value": 4.0, "threshold": 0.5}),
        ("leaky_relu", {"negative_slope": 0.01}),
        ("elu", {"alpha": 0.5}),
        ("gelu", {"approximate": True}),
        ("gelu", {"approximate": False}),
        ("celu", {"alpha": 0.5}),
        ("hard_shrink", {"threshold": 0.75}),
        ("soft_shrink", {"threshold": 0.75}),
        ("squareplus", {"b": 2.0}),
        ("threshold", {"threshold": 0.5, "default_value": -1.0}),
    ],
)
def test_parameters(name: str, arguments: dict) -> None:
    expected, actual = _values(lambda activations: getattr(activations, name)(X, **arguments))
    np.testing.assert_allclose(actual, expected, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "glu"])
@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_axis(name: str, axis: int, rng: np.random.Generator) -> None:
    x = rng.standard_normal((2, 4, 6)).astype("float32")
    expected, actual = _values(lambda activations: getattr(activations, name)(x, axis=axis))
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)


def test_infinities() -> None:
    x = np.array([[-np.inf, np.inf]], "float32")
    for name in ("relu", "tanh", "sigmoid", "hard_sigmoid", "softplus", "elu", "exponential"):
        expected, actual = _values(lambda activations, n=name: getattr(activations, n)(x))
        np.testing.assert_array_equal(actual, expected, err_msg=name)


def test_get() -> None:
    for library in LIBRARIES:
        get = library.activations.get
        assert get("relu") is library.activations.relu
        assert get(None) is library.activations.linear
        assert get(library.activations.tanh) is library.activations.tanh
        with pytest.raises(ValueError, match="rellu"):
            get("rellu")
