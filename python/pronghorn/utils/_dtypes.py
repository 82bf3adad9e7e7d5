"""Names of dtypes."""

from __future__ import annotations

from typing import Any

import numpy as np

from pronghorn import config

_STRINGS = ("bfloat16", "float8_e4m3fn", "float8_e5m2", "string")


def standardize_dtype(dtype: Any) -> str:
    """The name of a dtype, as Keras writes it.

    Args:
        dtype: A name, a dtype of NumPy or another library, a Python type, or None for
            ``config.floatx()``.

    Raises:
        ValueError: If it is no dtype.

    Example:
        >>> import numpy as np
        >>> standardize_dtype(np.int64), standardize_dtype(float), standardize_dtype(None)
        ('int64', 'float32', 'float32')
    """
    if dtype is None:
        return config.floatx()
    known = {bool: "bool", int: "int32", float: config.floatx(), str: "string"}
    if isinstance(dtype, type) and dtype in known:
        return known[dtype]
    # Other libraries write `torch.float32` or have a name.
    name = getattr(dtype, "name", None) or getattr(dtype, "__name__", None)
    name = name if isinstance(name, str) else str(dtype).rsplit(".", 1)[-1]
    if name in _STRINGS:
        return name
    try:
        return np.dtype(name).name
    except TypeError as error:
        raise ValueError(f"`dtype` must be a dtype. Received: dtype={dtype!r}") from error
