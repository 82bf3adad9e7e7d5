"""Every loss on recorded tensors: its value, and its gradient against finite differences."""

import functools

import numpy as np
import pytest

from pronghorn import GradientTape, losses, ops
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
