"""Gradients of the engine in float64 against central finite differences.

Every activation, as hidden and as output layer, with every loss, with every regulariser; and every
kind of node, several inputs and outputs, sample weights and loss weights.
"""

import itertools

import numpy as np
import pytest

from pronghorn import _core, activations, regularizers

# Where the central difference of order h^2 meets the rounding error of order 1e-16 / h.
STEP = 1e-5
TOLERANCE = 1e-6
ROWS, INPUTS, HIDDEN, OUTPUTS = 5, 3, 4, 3


def every_activation():
    for name in sorted(set(activations.__all__) - {"get", "serialize", "deserialize", "swish"}):
        function = getattr(activations, name)
        if hasattr(function, "_engine_spec"):  # glu and sparsemax are functions only
            yield name, function._engine_spec()
    yield "gelu-tanh", {"name": "gelu_tanh"}
    yield "relu-general", {"name": "relu", "p0": 0.3, "p1": 0.9, "p2": 0.2}
    yield "leaky_relu-0.5", {"name": "leaky_relu", "p0": 0.5}
    yield "elu-0.5", {"name": "elu", "p0": 0.5}


ACTIVATIONS = dict(every_activation())
REGRESSION = {
    "mse": {"name": "mean_squared_error"},
    "mae": {"name": "mean_absolute_error"},
    "huber": {"name": "huber", "delta": 0.4},
}
LOGITS = {
    "bce-logits": {
        "name": "binary_crossentropy",
        "from_logits": True,
        "label_smoothing": 0.1,
    },
    "cce-logits": {
        "name": "categorical_crossentropy",
        "from_logits": True,
        "label_smoothing": 0.1,
    },
    "scce-logits": {"name": "sparse_categorical_crossentropy", "from_logits": True},
}
PROBABILITIES = {
    "bce": {"name": "binary_crossentropy", "label_smoothing": 0.1},
    "cce": {"name": "categorical_crossentropy", "label_smoothing": 0.1},
    "scce": {"name": "sparse_categorical_crossentropy"},
}
LOSSES = {**REGRESSION, **LOGITS, **PROBABILITIES}
# Tested after one network each: its last activation, and the loss.
FOCAL = {"alpha": 0.4, "gamma": 1.5, "label_smoothing": 0.1}
MORE_LOSSES = {
    "mape": (None, {"name": "mean_absolute_percentage_error"}),
    "msle": ("softplus", {"name": "mean_squared_logarithmic_error"}),
    "log_cosh": (None, {"name": "log_cosh"}),
    "poisson": ("softplus", {"name": "poisson"}),
    "kld": ("softmax", {"name": "kl_divergence"}),
    "hinge": (None, {"name": "hinge"}),
    "squared_hinge": (None, {"name": "squared_hinge"}),
    "cce_hinge": (None, {"name": "categorical_hinge"}),
    "cosine": (None, {"name": "cosine_similarity"}),
    "bce_focal": (
        "sigmoid",
        {"name": "binary_focal_crossentropy", **FOCAL, "apply_class_balancing": True},
    ),
    "bce_focal-logits": (None, {"name": "binary_focal_crossentropy", **FOCAL, "from_logits": True}),
    "cce_focal": ("softmax", {"name": "categorical_focal_crossentropy", **FOCAL}),
    "cce_focal-logits": (
        None,
        {"name": "categorical_focal_crossentropy", **FOCAL, "from_logits": True},
    ),
    "scce-ignore": (
        None,
        {"name": "sparse_categorical_crossentropy", "from_logits": True, "ignore_class": 1},
    ),
    "scce-ignore-outside": (
        "softmax",
        {"name": "sparse_categorical_crossentropy", "ignore_class": -1},
    ),
    "scce-generalized": (
        "softmax",
        {"name": "categorical_generalized_cross_entropy", "q": 0.3},
    ),
    "bce_dice": ("sigmoid", {"name": "dice"}),
    "bce_dice-rows": ("sigmoid", {"name": "dice_by_row"}),
    "bce_tversky": ("sigmoid", {"name": "tversky", "alpha": 0.3, "beta": 0.9}),
    "bce_tversky-rows": ("sigmoid", {"name": "tversky_by_row", "alpha": 0.3, "beta": 0.9}),
}
# What a loss of probabilities can follow: values in (0, 1), or positive ones to be normalised.
UNIT = ("sigmoid", "softmax", "hard_sigmoid")
POSITIVE = ("sigmoid", "softmax", "exponential", "softplus")
REGULARIZERS = {
    "none": None,
    "l1": regularizers.L1(0.02),
    "l2": regularizers.L2(0.03),
    "l1l2": regularizers.L1L2(0.02, 0.03),
}


