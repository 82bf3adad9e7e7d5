"""Models and optimizers that the tests of files, copies and configurations share."""

import numpy as np

import pronghorn as keras
from pronghorn import layers, optimizers

X = np.random.default_rng(7).standard_normal((24, 4)).astype("float32")
Y = X @ np.arange(4.0)[:, None] / 4
OPTIMIZERS = [
    optimizers.SGD(0.1),
    optimizers.SGD(0.1, momentum=0.9, nesterov=True),
    optimizers.RMSprop(momentum=0.9, centered=True),
    optimizers.Adam(optimizers.schedules.ExponentialDecay(0.01, 3, 0.5), amsgrad=True),
    optimizers.Nadam(0.03),
    optimizers.Adagrad(),
]


def chain():
    return keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(5, "tanh", name="hidden", kernel_regularizer="l2"),
            layers.Dense(1),
        ]
    )


def graph():
    """Shared layers, a nested model, two inputs and a dict of outputs."""
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    shared = layers.Dense(3, "relu", name="shared")
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(3)], name="inner")
    x = layers.Concatenate()([inner(shared(a)), shared(b)])
    return keras.Model(
        {"a": a, "b": b}, {"o": layers.Dense(1, name="o")(x), "p": layers.Dense(2)(x)}
    )
