"""Activations as functions."""

from __future__ import annotations

import math
from typing import Any

from pronghorn._arguments import explained
from pronghorn._autodiff import OPERATIONS
from pronghorn.activations._function import apply
from pronghorn.ops import _activation_rule as _activation_rule  # which registers the derivatives
from pronghorn.ops._choice import tensor_like
from pronghorn.ops._shaping import moveaxis, reshape, split


@explained
def relu(x: Any) -> Any:
    """max(x, 0).

    Example:
        >>> relu([-1.0, 2.0]).round(6).tolist()
        [0.0, 2.0]
    """
    return apply(tensor_like(x), "relu", 0.0, math.inf, 0.0)


@explained
def relu6(x: Any) -> Any:
    """min(max(x, 0), 6).

    Example:
        >>> relu6([-1.0, 2.0]).round(6).tolist()
        [0.0, 2.0]
    """
    return apply(tensor_like(x), "relu6")


@explained
def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x)).

    Example:
        >>> sigmoid([-1.0, 2.0]).round(6).tolist()
        [0.268941, 0.880797]
    """
    return apply(tensor_like(x), "sigmoid")


@explained
def log_sigmoid(x: Any) -> Any:
    """log(1 / (1 + exp(-x))), without overflow.

    Example:
        >>> log_sigmoid([-1.0, 2.0]).round(6).tolist()
        [-1.313262, -0.126928]
    """
    return apply(tensor_like(x), "log_sigmoid")


@explained
def hard_sigmoid(x: Any) -> Any:
    """X / 6 + 1/2, cut to [0, 1].

    Example:
        >>> hard_sigmoid([-1.0, 2.0]).round(6).tolist()
        [0.333333, 0.833333]
    """
    return apply(tensor_like(x), "hard_sigmoid")


@explained
def tanh(x: Any) -> Any:
    """The hyperbolic tangent of x.

    Example:
        >>> tanh([-1.0, 2.0]).round(6).tolist()
        [-0.761594, 0.964028]
    """
    return apply(tensor_like(x), "tanh")


@explained
def tanh_shrink(x: Any) -> Any:
    """X - tanh(x).

    Example:
        >>> tanh_shrink([-1.0, 2.0]).round(6).tolist()
        [-0.238406, 1.035972]
    """
    return apply(tensor_like(x), "tanh_shrink")


@explained
def hard_tanh(x: Any) -> Any:
    """X cut to [-1, 1].

    Example:
        >>> hard_tanh([-1.0, 2.0]).round(6).tolist()
        [-1.0, 1.0]
    """
    return apply(tensor_like(x), "hard_tanh")


@explained
def hard_silu(x: Any) -> Any:
    """X times `hard_sigmoid`.

    Example:
        >>> hard_silu([-1.0, 2.0]).round(6).tolist()
        [-0.333333, 1.666667]
    """
    return apply(tensor_like(x), "hard_silu")


@explained
def silu(x: Any) -> Any:
    """X times `sigmoid`.

    Example:
        >>> silu([-1.0, 2.0]).round(6).tolist()
        [-0.268941, 1.761594]
    """
    return apply(tensor_like(x), "silu")


@explained
def softplus(x: Any) -> Any:
    """log(1 + exp(x)), without overflow.

    Example:
        >>> softplus([-1.0, 2.0]).round(6).tolist()
        [0.313262, 2.126928]
    """
    return apply(tensor_like(x), "softplus")


@explained
def softsign(x: Any) -> Any:
    """X / (1 + |x|).

    Example:
        >>> softsign([-1.0, 2.0]).round(6).tolist()
        [-0.5, 0.666667]
    """
    return apply(tensor_like(x), "softsign")


@explained
def selu(x: Any) -> Any:
    """A scaled `elu` that keeps mean 0 and variance 1 (Klambauer et al., arXiv:1706.02515).

    Example:
        >>> selu([-1.0, 2.0]).round(6).tolist()
        [-1.11133, 2.101402]
    """
    return apply(tensor_like(x), "selu")


@explained
def sparse_plus(x: Any) -> Any:
    """0 below -1, x above 1 and (x + 1)² / 4 between.

    Example:
        >>> sparse_plus([-1.0, 2.0]).round(6).tolist()
        [0.0, 2.0]
    """
    return apply(tensor_like(x), "sparse_plus")


@explained
def sparse_sigmoid(x: Any) -> Any:
    """(x + 1) / 2, cut to [0, 1].

    Example:
        >>> sparse_sigmoid([-1.0, 2.0]).round(6).tolist()
        [0.0, 1.0]
    """
    return apply(tensor_like(x), "sparse_sigmoid")


hard_swish = hard_silu
swish = silu


@explained
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """X where it is positive, `negative_slope` times x elsewhere.

    Example:
        >>> leaky_relu([-1.0, 2.0]).round(6).tolist()
        [-0.2, 2.0]
    """
    return apply(tensor_like(x), "leaky_relu", negative_slope)


@explained
def elu(x: Any, alpha: float = 1.0) -> Any:
    """X where it is positive, alpha (exp(x) - 1) elsewhere.

    Example:
        >>> elu([-1.0, 2.0]).round(6).tolist()
        [-0.632121, 2.0]
    """
    return apply(tensor_like(x), "elu", alpha)


@explained
def celu(x: Any, alpha: float = 1.0) -> Any:
    """X where it is positive, alpha (exp(x / alpha) - 1) elsewhere.

    Example:
        >>> celu([-1.0, 2.0]).round(6).tolist()
        [-0.632121, 2.0]
    """
    return apply(tensor_like(x), "celu", alpha)


@explained
def gelu(x: Any, approximate: bool = True) -> Any:
    """X times the normal distribution function of x.

    Args:
        x: Of any shape.
        approximate: Whether to use the approximation by tanh.

    Example:
        >>> gelu([-1.0, 2.0]).round(4).tolist()
        [-0.1588, 1.9546]
    """
    return apply(tensor_like(x), "gelu_tanh" if approximate else "gelu")


@explained
def squareplus(x: Any, b: float = 4) -> Any:
    """(x + sqrt(x² + b)) / 2.

    Example:
        >>> squareplus([0.0]).tolist()
        [1.0]
    """
    return apply(tensor_like(x), "squareplus", b)


@explained
def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """X moved towards 0 by `threshold`, and 0 where it would pass it.

    Example:
        >>> soft_shrink([-1.0, 0.2]).tolist()
        [-0.5, 0.0]
    """
    return apply(tensor_like(x), "soft_shrink", threshold)


@explained
def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """X where |x| is above `threshold`, 0 elsewhere.

    Example:
        >>> hard_shrink([-1.0, 0.2]).tolist()
        [-1.0, 0.0]
    """
    return apply(tensor_like(x), "hard_shrink", threshold)


@explained
def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """X where it is above a threshold, `default_value` elsewhere.

    Args:
        x: Array or tensor.
        threshold: The bound.
        default_value: What takes the place of the rest.

    Example:
        >>> threshold([-1.0, 2.0], 1.0, 9.0).tolist()
        [9.0, 2.0]
    """
    return apply(tensor_like(x), "threshold", threshold, default_value)


@explained
def glu(x: Any, axis: int = -1) -> Any:
    """The first half of x along an axis, times the sigmoid of the second.

    Example:
        >>> glu([2.0, 0.0]).tolist()
        [1.0]
    """
    first, second = split(tensor_like(x), 2, axis)
    return first * sigmoid(second)


def _along_last(x: Any, axis: int | None, kernel: str) -> Any:
    x = tensor_like(x)
    rank = len(x.shape)
    if axis is None:
        return reshape(apply(reshape(x, (-1,)), kernel), x.shape)
    if axis % rank == rank - 1:
        return apply(x, kernel)
    return moveaxis(apply(moveaxis(x, axis, -1), kernel), -1, axis)


@explained
def softmax(x: Any, axis: int | None = -1) -> Any:
    """exp(x) divided by its sum along an axis (None: of all elements).

    Example:
        >>> softmax([0.0, 0.0]).tolist()
        [0.5, 0.5]
    """
    return _along_last(x, axis, "softmax")


@explained
def log_softmax(x: Any, axis: int | None = -1) -> Any:
    """The logarithm of `softmax`.

    Example:
        >>> log_softmax([0.0, 0.0]).round(6).tolist()
        [-0.693147, -0.693147]
    """
    return _along_last(x, axis, "log_softmax")


OPERATIONS.update(tanh=tanh)
