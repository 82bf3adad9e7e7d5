"""What an optimizer shows of its state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pronghorn import config

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

    def __new__(cls, value: float, owner: Optimizer) -> LearningRate:
        self = super().__new__(cls, value)
        self._owner = owner
        return self

    def __reduce__(self) -> tuple[type[float], tuple[float]]:
        return float, (float(self),)

    @property
    def value(self) -> float:
        """The plain float."""
        return float(self)

    def numpy(self) -> Any:
        """The number as a NumPy scalar."""
        return np.asarray(self, config.floatx())[()]

    def assign(self, value: float) -> None:
        """Sets the optimizer's learning rate."""
        self._owner.learning_rate = value


class OptimizerVariable:
    """A named copy of one piece of an optimizer's state.

    Attributes:
        name: Keras's name: the path of the weight and the slot's name.
        path: The name after that of the optimizer, where Keras has it.
    """

    def __init__(self, name: str, value: NDArray[Any], owner: str = "") -> None:
        self.name = name
        self.path = f"{owner}/{name}" if owner else name
        self._value = value

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value."""
        return self._value.shape

    @property
    def dtype(self) -> str:
        """The dtype of the value."""
        return self._value.dtype.name

    def numpy(self) -> NDArray[Any]:
        """The value."""
        return self._value

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self._value, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        return f"<{self.name}, shape={self.shape}, dtype={self.dtype}>"
