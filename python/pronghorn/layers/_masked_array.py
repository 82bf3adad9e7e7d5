"""Arrays that layers give, with the mask that comes with them."""

from __future__ import annotations

from typing import Any

import numpy as np

from pronghorn._autodiff import Tensor
from pronghorn._engine import Array


class MaskedSteps(np.ndarray):
    """An array of which some steps do not count, as layers, losses and metrics can see.

    It is an array like any other; what is made of it has no mask.

    Example:
        >>> from pronghorn import layers
        >>> steps = layers.Masking()(np.array([[[1.0, 0.0], [0.0, 0.0]]]))
        >>> steps._keras_mask.tolist()
        [[True, False]]
    """

    _keras_mask: Array | None = None


def with_mask(values: Array, mask: Any) -> Array:
    """`values` as an array that carries a mask; as they are if that is None."""
    if mask is None:
        return values
    found = values.view(MaskedSteps)
    found._keras_mask = np.asarray(mask, bool)
    return found


def plain(leaf: Any) -> Any:
    """The array of a tensor, with its mask; anything else as it is."""
    if not isinstance(leaf, Tensor):
        return leaf
    return with_mask(leaf._value, getattr(leaf, "_keras_mask", None))


def tensor_with_mask(values: Any, mask: Any) -> Any:
    """A tensor or array as a tensor that carries a mask; as it is if that is None."""
    if mask is None:
        return values
    found = Tensor(values) if not isinstance(values, Tensor) else values
    if getattr(found, "_keras_mask", None) is not mask:
        found = Tensor(found._value, found._node, found._index)
        found._keras_mask = mask
    return found
