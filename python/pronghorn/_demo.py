"""``pronghorn demo``: a small network learns handwritten digits, through the public interface."""

from __future__ import annotations

import math
import sys
import time

import numpy as np

import pronghorn as keras


def run(epochs: int = 30, seed: int = 1, plot: str | None = None) -> int:
    """Trains and tests; prints everything it does.

    Args:
        epochs: Passes over the training data.
        seed: Seed of all random numbers.
        plot: File for the learning curves; None for none.

    Returns:
        0, or 1 if the plot was asked for and could not be drawn.
    """
    keras.utils.set_random_seed(seed)
    (train_images, y_train), (test_images, y_test) = keras.datasets.digits.load_data()
    x_train, x_test = train_images / np.float32(16), test_images / np.float32(16)
    print(f"Handwritten digits: {len(x_train)} images to learn from, {len(x_test)} to test on.")

    model = keras.Sequential(
        [
            keras.Input((8, 8)),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.1),
            keras.layers.Dense(256, activation="relu"),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(10, activation="softmax"),
        ],
        name="digits",
    )
    model.summary()
    # validation_split takes the end of the data, and the labels in the file go in cycles.
    order = np.random.default_rng(seed).permutation(len(x_train))
    validation_split, batch_size = 0.1, 32
    steps = math.ceil(len(x_train) * (1 - validation_split) / batch_size)
    model.compile(
        optimizer=keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(0.003, decay_steps=epochs * steps)
        ),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    start = time.perf_counter()
    history = model.fit(
        x_train[order],
        y_train[order],
        batch_size=batch_size,
        epochs=epochs,
        validation_split=validation_split,
    )
    seconds = time.perf_counter() - start
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print(f"Test accuracy {accuracy:.4f}, loss {loss:.4f}; trained in {seconds:.2f} s.")
    return 0 if plot is None else _draw(history.history, plot)


def _draw(history: dict[str, list[float]], path: str) -> int:
    try:
        import matplotlib
    except ImportError:
        print(
            "The plot needs matplotlib, which is not installed: pip install 'pronghorn[plot]'.",
            file=sys.stderr,
        )
        return 1
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    epochs = range(1, len(history["loss"]) + 1)
    for axes, name in ((left, "loss"), (right, "accuracy")):
        axes.plot(epochs, history[name], label="training")
        axes.plot(epochs, history[f"val_{name}"], label="validation")
        axes.set(xlabel="epoch", title=name)
        axes.legend()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
    print(f"Learning curves: {path}")
    return 0
