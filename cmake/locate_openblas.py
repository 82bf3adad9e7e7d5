"""Prints library and licence of the scipy-openblas32 wheel as a CMake list."""

import sys
from importlib.metadata import distribution
from pathlib import Path

import scipy_openblas32

stem = f"lib{scipy_openblas32.get_library()}"
library_dir = Path(scipy_openblas32.get_lib_dir())
libraries = [library_dir / (stem + suffix) for suffix in (".so", ".dylib")]
licences = [
    Path(str(file.locate()))
    for file in distribution("scipy-openblas32").files or []
    if file.name.upper().startswith("LICENSE")
]
found = [path for path in libraries if path.exists()]
if not found or not licences:
    sys.exit(f"no library {stem} in {library_dir}, or no licence beside it")
print(found[0], licences[0], sep=";")
