"""What all tests share."""

import signal
import sys
from pathlib import Path

import pytest

# The helpers of this folder and of all tests, under pytest's importlib mode too.
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent))


@pytest.fixture(scope="session", autouse=True)
def interruptible():
    """Ctrl-C raises KeyboardInterrupt even where a shell started Python with SIGINT ignored, as it
    does for jobs in the background."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


@pytest.fixture(autouse=True)
def own_dtype_policy(monkeypatch):
    """A policy that a test sets goes with the test: as long as it stands, `set_floatx` is idle."""
    monkeypatch.setattr("pronghorn.config._policy._policy", None)
