"""JAX: the data lives on the device and the shuffled gather happens inside the compiled code."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..workloads import (
    BETA_1,
    BETA_2,
    EPSILON,
    LEARNING_RATE,
    Array,
    PredictionProblem,
    Problem,
    Weights,
)


def _forward(params: Any, x: jax.Array, activation: Any) -> jax.Array:
    for kernel, bias in params[:-1]:
        x = activation(x @ kernel + bias)
    kernel, bias = params[-1]
    return x @ kernel + bias


class Trainer:
    """``step``: one compiled call a batch; ``scan``: one compiled call an epoch."""

    def __init__(self, problem: Problem, threads: int, variant: str) -> None:
        jax.config.update("jax_enable_x64", problem.dtype == "float64")
        w = problem.workload
        activation = jnp.tanh if w.activation == "tanh" else jax.nn.relu
        x, y = jnp.asarray(problem.x), jnp.asarray(problem.y)
        params = [(jnp.asarray(k), jnp.asarray(b)) for k, b in problem.initial_weights]
        zeros = jax.tree.map(jnp.zeros_like, params)
        # jnp.zeros_like twice: donated buffers must not be shared.
        self._state = (params, zeros, jax.tree.map(jnp.zeros_like, params), jnp.int32(0))
        self._key = jax.random.key(0)
        self._steps = w.steps
        self._scan = variant == "scan"

        def loss_of(params: Any, index: jax.Array) -> jax.Array:
            z = _forward(params, x[index], activation)
            if w.loss == "mse":
                return jnp.mean((z - y[index]) ** 2)
            picked = jnp.take_along_axis(jax.nn.log_softmax(z), y[index][:, None], axis=1)
            return -jnp.mean(picked)

        def update(state: Any, index: jax.Array) -> Any:
            params, m, v, t = state
            gradients = jax.grad(loss_of)(params, index)
            t = t + 1
            f = t.astype(x.dtype)
            alpha = LEARNING_RATE * jnp.sqrt(1 - BETA_2**f) / (1 - BETA_1**f)
            m = jax.tree.map(lambda m, g: m + (g - m) * (1 - BETA_1), m, gradients)
            v = jax.tree.map(lambda v, g: v + (g * g - v) * (1 - BETA_2), v, gradients)
            params = jax.tree.map(
                lambda p, m, v: p - alpha * m / (jnp.sqrt(v) + EPSILON), params, m, v
            )
            return params, m, v, t

        def permute(key: jax.Array) -> tuple[jax.Array, jax.Array]:
            key, used = jax.random.split(key)
            order = jax.random.permutation(used, w.rows)
            return order.reshape(w.steps, w.batch_size), key

        @partial(jax.jit, donate_argnums=0)
        def epoch(state: Any, key: jax.Array) -> Any:
            order, key = permute(key)
            state, _ = jax.lax.scan(lambda s, index: (update(s, index), None), state, order)
            return state, key

        @partial(jax.jit, donate_argnums=0)
        def step(state: Any, order: jax.Array) -> Any:
            # The step counter picks the batch, so no index has to travel to the device.
            return update(state, order[state[3] % w.steps])

        self._epoch, self._step, self._permute = epoch, step, jax.jit(permute)

    def train(self, epochs: int) -> None:
        for _ in range(epochs):
            if self._scan:
                self._state, self._key = self._epoch(self._state, self._key)
                continue
            order, self._key = self._permute(self._key)
            for _ in range(self._steps):
                self._state = self._step(self._state, order)
        jax.block_until_ready(self._state)

    def weights(self) -> Weights:
        return [(np.asarray(k), np.asarray(b)) for k, b in self._state[0]]


class Predictor:
    def __init__(self, problem: PredictionProblem, threads: int) -> None:
        jax.config.update("jax_enable_x64", problem.dtype == "float64")
        params = [(jnp.asarray(k), jnp.asarray(b)) for k, b in problem.weights]
        self._call = jax.jit(lambda x: jax.nn.softmax(_forward(params, x, jax.nn.relu)))

    def predict(self, x: Array) -> Array:
        return np.asarray(self._call(x))
