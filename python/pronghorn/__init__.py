"""Dense neural networks on CPUs, with Keras's words.

``import pronghorn as keras`` runs a Keras script made of dense networks. Submodules are loaded at
their first use.

Example:
    >>> import pronghorn as keras
    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    >>> model.count_params()
    15
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__: str  # of the installed package, looked up at its first use

if TYPE_CHECKING:
    from pronghorn import (
        activations,
        backend,
        callbacks,
        config,
        constraints,
        datasets,
        dtype_policies,
        initializers,
        layers,
        losses,
        metrics,
        models,
        ops,
        optimizers,
        random,
        regularizers,
        saving,
        utils,
        wrappers,
    )
    from pronghorn._graph import KerasTensor
    from pronghorn._profile import profile
    from pronghorn._variable import Variable
    from pronghorn.dtype_policies import DTypePolicy, FloatDTypePolicy
    from pronghorn.initializers import Initializer
    from pronghorn.layers import Input, InputSpec, Layer
    from pronghorn.losses import Loss
    from pronghorn.metrics import Metric
    from pronghorn.models import Model, Sequential
    from pronghorn.ops import GradientTape, grad, value_and_grad
    from pronghorn.optimizers import Optimizer
    from pronghorn.regularizers import Regularizer

_SUBMODULES = (
    "activations",
    "backend",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "dtype_policies",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "ops",
    "optimizers",
    "random",
    "regularizers",
    "saving",
    "utils",
    "wrappers",
)
_HOMES = {
    "GradientTape": "ops",
    "DTypePolicy": "dtype_policies",
    "FloatDTypePolicy": "dtype_policies",
    "Initializer": "initializers",
    "Input": "layers",
    "InputSpec": "layers",
    "KerasTensor": "_graph",
    "Layer": "layers",
    "Loss": "losses",
    "Metric": "metrics",
    "Model": "models",
    "Optimizer": "optimizers",
    "Regularizer": "regularizers",
    "Sequential": "models",
    "Variable": "_variable",
    "profile": "_profile",
    "grad": "ops",
    "value_and_grad": "ops",
}

__all__ = [
    "GradientTape",
    "DTypePolicy",
    "FloatDTypePolicy",
    "Initializer",
    "Input",
    "InputSpec",
    "KerasTensor",
    "Layer",
    "Loss",
    "Metric",
    "Model",
    "Optimizer",
    "Regularizer",
    "Sequential",
    "Variable",
    "__version__",
    "activations",
    "backend",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "grad",
    "dtype_policies",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "ops",
    "optimizers",
    "profile",
    "random",
    "regularizers",
    "saving",
    "utils",
    "value_and_grad",
    "wrappers",
]


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return importlib.import_module(f"pronghorn.{name}")
    if name in _HOMES:
        value = getattr(importlib.import_module(f"pronghorn.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    if name == "__version__":
        globals()[name] = importlib.import_module("importlib.metadata").version("pronghorn")
        return globals()[name]
    raise AttributeError(f"module 'pronghorn' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
