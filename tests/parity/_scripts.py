"""What the scripts share that run on Keras's TensorFlow backend and on pronghorn.

A module of scripts collects them in a `Scripts`. Each takes a library and one thing more, such as
the class of its tapes, and returns named numbers or text. As a program it calls `on_keras`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

Script = Callable[[ModuleType, Any], dict[str, Any]]


class Scripts(dict[str, Script]):
    """Functions by name, in the order in which they are written."""

    def add(self, function: Script) -> Script:
        self[function.__name__] = function
        return function


def start(model: Any, seed: int = 0) -> Any:
    """Weights that both libraries begin with."""
    rng = np.random.default_rng(seed)
    model.set_weights([0.4 * rng.normal(size=w.shape) for w in model.get_weights()])
    return model


def named(values: Any, name: str) -> dict[str, Any]:
    """A list's members, each with a name."""
    return {f"{name} {i}": value for i, value in enumerate(values)}


def keras_and_tape() -> tuple[ModuleType, Any]:
    """Keras on its TensorFlow backend, and a tape that takes variables of Keras."""
    os.environ.update(KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
    import keras
    import tensorflow

    tensorflow.config.run_functions_eagerly(True)  # each runs once: tracing would take longer

    class Tape(tensorflow.GradientTape):  # type: ignore[misc]
        def gradient(self, target: Any, sources: Any) -> Any:
            if isinstance(sources, list):
                sources = [getattr(source, "value", source) for source in sources]
            return super().gradient(target, sources)

    return keras, Tape


def on_keras(scripts: Scripts, keras: ModuleType, argument: Any, path: Path) -> None:
    """Writes what each script returns on Keras to `path`, as ``SCRIPT|NAME``."""
    found = {}
    for script, run in scripts.items():
        keras.utils.clear_session()
        found |= {f"{script}|{name}": value for name, value in run(keras, argument).items()}
    np.savez(path, **found)


def on_keras_with_tapes(scripts: Scripts, path: str) -> None:
    """The program of a module whose scripts take the class of their tapes."""
    on_keras(scripts, *keras_and_tape(), Path(path))
