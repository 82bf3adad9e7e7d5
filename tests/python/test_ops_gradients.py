"""Derivatives of every operation: first and second, against finite differences in float64."""

import itertools

import numpy as np
import pytest

from pronghorn import ops
from pronghorn._autodiff import OPERATIONS, Tensor, pull_back, recording
from pronghorn._autodiff._record import Node
from pronghorn.ops._activation_rule import _DERIVATIVES, activate


def numbers(*shape, low=-1.0, high=1.0, seed=0):
    """Uniform values that keep clear of 0, where kinks are."""
    generator = np.random.default_rng([seed, *shape, 7])
    values = generator.uniform(low, high, shape)
    return values + 0.1 * np.sign(values) * (np.abs(values) < 0.1)


def positive(*shape, seed=0):
    return numbers(*shape, low=0.3, high=2.0, seed=seed)


def definite(*shape):
    x = numbers(*shape)
    return x @ np.swapaxes(x, -1, -2) + 2 * np.eye(shape[-1])


A, B, ROW, COLUMN = numbers(3, 4), numbers(3, 4, seed=1), numbers(4, seed=2), numbers(3, 1, seed=3)
P, Q = positive(3, 4), positive(3, 4, seed=1)
CUBE = numbers(2, 3, 4)
SQUARE = numbers(3, 3) + 2 * np.eye(3)
PLACES = np.array([2, 0, 2])

