"""Optimizers on Rosenbrock's valley, (1 - a)^2 + 100 (b - a^2)^2, clean and with noisy gradients.

The minimum is at (1, 1). First-order methods fall into the valley at once and then crawl along it;
normal noise of standard deviation 30 on both slopes hides the way.
"""

import argparse

import numpy as np

import pronghorn as keras

RACERS = {
    "SGD": lambda: keras.optimizers.SGD(2e-4),
    "momentum": lambda: keras.optimizers.SGD(2e-4, momentum=0.9),
    "RMSprop": lambda: keras.optimizers.RMSprop(2e-3),
    "Adagrad": lambda: keras.optimizers.Adagrad(0.1),
    "Adam": lambda: keras.optimizers.Adam(0.02),
}
START = (-1.2, 1.0)


def height(a, b):
    """Of the valley."""
    return (1.0 - a) ** 2 + 100.0 * (b - a**2) ** 2


def race(name: str, noise: float, steps: int) -> np.ndarray:
    """The points of one optimizer's way, the start included."""
    rng = np.random.default_rng(5)
    a, b = (keras.Variable(np.float64(v), dtype="float64") for v in START)
    optimizer = RACERS[name]()
    points = [START]
    for _ in range(steps):
        with keras.GradientTape() as tape:
            value = height(a, b)
        slopes = tape.gradient(value, [a, b])
        noisy = [np.asarray(slope) + noise * rng.standard_normal() for slope in slopes]
        optimizer.apply(noisy, [a, b])
        points.append((float(a.numpy()), float(b.numpy())))
    return np.array(points)


def study(quick: bool = False) -> dict[tuple[str, float], np.ndarray]:
    """Ways by optimizer and noise."""
    steps = 300 if quick else 4000
    return {(name, noise): race(name, noise, steps) for noise in (0.0, 30.0) for name in RACERS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    ways = study(parser.parse_args().quick)
    for (name, noise), points in ways.items():
        print(f"{name:9} noise {noise:4.0f}: {height(*points[-1]):9.4f} at {points[-1].round(3)}")

    import matplotlib.pyplot as plt

    figure, plots = plt.subplots(1, 2, figsize=(10, 4), sharey=True)
    for axes, noise in zip(plots, (0.0, 30.0), strict=True):
        for name in RACERS:
            axes.semilogy(height(*ways[name, noise].T), label=name)
        axes.set(xlabel="step", title=f"noise {noise:g}")
    plots[0].set_ylabel("height")
    plots[0].legend()
    figure.savefig("rosenbrock.png")


if __name__ == "__main__":
    main()