def allowed(output, loss):
    if loss == "bce":
        return output in UNIT
    return loss not in PROBABILITIES or output in POSITIVE


class Graph:
    """Nodes with their variables, filled with random numbers that stay away from kinks at 0."""

    def __init__(self, seed=0):
        self.rng = np.random.default_rng(seed)
        self.nodes, self.variables, self.shapes = [], [], []

    def input(self, *shape):
        return self._add({"op": "input", "name": "x", "inputs": [], "shape": shape}, shape)

    def _add(self, node, shape):
        self.nodes.append(node)
        self.shapes.append(shape)
        return len(self.nodes) - 1

    def variable(self, *shape):
        value = self.rng.uniform(0.1, 0.8, size=shape) * self.rng.choice([-1.0, 1.0], size=shape)
        made = _core.Variable(shape, "float64")
        made.set(value)
        self.variables.append(made)
        return len(self.variables) - 1

    def dense(self, source, units, activation=None, regularizer=None, bias=True):
        l1, l2 = (regularizer.l1, regularizer.l2) if regularizer else (0.0, 0.0)
        node = {
            "op": "dense",
            "name": "dense",
            "inputs": [source],
            "units": units,
            "kernel": self.variable(self.shapes[source][-1], units),
            "bias": self.variable(units) if bias else None,
            "activation": activation,
            "trainable": True,
            "kernel_l1": l1,
            "kernel_l2": l2,
            "bias_l1": l1 if bias else 0.0,
            "bias_l2": l2 if bias else 0.0,
        }
        return self._add(node, (*self.shapes[source][:-1], units))

    def activation(self, source, activation):
        node = {
            "op": "activation",
            "name": "activation",
            "inputs": [source],
            "activation": activation,
        }
        return self._add(node, self.shapes[source])

    def dropout(self, source, rate):
        node = {"op": "dropout", "name": "dropout", "inputs": [source], "rate": rate, "seed": 77}
        return self._add(node, self.shapes[source])

    def reshape(self, source, *shape):
        node = {"op": "reshape", "name": "reshape", "inputs": [source], "shape": shape}
        return self._add(node, shape)

    def add(self, *sources):
        node = {"op": "add", "name": "add", "inputs": list(sources)}
        return self._add(node, self.shapes[sources[0]])

    def concatenate(self, *sources):
        width = sum(self.shapes[source][-1] for source in sources)
        node = {"op": "concatenate", "name": "concatenate", "inputs": list(sources)}
        return self._add(node, (*self.shapes[sources[0]][:-1], width))

    def engine(self, *outputs):
        return _core.Engine(self.nodes, list(outputs), self.variables, "float64")


def targets(loss, rng, rows=ROWS, columns=OUTPUTS):
    if loss.startswith("scce"):
        if loss == "scce-ignore-outside":
            return np.where(np.arange(rows) % 2, -1, 0).astype(np.int32)
        return rng.integers(0, columns, rows).astype(np.int32)
    if loss.startswith("cce"):
        return rng.dirichlet(np.ones(columns), rows)
    if loss.startswith("bce"):
        return rng.integers(0, 2, (rows, columns)).astype(np.float64)
    if "hinge" in loss:
        return rng.choice([-1.0, 1.0], (rows, columns))
    if loss in ("poisson", "msle", "kld"):
        return rng.uniform(0.1, 1, (rows, columns))
    return rng.normal(size=(rows, columns))


