"""Constraints on arrays, and their configurations."""

from typing import Any

import numpy as np
import pytest
from _pairs import LIBRARIES

CASES: list[tuple[str, dict[str, Any]]] = [
    ("MaxNorm", {}),
    ("MaxNorm", {"max_value": 0.5, "axis": 1}),
    ("MinMaxNorm", {}),
    ("MinMaxNorm", {"min_value": 0.5, "max_value": 1.5, "rate": 0.3, "axis": [0, 1]}),
    ("UnitNorm", {}),
    ("UnitNorm", {"axis": (0, 1)}),
    ("NonNeg", {}),
    ("Constraint", {}),
]


@pytest.mark.parametrize(("name", "settings"), CASES, ids=str)
def test_values_and_configurations(
    name: str, settings: dict[str, Any], rng: np.random.Generator
) -> None:
    w = rng.standard_normal((6, 4)).astype("float32")
    reference, ours = (getattr(library.constraints, name)(**settings) for library in LIBRARIES)
    np.testing.assert_allclose(ours(w), np.asarray(reference(w)), rtol=1e-6, atol=1e-7)
    assert ours.get_config() == reference.get_config()
