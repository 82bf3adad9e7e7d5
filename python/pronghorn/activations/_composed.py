"""Activations that mix columns and have no kernel: functions, not for ``activation=``."""

from typing import Any

from pronghorn._arguments import explained


@explained
def glu(x: Any, axis: int = -1) -> Any:
    """Gated linear unit: act(x) = a * sigmoid(b), where a and b are the halves of x.

    Args:
        x: Array whose size along the axis is even.
        axis: The axis that is halved.

    Returns:
        Array with half the size along the axis.

    Raises:
        ValueError: If the size along the axis is odd.

    Source: Dauphin et al., arXiv:1612.08083.

    Example:
        >>> glu([[2.0, 4.0, 0.0, 0.0]]).tolist()
        [[1.0, 2.0]]
    """
    from pronghorn import ops

    return ops.glu(x, axis=axis)


@explained
def sparsemax(x: Any, axis: int = -1) -> Any:
    """The point of the probability simplex that is nearest to x: a softmax with exact zeros.

    act(x) = max(x - t, 0), with t such that the values along the axis sum to 1.

    Args:
        x: Array with at least one axis.
        axis: The axis along which values sum to 1.

    Returns:
        Array of the shape of x.

    Source: Martins & Astudillo, arXiv:1602.02068, algorithm 1.

    Example:
        >>> sparsemax([[1.0, 0.5, -2.0]]).tolist()
        [[0.75, 0.25, 0.0]]
    """
    from pronghorn import ops
    from pronghorn.ops._choice import tensor_like

    x = tensor_like(x)
    size = x.shape[axis]
    falling = ops.flip(ops.sort(x, axis=axis), axis=axis)
    shape = [1] * len(x.shape)
    shape[axis] = size
    rank = ops.reshape(ops.arange(1, size + 1, dtype=x.dtype), shape)
    inside = 1 + rank * falling > ops.cumsum(falling, axis=axis)
    count = ops.sum(ops.cast(inside, x.dtype), axis=axis, keepdims=True)
    kept = ops.where(inside, falling, ops.zeros_like(falling))
    bound = (ops.sum(kept, axis=axis, keepdims=True) - 1) / count
    return ops.maximum(x - bound, 0)
