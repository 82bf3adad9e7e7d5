"""Layers by configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pronghorn._arguments import explained
from pronghorn._serialization._custom_objects import CustomObjectScope
from pronghorn._serialization._objects import serialize_keras_object
from pronghorn._serialization._older import layer_from_config


@explained
def serialize(layer: Any) -> dict[str, Any]:
    """The configuration of a layer or model, with its class.

    Example:
        >>> from pronghorn.layers import Dense
        >>> serialize(Dense(3))["class_name"]
        'Dense'
    """
    config: dict[str, Any] = serialize_keras_object(layer)
    return config


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The layer of a configuration made by `serialize`; its weights are new.

    Args:
        config: The configuration.
        custom_objects: Classes and functions of the user by name.

    Raises:
        ValueError: If it is malformed.
        TypeError: If it names something that is not known.

    Example:
        >>> from pronghorn.layers import Dense
        >>> deserialize(serialize(Dense(3))).units
        3
    """
    with CustomObjectScope(custom_objects):
        return layer_from_config(config)
