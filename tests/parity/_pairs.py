"""The same model in both libraries, with the same weights, given the same data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, NamedTuple

import keras
import numpy as np

import pronghorn

LIBRARIES: tuple[ModuleType, ModuleType] = (keras, pronghorn)
Make = Callable[[Any], Any]


class Pair(NamedTuple):
    """A Keras model and its twin."""

    keras: Any
    pronghorn: Any


def pair(make: Make) -> Pair:
    """Calls `make` with each library; the second model takes over the first one's weights."""
    reference, ours = make(keras), make(pronghorn)
    ours.set_weights(reference.get_weights())
    return Pair(reference, ours)


def compile_pair(models: Pair, arguments: Make | None = None, **shared: Any) -> Pair:
    """Compiles both; `arguments(library)` gives what has to be made of each library's own classes.

    Keras runs its steps eagerly: the arithmetic is the same and nothing has to be compiled anew for
    every little model.
    """
    for library, model in zip(LIBRARIES, models, strict=True):
        own = arguments(library) if arguments else {}
        eager = {"run_eagerly": True} if library is keras else {}
        model.compile(**{**shared, **own, **eager})
    return models


def fit_pair(
    models: Pair, x: Any, y: Any = None, callbacks: Make | None = None, **options: Any
) -> tuple[Any, Any]:
    """`fit` of both, in order and silently unless told otherwise; gives both histories."""
    options = {"verbose": 0, "shuffle": False, "batch_size": 16, **options}
    histories = []
    for library, model in zip(LIBRARIES, models, strict=True):
        own = callbacks(library) if callbacks else None
        histories.append(model.fit(x, y, callbacks=own, **options))
    return histories[0], histories[1]


def small_classifier(
    features: int = 6, classes: int = 3, hidden: int = 8, output: str | None = "softmax"
) -> Make:
    """A Sequential model with one tanh layer; the sizes are few so that Keras compiles little."""

    def make(library: Any) -> Any:
        return library.Sequential(
            [
                library.Input((features,)),
                library.layers.Dense(hidden, activation="tanh", name="hidden"),
                library.layers.Dense(classes, activation=output, name="output"),
            ]
        )

    return make


def assert_logs_equal(reference: dict[str, Any], ours: dict[str, Any], rtol: float = 2e-5) -> None:
    """Same keys in the same order, same values."""
    assert list(ours) == list(reference)
    for key, expected in reference.items():
        np.testing.assert_allclose(ours[key], expected, rtol=rtol, atol=1e-6, err_msg=key)


def assert_histories_equal(reference: Any, ours: Any, rtol: float = 2e-5) -> None:
    """Of two History objects: epochs, keys, their order, and values."""
    assert list(ours.epoch) == list(reference.epoch)
    for key in reference.history:
        assert key in ours.history, f"{key} is not among {list(ours.history)}"
        assert len(ours.history[key]) == len(reference.history[key]), key
    assert_logs_equal(reference.history, ours.history, rtol)


def assert_weights_equal(models: Pair, rtol: float = 1e-4) -> None:
    """Every weight array within `rtol` of Keras's, in the norm of the array."""
    for number, (expected, actual) in enumerate(
        zip(models.keras.get_weights(), models.pronghorn.get_weights(), strict=True)
    ):
        error = np.linalg.norm(actual - expected)
        assert error <= rtol * np.linalg.norm(expected) + 1e-7, (number, error)


def assert_updates_equal(models: Pair, before: Sequence[Any], rtol: float = 1e-3) -> None:
    """Every weight array has moved the same way: sharper than comparing the weights."""
    for number, (start, expected, actual) in enumerate(
        zip(before, models.keras.get_weights(), models.pronghorn.get_weights(), strict=True)
    ):
        moved = np.linalg.norm(expected - start)
        assert moved > 0, f"weight {number} did not move: the test would show nothing"
        # float32 weights cannot show a movement finer than their own rounding.
        floor = 4 * np.finfo(np.float32).eps * np.linalg.norm(expected)
        error = np.linalg.norm(actual - expected)
        assert error <= rtol * moved + floor, (number, error, moved)
