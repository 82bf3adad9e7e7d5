"""JAX: the data lives on the device and the shuffled gather happens inside the compiled code."""

from __future__ import annotations

from collections.abc import Callable
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
    MOMENTUM,
    RHO,
    SLOTS,
    WEIGHT_DECAY,
    Array,
    PredictionProblem,
    Problem,
    Weights,
)

_ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "linear": lambda z: z,
    "relu": jax.nn.relu,
    "leaky_relu": partial(jax.nn.leaky_relu, negative_slope=0.2),
    "elu": jax.nn.elu,
    "selu": jax.nn.selu,
    "gelu": partial(jax.nn.gelu, approximate=False),
    "silu": jax.nn.silu,
    "mish": jax.nn.mish,
    "sigmoid": jax.nn.sigmoid,
    "hard_sigmoid": jax.nn.hard_sigmoid,
    "tanh": jnp.tanh,
    "softplus": jax.nn.softplus,
    "softsign": jax.nn.soft_sign,
    "softmax": jax.nn.softmax,
}


def _update(name: str, w: Any, slots: tuple[Any, ...], g: Any, t: Any) -> tuple[Any, ...]:
    """Keras's update of one array at step ``t``: the new ``w`` and then the new slots."""
    rate = LEARNING_RATE
    if name == "sgd":
        return (w - rate * g,)
    if name in ("momentum", "nesterov"):
        m = MOMENTUM * slots[0] - rate * g
        return w + (MOMENTUM * m - rate * g if name == "nesterov" else m), m
    if name == "rmsprop":
        v = RHO * slots[0] + (1 - RHO) * g * g
        return w - rate * g * jax.lax.rsqrt(v + EPSILON), v
    if name == "adagrad":
        v = slots[0] + g * g
        return w - rate * g * jax.lax.rsqrt(v + EPSILON), v
    if name == "adadelta":
        v = RHO * slots[0] + (1 - RHO) * g * g
        change = g * jnp.sqrt((slots[1] + EPSILON) / (v + EPSILON))
        return w - rate * change, v, RHO * slots[1] + (1 - RHO) * change * change
    m = slots[0] + (g - slots[0]) * (1 - BETA_1)
    if name == "adamax":
        u = jnp.maximum(BETA_2 * slots[1], jnp.abs(g))
        return w - rate / (1 - BETA_1**t) * m / (u + EPSILON), m, u
    v = slots[1] + (g * g - slots[1]) * (1 - BETA_2)
    if name == "nadam":
        # The momentum schedule is left out: one more number a step.
        ahead = BETA_1 * m / (1 - BETA_1 ** (t + 1)) + (1 - BETA_1) * g / (1 - BETA_1**t)
        return w - rate * ahead / (jnp.sqrt(v / (1 - BETA_2**t)) + EPSILON), m, v
    if name == "adamw":
        w = w - rate * WEIGHT_DECAY * w
    alpha = rate * jnp.sqrt(1 - BETA_2**t) / (1 - BETA_1**t)
    return w - alpha * m / (jnp.sqrt(v) + EPSILON), m, v


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
        activation = _ACTIVATIONS[w.activation]
        x, y = jnp.asarray(problem.x), jnp.asarray(problem.y)
        params = [(jnp.asarray(k), jnp.asarray(b)) for k, b in problem.initial_weights]
        # Made one by one: donated buffers must not be shared.
        first = 0.1 if w.optimizer == "adagrad" else 0.0
        slots = tuple(
            jax.tree.map(lambda a: jnp.full_like(a, first), params)
            for _ in range(SLOTS[w.optimizer])
        )
        self._state = (params, slots, jnp.int32(0))
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
            params, slots, t = state
            gradients = jax.grad(loss_of)(params, index)
            t = t + 1
            f = t.astype(x.dtype)
            leaves, shape = jax.tree.flatten(params)
            kept = [jax.tree.leaves(slot) for slot in slots]
            new = [
                _update(w.optimizer, leaf, tuple(slot[i] for slot in kept), g, f)
                for i, (leaf, g) in enumerate(zip(leaves, jax.tree.leaves(gradients), strict=True))
            ]
            params, *slots = (
                jax.tree.unflatten(shape, column) for column in zip(*new, strict=True)
            )
            return params, tuple(slots), t

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
            return update(state, order[state[2] % w.steps])

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
