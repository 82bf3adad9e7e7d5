"""The networks and data of the measurements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import pronghorn as keras
from pronghorn import layers

PREDICTION = (40, 100, 100, 10)
TINY = (4, 16, 3)
MNIST128 = (784, 128, 10)
MNIST512 = (784, 512, 512, 10)


def network(dims: Sequence[int], dropout: float = 0.0, l2: float = 0.0) -> Any:
    """Dense layers with relu; the last is linear and its outputs are logits."""
    model = keras.Sequential([keras.Input((dims[0],))])
    for units in dims[1:-1]:
        penalty = keras.regularizers.L2(l2) if l2 else None
        model.add(layers.Dense(units, activation="relu", kernel_regularizer=penalty))
        if dropout:
            model.add(layers.Dropout(dropout))
    model.add(layers.Dense(dims[-1]))
    return model


def compiled(model: Any, optimizer: Any = "adam", metrics: Any = None) -> Any:
    """With cross-entropy on labels; returns the model."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, metrics=metrics)
    return model


def data(dims: Sequence[int], rows: int, dtype: str = "float32") -> tuple[Any, Any]:
    """Standard normal rows and int32 labels."""
    rng = np.random.default_rng(rows)
    x = rng.standard_normal((rows, dims[0]), dtype=np.float32).astype(dtype)
    return x, rng.integers(0, dims[-1], rows, dtype=np.int32)
