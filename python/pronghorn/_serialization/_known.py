"""The fixed table of what a file may name without the caller's help.

Nothing is imported by a name that a file gives: a configuration's ``module`` only selects a row
here, and ``class_name`` one of the public names of that row's module.
"""

from __future__ import annotations

import importlib
import inspect
from typing import Any

# Keras's module, ours, and the base that its classes must have.
_ROWS: tuple[tuple[str, str, str], ...] = (
    ("keras.layers", "layers", "layers:Layer"),
    ("keras.utils", "utils", "layers:Layer"),
    (
        "keras.optimizers.schedules",
        "optimizers.schedules",
        "optimizers.schedules:LearningRateSchedule",
    ),
    ("keras.optimizers", "optimizers", "optimizers:Optimizer"),
    ("keras.optimizers", "optimizers", "optimizers:OptimizerMap"),
    ("keras.losses", "losses", "losses:Loss"),
    ("keras.metrics", "metrics", "metrics:Metric"),
    ("keras.initializers", "initializers", "initializers:Initializer"),
    ("keras.regularizers", "regularizers", "regularizers:Regularizer"),
    ("keras.constraints", "constraints", "constraints:Constraint"),
)
# What Keras names in files but not in its interface.
_FEATURES = "keras.src.layers.preprocessing.feature_space"
_UNLISTED = {
    (_FEATURES, "TFDConcat"): "models._features:TFDConcat",
    (_FEATURES, "TFDIdentity"): "models._features:TFDIdentity",
}
_MODELS = ("Functional", "Model", "Sequential")
# Where functions that a configuration names alone are looked for.
_FUNCTION_HOMES = ("activations", "losses", "metrics", "ops")
_REGISTRIES = {
    "activations": "activations._function:REGISTRY",
    "losses": "losses._function:REGISTRY",
    "metrics": "metrics._metric:REGISTRY",
}
_NOT_FOR_FILES = ("get", "serialize", "deserialize")


def _load(path: str) -> Any:
    """``package.module`` or ``package.module:name`` of this library; None if it has none."""
    module, _, name = path.partition(":")
    try:
        found = importlib.import_module(f"pronghorn.{module}")
    except ModuleNotFoundError:
        return None
    return getattr(found, name, None) if name else found


def _public(module: Any, name: str) -> Any:
    return getattr(module, name) if name in getattr(module, "__all__", ()) else None


def find_class(module: str, name: str) -> Any:
    """The class that Keras calls ``module.name``, or None if this library has no such class."""
    module = module.removeprefix("tf_")  # Keras 2 as a package of its own
    name = name.removeprefix("Custom>")  # as Keras 2.11 and 2.12 call their optimizers
    if name in _MODELS and module.startswith("keras"):
        return _load(f"models:{name}")
    if (module, name) in _UNLISTED:
        return _load(_UNLISTED[module, name])
    for theirs, ours, base_path in _ROWS:
        if module != theirs and not module.startswith(f"{theirs}."):
            private = "keras.src." + theirs.removeprefix("keras.")
            if module != private and not module.startswith(f"{private}."):
                continue
        home, base = _load(ours), _load(base_path)
        found = None if home is None else _public(home, name)
        if found is not None and inspect.isclass(found) and base and issubclass(found, base):
            return found
    return None


def names_like(module: str) -> list[str]:
    """Public names of the row that ``module`` selects, for messages."""
    for theirs, ours, _ in _ROWS:
        if module == theirs or module.startswith(f"{theirs}."):
            return list(getattr(_load(ours), "__all__", ()))
    return []


def find_function(module: str | None, name: str) -> Any:
    """The function that Keras calls by this name, or None."""
    if module in (None, "builtins"):
        homes = ["activations", "losses", "metrics"]
    else:
        homes = [home for home in _FUNCTION_HOMES if module == f"keras.{home}"]
    for home in homes:
        registry = _load(_REGISTRIES[home]) if home in _REGISTRIES else None
        found = registry.peek(name) if registry is not None else None
        if not inspect.isfunction(found):
            found = _public(_load(home), name)
        if inspect.isfunction(found) and name not in _NOT_FOR_FILES:
            return found
    return None


def is_unlisted(module: str | None, name: str) -> bool:
    """Whether Keras has a class under this name in its files alone."""
    return (module, name) in _UNLISTED


def public_name(cls: type) -> tuple[str, str] | None:
    """(module, class name) that Keras gives to a class of this library; None for a user's."""
    home = cls.__module__
    if not home.startswith("pronghorn."):
        return None
    name = cls.__name__
    if name == "Functional" and home.startswith("pronghorn.models"):
        return "keras.src.models.functional", name
    if name in _MODELS and home.startswith("pronghorn.models"):
        return "keras", name
    for place, path in _UNLISTED.items():
        if path == f"{home.removeprefix('pronghorn.')}:{name}":
            return place
    for theirs, ours, _ in _ROWS:
        # What utils names may be defined above it.
        at_home = home.startswith(f"pronghorn.{ours}.") or ours == "utils"
        if at_home and _public(_load(ours), name) is cls:
            return theirs, name
    return None
