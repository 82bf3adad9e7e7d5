"""A pass over batches that come one by one, in the shape of the engine's `Run`."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from pronghorn._engine import Results, Run
    from pronghorn.models._feed import Feed


class BatchRun:
    """Runs each batch as it comes and adds up the results.

    Args:
        feeds: Batches, checked and converted.
        start: Begins a run of one batch.
    """

    def __init__(self, feeds: Iterator[Feed], start: Callable[[Feed], Run]) -> None:
        self._feeds, self._start = feeds, start
        self._waiting: deque[Feed] = deque()
        self._results: Any = None

    def ready(self, count: int) -> int:
        """Fetches up to `count` batches; gives how many are there, 0 at the end."""
        while len(self._waiting) < count:
            feed = next(self._feeds, None)
            if feed is None:
                break
            self._waiting.append(feed)
        return min(count, len(self._waiting))

    def first(self) -> Feed | None:
        """The next batch, which stays the next; None at the end."""
        return self._waiting[0] if self.ready(1) else None

    def advance(self, count: int, rates: Any) -> None:
        """Runs the next `count` batches, which must be ready.

        Args:
            count: How many.
            rates: Learning rates of them, or one for all.
        """
        for i in range(count):
            run = self._start(self._waiting.popleft())
            run.advance(1, learning_rates=rates if isinstance(rates, float) else rates[i : i + 1])
            results = run.results()
            self._results = (
                results if self._results is None else add_results(self._results, results)
            )

    def results(self) -> Results:
        """Results of all batches so far; there must be one."""
        return cast("Results", self._results)


def add_results(a: Any, b: Any) -> Any:
    """Sums of numbers that stand at the same place of two structures."""
    if isinstance(a, dict):
        return {key: add_results(value, b[key]) for key, value in a.items()}
    if isinstance(a, (list, tuple)):
        return type(a)(add_results(x, y) for x, y in zip(a, b, strict=True))
    return a and b if isinstance(a, bool) else a + b
