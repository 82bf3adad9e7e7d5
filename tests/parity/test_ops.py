"""Every function of pronghorn.ops against keras.ops: values, shapes and types."""

import keras
import numpy as np
import pytest

import pronghorn
from pronghorn import ops

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3, 4)).astype("float32")
Y = RNG.normal(size=(3, 4)).astype("float32")
ROW = RNG.normal(size=4).astype("float32")
POSITIVE = RNG.uniform(0.3, 2.0, (3, 4)).astype("float32")
INSIDE = RNG.uniform(-0.9, 0.9, (3, 4)).astype("float32")
CUBE = RNG.normal(size=(2, 3, 4)).astype("float32")
SQUARE = (RNG.normal(size=(3, 3)) + 2 * np.eye(3)).astype("float32")
DEFINITE = (SQUARE @ SQUARE.T + np.eye(3)).astype("float32")
WHOLE = np.array([[1, 2, 3], [4, 5, 6]], "int32")
YES = X > 0
PLACES = np.array([2, 0, 2], "int32")
PROBABILITIES = (POSITIVE / POSITIVE.sum(1, keepdims=True)).astype("float32")

UNARY, BINARY = [(X,)], [(X, Y), (X, ROW)]
# Arguments of each function; those that are not named take one tensor.
GROUPS = [
    ("add subtract multiply divide true_divide divide_no_nan maximum minimum arctan2", BINARY),
    ("hypot logaddexp mod floor_divide equal not_equal less less_equal greater", BINARY),
    ("greater_equal isclose allclose", BINARY),
    ("sqrt rsqrt cbrt log log1p log2 log10", [(POSITIVE,)]),
    ("arcsin arccos arctanh", [(INSIDE,)]),
    ("logical_and logical_or logical_xor", [(YES, Y > 0)]),
    ("all any logical_not", [(YES,)]),
    ("inv det slogdet logdet cholesky", [(DEFINITE,)]),
    ("sum mean prod max min amax amin", [(X,), (CUBE, 1), (X, (0, 1), True)]),
    ("var std ptp logsumexp", [(X,), (CUBE, 1), (X, (0, 1), True)]),
    ("argmax argmin cumsum cumprod", [(X,), (X, 1)]),
    ("zeros ones empty", [((2, 3),), ((2,), "int32")]),
]
ARGUMENTS = {
    **{name: cases for names, cases in GROUPS for name in names.split()},
    "dot": [(X, Y.T), (ROW, ROW)],
    "arange": [(4,), (1, 7, 2), (0.5, 3.0)],
    "arccosh": [(POSITIVE + 1,)],
    "append": [(X, Y), (X, Y, 1)],
    "array": [([1.0, 2.0],)],
    "array_split": [(X, 3, 1)],
    "average": [(X,), (X, 1, ROW)],
    "batch_normalization": [(X, ROW, np.abs(ROW) + 1, 1)],
    "binary_crossentropy": [(PROBABILITIES, PROBABILITIES[::-1]), (PROBABILITIES, X, True)],
    "broadcast_to": [(ROW, (3, 4))],
    "cast": [(X, "int32"), (WHOLE, "float32")],
    "categorical_crossentropy": [(PROBABILITIES, PROBABILITIES[::-1]), (PROBABILITIES, X, True)],
    "clip": [(X, -0.5, 0.5)],
    "concatenate": [([X, Y],), ([X, Y], 1)],
    "convert_to_tensor": [([1.0, 2.0],), ([1, 2],)],
    "cross": [(CUBE[..., :3], CUBE[..., 1:])],
    "diag": [(ROW,), (SQUARE,), (ROW, 1)],
    "einsum": [("ij,kj->ik", X, Y), ("...ij->...ji", CUBE)],
    "expand_dims": [(X, 1)],
    "eye": [(3,), (2, 3, 1)],
    "flip": [(X,), (X, 0)],
    "full": [((2,), 3.0)],
    "full_like": [(X, 3.0)],
    "get_item": [(X, (slice(1, None), 0))],
    "glu": [(X,)],
    "identity": [(3,)],
    "inner": [(X, Y), (ROW, ROW)],
    "kron": [(X, SQUARE)],
    "linspace": [(0.0, 1.0, 5)],
    "logspace": [(0.0, 2.0, 5)],
    "lstsq": [(X, np.ones(3, "float32"))],
    "matmul": [(X, Y.T), (CUBE, CUBE.transpose(0, 2, 1)), (X, ROW)],
    "meshgrid": [(ROW, PLACES)],
    "moments": [(X, [0])],
    "moveaxis": [(CUBE, 0, -1)],
    "multi_hot": [(WHOLE, 8)],
    "norm": [(X,), (X, 2, 1), (X, 1, 0), (X, np.inf), (X, "nuc"), (X, 3, 1)],
    "normalize": [(X,), (X, 0, 3)],
    "one_hot": [(PLACES, 4), (WHOLE, 8, 0)],
    "outer": [(ROW, ROW)],
    "pad": [(X, ((1, 0), (0, 2))), (X, 1, "reflect"), (X, 1, "symmetric")],
    "power": [(POSITIVE, Y), (X, 2), (X, 3.0)],
    "quantile": [(X, 0.3), (X, np.array([0.2, 0.9], "float32"), 1)],
    "repeat": [(X, 2), (X, 2, 1)],
    "reshape": [(X, (2, -1))],
    "roll": [(X, 1), (X, 1, 1)],
    "saturate_cast": [(X * 300, "uint8")],
    "scatter": [(PLACES[:, None], ROW[:3], (4,))],
    "scatter_update": [(ROW, np.array([[1]]), ROW[:1])],
    "segment_sum": [(X, np.array([0, 0, 1]), 2)],
    "slice": [(X, (1, 1), (2, 2))],
    "slice_update": [(X, (1, 1), SQUARE[:2, :2])],
    "solve": [(DEFINITE, SQUARE), (DEFINITE, ROW[:3])],
    "solve_triangular": [(DEFINITE, SQUARE), (DEFINITE, SQUARE, True)],
    "sparse_categorical_crossentropy": [(PLACES, PROBABILITIES), (PLACES, X, True)],
    "split": [(X, 2, 1), (X, [1], 1)],
    "squeeze": [(X[:, :1],), (X[:, :1], 1)],
    "stack": [([X, Y],), ([X, Y], 1)],
    "swapaxes": [(CUBE, 0, 1)],
    "take": [(X, PLACES, 1), (X, PLACES)],
    "take_along_axis": [(X, np.argsort(Y, 1), 1)],
    "tensordot": [(X, Y, [[1], [1]]), (CUBE, CUBE, 3)],
    "threshold": [(X, 0.5, 2.0)],
    "tile": [(X, (2, 1)), (X, 2)],
    "top_k": [(X, 2)],
    "trace": [(SQUARE,)],
    "tri": [(3,), (2, 3, 1)],
    "unstack": [(X,)],
    "vdot": [(ROW, ROW)],
    "vstack": [([X, Y],)],
    "hstack": [([X, Y],)],
    "where": [(YES, X, Y), (YES, X, 0.0)],
}  # fmt: skip
# Of the library's own, or compared in other ways: signs of columns are free.
OTHER = {"GradientTape", "grad", "value_and_grad", "qr", "svd", "eigh", "convert_to_numpy"}
CONTROL = {"cond", "fori_loop", "map", "scan", "switch", "vectorized_map", "while_loop"}
NAMES = sorted(set(ops.__all__) - OTHER - CONTROL)
CASES = [(name, i) for name in NAMES for i in range(len(ARGUMENTS.get(name, UNARY)))]


