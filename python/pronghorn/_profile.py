"""Where the engine's time goes: `profile`, and the environment variable PRONGHORN_PROFILE."""

from __future__ import annotations

import functools
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from pronghorn import _engine

_Key = tuple[str, str, str]


@dataclass(frozen=True)
class ProfileLine:
    """The time of one kind of work.

    Attributes:
        purpose: "training", "evaluation", "prediction" or "tape" (gradients for the user).
        layer: Name of the layer, or empty.
        work: "forward", "dX", "dW and update", "loss", ...; "waiting" is time at barriers, "rows"
            making tables of row pointers (the gather) and the optimizer's numbers, "outputs"
            copying predictions out.
        calls: Batches.
        seconds: Mean over the threads that took part.
        flops: Floating-point operations of matrix products; the rest is not counted.
        bytes: The memory that the work must touch at least.
    """

    purpose: str
    layer: str
    work: str
    calls: int
    seconds: float
    flops: float
    bytes: float


class Profile:
    """What `profile` gives: filled when its block ends. ``print`` shows it as a table.

    Attributes:
        seconds: Time between the block's beginning and end.
        lines: One `ProfileLine` a phase, in the order of the work.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.lines: list[ProfileLine] = []

    @property
    def outside(self) -> float:
        """Seconds outside the engine: Python, conversions of data, callbacks."""
        return max(0.0, self.seconds - sum(line.seconds for line in self.lines))

    def __str__(self) -> str:
        head = ("", "layer", "work", "calls", "time", "share", "GFLOP/s", "GB/s")
        table = [head]
        purpose = None
        for line in self.lines:
            first = line.purpose if line.purpose != purpose else ""
            purpose = line.purpose
            calls = str(line.calls)
            table.append(
                (first, line.layer, line.work, calls, *self._time(line.seconds), *_rates(line))
            )
        table.append(("outside the engine", "", "", "", *self._time(self.outside), "", ""))
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = []
        for row in table:
            cells = [
                cell.ljust(width) if place < 3 else cell.rjust(width)
                for place, (cell, width) in enumerate(zip(row, widths, strict=True))
            ]
            lines.append("  ".join(cells).rstrip())
        return "\n".join(lines)

    def _time(self, seconds: float) -> tuple[str, str]:
        share = 100 * seconds / self.seconds if self.seconds else 0.0
        return f"{seconds * 1e3:.3f} ms", f"{share:.1f} %"


def _rates(line: ProfileLine) -> tuple[str, str]:
    if line.seconds <= 0:
        return "", ""
    return (
        f"{line.flops / line.seconds * 1e-9:.1f}" if line.flops else "",
        f"{line.bytes / line.seconds * 1e-9:.1f}" if line.bytes else "",
    )


def _snapshot() -> dict[_Key, dict[str, Any]]:
    """All lines so far; models with layers of the same name share lines."""
    lines: dict[_Key, dict[str, Any]] = {}
    for row in _engine.profile_lines():
        key = (row["purpose"], row["layer"], row["work"])
        if key in lines:
            for what in ("calls", "flops", "bytes"):
                lines[key][what] += row[what]
            both = zip_longest(lines[key]["seconds"], row["seconds"], fillvalue=0.0)
            lines[key]["seconds"] = [a + b for a, b in both]
        else:
            lines[key] = dict(row)
    return lines


@contextmanager
def profile() -> Iterator[Profile]:
    """Times what the engine does in a ``with`` block, by layer and kind of work.

    It sees all models and threads of the process. Within the block every phase and every
    barrier cost a reading of the clock more (about 25 ns), which very small networks feel; outside
    nothing is timed.
    Results are the same bits as without.

    With the environment variable ``PRONGHORN_PROFILE=1``, every ``fit``, ``evaluate`` and
    ``predict`` prints such a table to standard error.

    Yields:
        A `Profile`, empty until the block ends.

    Example:
        >>> import numpy as np
        >>> import pronghorn as keras
        >>> model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(4, name="hidden")])
        >>> with keras.profile() as report:
        ...     y = model.predict(np.ones((10, 6), "float32"), verbose=0)
        >>> line = report.lines[0]
        >>> line.layer, line.work, line.flops  # 2 * 10 * 6 * 4
        ('hidden', 'forward', 480.0)
    """
    report = Profile()
    before = _snapshot()
    _engine.start_profiling()
    start = time.perf_counter()
    try:
        yield report
    finally:
        report.seconds = time.perf_counter() - start
        _engine.stop_profiling()
        report.lines = list(_difference(before, _snapshot()))


def _difference(
    before: dict[_Key, dict[str, Any]], after: dict[_Key, dict[str, Any]]
) -> Iterator[ProfileLine]:
    spent = {
        key: [
            now - then
            for now, then in zip_longest(
                row["seconds"], before.get(key, {}).get("seconds", ()), fillvalue=0.0
            )
        ]
        for key, row in after.items()
    }
    members: dict[str, set[int]] = {}
    for key, threads in spent.items():
        took_part = members.setdefault(key[0], set())
        took_part.update(number for number, seconds in enumerate(threads) if seconds > 0)
    for key, row in after.items():
        seconds = sum(spent[key])
        old = before.get(key, {})
        counts = {what: row[what] - old.get(what, 0) for what in ("calls", "flops", "bytes")}
        if seconds > 0 and counts["calls"] > 0:  # a phase whose work another did has none
            yield ProfileLine(*key, seconds=seconds / len(members[key[0]]), **counts)


def wanted() -> bool:
    """Whether PRONGHORN_PROFILE asks for tables.

    Raises:
        ValueError: If it is neither 0 nor 1.
    """
    value = os.environ.get("PRONGHORN_PROFILE", "")
    if value not in ("", "0", "1"):
        raise ValueError(f"PRONGHORN_PROFILE must be 0 or 1. Received: {value!r}")
    return value == "1"


_open_calls = 0


def printing(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method, followed by its profile on standard error; calls within it print nothing."""

    @functools.wraps(method)
    def profiled(*args: Any, **kwargs: Any) -> Any:
        global _open_calls
        if _open_calls:
            return method(*args, **kwargs)
        _open_calls += 1
        try:
            with profile() as report:
                result = method(*args, **kwargs)
        finally:
            _open_calls -= 1
        print(f"profile of {method.__name__}:\n{report}", file=sys.stderr)
        return result

    return profiled
