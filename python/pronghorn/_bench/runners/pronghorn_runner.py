"""pronghorn through ``model.fit``: the Keras script with one line changed."""

from __future__ import annotations

import pronghorn

from ..workloads import PredictionProblem, Problem
from . import keras_runner


class Trainer(keras_runner.Trainer):
    def __init__(self, problem: Problem, threads: int) -> None:
        pronghorn.config.set_floatx(problem.dtype)
        super().__init__(problem, threads, library=pronghorn)


class Predictor(keras_runner.Predictor):
    def __init__(self, problem: PredictionProblem, threads: int, call: str) -> None:
        pronghorn.config.set_floatx(problem.dtype)
        super().__init__(problem, threads, call, library=pronghorn)
