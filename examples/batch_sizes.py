"""Full-batch, mini-batch and online gradient descent on the same least squares problem."""

import argparse

import numpy as np

import pronghorn as keras

ROWS = 256
RNG = np.random.default_rng(8)
X = RNG.standard_normal((ROWS, 4))
Y = X @ np.array([[1.0], [-2.0], [0.5], [3.0]]) + 0.3 * RNG.standard_normal((ROWS, 1))


def least() -> float:
    """The smallest mean squared error that a linear function has, by linear algebra."""
    solution, *_ = np.linalg.lstsq(np.hstack([X, np.ones((ROWS, 1))]), Y, rcond=None)
    return float(np.mean((X @ solution[:4] + solution[4] - Y) ** 2))


def descend(batch_size: int, epochs: int) -> list[float]:
    """The loss on all data after each epoch."""
    keras.utils.set_random_seed(9)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(0.01), loss="mse")
    losses = []
    for _ in range(epochs):
        model.fit(X, Y, batch_size=batch_size, verbose=0)
        losses.append(model.evaluate(X, Y, verbose=0))
    return losses


def study(quick: bool = False) -> dict[int, list[float]]:
    """Losses by batch size."""
    return {size: descend(size, 15 if quick else 100) for size in (ROWS, 32, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    losses = study(parser.parse_args().quick)
    print(f"least squares: {least():.5f}")
    for size, values in losses.items():
        print(f"batches of {size:3}: {values[0]:.5f} after one epoch, {values[-1]:.5f} at the end")

    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    for size, values in losses.items():
        axes.semilogy(values, label=f"batches of {size}")
    axes.axhline(least(), color="k", linestyle="--", label="least squares")
    axes.set(xlabel="epoch", ylabel="mean squared error")
    axes.legend()
    figure.savefig("batch_sizes.png")


if __name__ == "__main__":
    main()
