"""Whether operations are recorded now, and what a record is."""

from __future__ import annotations

import contextlib
import itertools
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np

_numbers = itertools.count()


class _State(threading.local):
    depth = 0  # recordings that are open in this thread
    tracing = False  # whether a `call` runs to see what graph it draws
    rehearsing = False  # whether a `call` runs on made-up data, to build what it needs
    silent = False  # whether NumPy has been told not to warn of overflow and the like

    def __init__(self) -> None:
        self.tapes: list[Any] = []  # those of them that belong to a tape
        self.unread: weakref.WeakSet[Any] = weakref.WeakSet()  # values a tape's end has read


_state = _State()

# One entry for each recording that is open in any thread. While it is empty nobody need look at the
# state of the thread, which takes as long as the rest of a small call's checks.
_open: list[None] = []


class Node:
    """One recorded call; without `operation`, a place where gradients are wanted.

    Attributes:
        operation: The `Operation`; None for a leaf.
        args: As passed, with tensors among them.
        kwargs: Likewise.
        value: What came out, an array or a tuple of arrays.
        number: Later calls have larger ones.
    """

    __slots__ = ("args", "kwargs", "number", "operation", "value")

    def __init__(
        self, operation: Any = None, args: Any = (), kwargs: Any = None, value: Any = None
    ) -> None:
        self.operation = operation
        self.args = args
        self.kwargs = kwargs or {}
        self.value = value
        self.number = next(_numbers)


@contextlib.contextmanager
def untraced() -> Iterator[None]:
    """Variables may be assigned to inside, though a call is traced: they are being made."""
    before, _state.tracing = _state.tracing, False
    try:
        yield
    finally:
        _state.tracing = before


@contextlib.contextmanager
def rehearsed() -> Iterator[None]:
    """Random numbers that are drawn inside do not count as uses of their SeedGenerator."""
    before, _state.rehearsing = _state.rehearsing, True
    try:
        yield
    finally:
        _state.rehearsing = before


class silenced:
    """No warnings of overflow and the like from what happens inside, as operations have none.

    An operation that finds this done need not do it itself, which takes as long as a small one.
    """

    __slots__ = ("_errors",)

    def __enter__(self) -> None:
        self._errors: Any = None
        if not _state.silent:
            self._errors = np.errstate(all="ignore")
            self._errors.__enter__()
            _state.silent = True

    def __exit__(self, *error: object) -> None:
        if self._errors is not None:
            _state.silent = False
            self._errors.__exit__(*error)


# Calls of engines whose gradients may still be asked for, and values of variables that nobody has
# looked at. They read variables then, so that who changes one tells them before.
_calls: weakref.WeakSet[Any] = weakref.WeakSet()


def about_to_change(variables: Any) -> None:
    """Lets the calls on record keep the values that they were made with."""
    if _calls:
        for call in list(_calls):
            call.keep(variables)


def recording_is_on() -> bool:
    """Whether a tape is open in this thread."""
    return _state.depth > 0


def open_tape(tape: Any) -> None:
    """Begins to record for a tape."""
    _open.append(None)
    _state.depth += 1
    _state.tapes.append(tape)


def close_tape(tape: Any) -> None:
    """Ends what `open_tape` began."""
    _open.pop()
    _state.depth -= 1
    _state.tapes.remove(tape)
    if _state.unread:
        for value in list(_state.unread):
            value.read()
        _state.unread.clear()


def is_watched(variable: Any) -> bool:
    """Whether an open tape wants to know of this use of a variable."""
    if not _state.depth:
        return False
    found = False
    for tape in _state.tapes:
        found = tape._meets(variable) or found
    return found


class recording:
    """Records what happens inside."""

    __slots__ = ()

    def __enter__(self) -> None:
        _open.append(None)
        _state.depth += 1

    def __exit__(self, *error: object) -> None:
        _open.pop()
        _state.depth -= 1


class paused:
    """Records nothing of what happens inside."""

    __slots__ = ("_depth",)

    def __enter__(self) -> None:
        self._depth, _state.depth = _state.depth, 0

    def __exit__(self, *error: object) -> None:
        _state.depth = self._depth
