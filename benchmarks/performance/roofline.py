"""The roofline of the training workloads (Williams, Waterman and Patterson, 2009)."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

from pronghorn._bench.workloads import WORKLOADS


def draw(path: Path, documents: list[dict[str, Any]]) -> None:
    """Operations a second over operations a byte, below what the machine can do at most.

    Args:
        path: An SVG file; its text stays text.
        documents: Results of ``benchmarks.peers``, training, float32, one thread count each.
    """
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.fonttype"] = "none"
    matplotlib.rcParams["svg.hashsalt"] = "pronghorn"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.5), layout="constrained")
    for document, colour in zip(documents, ("#1f77b4", "#d62728"), strict=False):
        own = [m for m in document["measurements"] if m["peer"] == "pronghorn" and m["median"]]
        own = [m for m in own if m["peaks"]]
        peak = statistics.median(p for m in own for p in m["peaks"])
        bandwidth = statistics.median(m["bandwidth"] for m in own)
        threads = document["machine"]["threads"]
        ridge = peak / bandwidth
        axes.plot(
            [0.2, ridge, 3000],
            [0.2 * bandwidth / 1e9, peak / 1e9, peak / 1e9],
            color=colour,
            label=f"threads: {threads}",
        )
        for m in own:
            workload = WORKLOADS[m["case"]]
            flops = workload.flops_per_sample * workload.batch_size
            intensity = flops / workload.bytes_per_step(4)
            speed = m["median"] * workload.flops_per_sample / 1e9
            axes.plot([intensity], [speed], "o", color=colour, markersize=4)
            axes.annotate(
                workload.name, (intensity, speed), (3, -9), textcoords="offset points", fontsize=7
            )
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="operations of the products a byte that a step must touch",
        ylabel="GFLOP/s",
    )
    axes.legend()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
