"""Runs programs of scripts on Keras and compares what the scripts find on pronghorn.

Keras has one backend a process: the programs run on TensorFlow's in a process of their own.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

needs_tensorflow = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None, reason="TensorFlow is not installed"
)


def run_program(name: str, target: Path, found: Path) -> dict[str, dict[str, Any]]:
    """What the scripts of a program find on Keras, by script and name.

    Args:
        name: The program's file in this folder.
        target: The program's argument.
        found: The file that it writes.
    """
    program = Path(__file__).with_name(name)
    run = subprocess.run(
        [sys.executable, str(program), str(target)], capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 0, run.stderr[-3000:]
    by_script: dict[str, dict[str, Any]] = {}
    with np.load(found) as values:
        for key, value in values.items():
            script, _, name = key.partition("|")
            by_script.setdefault(script, {})[name] = value
    return by_script


def assert_same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """The same names; text that is equal, numbers that are close."""
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        ours = np.asarray(found[key])
        assert ours.shape == value.shape, key
        if value.dtype.kind == "U":
            assert ours.tolist() == value.tolist(), key
        else:
            np.testing.assert_allclose(ours, value, rtol=3e-4, atol=3e-5, err_msg=key)
