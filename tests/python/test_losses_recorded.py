"""Every loss on recorded tensors: its value, and its gradient against finite differences."""

import functools

import numpy as np
import pytest

from pronghorn import GradientTape, Variable, losses, ops
from pronghorn.losses._function import REGISTRY, SPARSE

FUNCTIONS = [each for each in REGISTRY.objects() if not isinstance(each, type)]
CLASSES = [each for each in REGISTRY.objects() if isinstance(each, type)]


def data(name):
    generator = np.random.default_rng(3)
    predictions = generator.uniform(0.1, 0.9, (6, 4))
    if name in SPARSE:
        return np.array([0, 3, 1, 2, 0, 1]), predictions
    if "hinge" in name:
        return generator.choice([-1.0, 1.0], (6, 4)), predictions * 3 - 1
    if "cross" in name or "kl" in name or name in ("dice", "tversky"):
        return generator.dirichlet(np.ones(4), 6), predictions
    return generator.uniform(0.5, 2.0, (6, 4)), predictions


def check(loss, y_true, y_pred):
    x = ops.convert_to_tensor(y_pred)
    weights = np.random.default_rng(4).normal(size=np.shape(loss(y_true, y_pred)))
    with GradientTape() as tape:
        tape.watch(x)
        value = loss(y_true, x)
        total = (value * weights).sum()
    np.testing.assert_allclose(value, loss(y_true, y_pred), rtol=1e-9, atol=1e-12)
    direction = np.random.default_rng(5).normal(size=y_pred.shape)
    found = float((tape.gradient(total, x).numpy() * direction).sum())
    step = 1e-5
    ends = [(loss(y_true, y_pred + s * direction) * weights).sum() for s in (step, -step)]
    assert found == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_functions(function):
    name = function.__name__
    if name == "categorical_generalized_cross_entropy":
        function = functools.partial(function, q=0.4)
    check(function, *data(name))


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.__name__)
def test_classes(cls):
    function = losses.get(cls(dtype="float64"))
    name = getattr(getattr(function, "fn", None), "__name__", cls.__name__.lower())
    check(function, *data(name))


WITH_SMOOTH_TARGETS = [each for each in FUNCTIONS if each.__name__ not in SPARSE]


@pytest.mark.parametrize("function", WITH_SMOOTH_TARGETS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("recorded", ["targets", "both"])
def test_gradients_of_targets(function, recorded):
    """As in scripts that hand over prediction and target the other way round."""
    y_true, y_pred = data(function.__name__)
    y_true = y_true * 0.9 + 0.02
    along = np.random.default_rng(5).normal(size=y_true.shape)
    x, p = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    with GradientTape() as tape:
        tape.watch([x, p])
        total = function(x, p if recorded == "both" else y_pred).sum()
    found = float((tape.gradient(total, x).numpy() * along).sum())
    step = 1e-5
    up, down = (function(y_true + s * along, y_pred).sum() for s in (step, -step))
    assert found == pytest.approx((up - down) / (2 * step), rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("reduction", ["sum", "mean", "mean_with_sample_weight"])
def test_gradients_of_weights(reduction):
    y_true, y_pred = data("mse")
    weights = np.random.default_rng(6).uniform(0.5, 2.0, 6)
    loss = losses.MeanSquaredError(reduction=reduction, dtype="float64")
    x = ops.convert_to_tensor(weights)
    with GradientTape() as tape:
        tape.watch(x)
        total = loss(y_true, y_pred, sample_weight=x)
    along, step = np.random.default_rng(7).normal(size=6), 1e-5
    ends = [loss(y_true, y_pred, weights + s * along) for s in (step, -step)]
    found = float((tape.gradient(total, x).numpy() * along).sum())
    assert found == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-6)


def test_variables_and_lists_of_tensors():
    v = Variable(np.array([1.0, 3.0]), dtype="float64")
    with GradientTape() as tape:
        total = losses.MeanSquaredError(dtype="float64")(np.array([0.0, 1.0]), v)
    np.testing.assert_allclose(tape.gradient(total, v), [1.0, 2.0])
    with GradientTape() as tape:
        total = losses.mean_squared_error([0.0, 1.0], [v[0] * 2.0, v[1]])
    np.testing.assert_allclose(tape.gradient(total, v), [4.0, 2.0])
