"""Losses by name or configuration."""

from typing import Any

from pronghorn.losses._function import REGISTRY


def get(identifier: Any) -> Any:
    """The loss that ``identifier`` stands for.

    Args:
        identifier: None, a name (``"mse"``, ``"MeanSquaredError"``), a configuration, a class, a
            ``Loss`` or a function of (y_true, y_pred).

    Returns:
        A ``Loss`` or a function; None for None.

    Raises:
        ValueError: For an unknown name, with the nearest one suggested.
        TypeError: For anything else.

    Example:
        >>> get("mse").__name__
        'mean_squared_error'
    """
    return REGISTRY.get(identifier)


def serialize(loss: Any) -> Any:
    """The configuration of a loss or loss function.

    Example:
        >>> serialize(get("mse"))["config"]
        'mean_squared_error'
    """
    return REGISTRY.serialize(loss)


def deserialize(name: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The loss of a configuration or name made by ``serialize``.

    Example:
        >>> deserialize("huber").__name__
        'huber'
    """
    return REGISTRY.deserialize(name, custom_objects)
