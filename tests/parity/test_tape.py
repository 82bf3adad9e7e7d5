"""Gradients where they are delicate: ties, repeated places, dead branches, zeros, no rows."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pronghorn import GradientTape, ops

RNG = np.random.default_rng(0)
X, V = RNG.normal(size=(4, 3)), RNG.normal(size=5)
ROWS = np.array([0, 2, 0, 3, 0])
COLUMNS = np.array([[0, 0], [1, 1], [2, 0], [1, 1]])

# A name, our function, JAX's, and the arguments.
CASES = [
    ("take", lambda a: ops.take(a, ROWS, axis=0) ** 2, lambda a: a[ROWS] ** 2, X),
    ("index", lambda a: a[ROWS] ** 2, lambda a: a[ROWS] ** 2, X),
    ("pairs", lambda a: a[ROWS, 1] ** 2, lambda a: a[ROWS, 1] ** 2, X),
    ("backwards", lambda a: a[::-2] ** 3, lambda a: a[::-2] ** 3, X),
    (
        "take along",
        lambda a: ops.take_along_axis(a, COLUMNS, axis=1) ** 2,
        lambda a: jnp.take_along_axis(a, COLUMNS, axis=1) ** 2,
        X,
    ),
    (
        "take one along, from a row for all",
        lambda a: ops.take_along_axis(a, COLUMNS[:, :1], axis=1) ** 2,
        lambda a: jnp.take_along_axis(a, COLUMNS[:, :1], axis=1) ** 2,
        X[:1],
    ),
    ("product", lambda a, b: a * b + b, lambda a, b: a * b + b, X, V[:3]),
    ("quotient", lambda a, b: a / b, lambda a, b: a / b, X[:, :1], X[:1]),
    ("power", lambda a, b: a**b, lambda a, b: a**b, np.abs(X), np.array(2.5)),
    (
        "root in a branch that is not taken",
        lambda a: ops.where(a > 0, ops.sqrt(ops.where(a > 0, a, 1.0)), 0.0),
        lambda a: jnp.where(a > 0, jnp.sqrt(jnp.where(a > 0, a, 1.0)), 0.0),
        X,
    ),
    (
        "logarithm in a branch that is not taken",
        lambda a: ops.where(a > 0, ops.log(a), a),
        lambda a: jnp.where(a > 0, jnp.log(a), a),
        np.array([0.0, 1.0, -1.0]),
    ),
    ("largest of equals", ops.max, jnp.max, np.array([1.0, 2.0, 2.0])),
    ("smallest of equals", ops.min, jnp.min, np.array([1.0, 0.0, 0.0])),
    ("larger of equals", ops.maximum, jnp.maximum, V, np.abs(V)),
    ("sorted", lambda a: ops.sort(a) * np.arange(3.0), lambda a: jnp.sort(a) * np.arange(3.0), X),
    ("cumsum", lambda a: ops.cumsum(a, 0) ** 2, lambda a: jnp.cumsum(a, 0) ** 2, X),
    ("cumprod with zeros", ops.cumprod, jnp.cumprod, np.array([1.0, 0.0, 2.0, 0.0, 3.0])),
    ("prod with a zero", ops.prod, jnp.prod, np.array([1.0, 0.0, 2.0])),
    ("norm", ops.norm, jnp.linalg.norm, X),
    ("norm of nothing", ops.norm, jnp.linalg.norm, np.zeros(3)),
    ("logsumexp of -inf", ops.logsumexp, jax.nn.logsumexp, np.array([-np.inf, 1.0, 2.0])),
    ("no rows", lambda a: a * 2, lambda a: a * 2, np.zeros((0, 3))),
    ("no rows in a product", lambda a: ops.matmul(a, X.T), lambda a: a @ X.T, np.zeros((0, 3))),
    ("constant power", lambda a: a**2, lambda a: a**2, np.zeros(2)),
    ("stopped", lambda a: a * ops.stop_gradient(a), lambda a: a * jax.lax.stop_gradient(a), X),
    ("row times matrix", lambda a: ops.matmul(V[:4], a) ** 2, lambda a: (V[:4] @ a) ** 2, X),
    ("diagonal", lambda a: ops.einsum("ii->i", a) ** 2, lambda a: jnp.diagonal(a) ** 2, X[:3]),
    (
        "trace times",
        lambda a, b: ops.einsum("iij,j->j", a, b) ** 2,
        lambda a, b: jnp.einsum("iij,j->j", a, b) ** 2,
        RNG.normal(size=(3, 3, 5)),
        V,
    ),
    ("matrices by rows", ops.matmul, jnp.matmul, RNG.normal(size=(2, 1, 3, 4)), X),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_gradient(case):
    _, own, theirs, *arrays = case
    inputs = [ops.convert_to_tensor(array) for array in arrays]
    with GradientTape() as tape:
        tape.watch(inputs)
        result = own(*inputs)
    found = tape.gradient(result, inputs)
    with jax.enable_x64(True):
        total = jax.grad(lambda *a: jnp.sum(theirs(*a)), argnums=tuple(range(len(arrays))))
        expected = total(*[jnp.asarray(array) for array in arrays])
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(np.asarray(a), b, rtol=1e-9, atol=1e-12)
