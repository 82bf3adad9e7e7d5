"""Models as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pronghorn._serialization import _objects
from pronghorn._serialization._custom_objects import CustomObjectScope
from pronghorn._serialization._guard import only_clear_errors


def model_config(model: Any) -> dict[str, Any]:
    """The configuration of a model; what it uses twice is marked as one object."""
    with _objects.sharing_scope():
        config: dict[str, Any] = _objects.serialize_keras_object(model)
    return _objects.drop_single_ids(config)


def to_json(model: Any, **kwargs: Any) -> str:
    """See ``Model.to_json``."""
    return json.dumps(model_config(model), **kwargs)


def parse(text: str | bytes) -> dict[str, Any]:
    """JSON of a dict.

    Raises:
        TypeError: If it is no text.
        ValueError: If it is something else.
    """
    if not isinstance(text, str | bytes):
        raise TypeError(
            f"`json_string` must be a string. Received: {text!r} (of type {type(text).__name__})"
        )
    try:
        config = json.loads(text)
    except RecursionError:
        raise ValueError("The configuration is nested too deeply.") from None
    if not isinstance(config, dict):
        raise ValueError(
            f"A configuration must be a JSON object; received {type(config).__name__}."
        )
    return config


def model_from_config(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None) -> Any:
    """The model of a configuration of `model_config`'s form.

    Raises:
        ValueError: If it is not the configuration of a model.
    """
    from pronghorn._serialization._older import layer_from_config
    from pronghorn.models import Model
    from pronghorn.utils import FeatureSpace

    with CustomObjectScope(custom_objects), _objects.sharing_scope():
        model = layer_from_config(config)
    if not isinstance(model, (Model, FeatureSpace)):
        raise ValueError(
            f"The configuration must be that of a model; it is that of a {type(model).__name__}."
        )
    return model


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None) -> Any:
    """See ``models.model_from_json``."""
    with only_clear_errors("The JSON"):
        return model_from_config(parse(json_string), custom_objects)
