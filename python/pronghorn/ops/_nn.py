"""Functions of neural networks: activations, normalisations, cross-entropies, encodings."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from pronghorn._autodiff import OPERATIONS, operation, rule
from pronghorn.activations._function import Specification, _on_array, apply
from pronghorn.config import epsilon as fuzz
from pronghorn.ops._arithmetic import clip, maximum
from pronghorn.ops._choice import cast, standard_dtype, tensor_like, where
from pronghorn.ops._elementwise import (
    absolute,
    erf,
    exp,
    log,
    log1p,
    rsqrt,
)
from pronghorn.ops._reduction import mean as average_of
from pronghorn.ops._reduction import sum as add_up
from pronghorn.ops._shaping import moveaxis, reshape


@operation(name="_activate")
def activate(x: Any, name: str, p0: float = 0.0, p1: float = 0.0, p2: float = 0.0) -> Any:
    """The engine's activation of that name; its parameters mean what they mean there."""
    return _on_array(np.asarray(x), Specification(name=name, p0=p0, p1=p1, p2=p2), -1)


_Derivative = Callable[[Any, Any, Any, float, float, float], Any]


def _step(condition: Any, like: Any) -> Any:
    return cast(condition, like.dtype)


def _tanh(x: Any) -> Any:
    return activate(x, "tanh")


def _logistic(x: Any) -> Any:
    return activate(x, "sigmoid")


def _relu(dy: Any, y: Any, x: Any, slope: float, top: float, threshold: float) -> Any:
    if slope == 0 and top == math.inf:
        return dy * (x > threshold)
    inside = _step(x > threshold, x) * _step(x < top, x)
    return dy * (inside + slope * _step(x <= threshold, x))


def _softmax(dy: Any, y: Any, x: Any, *_: float) -> Any:
    return y * (dy - add_up(dy * y, axis=-1, keepdims=True))


def _log_softmax(dy: Any, y: Any, x: Any, *_: float) -> Any:
    return dy - exp(y) * add_up(dy, axis=-1, keepdims=True)


def _gelu(dy: Any, y: Any, x: Any, *_: float) -> Any:
    density = exp(-0.5 * x * x) * (1.0 / math.sqrt(2.0 * math.pi))
    return dy * (0.5 * (1.0 + erf(x * math.sqrt(0.5))) + x * density)


def _gelu_tanh(dy: Any, y: Any, x: Any, *_: float) -> Any:
    # Hendrycks & Gimpel, arXiv:1606.08415: x/2 (1 + tanh(c (x + a x³))).
    c, a = math.sqrt(2.0 / math.pi), 0.044715
    t = _tanh(c * (x + a * x * x * x))
    return dy * (0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * c * (1.0 + 3.0 * a * x * x))


def _silu(dy: Any, y: Any, x: Any, *_: float) -> Any:
    s = _logistic(x)
    return dy * s * (1.0 + x * (1.0 - s))


def _mish(dy: Any, y: Any, x: Any, *_: float) -> Any:
    t = _tanh(activate(x, "softplus"))
    return dy * (t + x * (1.0 - t * t) * _logistic(x))


def _elu(dy: Any, y: Any, x: Any, alpha: float, *_: float) -> Any:
    return dy * where(x > 0, 1.0, alpha * exp(where(x > 0, 0.0, x)))


# Klambauer et al., arXiv:1706.02515: scale and alpha that keep mean 0 and variance 1.
_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805


def _selu(dy: Any, y: Any, x: Any, *_: float) -> Any:
    return _elu(dy, y, x, _SELU_ALPHA) * _SELU_SCALE


def _celu(dy: Any, y: Any, x: Any, alpha: float, *_: float) -> Any:
    return dy * where(x > 0, 1.0, exp(where(x > 0, 0.0, x) / alpha))


def _softsign(dy: Any, y: Any, x: Any, *_: float) -> Any:
    d = 1.0 + absolute(x)
    return dy / (d * d)


def _between(low: float, high: float, slope: float) -> _Derivative:
    def derivative(dy: Any, y: Any, x: Any, *_: float) -> Any:
        return dy * (_step(x > low, x) * _step(x < high, x) * slope)

    return derivative


def _hard_silu(dy: Any, y: Any, x: Any, *_: float) -> Any:
    # x clip(x / 6 + 1/2, 0, 1), as its own product rule.
    gate = clip(x / 6.0 + 0.5, 0.0, 1.0)
    return dy * (gate + x * (_step(x > -3, x) * _step(x < 3, x) / 6.0))


