"""Scripts of several fields give what they give in Keras.

Keras runs them in a process of its own, on the TensorFlow backend.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _domain_scripts import SCRIPTS

import pronghorn

if importlib.util.find_spec("tensorflow") is None:
    pytest.skip("TensorFlow is not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Keras finds, by script and name."""
    path = tmp_path_factory.mktemp("keras") / "found.npz"
    program = Path(__file__).with_name("_domain_scripts.py")
    run = subprocess.run(
        [sys.executable, str(program), str(path)], capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 0, run.stderr[-3000:]
    with np.load(path) as found:
        return dict(found)


@pytest.mark.parametrize("name", SCRIPTS)
def test_same_results(name: str, reference: dict[str, Any]) -> None:
    found = SCRIPTS[name](pronghorn, pronghorn.GradientTape)
    expected = {
        key.partition("|")[2]: value
        for key, value in reference.items()
        if key.partition("|")[0] == name
    }
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        ours = np.asarray(found[key])
        assert ours.shape == value.shape, key
        if value.dtype.kind == "U":
            assert ours.tolist() == value.tolist(), key
        else:
            np.testing.assert_allclose(ours, value, rtol=3e-4, atol=3e-5, err_msg=key)
