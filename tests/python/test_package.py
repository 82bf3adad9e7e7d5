"""The package as installed: its version, and what its import leaves alone."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pronghorn
from pronghorn import _engine


def test_one_version() -> None:
    assert pronghorn.__version__ == version("pronghorn")
    assert _engine.info()["version"] == version("pronghorn")


def test_types_are_shipped() -> None:
    package = Path(pronghorn.__file__).parent
    assert (package / "py.typed").is_file()
    assert (package / "_core.pyi").is_file()


def test_heavy_modules_wait_for_their_use() -> None:
    program = (
        "import sys, numpy; before = set(sys.modules); import pronghorn; "
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert "pronghorn" in loaded
    assert not loaded & {"h5py", "pandas", "matplotlib", "scipy", "importlib.metadata"}


def test_blas_is_bundled_with_its_licence_or_of_the_system() -> None:
    from pronghorn import _core

    library_folder = Path(_core.__file__).parent / "_libs"
    if library_folder.exists():
        assert list(library_folder.glob("libscipy_openblas.*"))
        licence = (library_folder / "LICENSE-OpenBLAS.txt").read_text()
        assert "The OpenBLAS Project" in licence
    else:
        assert _engine.info()["blas"]
