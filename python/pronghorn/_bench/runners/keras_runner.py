"""Keras through ``model.fit``, on the backend that ``KERAS_BACKEND`` names."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from ..workloads import (
    BETA_1,
    BETA_2,
    EPSILON,
    LEARNING_RATE,
    MOMENTUM,
    RHO,
    WEIGHT_DECAY,
    Array,
    PredictionProblem,
    Problem,
    Weights,
)

# More batches between two visits to the callbacks: Keras's own knob against its overhead a batch,
# which its PyTorch backend refuses.
_STEPS_PER_EXECUTION = {"jax": 32, "tensorflow": 32, "torch": 1}


def _load(threads: int, dtype: str) -> Any:
    backend = os.environ["KERAS_BACKEND"]
    if backend == "torch":
        import torch

        torch.set_num_threads(threads)
    elif backend == "tensorflow":
        import tensorflow

        tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
    elif dtype == "float64":
        import jax

        jax.config.update("jax_enable_x64", True)
    import keras

    keras.config.set_floatx(dtype)
    return keras


def _optimizer(library: Any, name: str) -> Any:
    make = library.optimizers
    rate, betas = LEARNING_RATE, (BETA_1, BETA_2)
    made: dict[str, Callable[[], Any]] = {
        "sgd": lambda: make.SGD(rate),
        "momentum": lambda: make.SGD(rate, momentum=MOMENTUM),
        "nesterov": lambda: make.SGD(rate, momentum=MOMENTUM, nesterov=True),
        "adam": lambda: make.Adam(rate, *betas, EPSILON),
        "adamw": lambda: make.AdamW(rate, WEIGHT_DECAY, *betas, EPSILON),
        "adagrad": lambda: make.Adagrad(rate, 0.1, EPSILON),
        "rmsprop": lambda: make.RMSprop(rate, RHO, epsilon=EPSILON),
        "adadelta": lambda: make.Adadelta(rate, RHO, EPSILON),
        "adamax": lambda: make.Adamax(rate, *betas, EPSILON),
        "nadam": lambda: make.Nadam(rate, *betas, EPSILON),
    }
    return made[name]()


class Trainer:
    """A Sequential model of any library that speaks Keras's language."""

    def __init__(self, problem: Problem, threads: int, library: Any = None) -> None:
        keras = library or _load(threads, problem.dtype)
        w = problem.workload
        layers = [keras.layers.Dense(n, activation=w.activation) for n in w.dims[1:-1]]
        output = keras.layers.Dense(w.dims[-1])
        self._model = keras.Sequential([keras.Input((w.dims[0],)), *layers, output])
        self._model.set_weights([array for pair in problem.initial_weights for array in pair])
        loss = (
            keras.losses.MeanSquaredError()
            if w.loss == "mse"
            else keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        )
        optimizer = _optimizer(keras, w.optimizer)
        steps = 1 if library else min(_STEPS_PER_EXECUTION[keras.backend.backend()], w.steps)
        self._model.compile(optimizer, loss, steps_per_execution=steps)
        self._problem = problem

    def train(self, epochs: int) -> None:
        p = self._problem
        self._model.fit(p.x, p.y, batch_size=p.workload.batch_size, epochs=epochs, verbose=0)

    def weights(self) -> Weights:
        arrays = self._model.get_weights()
        return list(zip(arrays[::2], arrays[1::2], strict=True))


class Predictor:
    """``predict`` or ``predict_on_batch`` of a Sequential model."""

    def __init__(
        self, problem: PredictionProblem, threads: int, call: str, library: Any = None
    ) -> None:
        keras = library or _load(threads, problem.dtype)
        sizes = [len(bias) for _, bias in problem.weights]
        hidden = [keras.layers.Dense(n, activation="relu") for n in sizes[:-1]]
        output = keras.layers.Dense(sizes[-1], activation="softmax")
        self._model = keras.Sequential([keras.Input((problem.x.shape[1],)), *hidden, output])
        self._model.set_weights([array for pair in problem.weights for array in pair])
        self._whole = call == "predict"
        self._rows = problem.rows

    def predict(self, x: Array) -> Array:
        model = self._model
        answer: Array = (
            model.predict(x, batch_size=self._rows, verbose=0)
            if self._whole
            else model.predict_on_batch(x)
        )
        return answer
