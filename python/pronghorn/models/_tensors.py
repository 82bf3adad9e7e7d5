"""What symbolic tensors are."""

from __future__ import annotations

from typing import Any

from pronghorn._graph import KerasTensor


def is_keras_tensor(x: Any) -> bool:
    """Whether `x` is a symbolic tensor.

    Args:
        x: Anything.

    Example:
        >>> import pronghorn as keras
        >>> keras.utils.is_keras_tensor(keras.Input((3,))), keras.utils.is_keras_tensor(1.0)
        (True, False)
    """
    return isinstance(x, KerasTensor)
