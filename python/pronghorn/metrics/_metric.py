"""The base of the metrics: named state that is updated, read and reset."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pronghorn import _arguments, _state, initializers
from pronghorn._operators import Operators
from pronghorn._registry import Registry
from pronghorn._suggest import unknown
from pronghorn.config import floatx

if TYPE_CHECKING:
    from pronghorn._engine import MetricSpec

REGISTRY = Registry("metric", "keras.metrics")
F = TypeVar("F", bound=Callable[..., None])


def by_rows(update_state: F) -> F:
    """Decorator of an ``update_state`` that adds up rows, however they are cut into batches.

    A subclass that writes its own is shown the true batches again.
    """
    setattr(update_state, "_by_rows", True)  # noqa: B010
    return update_state


def adds_rows(metric: Metric) -> bool:
    """Whether the metric may be shown the rows of many batches at once."""
    marked = getattr(type(metric).update_state, "_by_rows", False)
    # The first axis, where an `axis` could point to it, is that of the rows.
    return marked and getattr(metric, "axis", -1) == -1


class Result(float):
    """A result: a float that can also be read as a tensor of Keras's can.

    Example:
        >>> Result(0.5).numpy(), Result(0.5).shape, Result(0.5) + 1
        (np.float32(0.5), (), 1.5)
    """

    __slots__ = ()

    shape: ClassVar[tuple[int, ...]] = ()
    ndim: ClassVar[int] = 0

    @property
    def dtype(self) -> str:
        """The default float type."""
        return floatx()

    def numpy(self) -> Any:
        """The number as a NumPy scalar."""
        return np.dtype(floatx()).type(self)

    def item(self) -> float:
        """The plain float."""
        return float(self)

    def __reduce__(self) -> tuple[type[float], tuple[float]]:
        return float, (float(self),)


def _readable(result: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Decorator of a built-in ``result`` that gives a plain float."""

    @functools.wraps(result)
    def wrapper(self: Any) -> Any:
        found = result(self)
        return Result(found) if type(found) is float else found

    return wrapper


