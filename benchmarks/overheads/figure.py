"""One measured figure, and clocks that several contestants share."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Figure:
    """A value, its target, and what it was computed from."""

    name: str
    value: float
    unit: str
    target: float
    at_least: bool = False  # otherwise the target is the most that is allowed
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def held(self) -> bool:
        return self.value >= self.target if self.at_least else self.value <= self.target

    @property
    def target_text(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.target:g} {self.unit}"

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "held": self.held}


def interleaved(
    calls: Mapping[str, Callable[[], object]], rounds: int, seconds: float
) -> dict[str, list[float]]:
    """Seconds a call of each, one entry a round; every round begins with another one.

    Args:
        calls: What to compare.
        rounds: How often each is measured.
        seconds: Wanted length of one measurement.
    """
    repeats = {}
    for name, call in calls.items():
        call()  # warms up
        count, spent = 1, 0.0
        while True:
            spent = _seconds(call, count)
            if spent > seconds / 8:
                break
            count *= 4
        repeats[name] = max(1, round(seconds * count / spent))
    found: dict[str, list[float]] = {name: [] for name in calls}
    names = list(calls)
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            found[name].append(_seconds(calls[name], repeats[name]) / repeats[name])
    return found


def _seconds(call: Callable[[], object], count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        call()
    return time.perf_counter() - start


def median_seconds(call: Callable[[], object], rounds: int = 15, seconds: float = 0.02) -> float:
    """Median over rounds of the seconds of one call."""
    return statistics.median(interleaved({"": call}, rounds, seconds)[""])


def percent_more(found: Mapping[str, list[float]], name: str, base: str) -> float:
    """By how many percent `name` takes longer than `base`: the median over pairs of one round."""
    pairs = zip(found[name], found[base], strict=True)
    return 100.0 * (statistics.median(a / b for a, b in pairs) - 1.0)
