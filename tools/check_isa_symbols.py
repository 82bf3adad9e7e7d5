"""Check that code compiled for one instruction set stays inside its namespace.

The sources in cpp/src/kernels/body are compiled once for each instruction set. A function with
external or weak linkage outside ``pronghorn::kernels::<isa>`` (an inline function of the standard
library, say) could be emitted with AVX-512 instructions and be chosen by the linker for every
caller, which then dies on an older machine.

Usage::

    python tools/check_isa_symbols.py BUILD_DIRECTORY

looks for ``pronghorn_kernels_<isa>.dir`` below the directory; ``<isa>=<object>...`` names the
objects instead.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

# Symbols that every object may define: emitted by the compiler, without code.
_HARMLESS = re.compile(r"^(__odr_asan|__asan|__tsan|__ubsan|DW\.ref\.)")


def object_files(arguments: list[str]) -> dict[str, list[Path]]:
    """Return the objects of each instruction set named by the command line."""
    found: dict[str, list[Path]] = {}
    for argument in arguments:
        isa, equals, path = argument.partition("=")
        if equals:
            found.setdefault(isa, []).append(Path(path))
            continue
        for directory in Path(argument).rglob("pronghorn_kernels_*.dir"):
            isa = directory.name.removeprefix("pronghorn_kernels_").removesuffix(".dir")
            found.setdefault(isa, []).extend(sorted(directory.rglob("*.o")))
    return found


def external_symbols(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the type and demangled name of each symbol that other objects could see."""
    listing = subprocess.run(
        ["nm", "--demangle", "--defined-only", "--extern-only", "--format=posix", str(path)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for line in listing.splitlines():
        # "name type value size"; a demangled name holds spaces, the other fields do not.
        match = re.match(r"^(.*) ([A-Za-z]) [0-9a-f]+( [0-9a-f]+)?$", line)
        if match:
            yield match[2], match[1]


def is_inside(name: str, isa: str) -> bool:
    """Tell whether a demangled name belongs to the namespace of the instruction set.

    The namespace must hold the entity itself and not merely one of its template arguments.

    Example:
        >>> is_inside("pronghorn::kernels::avx2::isa_name()", "avx2")
        True
        >>> is_inside("vtable for pronghorn::kernels::avx2::Thing", "avx2")
        True
        >>> is_inside("Thing<float> pronghorn::kernels::avx2::make<float>()", "avx2")
        True
        >>> local = "pronghorn::kernels::avx2::A::f() const::{lambda()#1}::operator()() const"
        >>> is_inside(local, "avx2")
        True
        >>> is_inside("void std::swap<pronghorn::kernels::avx2::Thing>(int&)", "avx2")
        False
        >>> is_inside("pronghorn::kernels::avx512::isa_name()", "avx2")
        False
    """
    entity = name.replace(" const", "")
    while True:  # what stands in angle brackets or parentheses cannot name the entity
        shorter = re.sub(r"<[^<>()]*>|\((?!anonymous namespace)[^<>()]*\)", "", entity)
        if shorter == entity:
            break
        entity = shorter
    return any(
        word.lstrip("*&").startswith(f"pronghorn::kernels::{isa}::") for word in entity.split()[-2:]
    )


def main(arguments: list[str]) -> int:
    """Run the check and return the process's exit status."""
    objects = object_files(arguments)
    if not objects:
        print("check_isa_symbols: no objects of pronghorn_kernels_<isa> found", file=sys.stderr)
        return 2
    offences = 0
    for isa, paths in sorted(objects.items()):
        for path in paths:
            for kind, name in external_symbols(path):
                if not is_inside(name, isa) and not _HARMLESS.match(name):
                    print(f"{path}: {kind} {name}: outside pronghorn::kernels::{isa}")
                    offences += 1
    count = sum(len(paths) for paths in objects.values())
    print(
        f"check_isa_symbols: {count} objects of {', '.join(sorted(objects))}: {offences} offences"
    )
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
