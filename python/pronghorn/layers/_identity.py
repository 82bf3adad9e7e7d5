"""The layer that does nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pronghorn import activations
from pronghorn.layers._elementwise import ActivationLayer


class Identity(ActivationLayer):
    """Y = X.

    Args:
        **kwargs: `name`, `dtype`.

    Example:
        >>> import numpy as np
        >>> Identity()(np.array([[1.0, 2.0]])).tolist()
        [[1.0, 2.0]]
    """

    _keeps_values = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def _function(self) -> Callable[..., Any]:
        return activations.linear
