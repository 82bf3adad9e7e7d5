"""The default dtype and the small number that keeps logarithms finite."""

from typing import Literal

from pronghorn import _suggest
from pronghorn._numbers import real

_FLOATX = ("float32", "float64")
_floatx: Literal["float32", "float64"] = "float32"
_epsilon = 1e-7


def floatx() -> Literal["float32", "float64"]:
    """The dtype of new layers and of loss values.

    Returns:
        ``"float32"`` (the default) or ``"float64"``.

    Example:
        >>> floatx()
        'float32'
    """
    return _floatx


def set_floatx(value: str) -> None:
    """Sets the dtype of layers made from now on.

    Args:
        value: ``"float32"`` or ``"float64"``.

    Raises:
        ValueError: For any other value.

    Example:
        >>> set_floatx("float64")
        >>> floatx()
        'float64'
        >>> set_floatx("float32")
    """
    global _floatx
    if value not in _FLOATX:
        raise _suggest.unknown("floatx", value, _FLOATX)
    _floatx = "float64" if value == "float64" else "float32"


def epsilon() -> float:
    """The bound that probabilities keep from 0 and 1 in cross-entropies.

    Example:
        >>> epsilon()
        1e-07
    """
    return _epsilon


def set_epsilon(value: float) -> None:
    """Sets ``epsilon``.

    Models that are compiled afterwards follow it, and so does what is called on its own. The
    engine's kernels know 1e-7 alone: with another number, losses and metrics that depend on it are
    computed in Python (`Model.run_mode` is then "split").

    Args:
        value: A positive number below 0.5.

    Raises:
        ValueError: If it is not.

    Example:
        >>> set_epsilon(1e-6)
        >>> epsilon()
        1e-06
        >>> set_epsilon(1e-7)
    """
    global _epsilon
    _epsilon = real(value, "value", low=0.0, high=0.5, open_low=True, open_high=True)


def backend() -> str:
    """The name of what computes.

    Example:
        >>> backend()
        'pronghorn'
    """
    return "pronghorn"
