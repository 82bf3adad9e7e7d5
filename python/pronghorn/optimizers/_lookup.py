"""Optimizers by name or configuration."""

from typing import Any

from pronghorn.optimizers._optimizer import REGISTRY, Optimizer


def get(identifier: Any) -> Optimizer:
    """The optimizer that ``identifier`` stands for.

    Args:
        identifier: A name in any case (``"adam"``), a configuration, a class or an optimizer.

    Raises:
        ValueError: For an unknown name, with the nearest one suggested.
        TypeError: For anything else.

    Example:
        >>> get("adam").beta_1
        0.9
    """
    found = REGISTRY.get(identifier) if not isinstance(identifier, Optimizer) else identifier
    if not isinstance(found, Optimizer):
        raise TypeError(
            f"`optimizer` must be a name, a configuration or an Optimizer; received {identifier!r}."
        )
    return found


def serialize(optimizer: Optimizer) -> Any:
    """The configuration of an optimizer.

    Example:
        >>> serialize(get("sgd"))["class_name"]
        'SGD'
    """
    return REGISTRY.serialize(optimizer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Optimizer:
    """The optimizer of a configuration made by ``serialize``.

    Example:
        >>> deserialize({"class_name": "SGD", "config": {"learning_rate": 0.5}}).learning_rate
        0.5
    """
    found = REGISTRY.deserialize(config, custom_objects)
    optimizer: Optimizer = found() if isinstance(found, type) else found
    return optimizer
