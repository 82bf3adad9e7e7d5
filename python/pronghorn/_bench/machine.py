"""What the numbers were measured on."""

from __future__ import annotations

import contextlib
import datetime
import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

_PACKAGES = (
    "pronghorn",
    "torch",
    "jax",
    "keras",
    "tensorflow",
    "tensorflow-cpu",
    "scikit-learn",
    "onnxruntime",
    "numpy",
)


def _cpu() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def versions() -> dict[str, str]:
    """The installed ones of the libraries that are compared."""
    found = {}
    for package in _PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return found


def _engine() -> dict[str, Any]:
    try:
        from pronghorn import _engine as engine
    except ImportError:
        return {}
    info = engine.info()
    return {key: info.get(key) for key in ("isa", "isas", "blas", "blas_version", "compiler")}


def describe(threads: int, dtype: str) -> dict[str, Any]:
    """CPU, processors, the instruction set and BLAS of pronghorn, versions, threads and date."""
    return {
        "cpu": _cpu(),
        "processors": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        **_engine(),
        "versions": versions(),
        "threads": threads,
        "dtype": dtype,
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    }
