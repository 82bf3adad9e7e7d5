"""Weights of layers, as Python sees them; the values live in the engine."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike

from pronghorn import _engine, _naming, _tree
from pronghorn._autodiff import OPERATIONS, Node, Tensor, _record, is_watched
from pronghorn._autodiff._tensor import find
from pronghorn._operators import Operators
from pronghorn.config import floatx

if TYPE_CHECKING:
    from pronghorn._engine import Array, DType


_OTHER_DTYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"
)  # fmt: skip
AGGREGATIONS = (None, "none", "mean", "sum", "only_first_replica")


_AGES = itertools.count()  # of the variables, in the order in which they were made


class _Store:
    """Keeps a value that the engine does not compute with, in the engine's place."""

    def __init__(self, shape: tuple[int, ...], dtype: str) -> None:
        self.shape, self.dtype = shape, dtype
        self._value = np.zeros(shape, dtype)

    def get(self) -> Array:
        return self._value.copy()

    def set(self, value: Array) -> None:
        self._value = value.copy()


class Variable(Operators):
    """An array that the engine trains. It behaves as a NumPy array in expressions.

    Args:
        initializer: An array, or a callable ``(shape, dtype) -> array``.
        shape: Needed when `initializer` is a callable.
        dtype: "float32" or "float64"; None takes the array's own if it is one of them, "int32" or
            "bool" for whole numbers and truth values, otherwise (for lists of numbers, too)
            ``config.floatx()``. What is not floating is kept beside the engine, to count with.
        trainable: Whether training may change it.
        autocast: Has no effect: a model has one dtype.
        aggregation: How copies on several devices would be joined, as in Keras; here there is one.
        synchronization: Has no effect.
        name: Last part of `path`; given automatically if None.

    Raises:
        ValueError: If a shape or dtype does not fit.

    Example:
        >>> v = Variable([[1.0, 2.0]], name="kernel")
        >>> v.assign(v * 3)
        >>> v.shape, v.numpy().tolist()
        ((1, 2), [[3.0, 6.0]])
    """

    def __init__(
        self,
        initializer: ArrayLike | Callable[..., Array],
        shape: Sequence[int] | None = None,
        dtype: str | None = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str | None = "none",
        synchronization: str = "auto",
        name: str | None = None,
        *,
        _row_axes: int | None = None,
    ) -> None:
        del autocast, synchronization
        if aggregation not in AGGREGATIONS:
            raise ValueError(
                f"`aggregation` must be one of {AGGREGATIONS}. Received: {aggregation!r}"
            )
        self.aggregation = "none" if aggregation is None else aggregation
        # Whether updates put the gradient in the value's place.
        self.overwrite_with_gradient = False
        self.name = name or _naming.auto_name(type(self).__name__)
        scope = _naming.current_path()
        self.path = f"{scope}/{self.name}" if scope else self.name
        self.trainable = trainable
        # Applied to the value after each update by ``Optimizer.apply``.
        self.constraint: Callable[[Array], Any] | None = None
        self._constrained_by_engine = False  # too, in compiled training
        # Files keep the weights in this order even where some are frozen later.
        self._made_trainable = trainable
        self._made_later, self._age = not trainable, next(_AGES)
        # A penalty on it, as `add_weight` was told.
        self.regularizer: Any = None
        if callable(initializer):
            if shape is None:
                raise ValueError(
                    f"Variable '{self.name}' has a callable initializer and needs a `shape`; "
                    "received shape=None."
                )
            value = np.asarray(initializer(tuple(shape), dtype=dtype or "float32"))
        else:
            value = np.asarray(initializer)
            shape = value.shape if shape is None else shape
        if dtype is None:
            kinds = {"b": "bool", "i": "int32", "u": "int32"}
            known = hasattr(initializer, "dtype") and value.dtype in (np.float32, np.float64)
            dtype = str(value.dtype) if known else kinds.get(value.dtype.kind, floatx())
        dtype = "int32" if dtype == "int" else dtype
        self._scalar = tuple(shape) == ()  # which the engine keeps as a vector of one
        self._core: _engine.CoreVariable = _core_of(tuple(shape) or (1,), dtype, _row_axes)
        self._leaf = Node()
        self._multiplier: Any = None  # the engine of products with it, see ``ops.matmul``
        # Stands for the value where only the place in a record matters.
        self._mark = Tensor(np.empty((), dtype), self._leaf)
        self._set(value)

    def _recorded(self) -> Tensor | None:
        """The value with a history, if a tape is open that watches this variable."""
        return Tensor(self._read(), self._leaf) if is_watched(self) else None

    def _read(self) -> Array:
        value = self._core.get()
        return value.reshape(()) if self._scalar else value

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the value."""
        return () if self._scalar else tuple(self._core.shape)

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def dtype(self) -> str:
        """Name of the element type."""
        return self._core.dtype

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def value(self) -> Array:
        """A copy of the value."""
        return self._read()

    def numpy(self) -> Array:
        """A copy of the value."""
        return self._read()

    def assign(self, value: ArrayLike) -> None:
        """Replaces the value.

        Args:
            value: Array of this variable's shape; its dtype is converted.

        Raises:
            ValueError: If the shape differs or the elements are not numbers.
        """
        if _record._state.tracing:
            raise RuntimeError(f"Variable '{self.path}' is assigned to in a call that is traced.")
        self._set(value)

    def _set(self, value: ArrayLike) -> None:
        array = np.asarray(value)
        if array.shape != self.shape:
            raise ValueError(
                f"Variable '{self.path}' has shape {self.shape} and cannot take a value of shape "
                f"{array.shape}."
            )
        if array.dtype.kind not in "biuf":
            raise ValueError(
                f"Variable '{self.path}' takes real numbers. Received a value of dtype "
                f"{array.dtype}."
            )
        _record.about_to_change((self,))
        self._core.set(_engine.as_array(array.reshape(self._core.shape), np.dtype(self.dtype)))

    def assign_add(self, value: ArrayLike) -> None:
        """Adds to the value.

        Args:
            value: A number, or an array of this variable's shape.
        """
        self.assign(self._read() + np.asarray(value))

    def assign_sub(self, value: ArrayLike) -> None:
        """Subtracts from the value.

        Args:
            value: A number, or an array of this variable's shape.
        """
        self.assign(self._read() - np.asarray(value))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        value = self._read()
        return value if dtype is None else value.astype(dtype, copy=False)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if any(hasattr(each, "_operate") for each in inputs):  # a symbolic tensor
            return find(ufunc.__name__)(*inputs)
        return getattr(ufunc, method)(*map(_present, inputs), **kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return function(*_tree.map_structure(_present, args), **kwargs)

    def __getitem__(self, key: Any) -> Any:
        return _present(self)[key]

    def _activate(self, specification: Any) -> Any:
        """Makes functions such as ``activations.relu`` applicable to variables."""
        return OPERATIONS["_activate"](self, **specification)

    def __len__(self) -> int:
        return len(self._read())

    def __float__(self) -> float:
        return float(self._number())

    def __int__(self) -> int:
        return int(self._number())

    def _number(self) -> Any:
        value = self._read()
        if value.ndim > 0:
            raise TypeError(f"Only a scalar becomes a number. Received: shape={self.shape}")
        return value

    def __getstate__(self) -> dict[str, Any]:
        state = {key: value for key, value in self.__dict__.items() if key != "_core"}
        return {**state, "_multiplier": None, "_value": self._read()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        value = state["_value"]
        self.__dict__.update((key, item) for key, item in state.items() if key != "_value")
        self._core = _core_of(value.shape or (1,), str(value.dtype), None)
        self._core.set(value.reshape(self._core.shape))

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return (
            f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}, "
            f"value={self.value}>"
        )


def _core_of(shape: tuple[int, ...], dtype: str, row_axes: int | None) -> Any:
    """What keeps the value of a variable."""
    if dtype in ("float32", "float64"):
        return _engine.CoreVariable(shape, cast("DType", dtype), row_axes)
    if dtype not in _OTHER_DTYPES:
        raise ValueError(
            "`dtype` of a variable must be 'float32' or 'float64', or for one that nothing is "
            f"computed with one of {', '.join(map(repr, _OTHER_DTYPES))}. Received: dtype={dtype!r}"
        )
    return _Store(shape, dtype)


def _present(thing: Any) -> Any:
    """What an expression takes for a variable: its value, recorded if a tape watches it."""
    return _value_now(thing) if isinstance(thing, Variable) else thing


def _value_now(variable: Variable) -> Any:
    recorded = variable._recorded()
    return variable.value if recorded is None else recorded
