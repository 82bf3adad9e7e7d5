"""What is measured: training workloads and one prediction network, as plain data.

Every library gets the same rows, the same targets and the same initial weights.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Weights = list[tuple[Array, Array]]

LEARNING_RATE = 1e-3
BETA_1 = 0.9
BETA_2 = 0.999
EPSILON = 1e-7
MOMENTUM = 0.9  # of momentum and nesterov
RHO = 0.9  # of rmsprop and adadelta
WEIGHT_DECAY = 0.004  # of adamw

_CHECKED_ROWS = 4096  # of the data, for the check that all libraries have learnt alike


# Arrays of a parameter's size that an optimizer keeps, and the learning rate that it is given.
SLOTS = {
    "sgd": 0,
    "momentum": 1,
    "nesterov": 1,
    "rmsprop": 1,
    "adagrad": 1,
    "adadelta": 2,
    "adam": 2,
    "adamw": 2,
    "adamax": 2,
    "nadam": 2,
}


@dataclass(frozen=True)
class Workload:
    """A dense network, its loss, its mini-batch and its optimizer.

    The hidden layers share one activation and the last layer is linear; ``cross_entropy`` takes
    its outputs as logits and integer labels, ``mse`` is the mean over all elements.
    """

    name: str
    dims: tuple[int, ...]
    activation: str
    batch_size: int
    loss: Literal["cross_entropy", "mse"]
    steps: int
    optimizer: str = "adam"

    @property
    def rows(self) -> int:
        """Rows of one epoch: whole batches only, so that compiled peers meet one shape."""
        return self.batch_size * self.steps

    @property
    def sanity_epochs(self) -> int:
        """Epochs after which all peers should have come to about the same loss."""
        return max(2, 32 // self.steps)

    @property
    def flops_per_sample(self) -> int:
        """Multiplications and additions of the matrix products of one training step, per row.

        Three products a layer (forward, dX, dW), the first layer needs no dX.
        """
        products = [a * b for a, b in itertools.pairwise(self.dims)]
        return 6 * sum(products) - 2 * products[0]

    @property
    def parameters(self) -> int:
        """Numbers that are learnt."""
        return sum(a * b + b for a, b in itertools.pairwise(self.dims))

    def bytes_per_step(self, itemsize: int) -> int:
        """The least that a step moves if nothing but the data at hand stays in a cache.

        Parameters are read once for the products; they and the optimizer's slots are read and
        written once by the update. The batch is read once.
        """
        touched = 1 + 2 * (1 + SLOTS[self.optimizer])
        return itemsize * (self.parameters * touched + self.batch_size * self.dims[0])


WORKLOADS: dict[str, Workload] = {
    w.name: w
    for w in (
        Workload("tiny", (4, 16, 3), "tanh", 32, "cross_entropy", 512),
        Workload("rl", (8, 64, 64, 4), "tanh", 64, "mse", 256),
        Workload("mnist128", (784, 128, 10), "relu", 32, "cross_entropy", 256),
        Workload("tabular", (100, 256, 128, 64, 1), "relu", 256, "mse", 64),
        Workload("mnist512", (784, 512, 512, 10), "relu", 128, "cross_entropy", 64),
        Workload("large", (784, 2048, 2048, 10), "relu", 512, "cross_entropy", 8),
        Workload("thin-adam", (784, 4096, 4096, 10), "relu", 8, "cross_entropy", 8),
        Workload("thin-sgd", (784, 4096, 4096, 10), "relu", 8, "cross_entropy", 8, "sgd"),
        Workload("deep", (64, *[64] * 20, 1), "relu", 64, "mse", 128),
        Workload("wide-classes", (128, 256, 5000), "relu", 128, "cross_entropy", 32),
    )
}

PREDICTION_DIMS = (40, 100, 100, 10)
PREDICTION_ROWS = (1, 32, 1024, 65536)


def glorot_uniform(dims: tuple[int, ...], rng: np.random.Generator, dtype: str) -> Weights:
    """Kernels uniform in ±sqrt(6 / (fan_in + fan_out)), zero biases (Glorot & Bengio 2010)."""
    weights: Weights = []
    for fan_in, fan_out in itertools.pairwise(dims):
        limit = np.sqrt(6.0 / (fan_in + fan_out))
        kernel = rng.uniform(-limit, limit, (fan_in, fan_out))
        weights.append((kernel.astype(dtype), np.zeros(fan_out, dtype)))
    return weights


def _sigmoid(z: Array) -> Array:
    return 0.5 + 0.5 * np.tanh(0.5 * z)


def _softplus(z: Array) -> Array:
    return np.logaddexp(0.0, z)


# By Keras's names; gelu is the exact one.
ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "linear": lambda z: z,
    "relu": lambda z: np.maximum(z, 0.0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.2 * z),
    "elu": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0.0))),
    "selu": lambda z: (
        1.0507009873554805 * np.where(z > 0, z, 1.6732632423543772 * np.expm1(np.minimum(z, 0.0)))
    ),
    "gelu": lambda z: 0.5 * z * (1.0 + np.vectorize(math.erf)(z / math.sqrt(2.0))),
    "silu": lambda z: z * _sigmoid(z),
    "mish": lambda z: z * np.tanh(_softplus(z)),
    "sigmoid": _sigmoid,
    "hard_sigmoid": lambda z: np.clip(z / 6.0 + 0.5, 0.0, 1.0),
    "tanh": np.tanh,
    "softplus": _softplus,
    "softsign": lambda z: z / (1.0 + np.abs(z)),
    "softmax": lambda z: softmax(z),
}


def forward(weights: Weights, x: Array, activation: str) -> Array:
    """The network in float64 NumPy: the reference that every peer is held against."""
    y: Array = x.astype(np.float64)
    for layer, (kernel, bias) in enumerate(weights):
        y = y @ kernel.astype(np.float64) + bias.astype(np.float64)
        if layer < len(weights) - 1:
            y = ACTIVATIONS[activation](y)
    return y


def softmax(z: Array) -> Array:
    """Row-wise softmax, shifted by the row's maximum."""
    e: Array = np.exp(z - z.max(axis=1, keepdims=True))
    e /= e.sum(axis=1, keepdims=True)
    return e