# Of each operation with a rule: functions of arrays, and the arrays.
CASES = {
    "add": [(ops.add, A, ROW), (ops.add, COLUMN, ROW)],
    "subtract": [(ops.subtract, COLUMN, A)],
    "multiply": [(ops.multiply, A, COLUMN), (ops.multiply, ROW, B)],
    "divide": [(ops.divide, A, P), (ops.divide, ROW, P)],
    "true_divide": [(ops.true_divide, A, P)],
    "divide_no_nan": [(ops.divide_no_nan, A, P)],
    "mod": [(ops.mod, A, P)],
    "power": [(ops.power, P, B), (lambda x: x**3, A), (lambda x: 2.0**x, A), (lambda x: x**0.5, P)],
    "maximum": [(ops.maximum, A, B), (ops.maximum, A, ROW)],
    "minimum": [(ops.minimum, A, B)],
    "arctan2": [(ops.arctan2, A, P)],
    "hypot": [(ops.hypot, A, B)],
    "logaddexp": [(ops.logaddexp, A, ROW)],
    "clip": [(lambda x: ops.clip(x, -0.5, 0.5), A), (ops.clip, A, A - 1, A + 1)],
    "negative": [(ops.negative, A)],
    "absolute": [(ops.absolute, A)],
    "square": [(ops.square, A)],
    "sqrt": [(ops.sqrt, P)],
    "rsqrt": [(ops.rsqrt, P)],
    "cbrt": [(ops.cbrt, P)],
    "reciprocal": [(ops.reciprocal, P)],
    "exp": [(ops.exp, A)],
    "exp2": [(ops.exp2, A)],
    "expm1": [(ops.expm1, A)],
    "log": [(ops.log, P)],
    "log1p": [(ops.log1p, P)],
    "log2": [(ops.log2, P)],
    "log10": [(ops.log10, P)],
    "sin": [(ops.sin, A)],
    "cos": [(ops.cos, A)],
    "tan": [(ops.tan, A)],
    "arcsin": [(ops.arcsin, A * 0.8)],
    "arccos": [(ops.arccos, A * 0.8)],
    "arctan": [(ops.arctan, A)],
    "sinh": [(ops.sinh, A)],
    "cosh": [(ops.cosh, A)],
    "arcsinh": [(ops.arcsinh, A)],
    "arccosh": [(ops.arccosh, P + 1)],
    "arctanh": [(ops.arctanh, A * 0.8)],
    "erf": [(ops.erf, A)],
    "erfc": [(ops.erfc, A)],
    "sign": [(ops.sign, A)],
    "floor": [(ops.floor, A)],
    "ceil": [(ops.ceil, A)],
    "round": [(ops.round, A * 0.8)],
    "trunc": [(ops.trunc, A)],
    "nan_to_num": [(ops.nan_to_num, A)],
    "cast": [(lambda x: ops.cast(x, "float64"), A)],
    "copy": [(ops.copy, A)],
    "where": [(lambda x, y: ops.where(B > 0, x, y), A, ROW)],
    "reshape": [(lambda x: ops.reshape(x, (2, -1)), A)],
    "transpose": [(ops.transpose, A), (lambda x: ops.transpose(x, (1, 2, 0)), CUBE)],
    "moveaxis": [(lambda x: ops.moveaxis(x, 0, -1), CUBE)],
    "expand_dims": [(lambda x: ops.expand_dims(x, 1), A)],
    "squeeze": [(ops.squeeze, COLUMN)],
    "broadcast_to": [(lambda x: ops.broadcast_to(x, (3, 4)), COLUMN)],
    "concatenate": [(lambda x, y: ops.concatenate([x, y], axis=1), A, COLUMN)],
    "stack": [(lambda x, y: ops.stack([x, y], axis=1), A, B)],
    "flip": [(ops.flip, A), (lambda x: ops.flip(x, 1), A)],
    "roll": [(lambda x: ops.roll(x, 1, 1), A), (lambda x: ops.roll(x, 5), A)],
    "get_item": [
        (lambda x: x[1:, ::2], A),
        (lambda x: x[PLACES], A),
        (lambda x: x[..., None, 1], A),
        (lambda x: x[B > 0], A),
        (lambda x: x[PLACES, 1], A),
    ],
    "_put": [(lambda x: ops.scatter(PLACES[:, None], x, (4, 4)), A)],
    "take": [
        (lambda x: ops.take(x, PLACES, axis=1), A),
        (lambda x: ops.take(x, np.array([[0, 5], [5, 11]])), A),
    ],
    "take_along_axis": [
        (lambda x: ops.take_along_axis(x, np.argsort(B, axis=1)[:, :2], axis=1), A),
        (lambda x: ops.take_along_axis(x, PLACES), A),
    ],
    "_replaced": [(lambda x, y: ops.slice_update(x, (1, 1), y), A, numbers(2, 2))],
    "pad": [(lambda x: ops.pad(x, ((1, 0), (0, 2))), A)],
    "sum": [(ops.sum, A), (lambda x: ops.sum(x, axis=(0, -1), keepdims=True), CUBE)],
    "mean": [(ops.mean, A), (lambda x: ops.mean(x, axis=1), CUBE)],
    "prod": [(lambda x: ops.prod(x, axis=1), A), (lambda x: ops.prod(x * (B > -0.5), axis=0), A)],
    "max": [(lambda x: ops.max(x, axis=1), A), (ops.max, A)],
    "min": [(lambda x: ops.min(x, axis=0, keepdims=True), A)],
    "logsumexp": [(ops.logsumexp, A), (lambda x: ops.logsumexp(x, axis=-1, keepdims=True), A)],
    "cumsum": [(ops.cumsum, A), (lambda x: ops.cumsum(x, axis=1), A)],
    "cumprod": [(lambda x: ops.cumprod(x, axis=1), A), (ops.cumprod, ROW)],
    "sort": [(ops.sort, A), (lambda x: ops.sort(x, axis=0), A)],
    "matmul": [
        (ops.matmul, A, ops.transpose(B)),
        (ops.matmul, CUBE, numbers(4, 2)),
        (ops.matmul, CUBE, numbers(2, 4, 2)),
        (ops.matmul, ROW, numbers(4, 2)),
        (ops.matmul, A, ROW),
        (ops.matmul, ROW, ROW + 1),
        (ops.matmul, numbers(3), CUBE),
        (ops.matmul, CUBE, ROW),
    ],
    "einsum": [
        (lambda x, y: ops.einsum("ij,kj->ik", x, y), A, B),
        (lambda x, y: ops.einsum("...ij,jk", x, y), CUBE, numbers(4, 2)),
        (lambda x, y, z: ops.einsum("bij,j,ik->bk", x, y, z), CUBE, ROW, A),
        (lambda x: ops.einsum("ijk->k", x), CUBE),
    ],
    "det": [(ops.det, SQUARE)],
    "slogdet": [(ops.logdet, SQUARE)],
    "inv": [(ops.inv, SQUARE)],
    "solve": [(ops.solve, SQUARE, numbers(3, 2)), (ops.solve, SQUARE, numbers(3))],
    "_cholesky": [(lambda x: ops.cholesky(x @ x.T + 2 * np.eye(3)), SQUARE)],
    "eigh": [(lambda x: ops.eigh(x + x.T)[0], SQUARE), (lambda x: ops.eigh(x + x.T)[1], SQUARE)],
    "_scaled_sum": [(lambda x: OPERATIONS["_scaled_sum"](x, 0.3) ** 2, A)],
    "qr": [
        (lambda x: ops.qr(x)[0], SQUARE),
        (lambda x: ops.qr(x)[1], SQUARE),
        (lambda x: ops.matmul(*ops.qr(x[:, :2] * 2)) + ops.qr(x[:, :2])[0], SQUARE),
        (lambda x: ops.qr(x)[0] ** 2, numbers(2, 4, 3)),
    ],
    "svd": [
        (lambda x: ops.svd(x)[0], SQUARE),
        (lambda x: ops.svd(x)[1], SQUARE),
        (lambda x: ops.svd(x)[2], SQUARE),
        (lambda x: ops.svd(x, compute_uv=False), A),
        (lambda x: ops.svd(x, full_matrices=False)[0], A),
        (lambda x: ops.svd(x, full_matrices=False)[2], A),
        (lambda x: ops.svd(x, full_matrices=False)[0], A.T),
        (lambda x: ops.svd(x, full_matrices=False)[2] ** 2, A.T),
    ],
    "lstsq": [
        (ops.lstsq, numbers(5, 3), numbers(5, 2)),
        (ops.lstsq, numbers(5, 3), numbers(5)),
        (ops.lstsq, numbers(2, 4), numbers(2, 3)),
    ],
    "_activate": [
        (lambda x, name=name, given=given: activate(x, name, *given), numbers(3, 4) * 3)
        for name, given in {
            **dict.fromkeys(_DERIVATIVES, ()),
            "relu": (0.1, 1.5, 0.2),
            "relu_from_input": (0.1, np.inf, 0.0),
            "leaky_relu": (0.2,),
            "elu": (1.3,),
            "celu": (1.3,),
            "squareplus": (4.0,),
            "soft_shrink": (0.5,),
            "hard_shrink": (0.5,),
            "threshold": (0.5, 2.0),
        }.items()
    ],
    # Functions made of operations.
    "compositions": [
        (lambda x: ops.var(x, axis=1), A),
        (lambda x: ops.std(x, axis=0, keepdims=True), A),
        (lambda x: ops.average(x, axis=1, weights=ROW + 2), A),
        (lambda x: ops.median(x, axis=1), A),
        (lambda x: ops.quantile(x, [0.2, 0.7], axis=0), A),
        (lambda x: ops.norm(x, axis=1), A),
        (lambda x: ops.norm(x, ord=3, axis=1), A),
        (lambda x: ops.norm(x, ord=1), A),
        (lambda x: ops.norm(x, ord=np.inf, axis=1), A),
        (ops.norm, A),
        (lambda x: ops.tile(x, (2, 1, 2)), A),
        (lambda x: ops.repeat(x, 3, axis=1), A),
        (lambda x: ops.repeat(x, [1, 0, 2], axis=0), A),
        (lambda x: ops.pad(x, 1, mode="reflect"), A),
        (lambda x: ops.split(x, 2, axis=1)[1], A),
        (lambda x: ops.unstack(x, axis=1)[2], A),
        (ops.tril, A),
        (ops.triu, A),
        (ops.diag, ROW),
        (lambda x: ops.diagonal(x, 1), A),
        (ops.trace, SQUARE),
        (ops.diff, A),
        (lambda x: ops.top_k(x, 2)[0], A),
        (lambda x, y: ops.tensordot(x, y, ([1], [1])), A, B),
        (lambda x, y: ops.dot(x, y), A, numbers(2, 4, 3)),
        (ops.outer, ROW, COLUMN),
        (ops.kron, A, COLUMN),
        (ops.cross, numbers(2, 3), numbers(2, 3, seed=4)),
        (lambda x: ops.softmax(x, axis=0), A),
        (lambda x: ops.log_softmax(x, axis=None), A),
        (lambda x: ops.normalize(x, axis=0, order=3), A),
        (ops.normalize, A),
        (lambda x: ops.moments(x, axes=[0])[1], A),
        (lambda x, m, v: ops.batch_normalization(x, m, v, 1), A, ROW, positive(4)),
        (lambda x, g: ops.layer_normalization(x, g), A, ROW),
        (ops.rms_normalization, A, ROW),
        (ops.binary_crossentropy, P / 3, Q / 3),
        (lambda c, z: ops.binary_crossentropy(c, z, from_logits=True), P / 3, A),
        (ops.categorical_crossentropy, P, Q),
        (lambda z: ops.sparse_categorical_crossentropy(PLACES, z, from_logits=True), A),
        (ops.glu, A),
        (lambda x: ops.segment_sum(x, PLACES), A),
        (lambda x: ops.meshgrid(x, x[:2])[0], ROW),
        (lambda x: np.exp(x) + np.sum(x, axis=0) * np.maximum(x, 0.2), A),
    ],
}  # fmt: skip

