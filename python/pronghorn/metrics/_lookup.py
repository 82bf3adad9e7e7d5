"""Metrics by name or configuration."""

from typing import Any

from pronghorn.metrics._metric import REGISTRY


def get(identifier: Any) -> Any:
    """The metric that ``identifier`` stands for.

    Args:
        identifier: None, a name (``"mse"``, ``"MeanSquaredError"``), a configuration, a class, a
            ``Metric`` or a function of (y_true, y_pred).

    Returns:
        A ``Metric`` or a function; None for None.

    Raises:
        ValueError: For an unknown name, with the nearest one suggested.
        TypeError: For anything else.

    Example:
        >>> get("mse")
        <MeanSquaredError name=mean_squared_error>
    """
    return REGISTRY.get(identifier)


def serialize(metric: Any) -> Any:
    """The configuration of a metric or metric function.

    Example:
        >>> serialize(get("mae"))["class_name"]
        'MeanAbsoluteError'
    """
    return REGISTRY.serialize(metric)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The metric of a configuration or name made by ``serialize``.

    Example:
        >>> deserialize(serialize(get("mae")))
        <MeanAbsoluteError name=mean_absolute_error>
    """
    return REGISTRY.deserialize(config, custom_objects)
