"""scikit-learn's MLPClassifier and MLPRegressor.

The regressor minimises half the squared error, and every fit starts Adam's averages anew; neither
changes the cost of a step.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from ..workloads import (
    BETA_1,
    BETA_2,
    EPSILON,
    LEARNING_RATE,
    MOMENTUM,
    Array,
    PredictionProblem,
    Problem,
    Weights,
)

_ACTIVATIONS = {"linear": "identity", "relu": "relu", "sigmoid": "logistic", "tanh": "tanh"}
_MOMENTA = {"adam": 0.0, "sgd": 0.0, "momentum": MOMENTUM, "nesterov": MOMENTUM}


class Trainer:
    """``fit`` with warm start: all epochs of a request in one call.

    scikit-learn always draws its first weights itself; they are replaced after the smallest
    possible fit, so that it starts where the others do.
    """

    def __init__(self, problem: Problem, threads: int) -> None:
        warnings.simplefilter("ignore", ConvergenceWarning)
        w = problem.workload
        if w.activation not in _ACTIVATIONS or w.optimizer not in _MOMENTA:
            raise ValueError(f"scikit-learn has no {w.activation} or no {w.optimizer}")
        kind = MLPRegressor if w.loss == "mse" else MLPClassifier
        self._model: Any = kind(
            hidden_layer_sizes=w.dims[1:-1],
            activation=_ACTIVATIONS[w.activation],
            solver="adam" if w.optimizer == "adam" else "sgd",
            momentum=_MOMENTA[w.optimizer],
            nesterovs_momentum=w.optimizer == "nesterov",
            alpha=0.0,
            batch_size=w.batch_size,
            learning_rate_init=LEARNING_RATE,
            max_iter=1,
            tol=0.0,
            n_iter_no_change=10**9,
            warm_start=True,
            beta_1=BETA_1,
            beta_2=BETA_2,
            epsilon=EPSILON,
            random_state=0,
        )
        self._x = problem.x
        self._y = problem.y[:, 0] if w.dims[-1] == 1 else problem.y
        self._model.fit(self._x, self._y)
        for layer, (kernel, bias) in enumerate(problem.initial_weights):
            self._model.coefs_[layer] = kernel.copy()
            self._model.intercepts_[layer] = bias.copy()

    def train(self, epochs: int) -> None:
        self._model.set_params(max_iter=epochs)
        self._model.fit(self._x, self._y)

    def weights(self) -> Weights:
        return list(zip(self._model.coefs_, self._model.intercepts_, strict=True))


class Predictor:
    def __init__(self, problem: PredictionProblem, threads: int) -> None:
        warnings.simplefilter("ignore", ConvergenceWarning)
        classes = len(problem.weights[-1][1])
        hidden = [len(bias) for _, bias in problem.weights[:-1]]
        self._model = MLPClassifier(hidden, max_iter=1, batch_size=classes)
        rows = np.zeros((classes, problem.x.shape[1]), problem.dtype)
        self._model.fit(rows, np.arange(classes))
        self._model.coefs_ = [kernel for kernel, _ in problem.weights]
        self._model.intercepts_ = [bias for _, bias in problem.weights]

    def predict(self, x: Array) -> Array:
        answer: Array = self._model.predict_proba(x)
        return answer
