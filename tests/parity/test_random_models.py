"""500 random functional models of Keras: configurations, values, losses, gradients, steps."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

MODELS, WORKERS = 500, 2


@pytest.fixture(scope="module")
def workers() -> Iterator[list[subprocess.Popen[str]]]:
    """Side by side, each with every other seed. Keras has one backend a process: here NumPy."""
    program = Path(__file__).parent / "_random_model_checks.py"
    started = [
        subprocess.Popen(
            [sys.executable, str(program), str(first), str(MODELS), str(WORKERS)],
            env={**os.environ, "KERAS_BACKEND": "numpy"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for first in range(WORKERS)
    ]
    yield started
    for worker in started:
        worker.kill()
        worker.wait()


@pytest.mark.parametrize("number", range(WORKERS))
def test_random_models(workers: list[subprocess.Popen[str]], number: int) -> None:
    found, errors = workers[number].communicate(timeout=600)
    assert workers[number].returncode == 0, found or errors
    assert found.splitlines()[-1].endswith("models agree")
