"""Checks random functional models of Keras against pronghorn; a program of its own.

Keras runs on its NumPy backend and in float64: nothing is compiled, and agreement is asked to
nearly all digits. That backend has no gradients: the slope of Keras's loss along a random
direction, by differences, must be that of our gradients, and Keras's optimizer, given our
gradients, must make the same weights as our step of training.

    KERAS_BACKEND=numpy python _random_model_checks.py FIRST STOP STRIDE

prints a line for each seed that fails; the exit code is then 1.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
from _random_graphs import Drawn, draw, random_inputs
from keras.src.backend.common import dtypes
from keras.src.backend.numpy import numpy as keras_numpy

import pronghorn

ROWS = 8
_HEADS: dict[str, tuple[str, list[str], list[str]]] = {  # activation, losses, metrics
    "number": ("linear", ["mse", "mae", "huber", "log_cosh"], ["mae", "RootMeanSquaredError"]),
    "share": (
        "sigmoid",
        ["binary_crossentropy", "binary_focal_crossentropy", "mse"],
        ["accuracy", "AUC"],
    ),
    "class": (
        "softmax",
        ["sparse_categorical_crossentropy"],
        ["accuracy", "SparseTopKCategoricalAccuracy"],
    ),
    "one_hot": (
        "softmax",
        ["categorical_crossentropy", "kl_divergence", "categorical_hinge"],
        ["accuracy", "F1Score"],
    ),
}
_OPTIMIZERS: dict[str, list[dict[str, Any]]] = {
    "SGD": [{}, {"momentum": 0.9}, {"momentum": 0.5, "nesterov": True}, {"clipvalue": 0.05}],
    "RMSprop": [{}, {"momentum": 0.5, "centered": True}],
    "Adagrad": [{}, {"global_clipnorm": 0.5}],
    "Adadelta": [{}],
    "Adam": [{}, {"amsgrad": True, "clipnorm": 0.3}],
    "AdamW": [{"weight_decay": 0.01}],
    "Adamax": [{}],
    "Nadam": [{}],
    "Ftrl": [{"l1_regularization_strength": 0.001, "beta": 0.1}],
    "Lion": [{}],
}


class Case:
    """A model in both libraries, and its data."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.rng = np.random.default_rng([seed, 1])
        self.kinds = [self._choose(_HEADS) for _ in range(1 + int(self.rng.random() < 0.3))]
        self.drawn: Drawn = draw(seed, tuple(_HEADS[kind][0] for kind in self.kinds))
        self.theirs = self.drawn.model
        if seed % 10 == 0:
            self.theirs.save(folder / "model.keras")
            self.ours = pronghorn.saving.load_model(folder / "model.keras")
        else:
            self.ours = pronghorn.Model.from_config(self.theirs.get_config())
        weights = [self._spread(weight) for weight in self.theirs.weights]
        self.theirs.set_weights(weights)
        self.ours.set_weights(weights)

    def _choose(self, values: Any) -> Any:
        values = list(values)
        return values[int(self.rng.integers(len(values)))]

    def _spread(self, weight: Any) -> Any:
        """Values of moderate size, so that none stands at zero or one; positive for scales."""
        values = self.rng.normal(0.0, 0.4, weight.shape)
        if weight.name in ("moving_variance", "gamma"):
            return 0.5 + np.abs(values)
        return values if weight.trainable or "moving" in weight.name else np.asarray(weight)

    def several(self, values: list[Any]) -> Any:
        """One value for a model of one output."""
        return values if len(self.kinds) > 1 else values[0]

    def targets(self) -> Any:
        """Of every output."""
        rng, found = self.rng, []
        for kind in self.kinds:
            labels = rng.integers(0, 3, ROWS)
            found.append(
                {
                    "class": labels,
                    "one_hot": np.eye(3)[labels],
                    "share": rng.integers(0, 2, (ROWS, 3)).astype("float64"),
                    "number": rng.standard_normal((ROWS, 3)),
                }[kind]
            )
        return self.several(found)

    def compile(self) -> None:
        """Both alike, with an optimizer drawn at random."""
        optimizer = self._choose(_OPTIMIZERS)
        settings = self._choose(_OPTIMIZERS[optimizer])
        losses = [self._choose(_HEADS[kind][1]) for kind in self.kinds]
        metrics = [[self._choose(_HEADS[kind][2])] for kind in self.kinds]
        weights = [round(float(w), 2) for w in self.rng.uniform(0.2, 2.0, len(losses))]
        self.used = f"{optimizer}{settings}, {losses}"
        for library, model in ((keras, self.theirs), (pronghorn, self.ours)):
            model.compile(
                optimizer=getattr(library.optimizers, optimizer)(0.01, **settings),
                loss=self.several(losses),
                metrics=self.several(metrics),
                loss_weights=weights if len(losses) > 1 and weights[0] > 0.5 else None,
            )

    def sample_weight(self) -> Any:
        """Of every output, or None."""
        if self.rng.random() < 0.6:
            return None
        return self.several([self.rng.uniform(0.2, 2.0, ROWS) for _ in self.kinds])


