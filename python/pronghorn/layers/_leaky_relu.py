"""The leaky rectifier as a layer."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from pronghorn import _arguments, activations
from pronghorn.layers._elementwise import ActivationLayer


class LeakyReLU(ActivationLayer):
    """x where x >= 0, negative_slope x below.

    Args:
        negative_slope: Slope of the negative part, >= 0.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: If the slope is negative.

    Example:
        >>> import numpy as np
        >>> LeakyReLU(negative_slope=0.5)(np.array([-2.0, 3.0])).tolist()
        [-1.0, 3.0]
    """

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        if "alpha" in kwargs:
            negative_slope = kwargs.pop("alpha")
            warnings.warn(
                "LeakyReLU's `alpha` is now `negative_slope`.",
                stacklevel=_arguments.stacklevel(),
            )
        if not negative_slope >= 0:
            raise ValueError(
                f"`negative_slope` must be >= 0. Received: negative_slope={negative_slope}"
            )
        super().__init__(**kwargs)
        self.negative_slope = negative_slope

    def _function(self) -> Callable[..., Any]:
        return lambda x: activations.leaky_relu(x, self.negative_slope)

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "negative_slope": self.negative_slope}