def leaves(value):
    if isinstance(value, (list, tuple)):
        return [leaf for part in value for leaf in leaves(part)]
    return [value]


@pytest.mark.parametrize(("name", "case"), CASES)
def test_values_and_types(name, case):
    arguments = ARGUMENTS.get(name, UNARY)[case]
    expected = leaves(getattr(keras.ops, name)(*arguments))
    found = leaves(getattr(ops, name)(*arguments))
    assert len(found) == len(expected)
    for mine, theirs in zip(found, expected, strict=True):
        if isinstance(theirs, (str, int, bool)) or theirs is None:
            assert mine == theirs
            continue
        theirs = np.asarray(theirs)
        assert np.asarray(mine).dtype == theirs.dtype
        np.testing.assert_allclose(np.asarray(mine), theirs, rtol=3e-5, atol=3e-6)


WITH_NUMBERS = {name for names, cases in GROUPS[:2] if cases is BINARY for name in names.split()}


@pytest.mark.parametrize("name", [*sorted(WITH_NUMBERS), "power", "where", "clip"])
@pytest.mark.parametrize("dtype", ["int32", "uint8", "bool", "float32"])
def test_types_with_numbers_of_python(name, dtype):
    x = np.array([1, 1, 1], dtype)
    for number in (2.5, 2):
        arguments = {"where": (YES[0, :3], x, number), "clip": (x, 0, number)}.get(
            name, (x, number)
        )
        expected = getattr(keras.ops, name)(*arguments)
        found = getattr(ops, name)(*arguments)
        assert str(found.dtype) == str(expected.dtype), (number, dtype)
        np.testing.assert_allclose(found, np.asarray(expected), rtol=1e-5)


def test_control_flow() -> None:
    def facts(library):
        o = library.ops
        x = o.convert_to_tensor(X)
        return [
            o.cond(o.sum(x) > 0, lambda: x, lambda: -x),
            o.switch(7, [o.sin, o.cos], x),
            o.switch(-1, [o.sin, o.cos], x),
            o.while_loop(lambda i, s: i < 3, lambda i, s: (i + 1, s * x), (0, x)),
            o.while_loop(lambda i: i < 9, lambda i: i + 1, 0, maximum_iterations=4),
            o.fori_loop(0, 3, lambda i, s: s + i * x, x),
            o.map(lambda row: o.sum(row) * row, x),
            o.map(lambda pair: {"s": pair[0] + pair[1]}, (x, 2 * x))["s"],
            o.vectorized_map(o.max, x),
            o.scan(lambda c, row: (c + row, c * row), o.zeros(4), x),
            o.scan(lambda c, row: (c + row, c * row), o.zeros(4), x, reverse=True),
        ]

    for ours, expected in zip(facts(pronghorn), facts(keras), strict=True):
        for a, b in zip(leaves(ours), leaves(expected), strict=True):
            np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-5, atol=1e-6)
