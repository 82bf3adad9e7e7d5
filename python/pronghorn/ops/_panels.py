"""Products with variables: the engine takes and differentiates them where it keeps the weights."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from pronghorn import _engine
from pronghorn._autodiff import OPERATIONS, PendingTensor, Tensor, _record, is_watched
from pronghorn._autodiff._engine_call import call_engine
from pronghorn._variable import Variable

# Multiply-adds from which NumPy's BLAS would use threads. Those and the engine's would wait for
# each other's cores, so the engine's compute such products.
LARGE = 2**18
# Elements of a variable from which copies of it cost more than those of what goes in and out.
_MANY = 2**16


class _Unread:
    """The value of a variable for a tensor; copied when it is looked at or about to change.

    Args:
        variable: Of which one value is meant, the present one.
    """

    variable = None  # of which it would be the gradient, as a ``PackedGradient`` is

    def __init__(self, variable: Variable) -> None:
        self.present: Variable | None = variable
        self.shape = variable.shape
        self.dtype = variable._mark._value.dtype
        self._array: Any = None

    def array(self) -> Any:
        """The value."""
        if self._array is None:
            assert self.present is not None
            self._array = self.present._read()
        return self._array

    def read(self) -> None:
        """Makes it independent of the variable."""
        self.array()
        self.present = None

    def keep(self, variables: Any) -> None:
        """`read`, if it belongs to one of `variables`."""
        if any(variable is self.present for variable in variables):
            self.read()


def value_later(x: Any) -> Tensor | None:
    """The recorded value of a large matrix that a tape watches; None for anything else."""
    if type(x) is not Variable or not _fits(x) or not is_watched(x):
        return None
    source = _Unread(x)
    _record._calls.add(source)
    _record._state.unread.add(source)
    tensor = PendingTensor(source)
    tensor._node = x._leaf
    return tensor


def times_variable(x1: Any, x2: Any) -> Tensor | None:
    """``matmul(x1, x2)`` in the engine, if x2 is a variable whose gradient a tape wants.

    Args:
        x1: What `matmul` takes.
        x2: Likewise.

    Returns:
        Of shape (n, m); None where the product is small, or not one of two matrices.
    """
    kind = type(x2)
    if kind is PendingTensor and type(x2.source) is _Unread:
        x2 = x2.source.present
    elif kind is not Variable:
        return None
    kind = type(x1)
    if x2 is None or (kind is not np.ndarray and kind is not Tensor) or not _fits(x2):
        return None
    array = x1._value if kind is Tensor else x1
    if array.ndim != 2 or array.shape[1] != x2.shape[0] or array.dtype != x2._mark._value.dtype:
        return None
    flags = array.flags
    if array.size * x2.shape[1] < LARGE or not (flags.c_contiguous and flags.aligned):
        return None
    if not array.dtype.isnative or not is_watched(x2):
        return None
    if x2._multiplier is None:
        x2._multiplier = _multiplier(x2)
    return call_engine("matmul", x2._multiplier, [x2], [x1], (False, 0), _Composed(x2))[0]


def _fits(variable: Variable) -> bool:
    """Whether the engine can multiply by a variable and find its gradient, and gains by it."""
    if not variable.trainable or variable.dtype[0] != "f":
        return False
    shape = variable._core.shape
    return len(shape) == 2 and shape[0] * shape[1] >= _MANY


class _Composed:
    """The product from operations on arrays, for higher derivatives."""

    def __init__(self, variable: Variable) -> None:
        self._variable = variable

    def __call__(self, inputs: Any) -> list[Any]:
        kernel = Tensor(self._variable._read(), self._variable._leaf)
        return [OPERATIONS["matmul"](inputs[0], kernel)]


def _multiplier(variable: Variable) -> _engine.Engine:
    """An engine of one layer without bias whose kernel is the variable."""
    rows, columns = variable._core.shape
    entry: Any = {"op": "input", "name": "x", "inputs": [], "shape": (rows,)}
    product: Any = {
        "op": "dense",
        "name": "matmul",
        "inputs": [0],
        "units": columns,
        "kernel": 0,
        "bias": None,
    }
    dtype = cast(Any, variable.dtype)
    return _engine.Engine([entry, product], [1], [variable._core], dtype)
