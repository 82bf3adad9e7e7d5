"""The repository's own checks find what they are for, and nothing else."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, TOOLS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


layers = load("check_layers")
omp = load("check_omp")


@pytest.mark.parametrize(
    ("file", "include", "allowed"),
    [
        ("src/model/plan.cpp", '"layers/dense.hpp"', True),
        ("src/layers/dense.cpp", '"model/plan.hpp"', False),
        ("src/layers/dense.cpp", '"pronghorn/spec.hpp"', True),
        ("src/kernels/blas.cpp", '"base/memory.hpp"', True),
        ("src/kernels/blas.cpp", '"pronghorn/spec.hpp"', False),
        ("src/base/memory.cpp", '"kernels/blas.hpp"', False),
        ("include/pronghorn/model.hpp", '"model/plan.hpp"', False),
        ("include/pronghorn/model.hpp", '"pronghorn/spec.hpp"', True),
        ("bindings/module.cpp", "<pybind11/pybind11.h>", True),
        ("src/model/plan.cpp", "<pybind11/pybind11.h>", False),
        ("src/kernels/isa/vec_avx2.hpp", "<immintrin.h>", True),
        ("src/kernels/body/math.hpp", "<immintrin.h>", False),
    ],
)
def test_cpp_includes(tmp_path: Path, file: str, include: str, allowed: bool) -> None:
    path = tmp_path / "cpp" / file
    path.parent.mkdir(parents=True)
    path.write_text(f"#include {include}\n")
    assert (not list(layers.cpp_violations(tmp_path / "cpp"))) == allowed


@pytest.mark.parametrize(
    ("file", "line", "allowed"),
    [
        ("models/_model.py", "from pronghorn.layers import Dense", True),
        ("models/_model.py", "from pronghorn import layers, losses", True),
        ("layers/dense.py", "from pronghorn.models import Sequential", False),
        ("layers/dense.py", "from ..models import Sequential", False),
        ("layers/dense.py", "from pronghorn import models", False),
        ("layers/dense.py", "def f():\n    from pronghorn import models", False),
        ("layers/dense.py", "if TYPE_CHECKING:\n    from pronghorn import models", True),
        ("layers/dense.py", "from pronghorn import _core", False),
        ("layers/dense.py", "import pronghorn._core", False),
        ("_registry.py", "from pronghorn import losses", False),
        ("__main__.py", "from pronghorn import models", True),
    ],
)
def test_python_imports(tmp_path: Path, file: str, line: str, allowed: bool) -> None:
    package = tmp_path / "python" / "pronghorn"
    for folder in ("layers", "losses", "models"):
        (package / folder).mkdir(parents=True)
        (package / folder / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "_engine.py").write_text("from pronghorn import _core\n")
    (package / file).write_text(f"{line}\n")
    assert (not list(layers.python_violations(package))) == allowed


def test_core_must_be_imported_by_its_module(tmp_path: Path) -> None:
    (tmp_path / "pronghorn").mkdir()
    (tmp_path / "pronghorn" / "__init__.py").touch()
    assert list(layers.python_violations(tmp_path / "pronghorn"))


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("#pragma omp parallel num_threads(n)\n", []),
        ("\n#pragma omp parallel\n", [2]),
        ("#pragma omp parallel for \\\n    schedule(static)\n#pragma omp parallel\n", [1, 3]),
        ("#pragma omp parallel for \\\n    num_threads(2)\n", []),
        ("# pragma  omp  parallel default(none)\n", [1]),
        ("#pragma omp barrier\n#pragma omp for\n", []),
        ('#define RUN _Pragma("omp parallel")\n', [1]),
    ],
)
def test_openmp_regions(source: str, lines: list[int]) -> None:
    assert [line for line, _ in omp.violations(source)] == lines
