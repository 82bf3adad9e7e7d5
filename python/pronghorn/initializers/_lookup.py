"""Initializers by name, configuration, array or callable."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pronghorn.initializers._initializer import REGISTRY, Initializer, check_dtype


def get(identifier: Any) -> Callable[..., NDArray[Any]] | None:
    """The initializer that ``identifier`` stands for.

    Args:
        identifier: None, a name in either spelling (``"HeNormal"``, ``"he_normal"``), a
            configuration, a class, an array to be copied, or a callable of (shape, dtype).

    Returns:
        A callable of (shape, dtype=None), or None for None.

    Raises:
        ValueError: For an unknown name, with the nearest one suggested.
        TypeError: For anything else.

    Example:
        >>> get("he_normal")
        HeNormal(seed=None, input_axes=None, output_axes=None)
    """
    if isinstance(identifier, np.ndarray):
        return _Copy(identifier)
    found: Callable[..., NDArray[Any]] | None = REGISTRY.get(identifier)
    return found


class _Copy(Initializer):
    """The values of a given array."""

    def __init__(self, values: NDArray[Any]) -> None:
        self._values = np.array(values)

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> NDArray[Any]:
        if tuple(shape) != self._values.shape:
            raise ValueError(
                f"The array given as initializer has shape {self._values.shape}; the weight has "
                f"shape {tuple(shape)}."
            )
        return self._values.astype(check_dtype(dtype))


def serialize(initializer: Any) -> Any:
    """The configuration of an initializer.

    Example:
        >>> serialize(get("zeros"))["class_name"]
        'Zeros'
    """
    return REGISTRY.serialize(initializer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The initializer of a configuration made by ``serialize``.

    Example:
        >>> deserialize({"class_name": "Constant", "config": {"value": 2.0}})
        Constant(value=2.0)
    """
    return REGISTRY.deserialize(config, custom_objects)
