"""Results as a Markdown table, JSON and a plot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .registry import PRONGHORN
from .rounds import Measurement


def _rate(value: float | None) -> str:
    if value is None:
        return "–"
    for limit, unit in ((1e6, " M"), (1e3, " k")):
        if value >= 0.9995 * limit:  # three digits round up to it
            return f"{value / limit:.3g}{unit}"
    return f"{value:.3g}"


def _duration(rows: int, rate: float | None) -> str:
    if rate is None:
        return "–"
    microseconds = 1e6 * rows / rate
    return f"{microseconds / 1e3:.3g} ms" if microseconds >= 999.5 else f"{microseconds:.3g} µs"


def best_peer(measurements: list[Measurement]) -> Measurement | None:
    """The fastest that is not pronghorn itself."""
    others = [m for m in measurements if not m.peer.startswith(PRONGHORN) and m.rate]
    return max(others, key=lambda m: m.rate or 0.0, default=None)


def ratio(measurements: list[Measurement]) -> float | None:
    """Pronghorn's rate over the best peer's; None if one of them is not there."""
    own = next((m.rate for m in measurements if m.peer == PRONGHORN), None)
    best = best_peer(measurements)
    return own / best.rate if own and best and best.rate else None


def by_case(measurements: list[Measurement]) -> dict[str, list[Measurement]]:
    """In the order of measurement."""
    cases: dict[str, list[Measurement]] = {}
    for m in measurements:
        cases.setdefault(m.case, []).append(m)
    return cases


def markdown(measurements: list[Measurement], mode: str) -> str:
    """Case × peer: samples per second, or the time of one call; and pronghorn / best peer.

    Training has two absolutes beside it: percent of the multiply-adds and of the memory bandwidth
    that pronghorn's process probed.
    """
    peers = list(dict.fromkeys(m.peer for m in measurements))
    first = "workload" if mode == "train" else "rows"
    absolutes = ["% FMA", "% STREAM"] if mode == "train" else []
    lines = [
        f"| {first} | " + " | ".join([*peers, "best peer", "pronghorn / best", *absolutes]) + " |",
        "|---" * (len(peers) + 3 + len(absolutes)) + "|",
    ]
    for case, group in by_case(measurements).items():
        rates = {m.peer: m.rate for m in group}
        if mode == "train":
            cells = [_rate(rates.get(peer)) for peer in peers]
        else:
            cells = [_duration(int(case), rates.get(peer)) for peer in peers]
        best, quotient = best_peer(group), ratio(group)
        cells += [best.peer if best else "–", f"{quotient:.2f}×" if quotient else "–"]
        if absolutes:
            own = next((m for m in group if m.peer == PRONGHORN), None)
            for value in (own and own.percent_fma, own and own.percent_stream):
                cells.append(f"{value:.0f}" if value else "–")
        lines.append(f"| {case} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def write_json(
    path: Path,
    machine: dict[str, Any],
    measurements: list[Measurement],
    missing: dict[str, list[str]],
    mode: str,
) -> None:
    """Everything, with the rate of every round; added to what the file holds already."""
    new = [m.as_json() for m in measurements]
    if path.exists():
        new = [*json.loads(path.read_text())["measurements"], *new]
    document = {
        "mode": mode,
        "machine": machine,
        "missing": missing,
        "measurements": new,
    }
    path.write_text(json.dumps(document, indent=1) + "\n")


def plot(path: Path, machine: dict[str, Any], measurements: list[Measurement]) -> None:
    """One group of bars a case, samples per second on a logarithmic axis."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    cases = by_case(measurements)
    peers = list(dict.fromkeys(m.peer for m in measurements))
    figure, axes = pyplot.subplots(figsize=(1.0 + 1.8 * len(cases), 4.5), layout="constrained")
    width = 0.85 / len(peers)
    colours = pyplot.get_cmap("tab20")
    for number, peer in enumerate(peers):
        rates = [next((m.rate for m in g if m.peer == peer), None) for g in cases.values()]
        places = [place + (number - (len(peers) - 1) / 2) * width for place in range(len(cases))]
        colour = "black" if peer == PRONGHORN else colours(number % 20)
        axes.bar(places, [r or 0.0 for r in rates], width, label=peer, color=colour)
    axes.set_yscale("log")
    axes.set_xticks(range(len(cases)), list(cases))
    axes.set_ylabel("samples / s")
    axes.set_title(f"{machine['cpu']}, {machine['threads']} threads, {machine['dtype']}")
    axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1.0, 0.5))
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
