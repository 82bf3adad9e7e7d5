"""Width against depth: four networks learn the same function of one variable."""

import argparse

import numpy as np

import pronghorn as keras

SHAPES = ((4, 4), (32, 4), (4, 32), (32, 32))  # width, depth
X = np.linspace(-1.0, 1.0, 256)[:, None]
Y = np.sin(6.0 * X) * np.exp(-X)


def fit(width: int, depth: int, epochs: int) -> tuple[float, np.ndarray]:
    """Mean squared error and the curve that was learnt."""
    keras.utils.set_random_seed(6)
    hidden = [keras.layers.Dense(width, activation="tanh") for _ in range(depth)]
    model = keras.Sequential([keras.Input((1,)), *hidden, keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss="mse")
    model.fit(X, Y, epochs=epochs, batch_size=32, verbose=0)
    curve = model.predict(X, verbose=0)
    return float(np.mean((curve - Y) ** 2)), curve


def study(quick: bool = False) -> dict[tuple[int, int], tuple[float, np.ndarray]]:
    """Error and curve by width and depth."""
    return {shape: fit(*shape, epochs=60 if quick else 600) for shape in SHAPES}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    results = study(parser.parse_args().quick)
    for (width, depth), (error, _) in results.items():
        print(f"width {width:2}, depth {depth:2}: mean squared error {error:.5f}")

    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    axes.plot(X, Y, "k--", label="wanted")
    for (width, depth), (_, curve) in results.items():
        axes.plot(X, curve, label=f"width {width}, depth {depth}")
    axes.legend()
    figure.savefig("width_and_depth.png")


if __name__ == "__main__":
    main()
