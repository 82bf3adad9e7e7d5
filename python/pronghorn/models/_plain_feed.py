"""The short way from an array of inputs and one of targets to a feed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pronghorn import _engine
from pronghorn.models._feed import BINARY, HINGES, Feed

if TYPE_CHECKING:
    from pronghorn.models._objective import Objective


class PlainFeed:
    """What two arrays must be like for the engine to read them in place; only values are checked.

    Learnt from data that went the long way, which is also that of everything else and of errors.

    Args:
        feed: Data whose arrays are those of the user.
        objective: For which they were checked.
        classes: How many there are; None for targets that are no class numbers.
    """

    def __init__(self, feed: Feed, objective: Objective, classes: int | None) -> None:
        x, y = feed.xs[0], feed.ys[0]
        assert y is not None
        self.objective = objective
        is_share = objective.kernels(0)[0] in BINARY
        self._rows = _engine.plain_data(x, y, classes or 0, is_share)

    @classmethod
    def learnt(
        cls, x: Any, y: Any, feed: Feed, objective: Objective, output: Any
    ) -> PlainFeed | None:
        """From data `x` and `y` that became `feed`, for an output of that shape; None if not plain.

        Args:
            x: As given.
            y: As given.
            feed: What they became.
            objective: What they were checked for.
            output: Shape of the output.
        """
        plain = len(feed.xs) == len(feed.ys) == 1 and feed.xs[0] is x and feed.ys[0] is y
        if not plain or objective.tapped or any(k in HINGES for k in objective.kernels(0)):
            return None
        return cls(feed, objective, output[-1] if objective.sparse[0] else None)

    def feed(self, x: Any, y: Any) -> Feed | None:
        """The arrays as a feed; None if they must go the long way."""
        rows = self._rows(x, y)
        return Feed([x], [y], [None], rows) if rows else None
