"""Bounds what a configuration may allocate by what the file beside it holds."""

from __future__ import annotations

import contextlib
import contextvars
from collections import Counter
from collections.abc import Iterator, Sequence

_left: contextvars.ContextVar[Counter[tuple[int, ...]] | None] = contextvars.ContextVar(
    "left", default=None
)


@contextlib.contextmanager
def only_shapes(shapes: Sequence[tuple[int, ...]]) -> Iterator[None]:
    """Within it, layers may only create weights of these shapes, each as often as it is listed."""
    token = _left.set(Counter(shapes))
    try:
        yield
    finally:
        _left.reset(token)


def check(shape: Sequence[int], layer: str, weight: str | None) -> None:
    """Called before a weight is created.

    Raises:
        ValueError: Within `only_shapes`, if no weight of this shape is left.
    """
    left = _left.get()
    if left is None:
        return
    key = tuple(shape)
    if left[key] <= 0:
        raise ValueError(
            f"The configuration asks for a weight '{weight}' of shape {key} in layer '{layer}', "
            "which the file does not have."
        )
    left[key] -= 1
