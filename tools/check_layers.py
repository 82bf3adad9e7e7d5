"""Checks that dependencies point downward, in C++ by includes and in Python by imports.

C++: bindings -> model -> layers -> plan -> kernels -> base, and the public headers beside them.
Python: models -> layers -> activations, losses, optimizers and the like -> registry, validation,
engine; one module alone imports the compiled core. Prints each violation; the exit code is then 1.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Lowest first. Headers in cpp/include/pronghorn are plain data and interfaces of the engine: all
# but base and kernels may use them.
CPP_LEVELS = ("base", "kernels", "plan", "layers", "model", "bindings")
CPP_PUBLIC = "pronghorn"
# Vectors are for the kernels; the one file elsewhere pauses in spin loops and sets the flags for
# denormals.
INTRINSICS_HOMES = ("cpp/src/kernels/isa/", "cpp/src/base/cpu.hpp")
INTRINSICS = re.compile(r"(\w*mmintrin|immintrin|x86intrin|arm_neon|arm_sve)\.h")
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)

PYTHON_LEVELS = (
    {"config", "dtype_policies", "random"},  # and every private module that is not named below
    {
        "activations",
        "callbacks",
        "constraints",
        "datasets",
        "initializers",
        "losses",
        "metrics",
        "ops",
        "optimizers",
        "regularizers",
        "utils",
    },
    {"layers", "_graph"},
    {"models", "saving", "_data", "_columns"},
)
CORE = "pronghorn._core"
CORE_IMPORTER = "pronghorn._engine"


def cpp_violations(cpp: Path) -> Iterator[str]:
    """Yields a message for each include that points upward or sits in the wrong place."""
    for path in sorted(p for p in cpp.rglob("*") if p.suffix in {".cpp", ".hpp"}):
        parts = path.relative_to(cpp).parts
        home = parts[1] if parts[0] == "src" else parts[0]
        home = CPP_PUBLIC if home == "include" else home
        for name in INCLUDE.findall(path.read_text()):
            where = f"{path.relative_to(cpp.parent)}: includes {name}"
            top = name.split("/")[0]
            if name.startswith("pybind11/") or name == "Python.h":
                if home != "bindings":
                    yield f"{where}; only cpp/bindings knows Python"
            elif INTRINSICS.fullmatch(name):
                if not path.relative_to(cpp.parent).as_posix().startswith(INTRINSICS_HOMES):
                    yield f"{where}; intrinsics belong in cpp/src/kernels/isa"
            elif top == CPP_PUBLIC:
                if home in ("base", "kernels"):
                    yield f"{where}; base and kernels stand below the public interface"
            elif top in CPP_LEVELS:
                if home == CPP_PUBLIC:
                    yield f"{where}; public headers include public headers only"
                elif CPP_LEVELS.index(top) > CPP_LEVELS.index(home):
                    yield f"{where}; {home} stands below {top}"


def python_level(module: str) -> int:
    """The level of a module of the package, 0 the lowest."""
    parts = module.split(".")
    if len(parts) == 1:
        return len(PYTHON_LEVELS)
    for level, names in enumerate(PYTHON_LEVELS):
        if parts[1] in names:
            return level
    helper = parts[1].startswith("_") and parts[1] not in ("__main__", "_bench", "_cli", "_demo")
    return 0 if helper else len(PYTHON_LEVELS)


class _Imports(ast.NodeVisitor):
    """Collects what a module imports when it runs; imports for the type checker do not count."""

    def __init__(self, module: str, is_package: bool, known: set[str]) -> None:
        self._package = module.split(".") if is_package else module.split(".")[:-1]
        self._known = known
        self.found: list[tuple[int, str]] = []

    def visit_If(self, node: ast.If) -> None:
        test = node.test
        name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", None)
        for child in node.orelse if name == "TYPE_CHECKING" else [*node.body, *node.orelse]:
            self.visit(child)

    def visit_Import(self, node: ast.Import) -> None:
        self.found += [(node.lineno, alias.name) for alias in node.names]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = self._package[: len(self._package) - node.level + 1] if node.level else []
        source = ".".join([*base, *([node.module] if node.module else [])])
        for alias in node.names:
            name = f"{source}.{alias.name}"
            self.found.append((node.lineno, name if name in self._known else source))


def python_violations(package: Path) -> Iterator[str]:
    """Yields a message for each import that points upward or reaches the core from elsewhere."""
    modules = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    importers = set()
    for module, path in modules.items():
        imports = _Imports(module, path.name == "__init__.py", {*modules, CORE})
        imports.visit(ast.parse(path.read_text(), str(path)))
        for line, name in imports.found:
            if name.split(".")[0] != "pronghorn":
                continue
            where = f"{path.relative_to(package.parent.parent)}:{line}: imports {name}"
            if name == CORE:
                importers.add(module)
                if module != CORE_IMPORTER:
                    yield f"{where}; only {CORE_IMPORTER} does"
            elif python_level(name) > python_level(module):
                yield f"{where}, which stands above it"
    if CORE_IMPORTER not in importers:
        yield f"{CORE_IMPORTER} does not import {CORE}"


def main() -> int:
    """Prints the violations."""
    violations = [
        *cpp_violations(ROOT / "cpp"),
        *python_violations(ROOT / "python" / "pronghorn"),
    ]
    for violation in violations:
        print(violation)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