def check(trainer, variables, xs, ys, weights):
    """Compares every entry of every gradient."""
    loss, gradients = trainer.gradients(xs, ys, weights)
    assert np.isfinite(loss)
    for made, gradient in zip(variables, gradients, strict=True):
        value = made.get()
        numeric = np.empty_like(value)
        for index in np.ndindex(value.shape):
            sides = []
            for step in (STEP, -STEP):
                moved = value.copy()
                moved[index] += step
                made.set(moved)
                sides.append(trainer.gradients(xs, ys, weights)[0])
            numeric[index] = (sides[0] - sides[1]) / (2 * STEP)
        made.set(value)
        scale = max(np.abs(numeric).max(), np.abs(gradient).max(), 1e-3)
        np.testing.assert_allclose(gradient, numeric, rtol=0, atol=TOLERANCE * scale)


@pytest.mark.parametrize("regularizer", REGULARIZERS)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_dense_layers(activation, loss, regularizer):
    """The activation in a hidden layer, and in the output layer where the loss allows it."""
    if loss == "bce":
        other = {"name": "sigmoid"}
    else:
        other = {"name": "softmax"} if loss in PROBABILITIES else None
    penalty = REGULARIZERS[regularizer]
    for place in ("hidden", "output"):
        if place == "output" and not allowed(activation, loss):
            continue
        graph = Graph(seed=1)
        hidden = ACTIVATIONS[activation] if place == "hidden" else {"name": "tanh"}
        last = ACTIVATIONS[activation] if place == "output" else other
        top = graph.dense(graph.input(INPUTS), HIDDEN, hidden, penalty)
        top = graph.dense(top, OUTPUTS, last, penalty)
        trainer = _core.Trainer(graph.engine(top), [LOSSES[loss]], [[]], None)
        x = graph.rng.normal(size=(ROWS, INPUTS))
        y = targets(loss, graph.rng)
        weights = graph.rng.uniform(0.2, 2.0, ROWS)
        check(trainer, graph.variables, [x], [y], [weights])


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight"])
@pytest.mark.parametrize("loss", MORE_LOSSES)
def test_more_losses(loss, reduction):
    activation, spec = MORE_LOSSES[loss]
    graph = Graph(5)
    last = None if activation is None else ACTIVATIONS[activation]
    top = graph.dense(graph.dense(graph.input(INPUTS), HIDDEN, ACTIVATIONS["tanh"]), OUTPUTS, last)
    trainer = _core.Trainer(graph.engine(top), [{**spec, "reduction": reduction}], [[]], None)
    x = graph.rng.normal(size=(ROWS, INPUTS))
    for weights in (None, graph.rng.uniform(0, 2, ROWS)):
        check(trainer, graph.variables, [x], [targets(loss, graph.rng)], [weights])


@pytest.mark.parametrize("regularizer", REGULARIZERS)
@pytest.mark.parametrize("loss", LOSSES)
def test_every_kind_of_node(loss, regularizer):
    """A residual and concatenating graph with dropout, activations, reshapes and two inputs."""
    graph = Graph(seed=2)
    penalty = REGULARIZERS[regularizer]
    left, right = graph.input(2, 3), graph.input(4)
    a = graph.dense(graph.reshape(left, 6), HIDDEN, {"name": "tanh"}, penalty)
    b = graph.dense(right, HIDDEN, {"name": "softplus"}, penalty, bias=False)
    c = graph.add(a, b, a)
    d = graph.activation(graph.dense(c, HIDDEN, None, penalty), {"name": "gelu"})
    e = graph.dropout(graph.add(c, d), 0.4)
    f = graph.concatenate(e, right, a)
    if loss == "bce":
        last = {"name": "sigmoid"}
    else:
        last = {"name": "softmax"} if loss in PROBABILITIES else None
    top = graph.activation(graph.dense(f, OUTPUTS, None, penalty), last or {"name": "linear"})
    trainer = _core.Trainer(graph.engine(top), [LOSSES[loss]], [[]], None)
    xs = [graph.rng.normal(size=(ROWS, 2, 3)), graph.rng.normal(size=(ROWS, 4))]
    check(trainer, graph.variables, xs, [targets(loss, graph.rng)], [None])


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight"])
def test_several_outputs_with_weights(reduction):
    graph = Graph(seed=3)
    x = graph.input(INPUTS)
    shared = graph.dense(x, HIDDEN, {"name": "tanh"}, regularizers.L2(0.01))
    first = graph.dense(shared, OUTPUTS, {"name": "softmax"})
    second = graph.dense(graph.add(shared, shared), 2)
    losses = [
        {"name": "sparse_categorical_crossentropy", "weight": 0.7, "reduction": reduction},
        {"name": "huber", "delta": 0.5, "weight": 1.9, "reduction": reduction},
    ]
    trainer = _core.Trainer(graph.engine(first, second), losses, [[], []], None)
    rng = graph.rng
    ys = [targets("scce", rng), rng.normal(size=(ROWS, 2))]
    weights = [rng.uniform(0.2, 2.0, ROWS), rng.uniform(0.2, 2.0, ROWS)]
    check(trainer, graph.variables, [rng.normal(size=(ROWS, INPUTS))], ys, weights)


