"""The sweep as one picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def draw(path: Path, what: str, rows: list[dict[str, Any]]) -> None:
    """Speed against the best peer by arithmetic, or cost of one more by size."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4), layout="constrained")
    if what == "nets":
        for dtype, marker in (("float32", "o"), ("float64", "s")):
            chosen = [r for r in rows if r["ratio"] and r["net"].endswith(dtype)]
            axes.plot(
                [r["flops_per_sample"] for r in chosen],
                [r["ratio"] for r in chosen],
                marker,
                label=dtype,
            )
        axes.set(xscale="log", yscale="log", ylabel="speed against the best of the others")
        axes.set_xlabel("floating-point operations a sample and step")
        axes.axhline(1, color="black", linewidth=1)
    else:
        for kind in dict.fromkeys(r["kind"] for r in rows):
            chosen = [r for r in rows if r["kind"] == kind]
            axes.plot([r["size"] for r in chosen], [r["excess"] for r in chosen], ".-", label=kind)
        axes.set(xscale="log", xlabel="size n", ylabel="time of n + 1 over n, beyond arithmetic")
        axes.axhline(1.15, color="black", linewidth=1)
    axes.legend()
    figure.savefig(path)
    pyplot.close(figure)
