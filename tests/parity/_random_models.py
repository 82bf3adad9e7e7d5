"""Random models, described once and built in either library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

# Widths from a short list: Keras compiles an operation once a shape.
_WIDTHS = (3, 5, 8, 13, 24)

DENSE_ACTIVATIONS = (
    "linear",
    "relu",
    "leaky_relu",
    "elu",
    "selu",
    "gelu",
    "sigmoid",
    "hard_sigmoid",
    "tanh",
    "softplus",
    "softsign",
    "silu",
    "swish",
    "mish",
    "exponential",
    "softmax",
    "log_softmax",
)


@dataclass(frozen=True)
class Step:
    """A layer by class name and arguments, and the numbers of the steps that it reads."""

    kind: str
    arguments: dict[str, Any]
    inputs: tuple[int, ...]


@dataclass(frozen=True)
class Description:
    """Steps in an order in which inputs come first; `sequential` when they form a chain."""

    input_shapes: tuple[tuple[int, ...], ...]
    steps: tuple[Step, ...]
    outputs: tuple[int, ...]
    sequential: bool

    def build(self, library: Any) -> Any:
        """The model. Step numbers count the inputs first."""
        tensors = [
            library.Input(shape, name=f"in_{number}")
            for number, shape in enumerate(self.input_shapes)
        ]
        layers = [getattr(library.layers, s.kind)(**s.arguments) for s in self.steps]
        if self.sequential:
            return library.Sequential([tensors[0], *layers])
        for layer, step in zip(layers, self.steps, strict=True):
            inputs = [tensors[i] for i in step.inputs]
            tensors.append(layer(inputs if len(inputs) > 1 else inputs[0]))
        outputs = [tensors[i] for i in self.outputs]
        return library.Model(
            tensors[: len(self.input_shapes)] if len(self.input_shapes) > 1 else tensors[0],
            outputs if len(outputs) > 1 else outputs[0],
        )


class _Drawer:
    """Adds random steps and keeps track of the widths."""

    def __init__(self, rng: np.random.Generator, dropout: bool) -> None:
        self.rng = rng
        self.dropout = dropout
        self.steps: list[Step] = []
        self.widths: list[int] = []
        self.exponentials = 0

    def activation(self) -> str:
        """One exponential a model: more of them overflow, or magnify every rounding error."""
        name = str(self.rng.choice(DENSE_ACTIVATIONS))
        if name == "exponential":
            self.exponentials += 1
            return name if self.exponentials == 1 else "tanh"
        return name

    def add(self, kind: str, width: int, *inputs: int, **arguments: Any) -> int:
        arguments.setdefault("name", f"step_{len(self.widths)}")
        self.steps.append(Step(kind, arguments, inputs))
        self.widths.append(width)
        return len(self.widths) - 1

    def dense(self, source: int, width: int | None = None, activation: str | None = None) -> int:
        rng = self.rng
        width = width or int(rng.choice(_WIDTHS))
        return self.add(
            "Dense",
            width,
            source,
            units=width,
            activation=activation or self.activation(),
            use_bias=bool(rng.random() < 0.8),
            kernel_initializer=str(rng.choice(["glorot_uniform", "he_normal", "lecun_uniform"])),
            bias_initializer=str(rng.choice(["zeros", "random_normal"])),
        )

    def unary(self, source: int) -> int:
        """A layer that keeps the width."""
        rng, width = self.rng, self.widths[source]
        u = [round(float(v), 3) for v in rng.uniform(0.05, 1.5, 3)]
        choices: list[tuple[str, dict[str, Any]]] = [
            ("Activation", {"activation": self.activation()}),
            ("ReLU", {"max_value": 1 + u[0], "negative_slope": u[1] / 4, "threshold": u[2] / 4}),
            ("ReLU", {"negative_slope": u[0]}),
            ("ReLU", {"max_value": u[0]}),
            ("LeakyReLU", {"negative_slope": u[0]}),
            ("ELU", {"alpha": u[0]}),
            ("Softmax", {}),
        ]
        if self.dropout:
            choices.append(("Dropout", {"rate": u[0] / 2}))
        kind, arguments = choices[rng.integers(len(choices))]
        return self.add(kind, width, source, **arguments)


def _sequential(d: _Drawer) -> Description:
    shape = ((6,), (6,), (2, 5), (3, 2, 2))[d.rng.integers(4)]
    d.widths.append(int(np.prod(shape)))
    last = 0
    if len(shape) > 1:
        if d.rng.random() < 0.5:
            last = d.add("Flatten", d.widths[0], last)
        else:
            last = d.add("Reshape", d.widths[0], last, target_shape=(d.widths[0],))
    for _ in range(d.rng.integers(1, 5)):
        last = d.dense(last)
        if d.rng.random() < 0.4:
            last = d.unary(last)
    last = d.dense(last, activation="linear")
    return Description((shape,), tuple(d.steps), (last,), sequential=True)


def _functional(d: _Drawer) -> Description:
    rng = d.rng
    inputs = int(rng.integers(1, 4))
    widths = [int(rng.choice(_WIDTHS)) for _ in range(inputs)]
    d.widths += widths
    # Every tensor that nothing reads yet must be read in the end: Keras drops what is not.
    loose = list(range(inputs))
    for _ in range(rng.integers(3, 9)):
        source = int(rng.integers(len(d.widths)))
        move = rng.random()
        if move < 0.45:
            new, used = d.dense(source), [source]
        elif move < 0.6:
            new, used = d.unary(source), [source]
        elif move < 0.8:
            # Two or three summands; a Dense brings a foreign width into line, residual style.
            terms = [source]
            for _ in range(rng.integers(1, 3)):
                other = int(rng.integers(len(d.widths)))
                same = d.widths[other] == d.widths[source]
                terms.append(other if same else d.dense(other, width=d.widths[source]))
                loose = [i for i in loose if i != other]
            new, used = d.add("Add", d.widths[source], *terms), terms
        else:
            terms = [int(i) for i in rng.integers(len(d.widths), size=rng.integers(2, 4))]
            new = d.add("Concatenate", sum(d.widths[i] for i in terms), *terms)
            used = terms
        loose = [i for i in loose if i not in used] + [new]
    outputs = [d.dense(i, activation="linear") for i in loose[-2:]]
    if len(loose) > 2:
        joined = (
            d.add("Concatenate", sum(d.widths[i] for i in loose[:-2]), *loose[:-2])
            if (len(loose) > 3)
            else loose[0]
        )
        outputs.append(d.dense(joined, activation="linear"))
    return Description(
        tuple((w,) for w in widths), tuple(d.steps), tuple(outputs), sequential=False
    )


def describe(seed: int, dropout: bool = True) -> Description:
    """A chain for even seeds, a graph with sums, joins, several inputs and outputs for odd ones."""
    drawer = _Drawer(np.random.default_rng([seed, 77]), dropout)
    return _sequential(drawer) if seed % 2 == 0 else _functional(drawer)


def random_inputs(description: Description, rows: int, rng: np.random.Generator) -> Any:
    """One array, or a list when the model has several inputs."""
    arrays = [rng.standard_normal((rows, *s)).astype("float32") for s in description.input_shapes]
    return arrays if len(arrays) > 1 else arrays[0]
