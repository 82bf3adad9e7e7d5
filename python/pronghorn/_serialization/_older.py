"""Configurations of Keras 2 and of `.h5` files: what differs from the present form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pronghorn._serialization import _custom_objects, _known, _objects

# What Keras 2 wrote into configurations of optimizers, losses and layers and Keras 3 has not.
_DROPPED = {
    "optimizers": ("is_legacy_optimizer", "jit_compile", "decay"),
    "layers": ("batch_input_shape", "noise_seed"),
    "losses": ("fn",),
}
_HOMES = ("layers", "optimizers", "optimizers.schedules", "losses", "metrics")


def layer_from_config(config: Any) -> Any:
    """The layer of a configuration with ``module``, or of one without, as `.h5` files have it."""
    if (
        not isinstance(config, Mapping)
        or "class_name" not in config
        or not isinstance(config.get("config"), Mapping)
    ):
        raise ValueError(
            "The configuration of a layer is a dict with 'class_name' and 'config'; received "
            f"{config!r}."
        )
    return _objects.deserialize_keras_object(modern(config, "layers"))


def modern(config: Any, home: str) -> Any:
    """A configuration of an object of the given home in the present form.

    Args:
        config: As a file has it.
        home: ``"layers"``, ``"optimizers"``, ``"losses"`` or ``"metrics"``; it is what the
            configuration's missing ``module`` would say.
    """
    if not isinstance(config, Mapping) or not isinstance(config.get("class_name"), str):
        return config
    inner = config.get("config")
    changed = dict(config)
    if "module" not in config and config["class_name"] != "function":
        known = _custom_objects.get_registered_object(config["class_name"]) is None
        if known and _known.find_class(f"keras.{home}", config["class_name"]) is not None:
            changed["module"] = f"keras.{home}"
    if isinstance(inner, Mapping):
        inner = dict(inner)
        shape = inner.get("batch_input_shape")
        if config["class_name"] == "InputLayer" and shape is not None:
            inner["batch_shape"] = shape
        for key in _DROPPED.get(home, ()):
            if key != "fn" or config["class_name"] != "LossFunctionWrapper":
                inner.pop(key, None)
        if home == "layers":
            _modern_layer(config["class_name"], inner, shape)
        if home == "optimizers" and not inner.get("use_ema"):
            inner.pop("ema_overwrite_frequency", None)  # Keras 2 writes 100 for RMSprop
        if home == "optimizers" and isinstance(inner.get("learning_rate"), Mapping):
            inner["learning_rate"] = modern(inner["learning_rate"], "optimizers.schedules")
        changed["config"] = inner
    return changed


def _modern_layer(class_name: str, inner: dict[str, Any], shape: Any) -> None:
    axis = inner.get("axis")
    if isinstance(axis, list) and len(axis) == 1 and class_name != "Normalization":
        inner["axis"] = axis[0]
    if class_name == "LeakyReLU" and "alpha" in inner:
        inner["negative_slope"] = inner.pop("alpha")
    if class_name == "ReLU" and "max_value" in inner and isinstance(inner["max_value"], list):
        inner["max_value"] = inner["max_value"][0] if inner["max_value"] else None
    for key, value in list(inner.items()):
        part = key.rpartition("_")[2]
        if part in ("initializer", "regularizer", "constraint") and isinstance(value, Mapping):
            inner[key] = modern(value, f"{part}s")
