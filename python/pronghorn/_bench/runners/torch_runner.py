"""PyTorch: data as tensors, a permutation an epoch, no DataLoader."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch

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

_nn: Any = torch.nn
_ACTIVATIONS: dict[str, Callable[[], Any]] = {
    "linear": _nn.Identity,
    "relu": _nn.ReLU,
    "leaky_relu": partial(_nn.LeakyReLU, 0.2),
    "elu": _nn.ELU,
    "selu": _nn.SELU,
    "gelu": _nn.GELU,
    "silu": _nn.SiLU,
    "mish": _nn.Mish,
    "sigmoid": _nn.Sigmoid,
    "hard_sigmoid": _nn.Hardsigmoid,
    "tanh": _nn.Tanh,
    "softplus": _nn.Softplus,
    "softsign": _nn.Softsign,
    "softmax": partial(_nn.Softmax, 1),
}


def _optimizer(name: str, parameters: Any, fused: bool) -> Any:
    """``fused``: one kernel for all parameters where PyTorch has it, else lists of tensors."""
    optim: Any = torch.optim
    best = {"fused": True} if fused else {}
    lists = {"foreach": True} if fused else {}
    rate, betas = LEARNING_RATE, (BETA_1, BETA_2)
    made: dict[str, Callable[[], Any]] = {
        "sgd": lambda: optim.SGD(parameters, rate, **best),
        "momentum": lambda: optim.SGD(parameters, rate, MOMENTUM, **best),
        "nesterov": lambda: optim.SGD(parameters, rate, MOMENTUM, nesterov=True, **best),
        "adam": lambda: optim.Adam(parameters, rate, betas, EPSILON, **best),
        "adamw": lambda: optim.AdamW(parameters, rate, betas, EPSILON, WEIGHT_DECAY, **best),
        "adagrad": lambda: optim.Adagrad(
            parameters, rate, initial_accumulator_value=0.1, eps=EPSILON, **best
        ),
        "rmsprop": lambda: optim.RMSprop(parameters, rate, RHO, EPSILON, **lists),
        "adadelta": lambda: optim.Adadelta(parameters, rate, RHO, EPSILON, **lists),
        "adamax": lambda: optim.Adamax(parameters, rate, betas, EPSILON, **lists),
        "nadam": lambda: optim.NAdam(parameters, rate, betas, EPSILON, **lists),
    }
    return made[name]()


def _network(weights: Weights, activation: str) -> Any:
    modules: list[Any] = []
    for layer, (kernel, bias) in enumerate(weights):
        linear = torch.nn.Linear(*kernel.shape, dtype=torch.from_numpy(bias).dtype)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(kernel.T.copy()))
            linear.bias.copy_(torch.from_numpy(bias))
        modules.append(linear)
        if layer < len(weights) - 1:
            modules.append(_ACTIVATIONS[activation]())
    return torch.nn.Sequential(*modules)


class Trainer:
    """``eager``: the plain loop; ``fused``: the fused optimizer; ``compiled``: also compiled."""

    def __init__(self, problem: Problem, threads: int, variant: str) -> None:
        torch.set_num_threads(threads)
        w = problem.workload
        self._model = _network(problem.initial_weights, w.activation)
        self._x = torch.from_numpy(problem.x)
        if w.loss == "mse":
            self._y = torch.from_numpy(problem.y)
            criterion: Any = torch.nn.MSELoss()
        else:
            self._y = torch.from_numpy(problem.y).long()
            criterion = torch.nn.CrossEntropyLoss()
        self._optimizer = _optimizer(w.optimizer, self._model.parameters(), variant != "eager")
        self._batch_size = w.batch_size

        def loss_of(x: Any, y: Any) -> Any:
            return criterion(self._model(x), y)

        self._loss_of = torch.compile(loss_of) if variant == "compiled" else loss_of

    def train(self, epochs: int) -> None:
        for _ in range(epochs):
            for index in torch.randperm(len(self._x)).split(self._batch_size):
                loss = self._loss_of(self._x[index], self._y[index])
                self._optimizer.zero_grad(set_to_none=True)
                loss.backward()
                self._optimizer.step()

    def weights(self) -> Weights:
        linears = [m for m in self._model if isinstance(m, torch.nn.Linear)]
        return [(m.weight.detach().numpy().T.copy(), m.bias.detach().numpy()) for m in linears]


class Predictor:
    def __init__(self, problem: PredictionProblem, threads: int) -> None:
        torch.set_num_threads(threads)
        self._model = _network(problem.weights, "relu").append(_nn.Softmax(dim=1)).eval()

    def predict(self, x: Array) -> Array:
        with torch.inference_mode():
            answer: Array = self._model(torch.from_numpy(x)).numpy()
            return answer
