"""A penalty on weight vectors that are not orthogonal."""

from typing import Any

import numpy as np

from pronghorn._autodiff import Tensor
from pronghorn._numbers import real
from pronghorn._suggest import unknown
from pronghorn.config import epsilon
from pronghorn.regularizers._regularizer import REGISTRY, Regularizer

_MODES = ("rows", "columns")


@REGISTRY.add()
class OrthogonalRegularizer(Regularizer):
    """factor times the mean of |cosine| over all pairs of rows, or columns, of a matrix.

    A model with it trains with the penalty computed in Python
    (``Model.run_mode`` is ``"split"``).

    Args:
        factor: Factor of the penalty.
        mode: ``"rows"`` or ``"columns"``: which vectors should be orthogonal.

    Example:
        >>> round(OrthogonalRegularizer(1.0)([[1.0, 0.0], [0.6, 0.8]]), 4)
        0.6
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor = real(factor, "factor")
        if str(mode) not in _MODES:
            raise unknown("mode", mode, _MODES)
        self.mode = mode

    def __call__(self, x: Any) -> Any:
        """The penalty of a matrix: a float, or a tensor of what a tape records.

        Raises:
            ValueError: If `x` is no matrix.
        """
        recorded: Any = x if isinstance(x, Tensor) else getattr(x, "_recorded", lambda: None)()
        if len(np.shape(x)) != 2:
            raise ValueError(
                "OrthogonalRegularizer takes a matrix; received an array of shape "
                f"{tuple(np.shape(x))}."
            )
        if recorded is None:
            return float(np.asarray(self._penalty(np.asarray(x, np.float64))))
        return self._penalty(recorded)

    def _penalty(self, matrix: Any) -> Any:
        from pronghorn import ops

        rows = matrix if self.mode == "rows" else ops.transpose(matrix)
        size = int(rows.shape[0])
        if size < 2:
            return 0.0 * ops.sum(matrix)
        norms = ops.sqrt(ops.sum(ops.square(rows), axis=1, keepdims=True))
        units = rows / ops.maximum(norms, epsilon())
        pairs = ops.matmul(units, ops.transpose(units))
        apart = ops.abs(pairs) * (1.0 - np.eye(size))
        return ops.sum(apart) * (self.factor / (size * (size - 1.0)))

    def get_config(self) -> dict[str, Any]:
        return {"factor": self.factor, "mode": self.mode}
