"""Activation functions: usable as ``activation=``, by name, and directly on arrays."""

from pronghorn.activations._composed import glu, sparsemax
from pronghorn.activations._function import deserialize, get, serialize
from pronghorn.activations._rectifiers import celu, elu, leaky_relu, linear, relu, relu6, selu
from pronghorn.activations._saturating import (
    hard_sigmoid,
    hard_tanh,
    log_sigmoid,
    sigmoid,
    softsign,
    sparse_sigmoid,
    tanh,
)
from pronghorn.activations._shrinking import hard_shrink, soft_shrink, tanh_shrink, threshold
from pronghorn.activations._smooth import (
    exponential,
    gelu,
    hard_silu,
    mish,
    silu,
    softplus,
    sparse_plus,
    squareplus,
)
from pronghorn.activations._softmax import log_softmax, softmax

swish = silu
hard_swish = hard_silu

__all__ = [
    "celu",
    "deserialize",
    "elu",
    "exponential",
    "gelu",
    "get",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "serialize",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "swish",
    "tanh",
    "tanh_shrink",
    "threshold",
]
