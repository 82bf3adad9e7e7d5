"""Names of layers and models that were given none, and the paths of the weights they create."""

from __future__ import annotations

import contextlib

from pronghorn._state import snake_case, unique_name

_scopes: list[str] = []


def auto_name(class_name: str) -> str:
    """Gives the next free name of a class: ``dense``, ``dense_1``, ``dense_2`` and so on.

    Example:
        >>> auto_name("SomeUnusualLayer"), auto_name("SomeUnusualLayer")
        ('some_unusual_layer', 'some_unusual_layer_1')
    """
    return unique_name(snake_case(class_name))


class name_scope:
    """Prefixes the paths of the weights created inside, and gives the full path.

    Args:
        name: The prefix.

    Example:
        >>> with name_scope("sequential"), name_scope("dense") as path:
        ...     path
        'sequential/dense'
    """

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> str:
        path = "/".join((*_scopes, self._name))
        _scopes.append(self._name)
        return path

    def __exit__(self, *error: object) -> None:
        _scopes.pop()


def name_scope_of(name: str) -> contextlib.AbstractContextManager[object]:
    """The `name_scope` of a layer, unless it is the innermost one already.

    Example:
        >>> with name_scope("dense"), name_scope_of("dense"):
        ...     current_path()
        'dense'
    """
    return contextlib.nullcontext() if _scopes[-1:] == [name] else name_scope(name)


def current_path() -> str:
    """The path of the innermost `name_scope`; empty outside."""
    return "/".join(_scopes)
