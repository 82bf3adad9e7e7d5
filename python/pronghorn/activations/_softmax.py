"""Activations of a whole row: softmax and its logarithm."""

from typing import Any

from pronghorn.activations._function import activation, apply


@activation()
def softmax(x: Any, axis: int = -1) -> Any:
    """act(x)_i = exp(x_i) / sum_j exp(x_j): positive numbers that sum to one.

    Args:
        x: Array of at least one dimension.
        axis: The axis that is normalised; inside a model the last one.

    Returns:
        Array of the shape of x.

    Example:
        >>> softmax([[0.0, 0.0]]).tolist()
        [[0.5, 0.5]]
    """
    return apply(x, "softmax", axis=axis)


@activation()
def log_softmax(x: Any, axis: int = -1) -> Any:
    """act(x)_i = x_i - log sum_j exp(x_j).

    Args:
        x: Array of at least one dimension.
        axis: The axis that is normalised; inside a model the last one.

    Returns:
        Array of the shape of x.

    Example:
        >>> [round(v, 6) for v in log_softmax([0.0, 0.0]).tolist()]
        [-0.693147, -0.693147]
    """
    return apply(x, "log_softmax", axis=axis)
