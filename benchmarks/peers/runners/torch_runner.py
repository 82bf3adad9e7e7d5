"""PyTorch: data as tensors, a permutation an epoch, no DataLoader."""

from __future__ import annotations

import torch

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


def _network(weights: Weights, activation: type[torch.nn.Module]) -> torch.nn.Sequential:
    modules: list[torch.nn.Module] = []
    for layer, (kernel, bias) in enumerate(weights):
        linear = torch.nn.Linear(*kernel.shape, dtype=torch.from_numpy(bias).dtype)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(kernel.T.copy()))
            linear.bias.copy_(torch.from_numpy(bias))
        modules.append(linear)
        if layer < len(weights) - 1:
            modules.append(activation())
    return torch.nn.Sequential(*modules)


class Trainer:
    """``eager``: the plain loop; ``fused``: with the fused Adam; ``compiled``: both, compiled."""

    def __init__(self, problem: Problem, threads: int, variant: str) -> None:
        torch.set_num_threads(threads)
        w = problem.workload
        hidden = torch.nn.Tanh if w.activation == "tanh" else torch.nn.ReLU
        self._model = _network(problem.initial_weights, hidden)
        self._x = torch.from_numpy(problem.x)
        if w.loss == "mse":
            self._y = torch.from_numpy(problem.y)
            criterion: torch.nn.Module = torch.nn.MSELoss()
        else:
            self._y = torch.from_numpy(problem.y).long()
            criterion = torch.nn.CrossEntropyLoss()
        self._optimizer = torch.optim.Adam(
            self._model.parameters(),
            LEARNING_RATE,
            (BETA_1, BETA_2),
            EPSILON,
            fused=True if variant != "eager" else None,
        )
        self._batch_size = w.batch_size

        def loss_of(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
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
        self._model = (
            _network(problem.weights, torch.nn.ReLU).append(torch.nn.Softmax(dim=1)).eval()
        )

    def predict(self, x: Array) -> Array:
        with torch.inference_mode():
            return self._model(torch.from_numpy(x)).numpy()
