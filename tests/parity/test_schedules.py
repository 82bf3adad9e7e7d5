"""Learning-rate schedules, step by step."""

from typing import Any

import numpy as np
import pytest
from _pairs import LIBRARIES

CASES: list[tuple[str, dict[str, Any]]] = [
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5}),
    (
        "ExponentialDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5, "staircase": True},
    ),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5}),
    (
        "InverseTimeDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5, "staircase": True},
    ),
    ("PiecewiseConstantDecay", {"boundaries": [5, 11], "values": [1.0, 0.5, 0.1]}),
    ("PiecewiseConstantDecay", {"boundaries": [7], "values": [0.5, 2.0]}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 9}),
    (
        "PolynomialDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 9, "end_learning_rate": 0.02, "power": 0.5},
    ),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 9, "cycle": True}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 12}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 5}),
    (
        "CosineDecayRestarts",
        {
            "initial_learning_rate": 0.1,
            "first_decay_steps": 6,
            "t_mul": 1.0,
            "m_mul": 0.7,
            "alpha": 0.1,
        },
    ),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 12, "alpha": 0.2}),
    (
        "CosineDecay",
        {
            "initial_learning_rate": 0.01,
            "decay_steps": 12,
            "warmup_target": 0.1,
            "warmup_steps": 5,
            "alpha": 0.1,
        },
    ),
]


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_values(name: str, arguments: dict[str, Any]) -> None:
    reference, ours = (getattr(lib.optimizers.schedules, name)(**arguments) for lib in LIBRARIES)
    for step in range(31):
        expected, actual = float(np.asarray(reference(step))), float(np.asarray(ours(step)))
        np.testing.assert_allclose(actual, expected, rtol=2e-6, err_msg=f"step {step}")


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_configuration_round_trip(name: str, arguments: dict[str, Any]) -> None:
    configurations = []
    for library in LIBRARIES:
        kind = getattr(library.optimizers.schedules, name)
        configuration = kind(**arguments).get_config()
        again = kind.from_config(configuration)
        assert again.get_config() == configuration
        configurations.append(configuration)
    assert configurations[1] == configurations[0]


def test_bad_schedules() -> None:
    for library in LIBRARIES:
        schedules = library.optimizers.schedules
        with pytest.raises((ValueError, TypeError)):
            schedules.PiecewiseConstantDecay([1, 2], [0.1, 0.2])
        with pytest.raises((ValueError, TypeError)):
            schedules.CosineDecay(0.1, 0)
