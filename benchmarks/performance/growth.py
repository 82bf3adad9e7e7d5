"""How the cost of a training sample grows when one size of a network does."""

from __future__ import annotations

import statistics
from typing import Any

from benchmarks.sweep.cliffs import Net
from pronghorn import _engine

_BASE = {"width": 128, "depth": 2, "batch": 64, "rows": 8192}
_SIZES = {
    "width": (8, 16, 32, 64, 128, 256, 512, 1024, 2048),
    "depth": (1, 2, 4, 8, 16, 32),
    "batch": (1, 4, 16, 64, 256, 1024),
    "rows": (1_000, 10_000, 100_000, 1_000_000),
}
_ROUNDS = 5


def measure(threads: int) -> list[dict[str, Any]]:
    """Nanoseconds a sample of 64-(width x depth)-10, relu, Adam, float32."""
    _engine.set_num_threads(threads)
    found = []
    for what, sizes in _SIZES.items():
        for size in sizes:
            shape = {**_BASE, what: size}
            dims = (64, *[shape["width"]] * shape["depth"], 10)
            rows = shape["rows"] if what == "rows" else None
            net = Net(dims, shape["batch"], training=True, rows=rows)
            seconds = statistics.median(net.seconds() for _ in range(_ROUNDS))
            found.append(
                {
                    "what": what,
                    "size": size,
                    "threads": threads,
                    "nanoseconds": 1e9 * seconds,
                    "gflops": 1e-9 * net.flops / seconds,
                }
            )
    return found


def markdown(rows: list[dict[str, Any]]) -> str:
    """What grows, and the cost of a sample by thread count."""
    lines = ["| what grows | size | threads | ns a sample | GFLOP/s |", "|---|---|---|---|---|"]
    for row in rows:
        lines.append(
            f"| {row['what']} | {row['size']:,} | {row['threads']} | {row['nanoseconds']:,.0f} | "
            f"{row['gflops']:.1f} |"
        )
    return "\n".join(lines) + "\n"