def check(seed: int, folder: Path) -> None:
    """Raises AssertionError where the libraries differ."""
    for library in (keras, pronghorn):
        library.utils.clear_session(free_memory=False)
    case = Case(seed, folder)
    if not case.drawn.operators:
        same(plain(case.ours.get_config()), plain(case.theirs.get_config()), "configuration")
        # A Sequential model that was read from a configuration is no part of paths, in Keras too.
        paths = [[w.path.split("/")[-2:] for w in m.weights] for m in (case.ours, case.theirs)]
        same(*paths, "paths")
    x = random_inputs(case.drawn, ROWS, case.rng)
    outputs = case.theirs(x)
    for ours in (case.ours(x), case.ours.predict(x, verbose=0)):
        for a, b in zip(flat(ours), flat(outputs), strict=True):
            close(a, b, "predictions")
    case.compile()
    if case.drawn.random:
        y, weight = case.targets(), case.sample_weight()
        expected = reference_logs(case, x, y, weight, training=False)
        logs = case.ours.test_on_batch(x, y, weight, return_dict=True)
        close_logs(logs, expected, f"evaluation, {case.used}")
        return
    for step in range(2):
        training_step(case, f"step {step}, {case.used}")


def training_step(case: Case, what: str) -> None:
    """Loss, metrics, gradients, new weights and moving statistics of one step."""
    x, y, weight = random_inputs(case.drawn, ROWS, case.rng), case.targets(), case.sample_weight()
    before = case.theirs.get_weights()
    learned = case.theirs.trainable_variables
    gradients = our_gradients(case, x, y, weight)
    case.ours.set_weights(before)
    logs = case.ours.train_on_batch(x, y, weight, return_dict=True)

    directions = [case.rng.standard_normal(v.shape) for v in learned]
    step, losses = 1e-6, []
    for sign in (1, -1):
        for variable, direction in zip(learned, directions, strict=True):
            variable.assign(np.asarray(variable) + sign * step * direction)
        losses.append(reference_loss(case, x, y, weight, training=True)[0])
        case.theirs.set_weights(before)
    expected = reference_logs(case, x, y, weight, training=True)
    case.theirs.set_weights(before)
    middle = reference_loss(case, x, y, weight, training=True)[0]
    slopes = ((losses[0] - middle) / step, (middle - losses[1]) / step)
    ours = sum(float((g * d).sum()) for g, d in zip(gradients, directions, strict=True))
    # On an edge, such as of ReLU at 0, any slope between those of the two sides is right.
    bounded = np.clip(ours, min(slopes), max(slopes))
    np.testing.assert_allclose(ours, bounded, rtol=1e-5, atol=1e-6, err_msg=f"slope, {what}")

    close_logs(logs, expected, what)
    case.theirs.optimizer.apply(gradients, learned)
    for a, b in zip(case.ours.weights, case.theirs.weights, strict=True):
        close(a, b, f"{b.path}, {what}")


