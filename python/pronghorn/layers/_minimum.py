"""Smallest elements of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pronghorn.layers import _masks
from pronghorn.layers._merge import Merge


class Minimum(Merge):
    """The smallest of a list of inputs, element by element.

    Args:
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: When called on something else than a list of inputs whose shapes can be
            broadcast.

    Example:
        >>> import numpy as np
        >>> Minimum()([np.array([[1.0, 5.0]]), np.array([[4.0, 2.0]])]).tolist()
        [[1.0, 2.0]]
    """

    _operation = "minimum"
    _heeds_masks = True

    def _call_masked(self, inputs: Sequence[Any], masks: Sequence[Any], training: bool) -> Any:
        from pronghorn import ops

        return _masks.extremes(ops.minimum, inputs, masks)


def minimum(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """The smallest of a list of tensors or arrays, element by element; see `Minimum`.

    Args:
        inputs: Tensors or arrays whose shapes can be broadcast.
        **kwargs: Arguments of `Minimum`.

    Example:
        >>> import numpy as np
        >>> minimum([np.array([[1.0, 5.0]]), np.array([[4.0, 2.0]])]).tolist()
        [[1.0, 2.0]]
    """
    return Minimum(**kwargs)(inputs)
