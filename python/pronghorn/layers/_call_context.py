"""What calls of layers go on, in this thread, and whether one is traced."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pronghorn import _naming

if TYPE_CHECKING:
    from pronghorn.layers._layer import Layer


class NotCompilable(NotImplementedError):
    """Raised by a layer that the engine cannot run; models with it run recorded."""


class _Calls(threading.local):
    def __init__(self) -> None:
        self.training: list[bool | None] = []  # of the calls that go on, outermost first
        self.tracing: list[bool] = []  # `training` of the traces that go on, outermost first
        self.layers: list[Layer] = []  # whose `call` goes on, outermost first


_calls = _Calls()


def training_now() -> bool | None:
    """The `training` of the call that goes on; None outside of one."""
    return _calls.training[-1] if _calls.training else None


def layer_now() -> Layer | None:
    """The layer whose own `call` goes on, the innermost."""
    return _calls.layers[-1] if _calls.layers else None


def tracing() -> bool:
    """Whether a `call` is being traced to find the graph that it draws."""
    return bool(_calls.tracing)


def operation_name(name: str) -> str:
    """A name for an operation of a graph; what a trace draws does not count in those of models."""
    return _naming.auto_name(f"traced_{name}" if tracing() else name)


def departs_from_trace(training: bool | None) -> bool:
    """Whether a call in a `call` that is being traced has another `training` than the whole.

    The engine gives all parts of a graph the same.
    """
    given = training_now() if training is None else training
    return tracing() and bool(given) != _calls.tracing[-1]


@contextlib.contextmanager
def within_call(training: bool | None) -> Iterator[None]:
    """Calls inside have this `training` unless they say otherwise."""
    _calls.training.append(training)
    try:
        yield
    finally:
        _calls.training.pop()


@contextlib.contextmanager
def trace(training: bool) -> Iterator[None]:
    """Calls of layers inside draw a graph; those with a `call` of their own are opened up."""
    _calls.tracing.append(training)
    outside, _calls.layers = _calls.layers, []
    try:
        with within_call(training):
            yield
    finally:
        _calls.layers = outside
        _calls.tracing.pop()
