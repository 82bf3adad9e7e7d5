"""Structures of inputs and outputs: one thing, a list or tuple of them, or a dict of them.

Dicts are read in sorted order of their keys, as Keras reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


def is_nested(structure: object) -> bool:
    """Whether `structure` is a list, tuple or dict."""
    return isinstance(structure, (list, tuple, dict))


def flatten(structure: Any) -> list[Any]:
    """Leaves of a nested structure, depth first.

    Example:
        >>> flatten({"b": [1, 2], "a": 3})
        [3, 1, 2]
    """
    if isinstance(structure, dict):
        return [leaf for key in sorted(structure) for leaf in flatten(structure[key])]
    if isinstance(structure, (list, tuple)):
        leaves: list[Any] = []
        for item in structure:
            if isinstance(item, (dict, list, tuple)):
                leaves += flatten(item)
            else:
                leaves.append(item)
        return leaves
    return [structure]


def pack_as(structure: Any, leaves: Sequence[Any]) -> Any:
    """Puts `leaves` into the shape of `structure`; the inverse of `flatten`.

    Example:
        >>> pack_as({"b": 0, "a": [0, 0]}, [1, 2, 3])
        {'b': 3, 'a': [1, 2]}
    """
    remaining = iter(leaves)

    def build(part: Any) -> Any:
        if isinstance(part, dict):
            built = {key: build(part[key]) for key in sorted(part)}
            return {key: built[key] for key in part}
        if isinstance(part, (list, tuple)):
            return type(part)([build(item) for item in part])
        return next(remaining)

    return build(structure)


def map_structure(function: Callable[[Any], Any], structure: Any) -> Any:
    """Applies `function` to every leaf."""
    return pack_as(structure, [function(leaf) for leaf in flatten(structure)])
