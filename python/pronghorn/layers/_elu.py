"""The exponential linear unit as a layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pronghorn import activations
from pronghorn.layers._elementwise import ActivationLayer


class ELU(ActivationLayer):
    """x where x >= 0, alpha (exp(x) - 1) below.

    Args:
        alpha: Minus the limit at minus infinity.
        **kwargs: `name`, `dtype`.

    Example:
        >>> import numpy as np
        >>> ELU()(np.array([0.0, 3.0])).tolist()
        [0.0, 3.0]
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = alpha

    def _function(self) -> Callable[..., Any]:
        return lambda x: activations.elu(x, self.alpha)

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "alpha": self.alpha}
