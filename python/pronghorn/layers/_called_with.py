"""What a class of the user's own was called with, which makes its configuration."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from typing import Any

from pronghorn import _tree

_PLAIN = (str, int, float, bool, type(None))


@functools.cache
def _signature(init: Any) -> inspect.Signature:
    return inspect.signature(init)


def plain(cls: type[Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any] | None:
    """Arguments of ``cls(*args, **kwargs)`` by name, defaults included.

    Returns:
        None if one of them is no plain data, or the class does not take them so.

    Example:
        >>> class Scale:
        ...     def __init__(self, factor, offset=0.5, **kwargs): ...
        >>> plain(Scale, (3,), {"name": "s"})
        {'factor': 3, 'offset': 0.5, 'name': 's'}
        >>> plain(Scale, (print,), {}) is None
        True
    """
    signature = _signature(cls.__init__)
    try:
        bound = signature.bind(None, *args, **kwargs)
    except TypeError:
        return None  # which calling `__init__` will say
    bound.apply_defaults()
    found: dict[str, Any] = {}
    for position, (name, parameter) in enumerate(signature.parameters.items()):
        value = bound.arguments[name]
        if position == 0:
            continue
        if parameter.kind is parameter.VAR_POSITIONAL:
            if value:
                return None
        elif parameter.kind is parameter.VAR_KEYWORD:
            found.update(value)
        else:
            found[name] = value
    return found if all(type(leaf) in _PLAIN for leaf in _tree.flatten(found)) else None


def accepted(cls: type[Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a configuration that the class takes."""
    parameters = list(_signature(cls.__init__).parameters.values())[1:]
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return dict(config)
    names = {parameter.name for parameter in parameters}
    return {name: value for name, value in config.items() if name in names}
