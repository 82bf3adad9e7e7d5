"""What an optimizer shows of its state."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pronghorn import config
from pronghorn._operators import Operators

if TYPE_CHECKING:
    from pronghorn.optimizers._optimizer import Optimizer


class LearningRate(float):
    """A learning rate: a float that can also be read and set as Keras's variable can.

    Its value has the default float type's precision, as Keras's has; updates use the exact number.

    Example:
        >>> from pronghorn.optimizers import SGD
        >>> optimizer = SGD(0.1)
        >>> optimizer.learning_rate
        0.10000000149011612
        >>> optimizer.learning_rate.assign(0.25)
        >>> optimizer.learning_rate * 2
        0.5
    """

    _owner: Optimizer
    name = "learning_rate"
    shape: tuple[int, ...] = ()

    def __new__(cls, value: float, owner: Optimizer) -> LearningRate:
        self = super().__new__(cls, value)
        self._owner = owner
        return self

    def __reduce__(self) -> tuple[type[float], tuple[float]]:
        return float, (float(self),)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        # NumPy would take a subclass of float for a number of 64 bits.
        plain = [each.numpy() if isinstance(each, LearningRate) else each for each in inputs]
        return getattr(ufunc, method)(*plain, **kwargs)

    @property
    def value(self) -> float:
        """The plain float."""
        return float(self)

    def numpy(self) -> Any:
        """The number as a NumPy scalar."""
        return np.asarray(self, config.floatx())[()]

    @property
    def dtype(self) -> str:
        """The default float type."""
        return config.floatx()

    @property
    def path(self) -> str:
        """The name after that of the optimizer."""
        return f"{self._owner.name}/{self.name}"

    def assign(self, value: float) -> None:
        """Sets the optimizer's learning rate."""
        self._owner.learning_rate = float(value)

    def assign_add(self, value: float) -> None:
        """Adds to the optimizer's learning rate."""
        self.assign(float(self._owner.learning_rate) + float(value))

    def assign_sub(self, value: float) -> None:
        """Subtracts from the optimizer's learning rate."""
        self.assign(float(self._owner.learning_rate) - float(value))


class Iterations(int):
    """A number of updates: an int that can also be read and set as Keras's variable can.

    Example:
        >>> from pronghorn.optimizers import SGD
        >>> optimizer = SGD(0.1)
        >>> optimizer.iterations.assign(3)
        >>> optimizer.iterations + 1
        4
    """

    _owner: Optimizer
    name = "iteration"
    shape: tuple[int, ...] = ()
    dtype = "int32"

    def __new__(cls, value: int, owner: Optimizer) -> Iterations:
        self = super().__new__(cls, value)
        self._owner = owner
        return self

    def __reduce__(self) -> tuple[type[int], tuple[int]]:
        return int, (int(self),)

    @property
    def path(self) -> str:
        """The name after that of the optimizer."""
        return f"{self._owner.name}/{self.name}"

    @property
    def value(self) -> int:
        """The plain int."""
        return int(self)

    def numpy(self) -> NDArray[Any]:
        """The number as an array."""
        return np.asarray(int(self), np.int32 if self < 2**31 else np.int64)

    def assign(self, value: int) -> None:
        """Sets the number of updates."""
        self._owner.iterations = int(value)

    def assign_add(self, value: int) -> None:
        """Adds to the number of updates."""
        self.assign(int(self._owner.iterations) + int(value))


class OptimizerVariable(Operators):
    """A named copy of one piece of an optimizer's state; `assign` changes the state itself.

    Attributes:
        name: Keras's name: the path of the weight and the slot's name.
        path: The name after that of the optimizer, where Keras has it.

    Example:
        >>> import pronghorn as keras
        >>> optimizer = keras.optimizers.SGD(momentum=0.9)
        >>> optimizer.build([keras.Variable([1.0, 2.0])])
        >>> momentum = optimizer.variables[-1]
        >>> momentum.assign_add([3.0, 4.0])
        >>> momentum * 2
        array([6., 8.], dtype=float32)
    """

    __hash__ = object.__hash__

    def __init__(
        self,
        name: str,
        value: NDArray[Any],
        owner: str = "",
        change: Callable[[NDArray[Any]], None] | None = None,
        read: Callable[[], ArrayLike] | None = None,
    ) -> None:
        self.name = name
        self.path = f"{owner}/{name}" if owner else name
        self._value = value
        self._change = change
        self._read = read

    @property
    def can_be_set(self) -> bool:
        """Whether `assign` changes something: Keras keeps some numbers that are always 0."""
        return self._change is not None

    def assign(self, value: Any) -> None:
        """Puts another value into the optimizer's state.

        Args:
            value: Of the same shape.

        Raises:
            ValueError: If it has another shape, or nothing may be set here.
        """
        array = np.asarray(value, self._value.dtype)
        if array.shape != self.shape:
            raise ValueError(
                f"The optimizer's variable '{self.path}' has shape {self.shape} and cannot take a "
                f"value of shape {array.shape}."
            )
        if self._change is None:
            raise ValueError(f"The optimizer's variable '{self.path}' cannot be set.")
        self._change(array)
        self._value = array

    def assign_add(self, value: Any) -> None:
        """Adds to the optimizer's state; raises as `assign` does."""
        self.assign(self._now() + np.asarray(value))

    def assign_sub(self, value: Any) -> None:
        """Subtracts from the optimizer's state; raises as `assign` does."""
        self.assign(self._now() - np.asarray(value))

    def _now(self) -> NDArray[Any]:
        """The state itself, which may have gone on since this copy of it was made."""
        return self._value if self._read is None else np.reshape(self._read(), self.shape)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value."""
        return self._value.shape

    @property
    def dtype(self) -> str:
        """The dtype of the value."""
        return self._value.dtype.name

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return self._value.ndim

    @property
    def value(self) -> NDArray[Any]:
        """The value."""
        return self._value

    def numpy(self) -> NDArray[Any]:
        """The value."""
        return self._value

    def __float__(self) -> float:
        return float(self._value)

    def __int__(self) -> int:
        return int(self._value)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self._value, dtype=dtype, copy=copy)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        plain = [each._value if isinstance(each, OptimizerVariable) else each for each in inputs]
        return getattr(ufunc, method)(*plain, **kwargs)

    def __getitem__(self, key: Any) -> Any:
        return self._value[key]

    def __len__(self) -> int:
        return len(self._value)

    def __repr__(self) -> str:
        return (
            f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}, "
            f"value={self._value}>"
        )
