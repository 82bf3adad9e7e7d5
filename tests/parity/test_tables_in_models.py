"""Models of tables with mixed columns give what they give in Keras, and files go both ways.

Keras runs them on its TensorFlow backend: no other knows text.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _script_runs import assert_same, needs_tensorflow, run_program
from _table_scripts import SCRIPTS, predictions_of

import pronghorn

pytestmark = needs_tensorflow

FILES = ("mixed", "space_concat", "space_dict", "file")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


@pytest.fixture(scope="module")
def ours(folder: Path) -> dict[str, Any]:
    """What this library finds, by script."""
    found = {}
    for name, run in SCRIPTS.items():
        pronghorn.utils.clear_session()
        found[name] = run(pronghorn, folder)
    return found


@pytest.fixture(scope="module")
def reference(folder: Path, ours: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What Keras finds, by script and name; it reads our files, too."""
    return run_program("_table_scripts.py", folder, folder / "found.npz")


@pytest.mark.parametrize("name", SCRIPTS)
def test_same_results(
    name: str, ours: dict[str, Any], reference: dict[str, dict[str, Any]]
) -> None:
    assert_same(ours[name], reference[name])


@pytest.mark.parametrize("name", FILES)
def test_keras_reads_our_files(name: str, folder: Path, reference: dict[str, Any]) -> None:
    path = folder / f"ours_{name}.keras"
    with np.load(folder / "read.npz") as read:
        np.testing.assert_allclose(
            read[path.name], predictions_of(pronghorn, path), rtol=1e-5, atol=1e-6
        )


@pytest.mark.parametrize("name", FILES)
def test_we_read_files_of_keras(name: str, folder: Path, reference: dict[str, Any]) -> None:
    """Both libraries saved models with the same weights."""
    found = predictions_of(pronghorn, folder / f"theirs_{name}.keras")
    expected = predictions_of(pronghorn, folder / f"ours_{name}.keras")
    np.testing.assert_allclose(found, expected, rtol=3e-4, atol=3e-5)
