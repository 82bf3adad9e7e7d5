"""RESULTS.md from the JSON files of all measurements."""

from __future__ import annotations

import statistics
from typing import Any

from pronghorn._bench import report
from pronghorn._bench.rounds import Measurement

_HEAD = """# Results

Written by `python -m benchmarks.performance write`; every table says which command measured it.
Rates are medians of interleaved rounds, every library at its best settings and from the same
weights; a ratio below 1 is a loss. `% FMA` and `% STREAM` are pronghorn's share of multiply-adds
and of the memory bandwidth that its own process probed beside the measurement. A step's bytes are
counted as if nothing stayed in a cache but the data at hand, so a network that fits the caches may
show more than 100 % of STREAM.

"""


def _machine(document: dict[str, Any]) -> str:
    machine = document["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return (
        f"{machine['cpu']}, {machine['processors']} processors, {machine['isa']}; "
        f"{machine['system']}; Python {machine['python']}; {machine['compiler']}; "
        f"{machine['blas']} {machine['blas_version']}; {versions}. {machine['date']}."
    )


def _peers(document: dict[str, Any]) -> str:
    names = Measurement.__dataclass_fields__
    measurements = [
        Measurement(**{k: v for k, v in m.items() if k in names}) for m in document["measurements"]
    ]
    machine, mode = document["machine"], document["mode"]
    threads, dtype = machine["threads"], machine["dtype"]
    what = "Training, samples/s" if mode == "train" else "Prediction, time of a call by its rows"
    words = "thread" if threads == 1 else "threads"
    command = f"python -m benchmarks.peers --mode {mode} --threads {threads} --dtype {dtype}"
    lost = [
        f"{case} ({report.ratio(group):.2f}×)"
        for case, group in report.by_case(measurements).items()
        if (report.ratio(group) or 1.0) < 1
    ]
    text = f"## {what}: {dtype}, {threads} {words}\n\n`{command}`, {machine['date']}\n\n"
    text += report.markdown(measurements, mode)
    text += f"\nLost: {', '.join(lost) if lost else 'none'}.\n"
    failed = [f"{m.case} by {m.peer}: {m.failure}" for m in measurements if m.failure]
    return text + (f"\nNot measured: {'; '.join(failed)}.\n" if failed else "")


def _nets(document: dict[str, Any]) -> str:
    rows = sorted((r for r in document["rows"] if r["ratio"]), key=lambda r: r["seed"])
    ratios = [r["ratio"] for r in rows]
    lost = sum(value < 1 for value in ratios)
    lines = [
        f"## {len(rows)} random networks\n",
        f"`python -m benchmarks.sweep nets --threads {document['machine']['threads']}`, "
        f"{document['machine']['date']}. Median {statistics.median(ratios):.2f}×, least "
        f"{min(ratios):.2f}×, {lost} lost.\n",
        "| seed | network | pronghorn, samples/s | best of the others | ratio |",
        "|---|---|---|---|---|",
    ]
    for r in rows:
        own = statistics.median(r["rates"]["pronghorn"])
        lines.append(
            f"| {r['seed']} | {r['net']} | {own:,.0f} | {r['best']}, "
            f"{own / r['ratio']:,.0f} | {r['ratio']:.2f}× |"
        )
    return "\n".join(lines) + "\n"


def _cliffs(document: dict[str, Any]) -> str:
    rows = document["rows"]
    found = [r for r in rows if r["excess"] > 1.15]
    lines = [
        "## Cliffs\n",
        f"`python -m benchmarks.sweep cliffs`, {document['machine']['date']}. Of {len(rows)} pairs "
        f"of neighbouring shapes, {len(found)} cost more than 15 % beyond the arithmetic:\n",
        "| what grows | size | ns a sample | of the next size | beyond the arithmetic |",
        "|---|---|---|---|---|",
    ]
    for r in found:
        lines.append(
            f"| {r['kind']} | {r['size']} | {r['seconds'] * 1e9:,.0f} | "
            f"{r['next_seconds'] * 1e9:,.0f} | {100 * (r['excess'] - 1):+.0f} % |"
        )
    return "\n".join(lines) + "\n"


def markdown(documents: list[dict[str, Any]], note: str) -> str:
    """The whole page; documents are told apart by what they hold."""
    parts = [_HEAD + _machine(documents[0]) + "\n"]
    if note:
        parts.append(note + "\n")
    for document in documents:
        if "mode" in document:
            parts.append(_peers(document))
        elif document["what"] == "nets":
            parts.append(_nets(document))
        elif document["what"] == "cliffs":
            parts.append(_cliffs(document))
    return "\n".join(parts)
