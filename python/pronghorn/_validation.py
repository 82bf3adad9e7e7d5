"""Checks of the scalar arguments of fit, evaluate and predict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pronghorn._numbers import integer, real


def batch_size(value: Any, argument: str = "batch_size") -> int | None:
    """`value` as a positive int, or None."""
    return None if value is None else integer(value, argument, low=1)


def epochs(value: Any, initial_epoch: Any) -> tuple[int, int]:
    """Both as ints that are not negative."""
    return integer(value, "epochs", low=0), integer(initial_epoch, "initial_epoch", low=0)


def steps(value: Any, argument: str) -> int | None:
    """`value` as a positive int, or None."""
    return None if value is None else integer(value, argument, low=1)


def verbose(value: Any) -> int:
    """0, 1 or 2; "auto" is 1.

    Example:
        >>> verbose("auto"), verbose(False), verbose(2)
        (1, 0, 2)
    """
    if isinstance(value, str):
        if value == "auto":
            return 1
    elif value in (0, 1, 2):
        return int(value)
    raise ValueError(f"`verbose` must be 'auto', 0, 1 or 2. Received: verbose={value!r}")


def flag(value: Any, argument: str) -> bool:
    """`value`, which must be True or False."""
    if value is True or value is False or type(value).__name__ == "bool":
        return bool(value)
    raise ValueError(f"`{argument}` must be True or False. Received: {argument}={value!r}")


def validation_split(value: Any, rows: int) -> int:
    """The number of rows that remain for training.

    Raises:
        ValueError: If the fraction is not in [0, 1) or leaves one of the two parts empty.
    """
    if type(value) is float and value == 0.0:
        return rows
    fraction = real(value, "validation_split", low=0.0, high=1.0, open_high=True)
    if fraction == 0.0:
        return rows
    kept = int(rows * (1.0 - fraction))
    if not 0 < kept < rows:
        raise ValueError(
            f"`validation_split` cuts {rows} samples into {kept} for training and {rows - kept} "
            f"for validation; neither part may be empty. Received: validation_split={value}"
        )
    return kept


def validation_epochs(value: Any) -> int | frozenset[int]:
    """`validation_freq`: a positive int, or a collection of epochs counted from 1."""
    if isinstance(value, (list, tuple, set, frozenset)):
        return frozenset(integer(epoch, "validation_freq", low=1) for epoch in value)
    return integer(value, "validation_freq", low=1)


def is_validation_epoch(epoch: int, frequency: int | frozenset[int]) -> bool:
    """Whether to validate after `epoch`, counted from 0."""
    if isinstance(frequency, int):
        return (epoch + 1) % frequency == 0
    return epoch + 1 in frequency


def unpack_validation_data(data: Any) -> tuple[Any, Any, Any]:
    """(x, y, sample_weight or None) of a tuple of two or three.

    Raises:
        ValueError: If it is anything else.
    """
    if isinstance(data, Sequence) and not isinstance(data, str) and len(data) in (2, 3):
        return data[0], data[1], data[2] if len(data) == 3 else None
    shown = f"{type(data).__name__}" + (f" of {len(data)}" if isinstance(data, Sequence) else "")
    raise ValueError(
        "`validation_data` must be (x_val, y_val) or (x_val, y_val, sample_weight). "
        f"Received: a {shown}"
    )
