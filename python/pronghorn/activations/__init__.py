"""Activation functions: usable as ``activation=``, by name, and directly on arrays."""

from pronghorn.activations._function import deserialize, get, serialize
from pronghorn.activations._rectifiers import elu, leaky_relu, linear, relu, selu
from pronghorn.activations._saturating import hard_sigmoid, sigmoid, softsign, tanh
from pronghorn.activations._smooth import exponential, gelu, mish, silu, softplus
from pronghorn.activations._softmax import log_softmax, softmax

swish = silu

__all__ = [
    "deserialize",
    "elu",
    "exponential",
    "gelu",
    "get",
    "hard_sigmoid",
    "leaky_relu",
    "linear",
    "log_softmax",
    "mish",
    "relu",
    "selu",
    "serialize",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "swish",
    "tanh",
]
