"""Helpers around training."""

import importlib
from typing import TYPE_CHECKING, Any

from pronghorn._console import (
    disable_interactive_logging,
    enable_interactive_logging,
    is_interactive_logging_enabled,
)
from pronghorn.utils._batches import pack_x_y_sample_weight, unpack_x_y_sample_weight
from pronghorn.utils._categorical import to_categorical
from pronghorn.utils._dtypes import standardize_dtype
from pronghorn.utils._normalize import normalize
from pronghorn.utils._progbar import Progbar
from pronghorn.utils._py_dataset import PyDataset, Sequence
from pronghorn.utils._random_seed import set_random_seed
from pronghorn.utils._sequences import pad_sequences
from pronghorn.utils._session import clear_session
from pronghorn.utils._split import split_dataset

if TYPE_CHECKING:
    from pronghorn.models._feature_space import FeatureSpace
    from pronghorn.models._plot import model_to_dot, plot_model
    from pronghorn.models._tensors import is_keras_tensor
    from pronghorn.saving import (
        CustomObjectScope,
        custom_object_scope,
        deserialize_keras_object,
        get_custom_objects,
        get_registered_name,
        get_registered_object,
        register_keras_serializable,
        serialize_keras_object,
    )
    from pronghorn.utils._config import Config
    from pronghorn.utils._files import get_file

# What needs heavier imports is loaded at its first use.
_HOMES = {
    **dict.fromkeys(
        [
            "CustomObjectScope",
            "custom_object_scope",
            "deserialize_keras_object",
            "get_custom_objects",
            "get_registered_name",
            "get_registered_object",
            "register_keras_serializable",
            "serialize_keras_object",
        ],
        "pronghorn.saving",
    ),
    "is_keras_tensor": "pronghorn.models._tensors",
    "Config": "pronghorn.utils._config",
    "FeatureSpace": "pronghorn.models._feature_space",
    "get_file": "pronghorn.utils._files",
    "model_to_dot": "pronghorn.models._plot",
    "plot_model": "pronghorn.models._plot",
}

__all__ = [
    "Config",
    "CustomObjectScope",
    "FeatureSpace",
    "Progbar",
    "PyDataset",
    "Sequence",
    "clear_session",
    "custom_object_scope",
    "deserialize_keras_object",
    "disable_interactive_logging",
    "enable_interactive_logging",
    "get_custom_objects",
    "get_file",
    "get_registered_name",
    "get_registered_object",
    "is_interactive_logging_enabled",
    "is_keras_tensor",
    "model_to_dot",
    "normalize",
    "pack_x_y_sample_weight",
    "pad_sequences",
    "plot_model",
    "register_keras_serializable",
    "serialize_keras_object",
    "set_random_seed",
    "split_dataset",
    "standardize_dtype",
    "to_categorical",
    "unpack_x_y_sample_weight",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'pronghorn.utils' has no attribute '{name}'")
