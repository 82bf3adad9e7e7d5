"""Losses, metrics and layers whose formulas are few lines of Python, against NumPy by hand."""

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import layers, losses, metrics, ops

RNG = np.random.default_rng(21)


def test_dice():
    y = RNG.integers(0, 2, (3, 4)).astype("float32")
    p = RNG.uniform(0.1, 0.9, (3, 4)).astype("float32")
    expected = 1 - 2 * (y * p).sum() / (y.sum() + p.sum())
    np.testing.assert_allclose(losses.dice(y, p), expected, rtol=1e-5)
    by_row = 1 - 2 * (y * p).sum(axis=1) / (y.sum(axis=1) + p.sum(axis=1))
    np.testing.assert_allclose(losses.dice(y, p, axis=1), by_row, rtol=1e-5)


@pytest.mark.parametrize("balanced", [False, True])
def test_binary_focal_crossentropy(balanced):
    y = RNG.integers(0, 2, (5, 3)).astype("float32")
    p = RNG.uniform(0.1, 0.9, (5, 3)).astype("float32")
    right = np.where(y == 1, p, 1 - p)
    each = -((1 - right) ** 1.5) * np.log(right)
    if balanced:
        each = each * np.where(y == 1, 0.3, 0.7)
    found = losses.binary_focal_crossentropy(
        y, p, apply_class_balancing=balanced, alpha=0.3, gamma=1.5
    )
    np.testing.assert_allclose(found, each.mean(axis=-1), rtol=1e-5)


def test_correlations():
    y, p = RNG.normal(size=(2, 6, 9))
    rows = [np.corrcoef(a, b)[0, 1] for a, b in zip(y, p, strict=True)]
    pearson = metrics.PearsonCorrelation()
    pearson.update_state(y, p)
    np.testing.assert_allclose(pearson.result(), np.mean(rows), rtol=1e-5)
    concordant = [
        2 * np.cov(a, b, bias=True)[0, 1] / (a.var() + b.var() + (a.mean() - b.mean()) ** 2)
        for a, b in zip(y, p, strict=True)
    ]
    concordance = metrics.ConcordanceCorrelation()
    concordance.update_state(y, p)
    np.testing.assert_allclose(concordance.result(), np.mean(concordant), rtol=1e-5)


def test_sensitivity_at_specificity():
    y = RNG.integers(0, 2, 60)
    p = np.clip(0.3 * y + RNG.uniform(0, 0.7, 60), 0, 1)
    thresholds = np.arange(1, 20) / 20
    best = max(np.mean(p[y == 1] > t) for t in thresholds if np.mean(p[y == 0] <= t) >= 0.6)
    metric = metrics.SensitivityAtSpecificity(0.6, num_thresholds=21)
    metric.update_state(y, p)
    np.testing.assert_allclose(metric.result(), best, rtol=1e-6)
    np.testing.assert_allclose(metric.thresholds, np.linspace(0, 1, 21))


@pytest.mark.parametrize("invert", [False, True])
def test_normalization_from_operations(invert):
    layer = layers.Normalization(mean=[1.0, -2.0], variance=[4.0, 0.25], invert=invert)
    x = RNG.normal(size=(5, 2)).astype("float32")
    m, s = np.array([1.0, -2.0]), np.array([2.0, 0.5])
    expected = x * s + m if invert else (x - m) / s
    np.testing.assert_allclose(layer(x), expected, rtol=1e-5, atol=1e-6)
    tensor = ops.convert_to_tensor(x)
    np.testing.assert_allclose(layer._compose([tensor], False), expected, rtol=1e-5, atol=1e-6)
    with keras.GradientTape() as outer:
        outer.watch(tensor)
        with keras.GradientTape() as inner:
            inner.watch(tensor)
            cubes = ops.sum(layer(tensor) ** 3)
        slope = ops.sum(inner.gradient(cubes, tensor))
    factor = s if invert else 1 / s
    curvature = np.asarray(outer.gradient(slope, tensor))
    np.testing.assert_allclose(curvature, 6 * expected * factor**2, rtol=1e-4, atol=1e-5)


def test_where_takes_both_values_or_none():
    with pytest.raises(ValueError, match="x1"):
        ops.where(np.array([True]), 1.0)


@pytest.mark.parametrize("axis", [True, 1.5, "1"])
def test_axes_are_whole_numbers(axis):
    with pytest.raises((TypeError, ValueError), match="axis"):
        layers.BatchNormalization(axis=axis)
