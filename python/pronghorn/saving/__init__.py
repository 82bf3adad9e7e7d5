"""Objects to plain data and models to files, as Keras writes them; reading runs no code."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pronghorn._serialization._custom_objects import (
        CustomObjectScope,
        custom_object_scope,
        get_custom_objects,
        get_registered_name,
        get_registered_object,
        register_keras_serializable,
    )
    from pronghorn._serialization._objects import deserialize_keras_object, serialize_keras_object
    from pronghorn.saving._api import load_model, load_weights, save_model, save_weights
    from pronghorn.saving._file_editor import KerasFileEditor

__all__ = [
    "CustomObjectScope",
    "KerasFileEditor",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "load_model",
    "load_weights",
    "register_keras_serializable",
    "save_model",
    "save_weights",
    "serialize_keras_object",
]

# Looked up at first use: the registries of every package need this one, which needs them.
_HOMES = {
    "saving._file_editor": ("KerasFileEditor",),
    "saving._api": ("load_model", "load_weights", "save_model", "save_weights"),
    "_serialization._objects": ("deserialize_keras_object", "serialize_keras_object"),
}


def __getattr__(name: str) -> Any:
    if name in __all__:
        home = next(
            (home for home, names in _HOMES.items() if name in names),
            "_serialization._custom_objects",
        )
        return getattr(importlib.import_module(f"pronghorn.{home}"), name)
    raise AttributeError(f"module 'pronghorn.saving' has no attribute '{name}'")