def our_gradients(case: Case, x: Any, y: Any, weight: Any) -> list[Any]:
    """By the tape, which is not the way that `train_on_batch` takes."""
    with pronghorn.GradientTape() as tape:
        loss = case.ours.compute_loss(x, y, case.ours(x, training=True), weight, training=True)
    variables = case.ours.trainable_variables
    found = tape.gradient(loss, variables)
    pairs = zip(found, variables, strict=True)
    return [np.zeros(v.shape) if g is None else np.asarray(g) for g, v in pairs]


def reference_loss(case: Case, x: Any, y: Any, weight: Any, training: bool) -> tuple[Any, Any]:
    """Keras's loss, and the outputs."""
    outputs = case.theirs(x, training=training)
    return float(case.theirs.compute_loss(x, y, outputs, weight, training=training)), outputs


def reference_logs(case: Case, x: Any, y: Any, weight: Any, training: bool) -> dict[str, Any]:
    """What Keras logs of one batch."""
    model = case.theirs
    model.reset_metrics()
    loss, outputs = reference_loss(case, x, y, weight, training)
    model._loss_tracker.update_state(loss)
    return dict(model.compute_metrics(x, y, outputs, weight))


def flat(value: Any) -> list[Any]:
    """A list of the outputs of a model."""
    return list(value) if isinstance(value, (list, tuple)) else [value]


def plain(part: Any) -> Any:
    """A configuration as JSON has it, without what stands for nothing."""
    if isinstance(part, dict):
        kept = {key: plain(value) for key, value in part.items() if key != "shared_object_id"}
        if set(kept) == {"args", "kwargs"}:  # a call: arguments that are off
            kept["kwargs"] = {key: value for key, value in kept["kwargs"].items() if value}
        return kept
    return [plain(item) for item in part] if isinstance(part, (list, tuple)) else part


def same(ours: Any, theirs: Any, path: str) -> None:
    """Equality that says where it ends."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        assert ours.keys() == theirs.keys(), (path, sorted(ours.keys() ^ theirs.keys()))
        for key, value in ours.items():
            same(value, theirs[key], f"{path}/{key}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            name = a.get("class_name", number) if isinstance(a, dict) else number
            same(a, b, f"{path}/{name}")
    elif isinstance(ours, float) and isinstance(theirs, float):
        assert np.isclose(ours, theirs, rtol=1e-6), (path, ours, theirs)  # some are kept in float32
    else:
        assert ours == theirs, (path, ours, theirs)


def close(ours: Any, theirs: Any, what: str, rtol: float = 1e-8) -> None:
    """Within `rtol` of the largest element."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    size = max(1e-3, float(np.abs(theirs).max(initial=0.0)))
    np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=rtol * size, err_msg=what)


def close_logs(ours: dict[str, Any], theirs: dict[str, Any], what: str) -> None:
    """Same keys; Keras adds up losses and metrics in float32."""
    assert set(ours) == set(theirs), (what, list(ours), list(theirs))
    for key, value in theirs.items():
        close(ours[key], value, f"{key}, {what}", 2e-6)


def prepare() -> None:
    """float64 in both libraries, and probabilities that nothing cuts.

    Keras's losses cut them to [epsilon, 1 - epsilon]; where softmax and loss are one, ours do not.
    """
    for library in (keras, pronghorn):
        library.config.set_floatx("float64")
        library.config.set_epsilon(1e-14)
    # Keras rounds what any backend but TensorFlow's computes in float64.
    dtypes.BIT64_TO_BIT32_DTYPE.clear()
    # This backend cannot add up the list of losses of a model.
    plain_sum = keras_numpy.sum
    keras_numpy.sum = lambda x, axis=None, keepdims=False: plain_sum(
        np.asarray(x) if isinstance(x, list) else x, axis, keepdims
    )


def main() -> int:
    """Checks seeds and prints what differs."""
    prepare()
    failures, seeds = 0, range(*map(int, sys.argv[1:4]))
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            try:
                check(seed, Path(folder))
            except Exception as error:
                failures += 1
                print(f"seed {seed}: {type(error).__name__}: {error}".replace("\n", " ")[:600])
    print(f"{len(seeds) - failures} of {len(seeds)} models agree")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
