"""Activations that pass the positive part: relu, leaky_relu, elu, selu."""

import math
from typing import Any

from pronghorn.activations._function import activation, apply


@activation()
def linear(x: Any) -> Any:
    """act(x) = x.

    Args:
        x: Array of any shape.

    Returns:
        The same values.

    Example:
        >>> linear([1.0, -2.0]).tolist()
        [1.0, -2.0]
    """
    return apply(x, "linear")


@activation()
def relu(
    x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Any:
    """Rectified linear unit: act(x) = max(x, 0), with three generalisations.

    act(x) = max_value where x >= max_value, x where threshold < x < max_value, and
    negative_slope * (x - threshold) elsewhere. A negative threshold acts as 0 does where
    negative_slope is 0, as in Keras.

    Args:
        x: Array of any shape.
        negative_slope: Slope below the threshold.
        max_value: Upper bound, >= 0; None for no bound.
        threshold: Where the unit starts to pass.

    Returns:
        Array of the shape of x.

    Raises:
        ValueError: If max_value is negative.

    Source: Nair & Hinton, ICML 2010; Keras's parameters.

    Example:
        >>> relu([-1.0, 0.5, 9.0], negative_slope=0.25, max_value=6.0).tolist()
        [-0.25, 0.5, 6.0]
    """
    if max_value is not None and not max_value >= 0:
        raise ValueError(f"[relu] `max_value` must be >= 0 or None; received {max_value}.")
    if max_value is None and threshold == 0 and negative_slope > 0:
        return apply(x, "leaky_relu", negative_slope)
    # The kernel that reads its derivative off y needs y to tell on which side x was.
    name = "relu" if negative_slope >= 0 and threshold >= 0 else "relu_from_input"
    return apply(x, name, negative_slope, math.inf if max_value is None else max_value, threshold)


@activation()
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """act(x) = x where x >= 0, negative_slope * x below.

    Args:
        x: Array of any shape.
        negative_slope: Slope of the negative part.

    Returns:
        Array of the shape of x.

    Source: Maas, Hannun & Ng, ICML 2013.

    Example:
        >>> leaky_relu([-2.0, 2.0], negative_slope=0.5).tolist()
        [-1.0, 2.0]
    """
    if negative_slope < 0:
        return apply(x, "relu_from_input", negative_slope, math.inf)
    return apply(x, "leaky_relu", negative_slope)


@activation()
def elu(x: Any, alpha: float = 1.0) -> Any:
    """Exponential linear unit: act(x) = x where x > 0, alpha * (exp(x) - 1) below.

    Args:
        x: Array of any shape.
        alpha: Minus the limit at -infinity.

    Returns:
        Array of the shape of x.

    Source: Clevert, Unterthiner & Hochreiter, arXiv:1511.07289.

    Example:
        >>> [round(value, 4) for value in elu([-1.0, 2.0]).tolist()]
        [-0.6321, 2.0]
    """
    return apply(x, "elu", alpha)


@activation()
def selu(x: Any) -> Any:
    """Scaled exponential linear unit: act(x) = 1.0507 * elu(x, 1.67326).

    Args:
        x: Array of any shape.

    Returns:
        Array of the shape of x.

    Source: Klambauer et al., arXiv:1706.02515.

    Example:
        >>> round(float(selu(1.0)), 5)
        1.0507
    """
    return apply(x, "selu")


@activation()
def relu6(x: Any) -> Any:
    """act(x) = min(max(x, 0), 6).

    Args:
        x: Array of any shape.

    Returns:
        Array of the shape of x.

    Source: Krizhevsky, Convolutional Deep Belief Networks on CIFAR-10, 2010.

    Example:
        >>> relu6([-1.0, 3.0, 8.0]).tolist()
        [0.0, 3.0, 6.0]
    """
    return apply(x, "relu6")


@activation()
def celu(x: Any, alpha: float = 1.0) -> Any:
    """act(x) = max(x, 0) + alpha * (exp(min(x, 0) / alpha) - 1).

    Args:
        x: Array of any shape.
        alpha: Minus the limit at -infinity, > 0.

    Returns:
        Array of the shape of x.

    Raises:
        ValueError: If alpha is not positive.

    Source: Barron, arXiv:1704.07483.

    Example:
        >>> [round(value, 4) for value in celu([-1.0, 2.0]).tolist()]
        [-0.6321, 2.0]
    """
    if not alpha > 0:
        raise ValueError(f"[celu] `alpha` must be > 0; received {alpha}.")
    return apply(x, "celu", alpha)
