"""Random functional models of Keras, drawn from every built-in layer that dense networks use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np

_ACTIVATIONS = (
    *("linear", "relu", "elu", "selu", "gelu", "sigmoid", "hard_sigmoid", "tanh", "softplus"),
    *("softsign", "silu", "mish", "softmax", "log_softmax", "leaky_relu"),
)
_INITIALIZERS = ("glorot_uniform", "he_normal", "lecun_uniform", "orthogonal")
_MERGES = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
_VOCABULARY = 7

_WIDTHS = (4, 6)
_SHAPES = ((4,), (6,), (4,), (6,), (3, 4), (2, 6))


class Drawn(NamedTuple):
    """A model of Keras and what is in it."""

    model: Any
    integer: list[bool]  # which inputs are whole numbers
    random: bool  # whether its training is
    operators: bool  # whether there are any between tensors


class _Drawer:
    """Adds layers to a graph until every tensor but the outputs has a reader."""

    def __init__(self, rng: np.random.Generator, noise: bool, inner: bool = False) -> None:
        self.rng = rng
        self.noise = noise
        self.inner = inner
        self.random = self.operators = False
        self.tensors: list[Any] = []
        self.loose: list[Any] = []
        # Layers with their input's shape, to be called again.
        self.made: list[tuple[Any, tuple[int, ...]]] = []

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def one_of(self, values: Any) -> Any:
        return values[int(self.rng.integers(len(values)))]

    def number(self, low: float, high: float) -> float:
        return round(float(self.rng.uniform(low, high)), 3)

    def regularizer(self) -> Any:
        make = self.one_of(
            [
                lambda: keras.regularizers.L1(self.number(0.001, 0.02)),
                lambda: keras.regularizers.L2(self.number(0.001, 0.02)),
                lambda: keras.regularizers.L1L2(self.number(0.001, 0.02), 0.01),
            ]
        )
        return make() if self.chance(0.25) else None

    def constraint(self) -> Any:
        make = self.one_of(
            [
                lambda: keras.constraints.MaxNorm(self.number(0.5, 1.5), axis=0),
                lambda: keras.constraints.MinMaxNorm(0.3, 1.1, rate=0.7),
                lambda: keras.constraints.NonNeg(),
                lambda: keras.constraints.UnitNorm(),
            ]
        )
        return make() if self.chance(0.15) else None

    def weights(self) -> dict[str, Any]:
        """Options that layers with a kernel and a bias share."""
        return {
            "kernel_initializer": self.one_of(_INITIALIZERS),
            "bias_initializer": self.one_of(["zeros", "random_normal"]),
            "kernel_regularizer": self.regularizer(),
            "bias_regularizer": self.regularizer(),
            "activity_regularizer": self.regularizer(),
            "kernel_constraint": self.constraint(),
        }

    # Each of these draws a layer that can be called on a tensor of the shape.

    def dense(self, shape: tuple[int, ...]) -> Any:
        return keras.layers.Dense(
            self.one_of(_WIDTHS),
            activation=self.one_of(_ACTIVATIONS),
            use_bias=self.chance(0.8),
            **self.weights(),
        )

    def einsum(self, shape: tuple[int, ...]) -> Any:
        width = self.one_of(_WIDTHS)
        if len(shape) == 1:
            equation, output = self.one_of([("ab,bc->ac", width), ("...b,bc->...c", width)])
        else:
            equation, output = self.one_of(
                [("abc,cd->abd", (shape[0], width)), ("abc,bcd->ad", width), ("abc,bd->acd", None)]
            )
            if output is None:
                output = (shape[1], 2)
        return keras.layers.EinsumDense(
            equation,
            output_shape=output,
            bias_axes=equation[-1] if self.chance(0.7) else None,
            activation=self.one_of(_ACTIVATIONS),
            **self.weights(),
        )

    def activation(self, shape: tuple[int, ...]) -> Any:
        layers = keras.layers
        axes: Any = -1 if len(shape) == 1 or self.chance(0.5) else [1, 2]
        shared = [1] if len(shape) > 1 and self.chance(0.5) else None
        make = self.one_of(
            [
                lambda: layers.Activation(self.one_of(_ACTIVATIONS)),
                lambda: layers.ReLU(self.number(0.5, 2), self.number(0, 0.3), self.number(0, 0.2)),
                lambda: layers.LeakyReLU(self.number(0.05, 0.5)),
                lambda: layers.ELU(self.number(0.3, 1.5)),
                lambda: layers.PReLU("random_uniform", self.regularizer(), shared_axes=shared),
                lambda: layers.Softmax(axes if axes == -1 else tuple(axes)),
            ]
        )
        return make()

    def normalization(self, shape: tuple[int, ...]) -> Any:
        layers = keras.layers
        axis = self.one_of([-1, 1])
        axes: Any = axis if len(shape) == 1 or self.chance(0.5) else [1, 2]
        learned = {"center": self.chance(0.7), "scale": self.chance(0.7)}
        regular = {"gamma_regularizer": self.regularizer()} if learned["scale"] else {}
        mean = [self.number(-1, 1) for _ in range(shape[-1])]
        make = self.one_of(
            [
                lambda: layers.BatchNormalization(
                    axis, self.number(0.5, 0.95), self.number(0.01, 0.1), **learned, **regular
                ),
                lambda: layers.LayerNormalization(axes, self.number(0.01, 0.1), **learned),
                lambda: layers.GroupNormalization(
                    self.one_of([g for g in (1, 2, -1) if shape[-1] % g == 0]),
                    -1,
                    0.05,
                    **learned,
                    **regular,
                ),
                lambda: layers.RMSNormalization(-1 if axes == 1 else axes, self.number(0.01, 0.1)),
                lambda: layers.UnitNormalization(axes),
                lambda: layers.Normalization(
                    -1, mean, [1.0 + m * m for m in mean], invert=self.chance(0.2)
                ),
            ]
        )
        return make()

    def plain(self, shape: tuple[int, ...]) -> Any:
        layers = keras.layers
        scale: Any = self.number(0.3, 1.5)
        if self.chance(0.3):
            scale = [self.number(0.3, 1.5) for _ in range(shape[-1])]
        make = self.one_of(
            [
                lambda: layers.Identity(),
                lambda: layers.Rescaling(scale, self.number(-0.5, 0.5)),
                lambda: layers.ActivityRegularization(self.number(0, 0.01), self.number(0, 0.01)),
            ]
        )
        return make()

    def shaping(self, shape: tuple[int, ...]) -> Any:
        layers = keras.layers
        if len(shape) == 1:
            if self.chance(0.5):
                return layers.RepeatVector(self.one_of([2, 3]))
            return layers.Reshape((shape[0] // 2, 2) if shape[0] % 2 == 0 else (1, shape[0]))
        dims = self.one_of([(2, 1), (1, 2)])
        return self.one_of([layers.Flatten, lambda: layers.Permute(dims)])()

    def noisy(self, shape: tuple[int, ...]) -> Any:
        self.random = True
        layer = self.one_of(["Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise"])
        return getattr(keras.layers, layer)(self.number(0.1, 0.6), seed=1)

    def nested(self, shape: tuple[int, ...]) -> Any:
        if self.inner:
            return self.dense(shape)
        drawer = _Drawer(self.rng, self.noise, inner=True)
        if self.chance(0.4):
            layers = [keras.Input(shape)]
            current = shape
            for _ in range(self.rng.integers(1, 4)):
                layer = drawer.layer(current)
                current = tuple(layer.compute_output_shape((None, *current))[1:])
                layers.append(layer)
            model = keras.Sequential(layers)
        else:
            start = keras.Input(shape)
            drawer.add(start)
            for _ in range(self.rng.integers(1, 4)):
                drawer.move()
            model = keras.Model(start, drawer.joined(drawer.loose))
        self.random |= drawer.random
        self.operators |= drawer.operators
        return model

    def layer(self, shape: tuple[int, ...]) -> Any:
        kinds: list[tuple[float, Callable[[tuple[int, ...]], Any]]] = [
            (0.34, self.dense),
            (0.08, self.einsum),
            (0.15, self.activation),
            (0.16, self.normalization),
            (0.08, self.plain),
            (0.08, self.shaping),
            (0.06, self.nested),
            (0.05, self.noisy if self.noise else self.dense),
        ]
        odds = np.array([kind[0] for kind in kinds])
        return kinds[int(self.rng.choice(len(kinds), p=odds / odds.sum()))][1](shape)

    # These add to the graph.

    def add(self, tensor: Any, *read: Any) -> Any:
        """Notes a new tensor and which ones it was made of."""
        self.loose = [t for t in self.loose if not any(t is r for r in read)]
        self.tensors.append(tensor)
        self.loose.append(tensor)
        return tensor

    def move(self) -> None:
        """One more node."""
        source = self.one_of(self.loose if self.chance(0.5) else self.tensors)
        shape = tuple(source.shape[1:])
        chance = self.rng.random()
        if chance < 0.2:
            self.merge(source)
        elif chance < 0.3:
            layers = [layer for layer, taken in self.made if taken == shape]
            layer = self.one_of(layers) if layers else self.dense(shape)
            self.add(layer(source), source)
        else:
            layer = self.layer(shape)
            self.made.append((layer, shape))
            self.add(layer(source), source)

    def merge(self, source: Any) -> None:
        """Several tensors into one; a Dense brings another shape into line."""
        layers, shape = keras.layers, source.shape
        chance = self.rng.random()
        if chance < 0.15 and len(shape) == 2:
            other = self.one_of([t for t in self.tensors if t.shape[1:] == shape[1:]])
            self.add(layers.Dot(1, normalize=self.chance(0.4))([source, other]), source, other)
            return
        if chance < 0.4:
            fits = [t for t in self.tensors if t.shape[:-1] == shape[:-1]]
            terms = [source, *(self.one_of(fits) for _ in range(self.rng.integers(1, 3)))]
            self.add(layers.Concatenate()(terms), *terms)
            return
        fits = [t for t in self.tensors if t.shape[1:] == shape[1:]]
        terms = [source, self.one_of(fits)]
        if len(fits) < 2 and len(shape) == 2:
            terms[1] = layers.Dense(shape[-1], "tanh")(self.one_of(self.flat()))
        if self.chance(0.2):
            self.operators = True
            operator = self.one_of([lambda a, b: a + b, lambda a, b: a - 0.5 * b])
            self.add(operator(*terms), *terms)
            return
        name = self.one_of(_MERGES)
        if name != "Subtract" and self.chance(0.2):
            terms.append(self.one_of(fits))
        self.add(getattr(layers, name)()(terms), *terms)

    def flat(self) -> list[Any]:
        return [t for t in self.tensors if len(t.shape) == 2]

    def joined(self, tensors: list[Any]) -> Any:
        """One tensor of rank 2 made of all."""
        flat = [t if len(t.shape) == 2 else keras.layers.Flatten()(t) for t in tensors]
        return flat[0] if len(flat) == 1 else keras.layers.Concatenate()(flat)


def draw(seed: int, activations: tuple[str, ...]) -> Drawn:
    """The model of a seed; `activations` of its outputs (one or two of them)."""
    rng = np.random.default_rng([seed, 315])
    drawer = _Drawer(rng, noise=seed % 4 == 0)
    inputs, integer = [], []
    for number in range(rng.integers(1, 4)):
        whole = number > 0 and drawer.chance(0.4)
        shape = (3,) if whole else drawer.one_of(_SHAPES)
        start = keras.Input(shape, name=f"in_{number}", dtype="int32" if whole else None)
        inputs.append(start)
        integer.append(whole)
        if whole:
            start = keras.layers.Embedding(
                _VOCABULARY, 4, embeddings_regularizer=drawer.regularizer()
            )(start)
        drawer.add(start)
    for _ in range(rng.integers(3, 9)):
        drawer.move()
    loose = drawer.loose
    parts = [loose] if len(activations) == 1 or len(loose) < 2 else [loose[::2], loose[1::2]]
    outputs = []
    for number, activation in enumerate(activations):
        head = keras.layers.Dense(3, activation, name=f"out_{number}")
        outputs.append(head(drawer.joined(parts[number % len(parts)])))
    model = keras.Model(inputs, outputs)
    return Drawn(model, integer, drawer.random, drawer.operators)


def random_inputs(drawn: Drawn, rows: int, rng: np.random.Generator) -> list[Any]:
    """An array for each input."""
    arrays = []
    for tensor, whole in zip(drawn.model.inputs, drawn.integer, strict=True):
        shape = (rows, *tensor.shape[1:])
        values = rng.integers(0, _VOCABULARY, shape) if whole else rng.standard_normal(shape)
        arrays.append(values.astype("int32" if whole else keras.config.floatx()))
    return arrays
