"""A linear model, and the same in plain NumPy: what the tests of fit share."""

import numpy as np

import pronghorn as keras
from pronghorn import layers


def data(*shape, seed=1):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def linear_model(features=3, optimizer="sgd", **compile_arguments):
    model = keras.Sequential([keras.Input((features,)), layers.Dense(1)])
    model.compile(optimizer, "mse", **compile_arguments)
    return model


class Linear:
    """y = x w + b under plain gradient descent on the mean squared error."""

    def __init__(self, weights):
        self.w, self.b = (np.asarray(w, "float64") for w in weights)

    def step(self, x, y, rate, weights=None):
        error = x @ self.w + self.b - y
        scale = np.ones(len(x)) if weights is None else weights
        loss = (scale * error[:, 0] ** 2).mean()
        d = 2 * scale[:, None] * error / len(x)
        self.w -= rate * x.T.astype("float64") @ d
        self.b -= rate * d.sum(0)
        return loss
