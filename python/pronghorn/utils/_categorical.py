"""Class indices as rows with a single one."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pronghorn._arguments import checked
from pronghorn._numbers import integer


@checked
def to_categorical(x: ArrayLike, num_classes: int | None = None) -> NDArray[Any]:
    """One-hot rows of class indices.

    Args:
        x: Whole numbers from 0, any shape; a last axis of length 1 is dropped.
        num_classes: Length of the rows; None for the largest index plus one.

    Returns:
        Shape of x (without that axis) plus (num_classes,), float64, as Keras gives it.

    Raises:
        TypeError: If x does not hold numbers.
        ValueError: If an index is fractional or outside 0..num_classes-1, or x is empty and
            ``num_classes`` is None.

    Example:
        >>> to_categorical([0, 2]).tolist()
        [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    values = np.asarray(x)
    if values.dtype.kind not in "fiub":
        raise TypeError(f"`x` must hold whole numbers; received dtype {values.dtype}.")
    if values.dtype.kind == "f" and not (np.isfinite(values) & (values == np.floor(values))).all():
        raise ValueError("`x` must hold whole numbers; received others.")
    shape = values.shape
    if len(shape) > 1 and shape[-1] == 1:
        shape = shape[:-1]
    flat = values.reshape(-1).astype(np.int64)
    if num_classes is None:
        if flat.size == 0:
            raise ValueError("`num_classes` must be given where `x` is empty.")
        count = int(flat.max()) + 1
    else:
        count = integer(num_classes, "num_classes", low=1)
    if flat.size and (flat.min() < 0 or flat.max() >= count):
        raise ValueError(
            f"`x` must hold indices 0..{count - 1}; received {flat.min()}..{flat.max()}."
        )
    rows = np.zeros((flat.size, count))
    rows[np.arange(flat.size), flat] = 1.0
    return rows.reshape(*shape, count)
