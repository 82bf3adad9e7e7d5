"""One hidden layer learns a function of one variable the better, the wider it is."""

import argparse

import numpy as np

import pronghorn as keras

WIDTHS = (1, 4, 16, 64)
X = np.linspace(-np.pi, np.pi, 256)[:, None]
Y = np.sin(X) + 0.5 * np.sin(3.0 * X)


def fit(width: int, epochs: int) -> tuple[float, np.ndarray]:
    """Largest error and the curve that was learnt."""
    keras.utils.set_random_seed(7)
    model = keras.Sequential(
        [
            keras.Input((1,)),
            # Each unit bends at a place of its own.
            keras.layers.Dense(
                width,
                activation="tanh",
                kernel_initializer=keras.initializers.RandomNormal(stddev=2.0),
                bias_initializer=keras.initializers.RandomUniform(-4.0, 4.0),
            ),
            keras.layers.Dense(1),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss="mse")
    model.fit(X, Y, epochs=epochs, batch_size=64, verbose=0)
    curve = model.predict(X, verbose=0)
    return float(np.abs(curve - Y).max()), curve


def study(quick: bool = False) -> dict[int, tuple[float, np.ndarray]]:
    """Error and curve by width."""
    return {width: fit(width, epochs=300 if quick else 3000) for width in WIDTHS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    results = study(parser.parse_args().quick)
    for width, (error, _) in results.items():
        print(f"{width:3} units: largest error {error:.4f}")

    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    axes.plot(X, Y, "k--", label="wanted")
    for width, (_, curve) in results.items():
        axes.plot(X, curve, label=f"{width} units")
    axes.legend()
    figure.savefig("universal_approximation.png")


if __name__ == "__main__":
    main()
