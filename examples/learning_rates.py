"""Gradient descent on w^2 from w = 10: a rate that is too small, a good one, one that diverges.

One Dense weight without bias, x = 1 and y = 0, and the squared error make J = w^2. A step with the
rate r multiplies w by 1 - 2 r.
"""

import argparse

import numpy as np

import pronghorn as keras

RATES = (0.05, 0.2, 1.1)


def descend(rate: float, steps: int) -> list[float]:
    """The weight before the first step and after each."""
    layer = keras.layers.Dense(
        1, use_bias=False, kernel_initializer=keras.initializers.Constant(10)
    )
    model = keras.Sequential([keras.Input((1,)), layer])
    model.compile(optimizer=keras.optimizers.SGD(rate), loss="mse")
    x, y = np.ones((1, 1)), np.zeros((1, 1))
    path = [float(layer.kernel.numpy()[0, 0])]
    for _ in range(steps):
        model.train_on_batch(x, y)
        path.append(float(layer.kernel.numpy()[0, 0]))
    return path


def study(quick: bool = False) -> dict[float, list[float]]:
    """Paths by learning rate."""
    return {rate: descend(rate, 10 if quick else 20) for rate in RATES}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    paths = study(parser.parse_args().quick)
    for rate, path in paths.items():
        print(f"rate {rate}: w = {path[10]:.6f} after 10 steps")

    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    for rate, path in paths.items():
        axes.semilogy(np.abs(path), marker="o", label=f"rate {rate}")
    axes.set(xlabel="step", ylabel="|w|")
    axes.legend()
    figure.savefig("learning_rates.png")


if __name__ == "__main__":
    main()
