"""Comparisons, logic, choice between tensors, and conversion of tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from pronghorn._arguments import explained
from pronghorn._autodiff import OPERATIONS, Tensor, operation, rule
from pronghorn._suggest import unknown
from pronghorn.config import floatx
from pronghorn.ops._panels import value_later

_DTYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float16", "float32", "float64",
)  # fmt: skip

# Names, types and dtypes that need no further look.
_STANDARD: dict[Any, np.dtype[Any]] = {
    key: np.dtype(name) for name in _DTYPES for key in (name, np.dtype(name), np.dtype(name).type)
}
_KEYS = {type(key) for key in _STANDARD}


def standard_dtype(dtype: Any) -> np.dtype[Any]:
    """`dtype` as NumPy's; None is ``config.floatx()``.

    Raises:
        ValueError: If it is not one of the numeric types.
    """
    known = _STANDARD.get(dtype) if type(dtype) in _KEYS else None
    if known is not None:
        return known
    name = floatx() if dtype is None else getattr(dtype, "name", None) or dtype
    try:
        found = np.dtype(name)
    except TypeError:
        found = None
    if found is None or found.name not in _DTYPES:
        raise unknown("dtype", str(name), _DTYPES)
    return found


@operation(2, differentiable=False)
def equal(x1: Any, x2: Any) -> Any:
    """Where x1 == x2.

    Example:
        >>> equal([1, 2], 2).tolist()
        [False, True]
    """
    return np.equal(x1, x2)


@operation(2, differentiable=False)
def not_equal(x1: Any, x2: Any) -> Any:
    """Where x1 != x2.

    Example:
        >>> not_equal([1, 2], 2).tolist()
        [True, False]
    """
    return np.not_equal(x1, x2)


@operation(2, differentiable=False)
def less(x1: Any, x2: Any) -> Any:
    """Where x1 < x2.

    Example:
        >>> less([1, 2], 2).tolist()
        [True, False]
    """
    return np.less(x1, x2)


@operation(2, differentiable=False)
def less_equal(x1: Any, x2: Any) -> Any:
    """Where x1 <= x2.

    Example:
        >>> less_equal([1, 2], 1).tolist()
        [True, False]
    """
    return np.less_equal(x1, x2)


@operation(2, differentiable=False)
def greater(x1: Any, x2: Any) -> Any:
    """Where x1 > x2.

    Example:
        >>> greater([1, 2], 1).tolist()
        [False, True]
    """
    return np.greater(x1, x2)


@operation(2, differentiable=False)
def greater_equal(x1: Any, x2: Any) -> Any:
    """Where x1 >= x2.

    Example:
        >>> greater_equal([1, 2], 2).tolist()
        [False, True]
    """
    return np.greater_equal(x1, x2)


@operation(2, differentiable=False)
def logical_and(x1: Any, x2: Any) -> Any:
    """Where both x1 and x2 hold.

    Example:
        >>> logical_and([True, True], [True, False]).tolist()
        [True, False]
    """
    return np.logical_and(x1, x2)


@operation(2, differentiable=False)
def logical_or(x1: Any, x2: Any) -> Any:
    """Where x1 or x2 holds.

    Example:
        >>> logical_or([True, False], [False, False]).tolist()
        [True, False]
    """
    return np.logical_or(x1, x2)


@operation(2, differentiable=False)
def logical_xor(x1: Any, x2: Any) -> Any:
    """Where x1 or x2 holds, but not both.

    Example:
        >>> logical_xor([True, True], [True, False]).tolist()
        [False, True]
    """
    return np.logical_xor(x1, x2)


@operation(differentiable=False)
def logical_not(x: Any) -> Any:
    """Where x does not hold.

    Example:
        >>> logical_not([True, False]).tolist()
        [False, True]
    """
    return np.logical_not(x)


@operation(2, differentiable=False)
def isclose(
    x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Any:
    """Where |x1 - x2| <= atol + rtol |x2|.

    Args:
        x1: Array or tensor.
        x2: Likewise.
        rtol: Relative tolerance.
        atol: Absolute tolerance.
        equal_nan: Whether NaN is close to NaN.

    Example:
        >>> isclose([1.0, 2.0], [1.0, 2.1]).tolist()
        [True, False]
    """
    return np.isclose(x1, x2, rtol, atol, equal_nan)


@explained
def allclose(
    x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Any:
    """Whether `isclose` holds everywhere.

    Args:
        x1: Array or tensor.
        x2: Likewise.
        rtol: Relative tolerance.
        atol: Absolute tolerance.
        equal_nan: Whether NaN is close to NaN.

    Example:
        >>> bool(allclose([1.0], [1.0]))
        True
    """
    return OPERATIONS["all"](isclose(x1, x2, rtol, atol, equal_nan))


@explained
def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """x1 where a condition holds, x2 elsewhere; without both, the places where it holds.

    Args:
        condition: Truth values.
        x1: Array or tensor; None to be given places.
        x2: Likewise.

    Example:
        >>> where([True, False], 1.0, 2.0).tolist()
        [1.0, 2.0]
    """
    if x1 is None and x2 is None:
        return nonzero(condition)
    if x1 is None or x2 is None:
        raise ValueError("ops.where takes both `x1` and `x2`, or neither.")
    return _where(condition, x1, x2)


@operation(3, name="where")
def _where(condition: Any, x1: Any, x2: Any) -> Any:
    return np.where(condition, x1, x2)


@rule(_where)
def _(dy: Any, y: Any, condition: Any, x1: Any, x2: Any) -> Any:
    from pronghorn.ops._arithmetic import fit

    return (
        None,
        lambda: fit(_where(condition, dy, 0.0), x1),
        lambda: fit(_where(condition, 0.0, dy), x2),
    )


@operation(differentiable=False)
def nonzero(x: Any) -> Any:
    """The places where x is not 0: an array for each axis.

    Example:
        >>> [places.tolist() for places in nonzero([0, 3, 4])]
        [[1, 2]]
    """
    return tuple(places.astype(np.int32) for places in np.nonzero(x))


@operation(settled=False)
def cast(x: Any, dtype: Any) -> Any:
    """X with elements of another type.

    Example:
        >>> cast([1.7, -1.7], "int32").tolist()
        [1, -1]
    """
    return np.asarray(x).astype(standard_dtype(dtype))


@rule(cast)
def _(dy: Any, y: Any, x: Any, dtype: Any) -> Any:
    return dy if x.dtype.kind == "f" else None


@explained
def saturate_cast(x: Any, dtype: Any) -> Any:
    """As `cast`, with numbers that the type cannot hold cut to its range.

    Example:
        >>> saturate_cast([-1.0, 300.0], "uint8").tolist()
        [0, 255]
    """
    found = standard_dtype(dtype)
    if found.kind in "iu":
        limits = np.iinfo(found)
        x = OPERATIONS["clip"](x, limits.min, limits.max)
    return cast(x, found)


@operation()
def copy(x: Any) -> Any:
    """A copy of x.

    Example:
        >>> copy([1.0]).tolist()
        [1.0]
    """
    return np.array(x)


@rule(copy)
def _(dy: Any, y: Any, x: Any) -> Any:
    return dy


@explained
def is_tensor(x: Any) -> bool:
    """Whether x is a tensor, recorded or symbolic; NumPy's arrays are none.

    Example:
        >>> from pronghorn import ops
        >>> is_tensor(ops.convert_to_tensor([1.0])), is_tensor(np.zeros(2))
        (True, False)
    """
    return isinstance(x, Tensor) or hasattr(x, "_operate")


@explained
def convert_to_tensor(x: Any, dtype: Any = None, sparse: Any = None, ragged: Any = None) -> Any:
    """A tensor of x, which a ``GradientTape`` can watch.

    Args:
        x: An array, a number, a (nested) list of them, a variable or a tensor.
        dtype: Of the result; None keeps that of arrays, Python's numbers become
            ``config.floatx()`` or int32.
        sparse: Must be false.
        ragged: Must be false.

    Raises:
        ValueError: For sparse or ragged tensors.

    Example:
        >>> convert_to_tensor([1.0, 2.0]).dtype.name
        'float32'
    """
    if sparse or ragged:
        raise ValueError("ops.convert_to_tensor does not support `sparse` and `ragged`.")
    found = value_later(x)
    if found is None:
        found = tensor_like(x)
    if dtype is not None and found.dtype != standard_dtype(dtype):
        found = cast(found, dtype)
    return Tensor(found) if isinstance(found, (np.ndarray, np.generic)) else found


def tensor_like(x: Any) -> Any:
    """X with ``shape``, ``dtype`` and operators: an array or a tensor of any kind."""
    if isinstance(x, (np.ndarray, Tensor)) or hasattr(x, "_operate"):
        return x
    recorded = getattr(x, "_recorded", None)
    if recorded is not None:
        tensor = recorded()
        return x.value if tensor is None else tensor
    if isinstance(x, (list, tuple)) and any(isinstance(leaf, Tensor) for leaf in x):
        return OPERATIONS["stack"](list(x))
    array = np.asarray(x)
    if isinstance(x, np.generic) or hasattr(x, "__array__"):
        return array
    if array.dtype == np.float64:
        return array.astype(floatx())
    return array.astype(np.int32) if array.dtype == np.int64 else array


@explained
def convert_to_numpy(x: Any) -> Any:
    """The NumPy array of a tensor, variable, number or list; it has no history.

    Example:
        >>> convert_to_numpy(convert_to_tensor([1.0])).tolist()
        [1.0]
    """
    return np.asarray(x)


@explained
def stop_gradient(variable: Any) -> Any:
    """The same values, as constants: no gradient passes.

    Example:
        >>> stop_gradient(np.ones(2)).tolist()
        [1.0, 1.0]
    """
    return _stop_gradient(variable)


@operation(name="stop_gradient", differentiable=False)
def _stop_gradient(variable: Any) -> Any:
    return np.asarray(variable)


@explained
def shape(x: Any) -> tuple[Any, ...]:
    """The shape of x as a tuple; None for sizes that a symbolic tensor does not know.

    Example:
        >>> shape(np.zeros((2, 3)))
        (2, 3)
    """
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


@explained
def ndim(x: Any) -> int:
    """The number of axes of x.

    Example:
        >>> ndim(np.zeros((2, 3)))
        2
    """
    return len(shape(x))


@explained
def size(x: Any) -> Any:
    """The number of elements of x; None if a symbolic tensor does not know it.

    Example:
        >>> size(np.zeros((2, 3)))
        6
    """
    found = shape(x)
    return None if None in found else int(np.prod(found, dtype=np.int64))


OPERATIONS.update(shape=shape, ndim=ndim, size=size)


@explained
def dtype(x: Any) -> str:
    """The name of the type of x's elements.

    Example:
        >>> dtype(np.zeros(2, "float32"))
        'float32'
    """
    return str(np.dtype(tensor_like(x).dtype).name)
