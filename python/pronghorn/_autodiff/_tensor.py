"""The tensor that operations record: an array, and where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import numpy as np

from pronghorn._autodiff._record import Node

# Every operation by its name; filled by `operation`.
OPERATIONS: dict[str, Callable[..., Any]] = {}

_ARRAY = np.ndarray
_REDUCTIONS = {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min"}
# NumPy's names that differ from those of the operations.
_SYNONYMS = {"conj": "copy", "bitwise_invert": "bitwise_not", "invert": "bitwise_not"}


class Tensor:
    """An array whose history can be recorded and differentiated.

    Operations of `pronghorn.ops`, Python's operators and NumPy's functions apply to it. It cannot
    be changed in place.

    Args:
        value: The array.

    Example:
        >>> from pronghorn import ops
        >>> x = ops.convert_to_tensor([1.0, 2.0])
        >>> (x * 2 + np.sqrt(x)[0]).numpy().tolist()
        [3.0, 5.0]
    """

    # `_keras_mask`, where there is one, says which steps count.
    __slots__ = ("__weakref__", "_index", "_keras_mask", "_node", "_value")

    _keras_mask: Any

    def __init__(self, value: Any, node: Node | None = None, index: int = 0) -> None:
        self._value: Any = value if type(value) is _ARRAY else np.asarray(value)
        self._node = node
        self._index = index

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""
        found: tuple[int, ...] = self._value.shape
        return found

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the elements."""
        found: np.dtype[Any] = self._value.dtype
        return found

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return int(self._value.ndim)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(self._value.size)

    @property
    def T(self) -> Any:
        """The transpose: all axes in reverse."""
        return find("transpose")(self)

    def numpy(self) -> np.ndarray[Any, Any]:
        """The array, without its history."""
        found: np.ndarray[Any, Any] = self._value
        return found

    def item(self) -> Any:
        """The only element as a Python number."""
        return self._value.item()

    def tolist(self) -> Any:
        """The elements as nested lists."""
        return self._value.tolist()

    # NumPy's methods.

    def sum(self, axis: Any = None, keepdims: bool = False) -> Any:
        """See ``ops.sum``."""
        return find("sum")(self, axis=axis, keepdims=keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Any:
        """See ``ops.mean``."""
        return find("mean")(self, axis=axis, keepdims=keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> Any:
        """See ``ops.max``."""
        return find("max")(self, axis=axis, keepdims=keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> Any:
        """See ``ops.min``."""
        return find("min")(self, axis=axis, keepdims=keepdims)

    def prod(self, axis: Any = None, keepdims: bool = False) -> Any:
        """See ``ops.prod``."""
        return find("prod")(self, axis=axis, keepdims=keepdims)

    def reshape(self, *shape: Any) -> Any:
        """See ``ops.reshape``."""
        sizes = shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape
        return find("reshape")(self, sizes)

    def transpose(self, *axes: Any) -> Any:
        """See ``ops.transpose``."""
        order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
        return find("transpose")(self, axes=order or None)

    def ravel(self) -> Any:
        """See ``ops.ravel``."""
        return find("reshape")(self, (-1,))

    flatten = ravel

    def squeeze(self, axis: Any = None) -> Any:
        """See ``ops.squeeze``."""
        return find("squeeze")(self, axis=axis)

    def astype(self, dtype: Any) -> Any:
        """See ``ops.cast``."""
        return self if self._value.dtype == dtype else find("cast")(self, dtype)

    # Protocols.

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        return np.array(self._value, dtype=dtype, copy=copy)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        name = _SYNONYMS.get(ufunc.__name__, ufunc.__name__)
        if method == "reduce":
            name = _REDUCTIONS.get(name, "")
            kwargs = {key: kwargs[key] for key in ("axis", "keepdims") if key in kwargs}
        found = OPERATIONS.get(name)
        if kwargs.pop("out", None) is not None:
            raise TypeError(f"np.{ufunc.__name__} cannot write a recorded tensor into an array.")
        if found is None or method not in ("__call__", "reduce"):
            raise TypeError(
                f"np.{ufunc.__name__} ({method}) does not apply to recorded tensors; use a "
                "function of pronghorn.ops, or `.numpy()` for the plain array."
            )
        return found(*inputs, **kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        found = OPERATIONS.get(function.__name__)
        if found is None or function.__module__ not in ("numpy", "numpy.linalg"):
            raise TypeError(
                f"{function.__module__}.{function.__name__} does not apply to recorded tensors; "
                "use a function of pronghorn.ops, or `.numpy()` for the plain array."
            )
        return found(*args, **kwargs)

    def _activate(self, specification: Any) -> Any:
        """Makes functions such as ``activations.relu`` applicable to tensors."""
        return find("_activate")(self, **specification)

    def __getitem__(self, key: Any) -> Any:
        return find("get_item")(self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        raise TypeError(
            "A tensor cannot be changed in place; use ops.where, ops.slice_update or "
            "ops.scatter_update, which return a new one."
        )

    def __len__(self) -> int:
        return len(self._value)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self._value)))

    def __bool__(self) -> bool:
        return bool(self._value)

    def __int__(self) -> int:
        return int(self._value)

    def __float__(self) -> float:
        return float(self._value)

    def __index__(self) -> int:
        return int(self._value.__index__())

    def __format__(self, specification: str) -> str:
        return format(self._value[()], specification)

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return f"<Tensor shape={self.shape}, dtype={self.dtype}, value={self._value}>"


class PendingTensor(Tensor):
    """A tensor without history whose array is made when it is first looked at.

    Args:
        source: Makes the array with ``array()``, and knows its ``shape`` and ``dtype``.
    """

    __slots__ = ("_array", "source")

    def __init__(self, source: Any) -> None:
        self.source = source
        self._array: Any = None
        self._node = None
        self._index = 0

    @property
    def _value(self) -> Any:
        if self._array is None:
            self._array = self.source.array()
        return self._array

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""
        found: tuple[int, ...] = self.source.shape
        return found

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the elements."""
        found: np.dtype[Any] = self.source.dtype
        return found


def value_of(thing: Any) -> Any:
    """The array of a tensor; anything else as it is."""
    return thing._value if isinstance(thing, Tensor) else thing


def find(name: str) -> Callable[..., Any]:
    """An operation by name; `pronghorn.ops` is loaded at the first use."""
    if name not in OPERATIONS:
        import_module("pronghorn.ops")
    return OPERATIONS[name]


def _binary(name: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    def forward(self: Any, other: Any) -> Any:
        return find(name)(self, other)

    def reflected(self: Any, other: Any) -> Any:
        return find(name)(other, self)

    return forward, reflected


_OPERATORS = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "divide",
    "floordiv": "floor_divide",
    "mod": "mod",
    "pow": "power",
    "matmul": "matmul",
    "and": "logical_and",
    "or": "logical_or",
    "xor": "logical_xor",
}


def give_operators(cls: type) -> type:
    """Python's operators for tensors of any kind, in terms of operations."""
    for short, name in _OPERATORS.items():
        forward, reflected = _binary(name)
        setattr(cls, f"__{short}__", forward)
        setattr(cls, f"__r{short}__", reflected)
    for short, name in (
        ("lt", "less"),
        ("le", "less_equal"),
        ("gt", "greater"),
        ("ge", "greater_equal"),
    ):
        setattr(cls, f"__{short}__", _binary(name)[0])
    setattr(cls, "__neg__", lambda self: find("negative")(self))  # noqa: B010
    setattr(cls, "__abs__", lambda self: find("absolute")(self))  # noqa: B010
    setattr(cls, "__invert__", lambda self: find("logical_not")(self))  # noqa: B010
    return cls


give_operators(Tensor)
Tensor.__eq__ = _binary("equal")[0]  # type: ignore[method-assign]
Tensor.__ne__ = _binary("not_equal")[0]  # type: ignore[method-assign]
