"""Reverse-mode differentiation: recorded tensors, operations and how gradients pass back.

An operation is a function of arrays with one rule, its vector-Jacobian product, written in terms
of operations; differentiating the rule itself gives second derivatives. `pronghorn.ops` defines
the operations, ``GradientTape`` decides when they are recorded.
"""

from pronghorn._autodiff._operation import by_composition, operation, rule
from pronghorn._autodiff._pullback import pull_back
from pronghorn._autodiff._record import (
    Node,
    is_watched,
    paused,
    recording,
    recording_is_on,
    silenced,
)
from pronghorn._autodiff._tensor import OPERATIONS, PendingTensor, Tensor, value_of

__all__ = [
    "Node",
    "OPERATIONS",
    "PendingTensor",
    "Tensor",
    "by_composition",
    "is_watched",
    "operation",
    "paused",
    "pull_back",
    "recording",
    "recording_is_on",
    "rule",
    "silenced",
    "value_of",
]
