"""The rectifier as a layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pronghorn import activations
from pronghorn.layers._elementwise import ActivationLayer


class ReLU(ActivationLayer):
    """max_value where x >= max_value, x where x >= threshold, else negative_slope (x - threshold).

    Args:
        max_value: Upper bound, >= 0; None for no bound.
        negative_slope: Slope below the threshold, >= 0.
        threshold: Where the unit starts to pass, >= 0.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: If an argument is negative.

    Example:
        >>> import numpy as np
        >>> ReLU(max_value=6, negative_slope=0.5)(np.array([-2.0, 3.0, 9.0])).tolist()
        [-1.0, 3.0, 6.0]
    """

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs: Any,
    ) -> None:
        if max_value is not None and not max_value >= 0:
            raise ValueError(f"`max_value` must be >= 0 or None. Received: max_value={max_value}")
        if not negative_slope >= 0:
            raise ValueError(
                f"`negative_slope` must be >= 0. Received: negative_slope={negative_slope}"
            )
        if not threshold >= 0:
            raise ValueError(f"`threshold` must be >= 0. Received: threshold={threshold}")
        super().__init__(**kwargs)
        self.max_value = max_value
        self.negative_slope = negative_slope
        self.threshold = threshold

    def _function(self) -> Callable[..., Any]:
        return lambda x: activations.relu(x, self.negative_slope, self.max_value, self.threshold)

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {
            **super().get_config(),
            "max_value": self.max_value,
            "negative_slope": self.negative_slope,
            "threshold": self.threshold,
        }
