"""Training code of the user's own gives what it gives in Keras."""

from __future__ import annotations

from typing import Any

import pytest
from _script_runs import assert_same, needs_tensorflow, run_program
from _training_scripts import SCRIPTS

import pronghorn

pytestmark = needs_tensorflow


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    path = tmp_path_factory.mktemp("keras") / "found.npz"
    return run_program("_training_scripts.py", path, path)


@pytest.mark.parametrize("name", SCRIPTS)
def test_same_numbers(name: str, reference: dict[str, dict[str, Any]]) -> None:
    assert_same(SCRIPTS[name](pronghorn, pronghorn.GradientTape), reference[name])