def test_a_layer_used_twice():
    graph = Graph(seed=4)
    x = graph.input(HIDDEN)
    first = graph.dense(x, HIDDEN, {"name": "tanh"})
    again = dict(graph.nodes[first], inputs=[first])
    second = graph._add(again, (HIDDEN,))
    top = graph.dense(second, 1)
    trainer = _core.Trainer(graph.engine(top), [REGRESSION["mse"]], [[]], None)
    rng = graph.rng
    check(
        trainer,
        graph.variables,
        [rng.normal(size=(ROWS, HIDDEN))],
        [rng.normal(size=(ROWS, 1))],
        [None],
    )


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("alone", [True, False], ids=["activation", "dense"])
def test_gradient_of_the_input(activation, alone):
    """dX for a given dJ/dY, through a tape."""
    graph = Graph(seed=5)
    x_node = graph.input(INPUTS)
    spec = ACTIVATIONS[activation]
    top = graph.activation(x_node, spec) if alone else graph.dense(x_node, OUTPUTS, spec)
    engine = graph.engine(top)
    x, dy = graph.rng.normal(size=(ROWS, INPUTS)), graph.rng.normal(size=(ROWS, OUTPUTS))
    tape = engine.forward([x], training=True)
    np.testing.assert_array_equal(tape.outputs[0], engine.predict([x])[0])
    _, (dx,) = tape.backward([dy])
    numeric = np.empty_like(x)
    for index in np.ndindex(x.shape):
        sides = []
        for step in (STEP, -STEP):
            moved = x.copy()
            moved[index] += step
            sides.append((engine.predict([moved])[0] * dy).sum())
        numeric[index] = (sides[0] - sides[1]) / (2 * STEP)
    scale = max(np.abs(numeric).max(), 1e-3)
    np.testing.assert_allclose(dx, numeric, rtol=0, atol=TOLERANCE * scale)


def test_frozen_layers_have_no_gradient():
    graph = Graph(seed=6)
    first = graph.dense(graph.input(INPUTS), HIDDEN, {"name": "tanh"})
    top = graph.dense(first, 1)
    graph.nodes[first]["trainable"] = False
    trainer = _core.Trainer(graph.engine(top), [REGRESSION["mse"]], [[]], None)
    rng = graph.rng
    _, gradients = trainer.gradients(
        [rng.normal(size=(ROWS, INPUTS))], [rng.normal(size=(ROWS, 1))], [None]
    )
    assert [gradient is None for gradient in gradients] == [True, True, False, False]


def test_the_table_is_complete():
    """Whatever the engine has and this package offers is in the tables above."""
    tested = {spec["name"] for spec in ACTIVATIONS.values()}
    offered = {
        entry._engine_spec()["name"] for entry in activations._function.REGISTRY.objects()
    } | {"gelu_tanh"}
    assert tested == offered
    from pronghorn.losses._function import REGISTRY

    names = {spec["name"] for spec in (*LOSSES.values(), *(s for _, s in MORE_LOSSES.values()))}
    entries = [e for e in REGISTRY.objects() if not isinstance(e, type)]
    offered = {spec["name"] for spec in (entry._engine_spec() for entry in entries) if spec}
    assert names - offered == {
        "dice_by_row",
        "tversky_by_row",
        "categorical_generalized_cross_entropy",
    }
    assert offered <= names
    pairs = itertools.product(ACTIVATIONS, LOSSES)
    assert sum(allowed(*pair) for pair in pairs) > 130
