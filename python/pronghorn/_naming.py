"""Names of layers and models that were given none, and the paths of the weights they create."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from pronghorn._state import snake_case, unique_name

_scopes: list[str] = []


def auto_name(class_name: str) -> str:
    """Gives the next free name of a class: ``dense``, ``dense_1``, ``dense_2`` and so on.

    Example:
        >>> auto_name("SomeUnusualLayer"), auto_name("SomeUnusualLayer")
        ('some_unusual_layer', 'some_unusual_layer_1')
    """
    return unique_name(snake_case(class_name))


@contextlib.contextmanager
def name_scope(name: str) -> Iterator[str]:
    """Prefixes the paths of the weights created inside, and yields the full path.

    Example:
        >>> with name_scope("sequential"), name_scope("dense") as path:
        ...     path
        'sequential/dense'
    """
    _scopes.append(name)
    try:
        yield "/".join(_scopes)
    finally:
        _scopes.pop()


def current_path() -> str:
    """The path of the innermost `name_scope`; empty outside."""
    return "/".join(_scopes)
