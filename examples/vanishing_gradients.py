"""How the gradient fades from layer to layer: sigmoid against ReLU.

The slope of the sigmoid is at most 1/4. Through a chain of units with weights of size one the
gradient shrinks at least fourfold a layer; ReLU passes it on.
"""

import argparse

import numpy as np

import pronghorn as keras


def gradient_sizes(activation: str, depth: int) -> list[float]:
    """|dJ/dw| of each layer of a chain of single units with weight 1, first layer first."""
    layers = [
        keras.layers.Dense(1, activation=activation, use_bias=False, kernel_initializer="ones")
        for _ in range(depth)
    ]
    model = keras.Sequential([keras.Input((1,)), *layers])
    with keras.GradientTape() as tape:
        loss = keras.ops.mean(model(np.ones((1, 1))))
    gradients = tape.gradient(loss, [layer.kernel for layer in layers])
    return [abs(np.asarray(gradient).item()) for gradient in gradients]


def study(quick: bool = False) -> dict[str, list[float]]:
    """Sizes of the gradients by activation."""
    depth = 8 if quick else 20
    return {name: gradient_sizes(name, depth) for name in ("sigmoid", "relu")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    sizes = study(parser.parse_args().quick)
    for name, values in sizes.items():
        print(f"{name}: first layer {values[0]:.3g}, last layer {values[-1]:.3g}")

    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    for name, values in sizes.items():
        axes.semilogy(range(1, len(values) + 1), values, marker="o", label=name)
    axes.set(xlabel="layer", ylabel="|dJ/dw|")
    axes.legend()
    figure.savefig("vanishing_gradients.png")


if __name__ == "__main__":
    main()
