"""Every test runs the same code in Keras (JAX backend) and in pronghorn."""

import os
import sys
from pathlib import Path

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("JAX_PLATFORMS", "cpu")
# Hundreds of little programs run once each: the time goes into compiling them.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true",
)

import numpy as np
import pytest

# The helpers of this folder, under pytest's importlib mode too.
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent))

# A program of its own: it imports Keras's NumPy backend, which would replace parts of this one.
collect_ignore = ["_random_model_checks.py"]

try:
    import keras  # noqa: F401 - whether it works, not only whether it is there
except ImportError as error:
    _REASON = f"parity with Keras needs tests/parity/requirements.txt installed: {error}"
    collect_ignore_glob = ["*.py"]

    def pytest_report_header() -> str:
        return _REASON


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Warnings of Keras and JAX themselves are not ours to fail on."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore:::(keras|jax|numpy|ml_dtypes)"))


@pytest.fixture(autouse=True)
def _fresh_session() -> None:
    """Automatic layer names begin at the same number in both libraries."""
    from _pairs import LIBRARIES

    for library in LIBRARIES:
        library.utils.clear_session(free_memory=False)
        library.utils.set_random_seed(0)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20240229)
