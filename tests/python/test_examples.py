"""The experiments among the examples show what theory says, in their quick form."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
if not EXAMPLES.exists():
    pytest.skip("the examples come with the repository alone", allow_module_level=True)


def example(name):
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_learning_rates():
    for rate, path in example("learning_rates").study(quick=True).items():
        np.testing.assert_allclose(path, 10 * (1 - 2 * rate) ** np.arange(11), rtol=1e-5)
    assert abs(path[-1]) > 61.9  # the last rate diverges


def test_rosenbrock():
    module = example("rosenbrock")
    ways = module.study(quick=True)
    a, b = module.START
    for point in ways["SGD", 0.0]:  # gradient descent, by hand
        np.testing.assert_allclose(point, (a, b), rtol=1e-6)
        slope_a = -2 * (1 - a) - 400 * a * (b - a**2)
        a, b = a - 2e-4 * slope_a, b - 2e-4 * 200 * (b - a**2)
    for (_, noise), points in ways.items():
        assert module.height(*points[-1]) < 0.5 * module.height(*points[0])
        rough = np.abs(np.diff(module.height(*points.T)))[-50:].sum()
        assert noise == 0 or rough > abs(np.diff(module.height(*points[-51::50].T)))[0]
    assert module.height(1.0, 1.0) == 0


def test_optimizer_race():
    results = example("optimizer_race").study(quick=True)
    assert max(accuracy for accuracy, _ in results.values()) > 0.9
    for accuracy, losses in results.values():
        assert losses[-1] < losses[0]
        assert accuracy > 0.05
    assert results["Adam"][1][-1] < results["SGD"][1][-1] < results["Adadelta"][1][-1]


def test_width_and_depth():
    errors = {shape: error for shape, (error, _) in example("width_and_depth").study(True).items()}
    assert errors[32, 4] == min(errors.values())
    assert errors[4, 32] > errors[4, 4]


def test_vanishing_gradients():
    sizes = example("vanishing_gradients").study(quick=True)
    outputs = [1.0]
    for _ in range(8):
        outputs.append(1 / (1 + np.exp(-outputs[-1])))
    slopes = [y * (1 - y) for y in outputs[1:]]
    expected = [outputs[i] * np.prod(slopes[i:]) for i in range(8)]
    np.testing.assert_allclose(sizes["sigmoid"], expected, rtol=1e-5)
    assert max(slopes) <= 0.25
    assert sizes["relu"] == [1.0] * 8


def test_batch_sizes():
    module = example("batch_sizes")
    losses = module.study(quick=True)
    least = module.least()
    assert all(value >= least for values in losses.values() for value in values)
    assert losses[1][0] < losses[32][0] < losses[256][0]
    assert losses[1][-1] < 1.1 * least
    assert np.all(np.diff(losses[256]) < 0)


def test_universal_approximation():
    results = example("universal_approximation").study(quick=True)
    errors = [error for error, _ in results.values()]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.1 * errors[0]
