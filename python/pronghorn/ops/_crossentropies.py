"""Cross-entropies, from probabilities and from logits."""

from __future__ import annotations

from typing import Any

from pronghorn._arguments import explained
from pronghorn.config import epsilon as fuzz
from pronghorn.ops._activations import log_softmax
from pronghorn.ops._arithmetic import clip, maximum
from pronghorn.ops._choice import cast, tensor_like
from pronghorn.ops._elementwise import absolute, exp, log, log1p
from pronghorn.ops._encodings import one_hot
from pronghorn.ops._reduction import sum as add_up
from pronghorn.ops._shaping import squeeze


@explained
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


@explained
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


@explained
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
        labels = squeeze(labels, axis)
    expected = [size for i, size in enumerate(z.shape) if i != axis % rank]
    if list(labels.shape) != expected:
        raise ValueError(
            "ops.sparse_categorical_crossentropy takes one class number for each row of `output`. "
            f"Received shapes {tuple(labels.shape)} and {tuple(z.shape)}"
        )
    chosen = one_hot(labels, z.shape[axis], axis, z.dtype)
    return -add_up(chosen * _log_probabilities(z, from_logits, axis), axis=axis)