@dataclass(frozen=True)
class Problem:
    """A workload with its data: targets come from a random teacher network plus noise."""

    workload: Workload
    dtype: str = "float32"
    seed: int = 0

    @cached_property
    def x(self) -> Array:
        """Rows, standard normal, C-contiguous, of shape (rows, dims[0])."""
        rng = np.random.default_rng([self.seed, 1])
        x: Array = rng.standard_normal((self.workload.rows, self.workload.dims[0]))
        return x.astype(self.dtype)

    @cached_property
    def y(self) -> Array:
        """Labels, int32 of shape (rows,), or values of shape (rows, dims[-1])."""
        rng = np.random.default_rng([self.seed, 2])
        dims = (self.workload.dims[0], 16, self.workload.dims[-1])
        z = forward(glorot_uniform(dims, rng, "float64"), self.x, "tanh")
        z = (z - z.mean(axis=0)) / z.std(axis=0)
        z += 0.1 * rng.standard_normal(z.shape)
        if self.workload.loss == "cross_entropy":
            labels: Array = z.argmax(axis=1).astype(np.int32)
            return labels
        return np.ascontiguousarray(z, self.dtype)

    @cached_property
    def initial_weights(self) -> Weights:
        """(kernel, bias) of every layer."""
        rng = np.random.default_rng([self.seed, 3])
        return glorot_uniform(self.workload.dims, rng, self.dtype)

    def loss(self, weights: Weights) -> float:
        """The loss over the first rows, in float64, of a network with these weights."""
        x, y = self.x[:_CHECKED_ROWS], self.y[:_CHECKED_ROWS]
        z = forward(weights, x, self.workload.activation)
        if self.workload.loss == "mse":
            return float(np.mean((z - y) ** 2))
        z = z - z.max(axis=1, keepdims=True)
        log_probability = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        return float(-np.mean(log_probability[np.arange(len(z)), y]))


@dataclass(frozen=True)
class PredictionProblem:
    """A softmax classifier with random weights and a batch of rows to put through it."""

    rows: int
    dtype: str = "float32"
    seed: int = 0

    @cached_property
    def x(self) -> Array:
        rng = np.random.default_rng([self.seed, 4])
        return rng.standard_normal((self.rows, PREDICTION_DIMS[0])).astype(self.dtype)

    @cached_property
    def weights(self) -> Weights:
        """(kernel, bias) of every layer; relu between, softmax at the end."""
        rng = np.random.default_rng([self.seed, 5])
        weights = glorot_uniform(PREDICTION_DIMS, rng, self.dtype)
        return [(k, rng.normal(0.0, 0.1, b.shape).astype(self.dtype)) for k, b in weights]

    @cached_property
    def expected(self) -> Array:
        """Class probabilities in float64, of shape (rows, classes)."""
        return softmax(forward(self.weights, self.x, "relu"))
