"""Random models with losses, metrics and weights in all structures of `fit` and `compile`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

# Batches of one size: JAX compiles every operation anew for every shape.
ROWS, STEPS, BATCH = 15, 4, 5

# By kind of output: units, activation, losses, metrics.
KINDS: dict[str, tuple[int, str | None, list[str], list[str]]] = {
    "numbers": (2, None, ["mse", "mae"], ["mae", "mse"]),
    "classes": (
        3,
        "softmax",
        ["sparse_categorical_crossentropy"],
        ["accuracy", "sparse_top_k_categorical_accuracy"],
    ),
    "yes or no": (1, "sigmoid", ["binary_crossentropy"], ["accuracy", "AUC"]),
    "steps": (2, None, ["mse", "mae"], ["mae", "mse"]),
    "one-hot": (3, "softmax", ["categorical_crossentropy"], ["accuracy", "acc"]),
}
CLASS_WEIGHT = {0: 0.5, 1: 2.0, 2: 1.3}


@dataclass
class Weighted:
    """What one random test runs.

    Attributes:
        kinds: Of the outputs.
        structure: Of outputs and targets: "one", "list" or "dict".
        compile: Arguments of `compile`.
        x: Inputs.
        y: Targets.
        weights: Sample weights; None for none.
        validation: Sample weights of validation data.
        class_weight: Weights of classes; None for none.
        way: How `fit` gets its data.
    """

    kinds: list[str]
    structure: str
    compile: dict[str, Any]
    x: Any
    y: Any
    weights: Any
    validation: Any
    class_weight: dict[int, float] | None
    way: str

    @property
    def names(self) -> list[str]:
        """Of the outputs, which are not in alphabetical order."""
        return ["third", "first", "second"][: len(self.kinds)]

    def make(self, library: Any) -> Any:
        """The model, of either library."""
        inputs = library.Input((STEPS, 3))
        flat = library.layers.Flatten()(inputs)
        outputs = {}
        for kind, name in zip(self.kinds, self.names, strict=True):
            units, activation, _, _ = KINDS[kind]
            layer = library.layers.Dense(units, activation=activation, name=name)
            outputs[name] = layer(inputs if kind == "steps" else flat)
        if self.structure == "dict":
            return library.Model(inputs, outputs)
        several = list(outputs.values())
        return library.Model(inputs, several[0] if self.structure == "one" else several)

    def pack(self, parts: list[Any]) -> Any:
        """One part an output, in the structure of the outputs."""
        if self.structure == "dict":
            return dict(zip(self.names, parts, strict=True))
        return parts[0] if self.structure == "one" else parts


def weighted(seed: int) -> Weighted:
    """The test of that number."""
    rng = np.random.default_rng(seed)

    def pick(*options: Any) -> Any:
        return options[rng.integers(len(options))]

    count = pick(1, 1, 2, 2, 3)
    kinds = [pick(*KINDS) for _ in range(count)]
    structure = pick("list", "dict") if count > 1 else "one"
    x = rng.standard_normal((ROWS, STEPS, 3)).astype("float32")
    way = pick("arrays", "split", "data set", "validation arrays", "validation data set")
    made = Weighted(kinds, structure, {}, x, None, None, None, None, way)
    made.y = made.pack([_target(kind, rng) for kind in kinds])
    made.compile = _compilation(made, rng, pick)
    made.weights, made.validation = (_weights(made, rng, pick) for _ in range(2))
    labelled = count == 1 and kinds[0] in ("classes", "yes or no", "one-hot")
    if labelled and rng.random() < 0.5:
        made.weights, made.class_weight = None, CLASS_WEIGHT
    return made


def _target(kind: str, rng: np.random.Generator) -> Any:
    column = (ROWS,) if rng.random() < 0.5 else (ROWS, 1)
    if kind == "classes":
        return rng.integers(0, 3, column)
    if kind == "yes or no":
        return rng.integers(0, 2, column).astype("float32")
    if kind == "one-hot":
        return np.eye(3, dtype="float32")[rng.integers(0, 3, ROWS)]
    shape = (ROWS, STEPS, 2) if kind == "steps" else (ROWS, 2)
    return rng.standard_normal(shape).astype("float32")


def _compilation(made: Weighted, rng: np.random.Generator, pick: Any) -> dict[str, Any]:
    losses = [pick(*KINDS[kind][2]) for kind in made.kinds]
    named = dict(zip(made.names, losses, strict=True))
    by_name = made.structure == "dict" or (len(losses) > 1 and rng.random() < 0.5)
    loss = losses[0] if len(losses) == 1 else named if by_name else losses
    if isinstance(loss, dict) and rng.random() < 0.5:
        loss = dict(sorted(loss.items()))
    factors = rng.uniform(0.2, 2, len(losses)).round(2).tolist()
    loss_weights = None
    if len(losses) > 1 and rng.random() < 0.5:
        loss_weights = (
            {name: factors[made.names.index(name)] for name in loss} if by_name else factors
        )

    def metrics() -> Any:
        rows = [[m for m in KINDS[kind][3] if rng.random() < 0.5] for kind in made.kinds]
        form = pick("none", "list", "dict")
        if form == "none":
            return None
        if len(rows) == 1:
            return rows[0]
        in_order = form == "list" and made.structure == "list"
        return rows if in_order else dict(zip(made.names, rows, strict=True))

    return {
        "optimizer": "sgd",
        "loss": loss,
        "loss_weights": loss_weights,
        "metrics": metrics(),
        "weighted_metrics": metrics(),
    }


def _weights(made: Weighted, rng: np.random.Generator, pick: Any) -> Any:
    """Weights of samples or steps; now and then for some of the outputs only, or one for all."""

    def one(kind: str) -> Any:
        shapes = [(ROWS,), (ROWS, 1)]
        if kind == "steps":
            shapes = [(ROWS, STEPS), (ROWS, 1), (ROWS, STEPS, 1)]
        values = rng.uniform(0, 2, pick(*shapes))
        return pick(values, values, (values > 1).astype("float32"), values.round().astype("int64"))

    form = pick("none", "each", "each", "some", "one")
    if form == "none":
        return None
    if form == "one" and "steps" not in made.kinds:
        return rng.uniform(0, 2, ROWS)
    parts = [one(kind) for kind in made.kinds]
    if form == "some" and len(parts) > 1:
        parts = [part if rng.random() < 0.5 else None for part in parts]
    return made.pack(parts)
