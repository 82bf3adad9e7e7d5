"""The short way from an array of inputs and one of targets to a feed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pronghorn.models._feed import BINARY, HINGES, Feed

if TYPE_CHECKING:
    from pronghorn._engine import Array
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
        self._x, self._y = (x.shape[1:], x.dtype), (y.shape[1:], y.dtype)
        self._classes = classes
        self._is_share = objective.kernels(0)[0] in BINARY

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
        if not (_is(x, *self._x) and _is(y, *self._y) and len(x) == len(y) and x.size):
            return None
        return Feed([x], [y], [None], len(x)) if self._values_fit(y) else None

    def _values_fit(self, y: Array) -> bool:
        if self._classes is not None:  # a negative number is a large one
            largest = np.maximum.reduce(y.view(np.uint32), axis=None)
            return bool(largest < self._classes)
        if self._is_share:
            least, largest = np.minimum.reduce(y, axis=None), np.maximum.reduce(y, axis=None)
            return bool(least >= 0 and largest <= 1)
        return bool(np.isfinite(y).all())


def _is(array: Any, shape: Any, dtype: Any) -> bool:
    """Whether it is an array of such samples that can be read in place."""
    if type(array) is not np.ndarray or array.shape[1:] != shape or array.dtype != dtype:
        return False
    flags = array.flags
    return bool(flags.c_contiguous and flags.aligned)
