"""Activations that pass what is far enough from zero: the shrinkages and threshold."""

from typing import Any

from pronghorn._arguments import explained
from pronghorn.activations._function import activation, apply


@activation()
def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """act(x) = x where |x| > threshold, else 0.

    Args:
        x: Array of any shape.
        threshold: Half the width of the gap.

    Returns:
        Array of the shape of x.

    Source: Donoho & Johnstone, Biometrika 81, 1994.

    Example:
        >>> hard_shrink([-1.0, 0.25, 2.0]).tolist()
        [-1.0, 0.0, 2.0]
    """
    return apply(x, "hard_shrink", threshold)


@activation()
def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """act(x) = x - threshold * sign(x) where |x| > threshold, else 0.

    Args:
        x: Array of any shape.
        threshold: Half the width of the gap.

    Returns:
        Array of the shape of x.

    Source: Donoho & Johnstone, Biometrika 81, 1994.

    Example:
        >>> soft_shrink([-1.0, 0.25, 2.0]).tolist()
        [-0.5, 0.0, 1.5]
    """
    return apply(x, "soft_shrink", threshold)


@activation()
def tanh_shrink(x: Any) -> Any:
    """act(x) = x - tanh(x).

    Args:
        x: Array of any shape.

    Returns:
        Array of the shape of x.

    Example:
        >>> round(float(tanh_shrink(1.0)), 6)
        0.238406
    """
    return apply(x, "tanh_shrink")


@explained
def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """act(x) = x where x > threshold, else default_value.

    As the activation of a layer: ``lambda x: threshold(x, 1.0, 0.0)``.

    Args:
        x: Array of any shape.
        threshold: What x must exceed.
        default_value: What stands where it does not.

    Returns:
        Array of the shape of x.

    Example:
        >>> threshold([0.5, 2.0], 1.0, -1.0).tolist()
        [-1.0, 2.0]
    """
    return apply(x, "threshold", threshold, default_value)