FLAT = [
    pytest.param(case, id=f"{name}-{i}")
    for name, cases in CASES.items()
    for i, case in enumerate(cases)
]


def weighted(function, weights):
    """The function as one number, so that its gradient is one array an argument."""
    return lambda *args: (function(*args) * weights).sum()


def gradients(function, arrays, keep=False):
    tensors = [x if isinstance(x, Tensor) else Tensor(x, Node()) for x in arrays]
    with recording():
        value = function(*tensors)
        found = pull_back([value], [Tensor(np.ones(()))], [t._node for t in tensors], keep=keep)
    return [np.zeros(t.shape) if g is None else g for g, t in zip(found, tensors, strict=True)]


def difference(function, arrays, directions, step=1e-5):
    def at(scale):
        return float(function(*(x + scale * d for x, d in zip(arrays, directions, strict=True))))

    # Fourth order: the error is about step**4.
    return (8 * (at(step) - at(-step)) - at(2 * step) + at(-2 * step)) / (12 * step)


def test_every_rule_has_a_case():
    records = [getattr(public, "_operation", None) for public in OPERATIONS.values()]
    ruled = {each.name for each in records if each is not None and each.rule is not None}
    assert ruled == set(CASES) - {"compositions"}


@pytest.mark.parametrize("case", FLAT)
def test_first_derivatives(case):
    function, *arrays = case
    shape = np.shape(function(*arrays))
    scalar = weighted(function, numbers(*shape, seed=5))
    for i, found in enumerate(gradients(scalar, arrays)):
        assert found.shape == arrays[i].shape
        directions = [np.zeros_like(x) for x in arrays]
        directions[i] = numbers(*arrays[i].shape, seed=6)
        expected = difference(scalar, arrays, directions)
        assert float((found * directions[i]).sum()) == pytest.approx(expected, rel=1e-7, abs=1e-8)


