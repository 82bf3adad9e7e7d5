"""Differences of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pronghorn.layers._merge import Merge


class Subtract(Merge):
    """Subtracts the second of two inputs from the first, element by element.

    Args:
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: When called on something else than two inputs whose shapes can be broadcast.

    Example:
        >>> import numpy as np
        >>> Subtract()([np.array([[1.0, 5.0]]), np.array([[4.0, 2.0]])]).tolist()
        [[-3.0, 3.0]]
    """

    _operation = "subtract"
    _most_inputs = 2


def subtract(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """Subtracts the second of two tensors or arrays from the first; see `Subtract`.

    Args:
        inputs: Tensors or arrays whose shapes can be broadcast.
        **kwargs: Arguments of `Subtract`.

    Example:
        >>> import numpy as np
        >>> subtract([np.array([[1.0, 5.0]]), np.array([[4.0, 2.0]])]).tolist()
        [[-3.0, 3.0]]
    """
    return Subtract(**kwargs)(inputs)
