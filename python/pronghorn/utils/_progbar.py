"""A progress bar in Keras 3's format."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from pronghorn import _console
from pronghorn._arguments import check_constructor
from pronghorn._suggest import unknown

_BOLD, _GREEN, _WHITE, _PLAIN = "\x1b[1m", "\x1b[32m", "\x1b[37m", "\x1b[0m"
# Without a terminal there is nothing to redraw: a line now and then, and the last one.
_LINE_INTERVAL = 10.0


@check_constructor
class Progbar:
    """Shows how far a loop is: redrawn in place on a terminal or notebook, lines elsewhere.

    Args:
        target: Number of steps; None if unknown.
        width: Width of the bar in characters.
        verbose: 0 silent, 1 a bar, 2 one line at the end.
        interval: Least time between two redraws, in seconds.
        stateful_metrics: Names of values that are shown as they come; others are averaged.
        stateless_metrics: Names of values that are averaged; others are shown as they come. Give
            one of the two at most; with neither, all are averaged.
        unit_name: What a step is called.

    Raises:
        ValueError: If both kinds of names are given, or ``verbose`` is not 0, 1 or 2.

    Example:
        >>> bar = Progbar(3, verbose=2)
        >>> bar.update(3, [("loss", 0.5)])
        3/3 - 0s - ...s/step - loss: 0.5000
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError(
                "Give `stateful_metrics` or `stateless_metrics`, not both; received "
                f"{list(stateful_metrics)} and {list(stateless_metrics)}."
            )
        if verbose not in (0, 1, 2):
            raise unknown("verbose", verbose, ("0", "1", "2"))
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.unit_name = unit_name
        if stateless_metrics is not None:
            averaged = frozenset(stateless_metrics)
            self._is_averaged: Callable[[str], bool] = averaged.__contains__
        else:
            shown = frozenset(stateful_metrics or ())
            self._is_averaged = lambda name: name not in shown
        self._dynamic = bool(sys.stdout and sys.stdout.isatty()) or "ipykernel" in sys.modules
        self._seen = 0
        self._sums: dict[str, tuple[Any, float]] = {}
        self._start = time.time()
        self._after_first_step: float | None = None
        self._last_update = 0.0 if self._dynamic else self._start
        self._last_width = 0

    def update(
        self,
        current: int,
        values: Iterable[tuple[str, Any]] | None = None,
        finalize: bool | None = None,
    ) -> None:
        """Shows that ``current`` steps are done.

        Args:
            current: Number of steps done.
            values: Pairs of name and value to show.
            finalize: Whether this is the last call; None: when ``current`` reaches the target.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        self._take(values or (), current, finalize)
        now = time.time()
        step_time = self._step_time(current, now)
        if self.verbose == 1:
            interval = self.interval if self._dynamic else max(self.interval, _LINE_INTERVAL)
            if now - self._last_update < interval and not finalize:
                return
            self._draw(current, now, step_time, finalize)
        elif self.verbose == 2 and finalize and self.target:
            _console.print_msg(
                f"{self._count(current)} - {now - self._start:.0f}s -"
                f"{self._per_unit(step_time)}{self._shown(sign_matters=True)}"
            )
        self._last_update = now

    def add(self, n: int, values: Iterable[tuple[str, Any]] | None = None) -> None:
        """Shows that ``n`` more steps are done."""
        self.update(self._seen + n, values)

    def _take(self, values: Iterable[tuple[str, Any]], current: int, finalize: bool) -> None:
        weight = max(current - self._seen, 1)
        for name, value in values:
            total, count = self._sums.get(name, (0.0, 0.0))
            if self._is_averaged(name) and not finalize:
                self._sums[name] = (total + value * weight, count + weight)
            else:
                self._sums[name] = (value, 1.0)
        self._seen = current

    def _step_time(self, current: int, now: float) -> float:
        """Seconds a step; the first one, which prepares, is left out where it was reported."""
        if not current:
            return 0.0
        if self._after_first_step is not None and current > 1:
            mean = (now - self._after_first_step) / (current - 1)
        else:
            mean = (now - self._start) / current
        if current == 1:
            self._after_first_step = now
        return mean

    def _draw(self, current: int, now: float, step_time: float, finalize: bool) -> None:
        if self.target:
            filled = int(self.width * current / self.target)
            done = f"{_GREEN}{'━' * filled}{_PLAIN}" if filled > 0 else ""
            left = f"{_WHITE}{'━' * (self.width - filled)}{_PLAIN}"
            bar = f"{_BOLD}{self._count(current)}{_PLAIN} {done}{left}"
        else:
            bar = f"{current:7d}/Unknown"
        if self.target and not finalize:
            clock = _duration(step_time * (self.target - current))
        else:
            clock = f"{now - self._start:.0f}s"
        line = f"{bar} {_BOLD}{clock}{_PLAIN}{self._per_unit(step_time)}{self._shown()}"
        width = len(_without_colours(line))
        if self._dynamic:
            erase = "\b" * self._last_width + "\r"
            padding = " " * max(0, self._last_width - width)
            end = "\n" if finalize else ""
            _console.print_msg(f"{erase}{line}{padding}{end}", line_break=False)
        else:
            _console.print_msg(_without_colours(line))
        self._last_width = width

    def _count(self, current: int) -> str:
        target = self.target or 1
        digits = int(math.log10(target)) + 1
        return f"{current:{digits}d}/{target}"

    def _per_unit(self, seconds: float) -> str:
        if seconds >= 1 or seconds == 0:
            return f" {seconds:.0f}s/{self.unit_name}"
        if seconds >= 1e-3:
            return f" {seconds * 1e3:.0f}ms/{self.unit_name}"
        return f" {seconds * 1e6:.0f}us/{self.unit_name}"

    def _shown(self, sign_matters: bool = False) -> str:
        # Keras's line of verbose=2 prints every negative number in scientific form; so do we.
        text = ""
        for name, (total, count) in self._sums.items():
            mean = float(np.mean(total)) / max(1.0, count)
            size = mean if sign_matters else abs(mean)
            text += f" - {name}: {mean:.4f}" if size > 1e-3 else f" - {name}: {mean:.4e}"
        return text


def _duration(seconds: float) -> str:
    if seconds > 3600:
        return f"{int(seconds // 3600)}:{int(seconds % 3600 // 60):02d}:{int(seconds % 60):02d}"
    if seconds > 60:
        return f"{int(seconds // 60)}:{int(seconds % 60):02d}"
    return f"{int(seconds)}s"


def _without_colours(text: str) -> str:
    for code in (_BOLD, _GREEN, _WHITE, _PLAIN):
        text = text.replace(code, "")
    return text