@pytest.mark.parametrize("case", FLAT)
def test_second_derivatives(case):
    function, *arrays = case
    shape = np.shape(function(*arrays))
    scalar = weighted(function, numbers(*shape, seed=5))
    weights = [numbers(*x.shape, seed=8) for x in arrays]

    def slope(*args, keep=False):
        found = gradients(scalar, args, keep)
        return sum((g * w).sum() for g, w in zip(found, weights, strict=True))

    tensors = [Tensor(x, Node()) for x in arrays]
    with recording():
        value = slope(*tensors, keep=True)
    seconds = pull_back([value], [np.ones(())], [t._node for t in tensors])
    for i, second in enumerate(seconds):
        directions = [np.zeros_like(x) for x in arrays]
        directions[i] = numbers(*arrays[i].shape, seed=9)
        found = 0.0 if second is None else float((second * directions[i]).sum())
        expected = difference(slope, arrays, directions)
        assert found == pytest.approx(expected, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("axes", list(itertools.product(range(-3, 3), repeat=2)))
def test_swapped_axes(axes):
    x = np.arange(24.0).reshape(2, 3, 4)
    expected = np.swapaxes(x, *axes)
    np.testing.assert_array_equal(ops.swapaxes(x, *axes), expected)
    factor = np.arange(24.0).reshape(expected.shape) ** 2
    gradient = ops.grad(lambda t: ops.sum(ops.swapaxes(t, *axes) * factor))(x)
    np.testing.assert_array_equal(gradient, np.swapaxes(factor, *axes))


@pytest.mark.parametrize("name", sorted(_DERIVATIVES))
def test_kernels_and_operations_agree_on_slopes_of_activations(name):
    """Arrays go to kernels and tensors to operations, kinks and any layout included."""
    given = {"elu": [(1.3,), (-0.5,), (0.0,)], "celu": [(1.3,), (-0.5,)], "squareplus": [(4.0,)],
             "leaky_relu": [(0.2,)], "soft_shrink": [(0.5,)], "hard_shrink": [(0.5,)],
             "relu": [(0.0, np.inf, 0.0), (0.1, 1.5, 0.2)], "threshold": [(0.5, 2.0)],
             "relu_from_input": [(-0.3, np.inf, 0.0)]}  # fmt: skip
    kinks = [-3.0, -1.0, -0.5, 0.0, 0.2, 0.5, 1.0, 1.5, 3.0, 6.0, 7.0, -7.0]
    x = np.array([kinks, numbers(12) * 4, numbers(12, seed=1)])
    dy = numbers(*x.shape, seed=2)
    for parameters in given.get(name, [()]):
        for array in (x, x.T, x[:, ::2], x.reshape(3, 2, 6)):
            weight = dy.reshape(-1)[: array.size].reshape(array.shape)
            source = Tensor(array, Node())
            with recording():
                result = activate(source, name, *parameters)
            (fast,) = pull_back([result], [weight], [source._node])
            (slow,) = pull_back([result], [Tensor(weight)], [source._node], keep=True)
            np.testing.assert_allclose(fast, slow.numpy(), rtol=1e-9, atol=1e-12)