def _sparse_plus(dy: Any, y: Any, x: Any, *_: float) -> Any:
    return dy * clip((x + 1.0) * 0.5, 0.0, 1.0)


def _squareplus(dy: Any, y: Any, x: Any, b: float, *_: float) -> Any:
    return dy * 0.5 * (1.0 + x * rsqrt(x * x + b))


# The derivative of each of the engine's activations.
_DERIVATIVES: dict[str, _Derivative] = {
    "linear": lambda dy, y, x, *p: dy,
    "relu": _relu,
    "relu_from_input": _relu,
    "relu6": lambda dy, y, x, *p: _relu(dy, y, x, 0.0, 6.0, 0.0),
    "leaky_relu": lambda dy, y, x, slope, *p: _relu(dy, y, x, slope, math.inf, 0.0),
    "sigmoid": lambda dy, y, x, *p: dy * y * (1.0 - y),
    "log_sigmoid": lambda dy, y, x, *p: dy * _logistic(-x),
    "hard_sigmoid": _between(-3.0, 3.0, 1.0 / 6.0),
    "hard_tanh": _between(-1.0, 1.0, 1.0),
    "sparse_sigmoid": _between(-1.0, 1.0, 0.5),
    "hard_silu": _hard_silu,
    "tanh": lambda dy, y, x, *p: dy * (1.0 - y * y),
    "tanh_shrink": lambda dy, y, x, *p: dy * _tanh(x) * _tanh(x),
    "exponential": lambda dy, y, x, *p: dy * y,
    "softplus": lambda dy, y, x, *p: dy * _logistic(x),
    "softsign": _softsign,
    "sparse_plus": _sparse_plus,
    "squareplus": _squareplus,
    "elu": _elu,
    "selu": _selu,
    "celu": _celu,
    "silu": _silu,
    "mish": _mish,
    "gelu": _gelu,
    "gelu_tanh": _gelu_tanh,
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "soft_shrink": lambda dy, y, x, t, *p: dy * _step(absolute(x) > t, x),
    "hard_shrink": lambda dy, y, x, t, *p: dy * _step(absolute(x) > t, x),
    "threshold": lambda dy, y, x, t, *p: dy * _step(x > t, x),
}


@rule(activate)
def _(dy: Any, y: Any, x: Any, name: str, p0: float = 0.0, p1: float = 0.0, p2: float = 0.0) -> Any:
    found = _DERIVATIVES.get(name)
    if found is None:
        raise NotImplementedError(f"The activation '{name}' has no derivative in pronghorn.ops.")
    return found(dy, y, x, p0, p1, p2)


def relu(x: Any) -> Any:
    """max(x, 0).

    Example:
        >>> relu([-1.0, 2.0]).round(6).tolist()
        [0.0, 2.0]
    """
    return apply(tensor_like(x), "relu", 0.0, math.inf, 0.0)


def relu6(x: Any) -> Any:
    """min(max(x, 0), 6).

    Example:
        >>> relu6([-1.0, 2.0]).round(6).tolist()
        [0.0, 2.0]
    """
    return apply(tensor_like(x), "relu6")


