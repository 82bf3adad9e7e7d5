"""Data in structures of the user's own, for models whose steps run in Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pronghorn import _columns, _suggest
from pronghorn._autodiff import Tensor
from pronghorn.models import _feed


def outline_of(structure: Any) -> Any:
    """The structure of arrays; a list of numbers counts as one array."""
    if isinstance(structure, dict):
        return {key: outline_of(value) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)) and structure and _are_arrays(structure):
        return type(structure)([outline_of(value) for value in structure])
    return 0


def _are_arrays(parts: Sequence[Any]) -> bool:
    return all(hasattr(part, "shape") or isinstance(part, dict) for part in parts)


def leaves(structure: Any) -> list[Any]:
    """The arrays of a structure, those of a dict in the order of its keys."""
    if isinstance(structure, dict):
        return [leaf for key in sorted(structure) for leaf in leaves(structure[key])]
    if isinstance(structure, (list, tuple)) and structure and _are_arrays(structure):
        return [leaf for value in structure for leaf in leaves(value)]
    return [structure]


def weights_in_order(weight: Any, y: Any, names: Sequence[str], label: str) -> Any:
    """Sample weights in the order of the targets' leaves; one alone as it is.

    Raises:
        ValueError: If they are a dict with a key that is none of the targets' or outputs'.
    """
    if isinstance(weight, dict):
        keys = sorted(y) if isinstance(y, dict) else list(names)
        for key in weight:
            if key not in keys:
                raise _suggest.unknown(f"key of `{label}`", key, keys)
        given = [weight.get(key) for key in keys]
    else:
        given = leaves(weight)
    return given[0] if len(given) == 1 else given


def as_input(value: Any, dtype: str, label: str) -> Any:
    """One input as an array of numbers or a column of text."""
    return (
        _columns.texts(value, label, "the model")
        if _columns.is_text(value)
        else as_target(value, dtype, label)
    )


def as_target(value: Any, dtype: str, label: str) -> Any:
    """One array of numbers with its own axes."""
    return _feed.as_given(value._value if isinstance(value, Tensor) else value, dtype, label)
