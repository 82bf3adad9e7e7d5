"""The engine's activations as one operation, and the derivative of each."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from pronghorn import _engine
from pronghorn._autodiff import operation, rule
from pronghorn.activations._function import on_array
from pronghorn.ops._arithmetic import clip
from pronghorn.ops._choice import cast, where
from pronghorn.ops._elementwise import absolute, erf, exp, rsqrt
from pronghorn.ops._reduction import sum as add_up


@operation(name="_activate")
def activate(x: Any, name: str, p0: float = 0.0, p1: float = 0.0, p2: float = 0.0) -> Any:
    """The engine's activation of that name; its parameters mean what they mean there."""
    return on_array(np.asarray(x), name, p0, p1, p2)


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
    "leaky_relu": lambda dy, y, x, slope, *p: where(x >= 0, dy, slope * dy),
    "sigmoid": lambda dy, y, x, *p: dy * y * (1.0 - y),
    "log_sigmoid": lambda dy, y, x, *p: dy * _logistic(-x),
    "hard_sigmoid": _between(-3.0, 3.0, 1.0 / 6.0),
    "hard_tanh": lambda dy, y, x, *p: dy * (_step(x >= -1, x) * _step(x <= 1, x)),
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
    if _for_engine(dy, y, x) and (p0 > 0 or name not in _INVERTIBLE_FOR_POSITIVE):
        return _engine.activation_gradient(dy, y, x, name, p0, p1, p2)
    return found(dy, y, x, p0, p1, p2)


# The engine finds their slope from y, which tells x only for positive parameters.
_INVERTIBLE_FOR_POSITIVE = ("elu", "celu")


def _for_engine(*arrays: Any) -> bool:
    """Whether these are arrays that the engine reads as they are: nothing is to be recorded."""
    kind = arrays[0].dtype
    return (
        kind.char in "fd"
        and kind.isnative
        and all(
            type(each) is np.ndarray and each.dtype is kind and each.flags.carray for each in arrays
        )
    )
