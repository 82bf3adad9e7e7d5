"""Keeps a BLAS that is loaded with the core from starting threads."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """Has an OpenBLAS that is loaded meanwhile start no threads.

    They would spin for the first 25 ms on the cores that the engine's own threads want. The engine
    calls it from its own threads alone, a block of a product at a time.
    """
    name = "OPENBLAS_NUM_THREADS"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
