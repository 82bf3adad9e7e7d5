"""Penalties on weights, added to the loss."""

from pronghorn.regularizers._orthogonal import OrthogonalRegularizer
from pronghorn.regularizers._regularizer import (
    L1,
    L1L2,
    L2,
    Regularizer,
    deserialize,
    get,
    serialize,
)

l1 = L1
l2 = L2
l1_l2 = L1L2
orthogonal_regularizer = OrthogonalRegularizer

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "deserialize",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "orthogonal_regularizer",
    "serialize",
]
