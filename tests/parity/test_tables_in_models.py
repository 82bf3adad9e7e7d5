"""Models of tables with mixed columns give what they give in Keras, and files go both ways.

Keras runs them in a process of its own, on the TensorFlow backend: no other knows text.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _table_scripts import SCRIPTS, predictions_of

import pronghorn

if importlib.util.find_spec("tensorflow") is None:
    pytest.skip("TensorFlow is not installed", allow_module_level=True)

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
def reference(folder: Path, ours: dict[str, Any]) -> dict[str, Any]:
    """What Keras finds, by script and name; it reads our files, too."""
    program = Path(__file__).with_name("_table_scripts.py")
    run = subprocess.run(
        [sys.executable, str(program), str(folder)], capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 0, run.stderr[-3000:]
    with np.load(folder / "found.npz") as found:
        return dict(found)


@pytest.mark.parametrize("name", SCRIPTS)
def test_same_results(name: str, ours: dict[str, Any], reference: dict[str, Any]) -> None:
    expected = {
        key.partition("|")[2]: value
        for key, value in reference.items()
        if key.partition("|")[0] == name
    }
    assert ours[name].keys() == expected.keys()
    for key, value in expected.items():
        found = np.asarray(ours[name][key])
        assert found.shape == value.shape, key
        if value.dtype.kind == "U":
            assert found.tolist() == value.tolist(), key
        else:
            np.testing.assert_allclose(found, value, rtol=3e-4, atol=3e-5, err_msg=key)


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