class MetricVariable(Operators):
    """A piece of a metric's state: an array that can be assigned to.

    Example:
        >>> total = MetricVariable(np.zeros(()), "total")
        >>> total.assign_add(2.0)
        >>> float(total + 1)
        3.0
    """

    def __init__(self, value: NDArray[Any], name: str, owner: str = "") -> None:
        self.name = name
        self.path = f"{owner}/{name}" if owner else name
        self._value = value
        self._initial = value.copy()

    def assign(self, value: ArrayLike) -> None:
        """Sets the value; it is broadcast to the variable's shape."""
        array = np.array(value, self._value.dtype)
        same = array.shape == self._value.shape
        self._value = array if same else np.broadcast_to(array, self.shape).copy()

    def _assign_float(self, value: float) -> None:
        """As `assign`, for a variable of one float64."""
        self._value = np.array(value)

    def assign_add(self, value: ArrayLike) -> None:
        """Adds to the value."""
        self.assign(self._value + np.asarray(value))

    def assign_sub(self, value: ArrayLike) -> None:
        """Subtracts from the value."""
        self.assign(self._value - np.asarray(value))

    def reset(self) -> None:
        """Sets the value that it began with."""
        self._value = self._initial.copy()

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape."""
        return self._value.shape

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return self._value.ndim

    @property
    def dtype(self) -> str:
        """Name of the element type."""
        return self._value.dtype.name

    @property
    def value(self) -> NDArray[Any]:
        """The value."""
        return self._value

    def numpy(self) -> NDArray[Any]:
        """The value."""
        return self._value

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self._value, dtype=dtype, copy=copy)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        plain = [each._value if isinstance(each, MetricVariable) else each for each in inputs]
        return getattr(ufunc, method)(*plain, **kwargs)

    def __float__(self) -> float:
        return float(self._value)

    def __int__(self) -> int:
        return int(self._value)

    def __getitem__(self, key: Any) -> Any:
        return self._value[key]

    def __repr__(self) -> str:
        return (
            f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}, "
            f"value={self._value}>"
        )


@_arguments.check_constructor
class Metric:
    """A number that describes how good predictions are; subclass it for one of your own.

    A subclass makes its state with ``add_variable`` and writes ``update_state`` and ``result``.
    Metrics that the engine knows are computed in it during ``fit``; others run in Python, between
    runs of many batches, and are shown each batch as it was.

    Args:
        dtype: ``"float32"`` or ``"float64"``; None for ``config.floatx()``. State is kept in
            float64 in any case.
        name: A name; None makes one from the class.

    Example:
        >>> class Positives(Metric):
        ...     def __init__(self):
        ...         super().__init__(name="positives")
        ...         self.count = self.add_variable((), "zeros", name="count")
        ...
        ...     def update_state(self, y_true, y_pred, sample_weight=None):
        ...         self.count.assign_add((np.asarray(y_pred) > 0).sum())
        ...
        ...     def result(self):
        ...         return float(self.count)
        >>> Positives()([0, 0], [-1.0, 3.0])
        1.0
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """What a user's class changes of a metric that the engine knows, the engine does not."""
        super().__init_subclass__(**kwargs)
        _arguments.check_constructor(cls)
        if cls.__module__.startswith("pronghorn.") and "result" in vars(cls):
            setattr(cls, "result", _readable(vars(cls)["result"]))  # noqa: B010
        own = not cls.__module__.startswith("pronghorn.") and "_engine_spec" not in vars(cls)
        if own and not vars(cls).keys().isdisjoint(("update_state", "result")):
            setattr(cls, "_engine_spec", Metric._engine_spec)  # noqa: B010

    # "up" where larger is better, "down" where smaller is; callbacks in mode "auto" read it.
    _direction: ClassVar[str | None] = None

    def __init__(self, dtype: str | None = None, name: str | None = None) -> None:
        if dtype not in (None, "float32", "float64"):
            raise unknown("dtype", dtype, ("float32", "float64"))
        self.name = name or _state.unique_name(_state.snake_case(type(self).__name__))
        self._dtype = dtype or floatx()
        self._variables: list[MetricVariable] = []

    @property
    def dtype(self) -> str:
        """The dtype that function values are rounded to."""
        return self._dtype

    @property
    def variables(self) -> list[MetricVariable]:
        """The state."""
        return list(self._variables)

    def add_variable(
        self,
        shape: Sequence[int] = (),
        initializer: Any = "zeros",
        dtype: str | None = None,
        name: str | None = None,
    ) -> MetricVariable:
        """Makes a piece of state.

        Args:
            shape: Its shape.
            initializer: Its first value, see ``initializers.get``.
            dtype: Its dtype; None for float64.
            name: A name.
        """
        make = initializers.get(initializer) or initializers.Zeros()
        variable = MetricVariable(make(shape, dtype or "float64"), name or "variable", self.name)
        self._variables.append(variable)
        return variable

    add_weight = add_variable

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Takes more data into account."""
        raise NotImplementedError(f"{type(self).__name__} must write `update_state`.")

    def result(self) -> Any:
        """The value over all data since the last reset."""
        raise NotImplementedError(f"{type(self).__name__} must write `result`.")

    def reset_state(self) -> None:
        """Forgets all data."""
        for variable in self._variables:
            variable.reset()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """``update_state`` and then ``result``."""
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric."""
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        """The metric of a configuration."""
        return cls(**config)

    def _engine_spec(self) -> MetricSpec | None:
        """What the engine must compute; None if this metric runs in Python."""
        return None

    def _finish(self, total: float, weight: float) -> float:
        """The result from a weighted sum and the sum of weights."""
        return total / weight if weight else 0.0

    def _engine_result(self, total: float, weight: float) -> float:
        """The result from the sums that the engine made for ``_engine_spec``."""
        return self._finish(total, weight)

    def _set_state(self, total: float, weight: float) -> None:
        """Takes over the engine's sums, so that ``result`` agrees with it."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"
