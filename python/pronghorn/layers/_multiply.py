"""Products of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pronghorn.layers import _masks
from pronghorn.layers._merge import Merge


class Multiply(Merge):
    """Multiplies a list of inputs element by element.

    Args:
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: When called on something else than a list of inputs whose shapes can be
            broadcast.

    Example:
        >>> import numpy as np
        >>> Multiply()([np.array([[1.0, 5.0]]), np.array([[4.0, 2.0]])]).tolist()
        [[4.0, 10.0]]
    """

    _operation = "multiply"
    _heeds_masks = True

    def _call_masked(self, inputs: Sequence[Any], masks: Sequence[Any], training: bool) -> Any:
        from pronghorn import ops

        factors = [
            x if mask is None else ops.where(_masks.over(mask, x), x, np.ones((), x.dtype))
            for x, mask in zip(inputs, masks, strict=True)
        ]
        product = self._compose(factors, training=False)
        kept = self.compute_mask(inputs, masks)
        if kept is None:
            return product
        return ops.where(_masks.over(kept, product), product, np.zeros((), product.dtype))


def multiply(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """Multiplies a list of tensors or arrays; see `Multiply`.

    Args:
        inputs: Tensors or arrays whose shapes can be broadcast.
        **kwargs: Arguments of `Multiply`.

    Example:
        >>> import numpy as np
        >>> multiply([np.array([[1.0, 5.0]]), np.array([[4.0, 2.0]])]).tolist()
        [[4.0, 10.0]]
    """
    return Multiply(**kwargs)(inputs)