def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x)).

    Example:
        >>> sigmoid([-1.0, 2.0]).round(6).tolist()
        [0.268941, 0.880797]
    """
    return apply(tensor_like(x), "sigmoid")


def log_sigmoid(x: Any) -> Any:
    """log(1 / (1 + exp(-x))), without overflow.

    Example:
        >>> log_sigmoid([-1.0, 2.0]).round(6).tolist()
        [-1.313262, -0.126928]
    """
    return apply(tensor_like(x), "log_sigmoid")


def hard_sigmoid(x: Any) -> Any:
    """X / 6 + 1/2, cut to [0, 1].

    Example:
        >>> hard_sigmoid([-1.0, 2.0]).round(6).tolist()
        [0.333333, 0.833333]
    """
    return apply(tensor_like(x), "hard_sigmoid")


def tanh(x: Any) -> Any:
    """The hyperbolic tangent of x.

    Example:
        >>> tanh([-1.0, 2.0]).round(6).tolist()
        [-0.761594, 0.964028]
    """
    return apply(tensor_like(x), "tanh")


def tanh_shrink(x: Any) -> Any:
    """X - tanh(x).

    Example:
        >>> tanh_shrink([-1.0, 2.0]).round(6).tolist()
        [-0.238406, 1.035972]
    """
    return apply(tensor_like(x), "tanh_shrink")


def hard_tanh(x: Any) -> Any:
    """X cut to [-1, 1].

    Example:
        >>> hard_tanh([-1.0, 2.0]).round(6).tolist()
        [-1.0, 1.0]
    """
    return apply(tensor_like(x), "hard_tanh")


def hard_silu(x: Any) -> Any:
    """X times `hard_sigmoid`.

    Example:
        >>> hard_silu([-1.0, 2.0]).round(6).tolist()
        [-0.333333, 1.666667]
    """
    return apply(tensor_like(x), "hard_silu")


def silu(x: Any) -> Any:
    """X times `sigmoid`.

    Example:
        >>> silu([-1.0, 2.0]).round(6).tolist()
        [-0.268941, 1.761594]
    """
    return apply(tensor_like(x), "silu")


def softplus(x: Any) -> Any:
    """log(1 + exp(x)), without overflow.

    Example:
        >>> softplus([-1.0, 2.0]).round(6).tolist()
        [0.313262, 2.126928]
    """
    return apply(tensor_like(x), "softplus")


def softsign(x: Any) -> Any:
    """X / (1 + |x|).

    Example:
        >>> softsign([-1.0, 2.0]).round(6).tolist()
        [-0.5, 0.666667]
    """
    return apply(tensor_like(x), "softsign")


def selu(x: Any) -> Any:
    """A scaled `elu` that keeps mean 0 and variance 1 (Klambauer et al., arXiv:1706.02515).

    Example:
        >>> selu([-1.0, 2.0]).round(6).tolist()
        [-1.11133, 2.101402]
    """
    return apply(tensor_like(x), "selu")


def sparse_plus(x: Any) -> Any:
    """0 below -1, x above 1 and (x + 1)² / 4 between.

    Example:
        >>> sparse_plus([-1.0, 2.0]).round(6).tolist()
        [0.0, 2.0]
    """
    return apply(tensor_like(x), "sparse_plus")


def sparse_sigmoid(x: Any) -> Any:
    """(x + 1) / 2, cut to [0, 1].

    Example:
        >>> sparse_sigmoid([-1.0, 2.0]).round(6).tolist()
        [0.0, 1.0]
    """
    return apply(tensor_like(x), "sparse_sigmoid")


hard_swish = hard_silu
swish = silu


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """X where it is positive, `negative_slope` times x elsewhere.

    Example:
        >>> leaky_relu([-1.0, 2.0]).round(6).tolist()
        [-0.2, 2.0]
    """
    return apply(tensor_like(x), "leaky_relu", negative_slope)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """X where it is positive, alpha (exp(x) - 1) elsewhere.

    Example:
        >>> elu([-1.0, 2.0]).round(6).tolist()
        [-0.632121, 2.0]
    """
    return apply(tensor_like(x), "elu", alpha)


def celu(x: Any, alpha: float = 1.0) -> Any:
    """X where it is positive, alpha (exp(x / alpha) - 1) elsewhere.

    Example:
        >>> celu([-1.0, 2.0]).round(6).tolist()
        [-0.632121, 2.0]
    """
    return apply(tensor_like(x), "celu", alpha)


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


def squareplus(x: Any, b: float = 4) -> Any:
    """(x + sqrt(x² + b)) / 2.

    Example:
        >>> squareplus([0.0]).tolist()
        [1.0]
    """
    return apply(tensor_like(x), "squareplus", b)


def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """X moved towards 0 by `threshold`, and 0 where it would pass it.

    Example:
        >>> soft_shrink([-1.0, 0.2]).tolist()
        [-0.5, 0.0]
    """
    return apply(tensor_like(x), "soft_shrink", threshold)


def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """X where |x| is above `threshold`, 0 elsewhere.

    Example:
        >>> hard_shrink([-1.0, 0.2]).tolist()
        [-1.0, 0.0]
    """
    return apply(tensor_like(x), "hard_shrink", threshold)


def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """X where it is above a threshold, `default_value` elsewhere.

    Example:
        >>> threshold([-1.0, 2.0], 1.0, 9.0).tolist()
        [9.0, 2.0]
    """
    return apply(tensor_like(x), "threshold", threshold, default_value)


def glu(x: Any, axis: int = -1) -> Any:
    """The first half of x along an axis, times the sigmoid of the second.

    Example:
        >>> glu([2.0, 0.0]).tolist()
        [1.0]
    """
    from pronghorn.ops._shaping import split

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


def softmax(x: Any, axis: int | None = -1) -> Any:
    """exp(x) divided by its sum along an axis (None: of all elements).

    Example:
        >>> softmax([0.0, 0.0]).tolist()
        [0.5, 0.5]
    """
    return _along_last(x, axis, "softmax")


def log_softmax(x: Any, axis: int | None = -1) -> Any:
    """The logarithm of `softmax`.

    Example:
        >>> log_softmax([0.0, 0.0]).round(6).tolist()
        [-0.693147, -0.693147]
    """
    return _along_last(x, axis, "log_softmax")


def one_hot(
    x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False
) -> Any:
    """1 at the place that x names along a new axis, 0 elsewhere.

    Args:
        x: Class numbers; those outside 0..num_classes-1 give zeros.
        num_classes: Length of the new axis.
        axis: Its place.
        dtype: Of the result; None for ``config.floatx()``.
        sparse: Must be false.

    Example:
        >>> one_hot([0, 2], 3).tolist()
        [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    if sparse:
        raise ValueError("ops.one_hot does not support `sparse`. Received: sparse=True")
    return _one_hot(tensor_like(x), num_classes, axis, standard_dtype(dtype).name)


@operation(name="one_hot", differentiable=False, settled=False)
def _one_hot(x: Any, num_classes: int, axis: int, dtype: str) -> Any:
    found = np.equal(np.asarray(x)[..., None], np.arange(num_classes)).astype(dtype)
    return np.moveaxis(found, -1, axis)


def multi_hot(
    inputs: Any, num_classes: int | None = None, axis: int = -1, dtype: Any = None,
    sparse: bool = False,
) -> Any:  # fmt: skip
    """1 at each of the places that a row of `inputs` names, 0 elsewhere.

    Example:
        >>> multi_hot([[0, 2]], 3).tolist()
        [[1.0, 0.0, 1.0]]
    """
    from pronghorn.ops._reduction import max as largest

    if num_classes is None:
        raise ValueError("ops.multi_hot needs `num_classes`. Received: num_classes=None")
    encoded = one_hot(inputs, num_classes, axis, dtype, sparse)
    return largest(encoded, axis=1 if len(encoded.shape) > 2 else 0)


def moments(
    x: Any, axes: Any, keepdims: bool = False, synchronized: bool = False
) -> tuple[Any, Any]:
    """Mean and variance along axes.

    Example:
        >>> [float(value) for value in moments([1.0, 3.0], axes=0)]
        [2.0, 1.0]
    """
    from pronghorn.ops._reduction import var

    if synchronized:
        raise ValueError("ops.moments does not support `synchronized`.")
    x = tensor_like(x)
    axes = tuple(axes) if isinstance(axes, list) else axes
    return average_of(x, axis=axes, keepdims=keepdims), var(x, axis=axes, keepdims=keepdims)


def normalize(x: Any, axis: Any = -1, order: Any = 2, epsilon: float | None = None) -> Any:
    """X divided by its norm along an axis.

    Args:
        x: Of any shape.
        axis: Along which.
        order: Of the norm: (sum |x|^order)^(1/order).
        epsilon: The least norm to divide by; None for ``config.epsilon()``.

    Example:
        >>> normalize([3.0, 4.0]).round(6).tolist()
        [0.6, 0.8]
    """
    if not isinstance(order, int) or order < 1:
        raise ValueError(f"`order` must be a positive integer. Received: order={order!r}")
    x = tensor_like(x)
    x = x if np.dtype(x.dtype).kind == "f" else cast(x, None)
    least = fuzz() if epsilon is None else epsilon
    if order == 2:
        total = add_up(x * x, axis=axis, keepdims=True)
        return x * rsqrt(maximum(total, least * least))
    norm = add_up(absolute(x) ** order, axis=axis, keepdims=True) ** (1.0 / order)
    return x / maximum(norm, least)


def batch_normalization(
    x: Any, mean: Any, variance: Any, axis: int, offset: Any = None, scale: Any = None,
    epsilon: float = 1e-3,
) -> Any:  # fmt: skip
    """(x - mean) / sqrt(variance + epsilon) * scale + offset, with vectors along one axis.

    Example:
        >>> batch_normalization([[3.0]], [1.0], [4.0], -1, epsilon=0.0).tolist()
        [[1.0]]
    """
    x = tensor_like(x)
    sizes = [1] * len(x.shape)
    sizes[axis] = -1

    def along(vector: Any) -> Any:
        return reshape(vector, tuple(sizes))

    factor = rsqrt(along(variance) + epsilon)
    if scale is not None:
        factor = factor * along(scale)
    result = (x - along(mean)) * factor
    return result if offset is None else result + along(offset)


def layer_normalization(
    x: Any, gamma: Any = None, beta: Any = None, axis: Any = -1, epsilon: float | None = None
) -> Any:
    """X with mean 0 and variance 1 along axes, times gamma plus beta.

    Example:
        >>> layer_normalization([[1.0, 3.0]], epsilon=0.0).tolist()
        [[-1.0, 1.0]]
    """
    from pronghorn.ops._reduction import var

    x = tensor_like(x)
    least = fuzz() if epsilon is None else epsilon
    centred = x - average_of(x, axis=axis, keepdims=True)
    result = centred * rsqrt(var(x, axis=axis, keepdims=True) + least)
    result = result if gamma is None else result * gamma
    return result if beta is None else result + beta


def rms_normalization(
    x: Any, scale: Any = None, axis: Any = -1, epsilon: float | None = None
) -> Any:
    """X divided by its root mean square along axes, times scale.

    Example:
        >>> rms_normalization([[3.0, 4.0]], epsilon=0.0).round(4).tolist()
        [[0.8485, 1.1314]]
    """
    x = tensor_like(x)
    least = fuzz() if epsilon is None else epsilon
    result = x * rsqrt(average_of(x * x, axis=axis, keepdims=True) + least)
    return result if scale is None else result * scale


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """-c log p - (1 - c) log(1 - p), element by element.

    Args:
        target: c, between 0 and 1.
        output: p, or logits; of the same shape.
        from_logits: Whether p is the sigmoid of `output`.

    Example:
        >>> binary_crossentropy([1.0], [0.5]).round(6).tolist()
        [0.693147]
    """
    c, z = _pair(target, output, "binary_crossentropy")
    if from_logits:
        return maximum(z, 0.0) - z * c + log1p(exp(-absolute(z)))
    p = clip(z, fuzz(), 1.0 - fuzz())
    return -(c * log(p) + (1.0 - c) * log(1.0 - p))


def _pair(target: Any, output: Any, name: str) -> tuple[Any, Any]:
    z = tensor_like(output)
    c = tensor_like(target)
    c = c if c.dtype == z.dtype else cast(c, z.dtype)
    if tuple(c.shape) != tuple(z.shape):
        raise ValueError(
            f"ops.{name} takes `target` and `output` of one shape. Received shapes "
            f"{tuple(c.shape)} and {tuple(z.shape)}"
        )
    return c, z


def _log_probabilities(z: Any, from_logits: bool, axis: int) -> Any:
    if from_logits:
        return log_softmax(z, axis=axis)
    p = z / add_up(z, axis=axis, keepdims=True)
    return log(clip(p, fuzz(), 1.0 - fuzz()))


def categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Any:
    """-sum(c log p) along an axis.

    Args:
        target: c, one-hot or probabilities.
        output: p (rows are normalised), or logits; of the same shape.
        from_logits: Whether p is the softmax of `output`.
        axis: The axis of the classes.

    Example:
        >>> categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).round(6).tolist()
        [0.693147]
    """
    c, z = _pair(target, output, "categorical_crossentropy")
    return -add_up(c * _log_probabilities(z, from_logits, axis), axis=axis)


def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Any:
    """-log p_y along an axis, for class numbers y.

    Args:
        target: Class numbers, of the shape of `output` without `axis` (or with length 1 there).
        output: p (rows are normalised), or logits.
        from_logits: Whether p is the softmax of `output`.
        axis: The axis of the classes.

    Example:
        >>> sparse_categorical_crossentropy([1], [[0.5, 0.5]]).round(6).tolist()
        [0.693147]
    """
    z = tensor_like(output)
    labels = tensor_like(target)
    rank = len(z.shape)
    if len(labels.shape) == rank and labels.shape[axis] == 1:
        from pronghorn.ops._shaping import squeeze

        labels = squeeze(labels, axis)
    expected = [size for i, size in enumerate(z.shape) if i != axis % rank]
    if list(labels.shape) != expected:
        raise ValueError(
            "ops.sparse_categorical_crossentropy takes one class number for each row of `output`. "
            f"Received shapes {tuple(labels.shape)} and {tuple(z.shape)}"
        )
    chosen = one_hot(labels, z.shape[axis], axis, z.dtype)
    return -add_up(chosen * _log_probabilities(z, from_logits, axis), axis=axis)


OPERATIONS.update(tanh=tanh)
