"""Class numbers as vectors of zeros and ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from pronghorn._arguments import explained
from pronghorn._autodiff import operation
from pronghorn.ops._choice import standard_dtype, tensor_like
from pronghorn.ops._reduction import max as largest


@explained
def one_hot(
    x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False
) -> Any:
    """1 at the place that x names along a new axis, 0 elsewhere.

    Args:
        x: Class numbers; those outside 0..num_classes-1 give zeros.
        num_classes: Length of the new axis.
        axis: Its place.
        dtype: Of the result; None for ``config.floatx()``.
        sparse: Must be false.

    Example:
        >>> one_hot([0, 2], 3).tolist()
        [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    if sparse:
        raise ValueError("ops.one_hot does not support `sparse`. Received: sparse=True")
    return _one_hot(tensor_like(x), num_classes, axis, standard_dtype(dtype).name)


@operation(name="one_hot", differentiable=False, settled=False)
def _one_hot(x: Any, num_classes: int, axis: int, dtype: str) -> Any:
    found = np.equal(np.asarray(x)[..., None], np.arange(num_classes)).astype(dtype)
    return np.moveaxis(found, -1, axis)


@explained
def multi_hot(
    inputs: Any, num_classes: int | None = None, axis: int = -1, dtype: Any = None,
    sparse: bool = False,
) -> Any:  # fmt: skip
    """1 at each of the places that a row of `inputs` names, 0 elsewhere.

    Args:
        inputs: Class numbers, along the last axis.
        num_classes: Length of a vector.
        axis: Where the vectors' axis goes.
        dtype: Of the result; None is ``config.floatx()``.
        sparse: Must be false.

    Example:
        >>> multi_hot([[0, 2]], 3).tolist()
        [[1.0, 0.0, 1.0]]
    """
    if num_classes is None:
        raise ValueError("ops.multi_hot needs `num_classes`. Received: num_classes=None")
    encoded = one_hot(inputs, num_classes, axis, dtype, sparse)
    return largest(encoded, axis=1 if len(encoded.shape) > 2 else 0)
