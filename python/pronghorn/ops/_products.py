"""Products of vectors and matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from pronghorn import _engine
from pronghorn._arguments import explained
from pronghorn._autodiff import operation, rule
from pronghorn.ops._arithmetic import fit
from pronghorn.ops._choice import tensor_like
from pronghorn.ops._panels import LARGE, times_variable
from pronghorn.ops._reduction import sum as add_up
from pronghorn.ops._shaping import broadcast_to, expand_dims, reshape, swapaxes, transpose


@operation(2)
def matmul(x1: Any, x2: Any) -> Any:
    """The matrix product of the last two axes; those before are broadcast.

    Args:
        x1: Shape (..., n, k), or (k,).
        x2: Shape (..., k, m), or (k,).

    Returns:
        Shape (..., n, m).

    Raises:
        ValueError: If the sizes do not match.

    Example:
        >>> matmul([[1.0, 2.0]], [[3.0], [4.0]]).tolist()
        [[11.0]]
    """
    large = _large_matrices(x1, x2)
    return np.matmul(x1, x2) if large is None else _engine.matmul(*large)


def _large_matrices(x1: Any, x2: Any) -> tuple[Any, Any, bool, bool] | None:
    """What the engine multiplies: two arrays, and whether each is to be transposed."""
    if not (isinstance(x1, np.ndarray) and isinstance(x2, np.ndarray)):
        return None
    if x1.ndim != 2 or x2.ndim != 2 or x1.dtype != x2.dtype or x1.shape[1] != x2.shape[0]:
        return None
    if x1.shape[0] * x1.shape[1] * x2.shape[1] < LARGE or x1.dtype.char not in "fd":
        return None
    if not (x1.dtype.isnative and x2.dtype.isnative):
        return None
    turned = [not each.flags.c_contiguous and each.flags.f_contiguous for each in (x1, x2)]
    a, b = (each.T if turn else each for each, turn in zip((x1, x2), turned, strict=True))
    return _engine.as_array(a, a.dtype), _engine.as_array(b, b.dtype), turned[0], turned[1]


@rule(matmul)
def _(dy: Any, y: Any, x1: Any, x2: Any) -> Any:
    def first() -> Any:
        if x1.ndim == x2.ndim == 2:
            return matmul(dy, x2.T)
        if x2.ndim == 1:
            return fit(expand_dims(dy, -1) * x2, x1)
        if x1.ndim == 1:
            return fit(add_up(expand_dims(dy, -2) * x2, axis=-1), x1)
        return fit(matmul(dy, swapaxes(x2, -1, -2)), x1)

    def second() -> Any:
        if x1.ndim == x2.ndim == 2:
            return matmul(x1.T, dy)
        if x1.ndim == 1 and x2.ndim == 1:
            return dy * x1
        if x1.ndim == 1:
            return fit(expand_dims(x1, -1) * expand_dims(dy, -2), x2)
        if x2.ndim == 1:
            return fit(add_up(expand_dims(dy, -1) * x1, axis=tuple(range(x1.ndim - 1))), x2)
        if x2.ndim == 2 and x1.ndim > 2:  # one product instead of one a sample
            rows = reshape(x1, (-1, x1.shape[-1]))
            return matmul(transpose(rows), reshape(dy, (-1, dy.shape[-1])))
        return fit(matmul(swapaxes(x1, -1, -2), dy), x2)

    return first, second


matmul._operation.shortcut = times_variable  # type: ignore[attr-defined]


@explained
def dot(x1: Any, x2: Any) -> Any:
    """The product over the last axis of x1 and the last but one of x2.

    Example:
        >>> float(dot([1.0, 2.0], [3.0, 4.0]))
        11.0
    """
    x1, x2 = tensor_like(x1), tensor_like(x2)
    if len(x1.shape) == 0 or len(x2.shape) == 0:
        return x1 * x2
    if len(x2.shape) <= 2:
        return matmul(x1, x2)
    return tensordot(x1, x2, ([-1], [-2]))


@explained
def inner(x1: Any, x2: Any) -> Any:
    """The product over the last axes of x1 and x2.

    Example:
        >>> float(inner([1.0, 2.0], [3.0, 4.0]))
        11.0
    """
    x1, x2 = tensor_like(x1), tensor_like(x2)
    if len(x1.shape) == 0 or len(x2.shape) == 0:
        return x1 * x2
    return tensordot(x1, x2, ([-1], [-1]))


@explained
def vdot(x1: Any, x2: Any) -> Any:
    """The product of x1 and x2 as vectors.

    Example:
        >>> float(vdot([[1.0, 2.0]], [[3.0, 4.0]]))
        11.0
    """
    return matmul(reshape(x1, (-1,)), reshape(x2, (-1,)))


@explained
def outer(x1: Any, x2: Any) -> Any:
    """All products of an element of x1 with one of x2.

    Example:
        >>> outer([1.0, 2.0], [3.0, 4.0]).tolist()
        [[3.0, 4.0], [6.0, 8.0]]
    """
    return reshape(x1, (-1, 1)) * reshape(x2, (1, -1))


@explained
def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Any:
    """The product over several axes.

    Args:
        x1: Of any shape.
        x2: Of any shape.
        axes: How many of the last axes of x1 meet the first of x2; or a pair of lists of axes.

    Raises:
        ValueError: If the axes do not match.

    Example:
        >>> tensordot([[1.0, 2.0]], [[3.0], [4.0]], axes=1).tolist()
        [[11.0]]
    """
    x1, x2 = tensor_like(x1), tensor_like(x2)
    rank1, rank2 = len(x1.shape), len(x2.shape)
    if isinstance(axes, (int, np.integer)):
        pair = (list(range(rank1 - int(axes), rank1)), list(range(int(axes))))
    else:
        pair = tuple([a] if isinstance(a, int) else list(a) for a in axes)  # type: ignore[assignment]
    mine = [a % rank1 for a in pair[0]]
    theirs = [a % rank2 for a in pair[1]]
    if [x1.shape[a] for a in mine] != [x2.shape[a] for a in theirs]:
        raise ValueError(
            f"ops.tensordot needs axes of equal sizes. Received shapes {tuple(x1.shape)} and "
            f"{tuple(x2.shape)} with axes={axes!r}"
        )
    left = [a for a in range(rank1) if a not in mine]
    right = [a for a in range(rank2) if a not in theirs]
    depth = int(np.prod([x1.shape[a] for a in mine], dtype=np.int64))
    rows = [x1.shape[a] for a in left]
    columns = [x2.shape[a] for a in right]
    first = reshape(transpose(x1, (*left, *mine)) if left or mine else x1, (-1, depth))
    second = reshape(transpose(x2, (*theirs, *right)) if theirs or right else x2, (depth, -1))
    return reshape(matmul(first, second), (*rows, *columns))


@explained
def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> Any:
    """Einstein's summation: products over the letters that the output does not name.

    Args:
        subscripts: Such as ``"ij,jk->ik"``.
        *operands: One for each term.
        **kwargs: `optimize`, which is accepted; the order of products is chosen here.

    Raises:
        ValueError: If subscripts and shapes do not match.

    Example:
        >>> einsum("ij,j->i", [[1.0, 2.0]], [3.0, 4.0]).tolist()
        [11.0]
    """
    kwargs.pop("optimize", None)
    if kwargs:
        raise TypeError(f"ops.einsum got unknown arguments: {sorted(kwargs)}.")
    tensors = [tensor_like(each) for each in operands]
    terms, output = _terms(subscripts, [len(each.shape) for each in tensors])
    for i, term in enumerate(terms):
        tensors[i], terms[i] = _diagonals(tensors[i], term)
    return _einsum(tensors, ",".join(terms) + "->" + output)


def _diagonals(x: Any, term: str) -> tuple[Any, str]:
    """A tensor and its term with each letter once: what repeats one names a diagonal."""
    from pronghorn.ops._indexing import diagonal

    for letter in dict.fromkeys(term):
        while term.count(letter) > 1:
            first, second = [i for i, c in enumerate(term) if c == letter][:2]
            if x.shape[first] != x.shape[second]:
                raise ValueError(
                    f"ops.einsum takes the diagonal of axes of one size for {term!r}. "
                    f"Received: shape {tuple(x.shape)}"
                )
            x = diagonal(x, 0, first, second)
            term = term[:first] + term[first + 1 : second] + term[second + 1 :] + letter
    return x, term


def _terms(subscripts: str, ranks: list[int]) -> tuple[list[str], str]:
    """The terms and the output with letters for ellipses."""
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(ranks):
        raise ValueError(
            f"ops.einsum has {len(terms)} terms in {subscripts!r} and {len(ranks)} operands."
        )
    free = [
        c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" if c not in subscripts
    ]
    hidden = [rank - len(term.replace("...", "")) for term, rank in zip(terms, ranks, strict=True)]
    longest = sorted([n for n, term in zip(hidden, terms, strict=True) if "..." in term] or [0])[-1]
    letters = "".join(free[:longest])
    terms = [
        term.replace("...", letters[longest - count :] if count > 0 else "")
        for term, count in zip(terms, hidden, strict=True)
    ]
    if not arrow:
        joined = "".join(terms)
        named = sorted(c for c in set(joined) - set(letters) if joined.count(c) == 1)
        right = letters + "".join(named)
    return terms, right.replace("...", letters)


@operation(gathered=True, name="einsum")
def _einsum(operands: Any, subscripts: str) -> Any:
    return np.einsum(subscripts, *operands, optimize=len(operands) > 1)


@rule(_einsum)
def _(dy: Any, y: Any, operands: Any, subscripts: str) -> Any:
    left, _, output = subscripts.partition("->")
    terms = left.split(",")

    def part(i: int) -> Any:
        term, x = terms[i], operands[i]
        others = [(terms[j], operands[j]) for j in range(len(terms)) if j != i]
        known = output + "".join(each for each, _ in others)
        reach = "".join(c for c in term if c in known)
        given = _einsum(
            [dy, *(each for _, each in others)],
            ",".join([output, *(each for each, _ in others)]) + "->" + reach,
        )
        # Letters of this term alone were summed: their gradient is the same all along.
        shape = tuple(given.shape[reach.index(c)] if c in reach else 1 for c in term)
        given = reshape(given, shape)
        return fit(
            broadcast_to(
                given, tuple(x.shape[k] if c not in reach else shape[k] for k, c in enumerate(term))
            ),
            x,
        )

    return [[lambda i=i: part(i) for i in range(len(terms))]]


@explained
def kron(x1: Any, x2: Any) -> Any:
    """Kronecker's product of two matrices.

    Example:
        >>> kron([[1.0, 2.0]], [[1.0], [1.0]]).tolist()
        [[1.0, 2.0], [1.0, 2.0]]
    """
    x1, x2 = tensor_like(x1), tensor_like(x2)
    if len(x1.shape) != 2 or len(x2.shape) != 2:
        raise ValueError(
            f"ops.kron takes two matrices. Received shapes {tuple(x1.shape)}, {tuple(x2.shape)}"
        )
    (a, b), (c, d) = x1.shape, x2.shape
    product = reshape(x1, (a, 1, b, 1)) * reshape(x2, (1, c, 1, d))
    return reshape(product, (a * c, b * d))


@explained
def cross(
    x1: Any, x2: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Any:
    """The vector product of vectors of three numbers.

    Args:
        x1: Array or tensor.
        x2: Likewise.
        axisa: Axis of the vectors of x1.
        axisb: Axis of the vectors of x2.
        axisc: Axis of the vectors of the result.
        axis: In place of all three; None for none.

    Example:
        >>> cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]).tolist()
        [0.0, 0.0, 1.0]
    """
    from pronghorn.ops._shaping import stack, unstack

    if axis is not None:
        axisa = axisb = axisc = axis
    x1, x2 = tensor_like(x1), tensor_like(x2)
    if x1.shape[axisa] != 3 or x2.shape[axisb] != 3:
        raise ValueError(
            "ops.cross takes vectors of three numbers. Received shapes "
            f"{tuple(x1.shape)}, {tuple(x2.shape)}"
        )
    a, b = unstack(x1, axis=axisa), unstack(x2, axis=axisb)
    parts = [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
    return stack(parts, axis=axisc)
