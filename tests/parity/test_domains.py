"""Scripts of several fields give what they give in Keras."""

from __future__ import annotations

from typing import Any

import pytest
from _domain_scripts import SCRIPTS
from _script_runs import assert_same, needs_tensorflow, run_program

import pronghorn

pytestmark = needs_tensorflow


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    path = tmp_path_factory.mktemp("keras") / "found.npz"
    return run_program("_domain_scripts.py", path, path)


@pytest.mark.parametrize("name", SCRIPTS)
def test_same_results(name: str, reference: dict[str, dict[str, Any]]) -> None:
    assert_same(SCRIPTS[name](pronghorn, pronghorn.GradientTape), reference[name])
