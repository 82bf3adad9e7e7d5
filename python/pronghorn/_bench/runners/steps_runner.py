"""pronghorn where a part of the step is the user's own Python."""

from __future__ import annotations

from typing import Any

import pronghorn
from pronghorn import ops

from ..workloads import BETA_1, BETA_2, EPSILON, LEARNING_RATE, Problem, Weights

_ACTIVATIONS = {"relu": ops.relu, "tanh": ops.tanh}


def _cross_entropy(y_true: Any, y_pred: Any) -> Any:
    labels = ops.reshape(y_true, (-1, 1))
    return -ops.squeeze(ops.take_along_axis(ops.log_softmax(y_pred), labels, axis=-1), -1)


def _squared_error(y_true: Any, y_pred: Any) -> Any:
    return ops.mean(ops.square(y_pred - y_true), axis=-1)


class _OwnDense(pronghorn.layers.Layer):
    """What a user writes who knows no Dense."""

    def __init__(self, units: int, activation: str | None = None) -> None:
        super().__init__()
        self.units = units
        self.activation = activation

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        z = ops.matmul(inputs, self.kernel) + self.bias
        return z if self.activation is None else _ACTIVATIONS[self.activation](z)


class _RecordedDense(_OwnDense):
    """The same with a kernel that is no weight to the engine, so that nothing is compiled."""

    def call(self, inputs: Any) -> Any:
        z = ops.matmul(inputs, ops.convert_to_tensor(self.kernel)) + self.bias
        return z if self.activation is None else _ACTIVATIONS[self.activation](z)


class _OwnModel(pronghorn.Model):
    """A network of layers that the engine does not know."""

    def __init__(self, layers: list[Any]) -> None:
        super().__init__()
        self.parts = layers

    def call(self, inputs: Any) -> Any:
        for part in self.parts:
            inputs = part(inputs)
        return inputs


class _OwnStep(pronghorn.Sequential):
    """Built-in layers under a training step of the user's own."""

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y = data
        with pronghorn.GradientTape() as tape:
            loss = self.compute_loss(x, y, self(x, training=True))
        weights = self.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return {"loss": loss}


class Trainer:
    """A loss in Python (``loss``), a step (``step``), or layers too (``layers``, ``recorded``)."""

    def __init__(self, problem: Problem, threads: int, variant: str) -> None:
        pronghorn.config.set_floatx(problem.dtype)
        w = problem.workload
        kinds = {"layers": _OwnDense, "recorded": _RecordedDense}
        dense = kinds.get(variant, pronghorn.layers.Dense)
        parts: list[Any] = [dense(units, activation=w.activation) for units in w.dims[1:-1]]
        parts.append(dense(w.dims[-1]))
        if variant in kinds:
            self._model: Any = _OwnModel(parts)
            self._model(problem.x[:1])
        else:
            kind = _OwnStep if variant == "step" else pronghorn.Sequential
            self._model = kind([pronghorn.Input((w.dims[0],)), *parts])
        self._model.set_weights([array for pair in problem.initial_weights for array in pair])
        loss = _squared_error if w.loss == "mse" else _cross_entropy
        optimizer = pronghorn.optimizers.Adam(LEARNING_RATE, BETA_1, BETA_2, EPSILON)
        self._model.compile(optimizer, loss)
        mode = "recorded" if variant == "recorded" else "split"
        if self._model.run_mode != mode:
            raise RuntimeError(f"The model should run {mode}, and runs {self._model.run_mode}.")
        self._problem = problem

    def train(self, epochs: int) -> None:
        p = self._problem
        self._model.fit(p.x, p.y, batch_size=p.workload.batch_size, epochs=epochs, verbose=0)

    def weights(self) -> Weights:
        arrays = self._model.get_weights()
        return list(zip(arrays[::2], arrays[1::2], strict=True))
