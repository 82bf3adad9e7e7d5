"""Linear algebra on the last two axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from pronghorn._arguments import explained
from pronghorn._autodiff import OPERATIONS, by_composition, operation, rule
from pronghorn.ops._arithmetic import fit
from pronghorn.ops._choice import cast, tensor_like
from pronghorn.ops._elementwise import absolute, sqrt
from pronghorn.ops._indexing import tril
from pronghorn.ops._products import matmul
from pronghorn.ops._reduction import max as largest
from pronghorn.ops._reduction import min as smallest
from pronghorn.ops._reduction import sum as add_up
from pronghorn.ops._shaping import expand_dims, reshape, squeeze, swapaxes


def _turned(x: Any) -> Any:
    return swapaxes(x, -1, -2)


@operation()
def det(x: Any) -> Any:
    """The determinant.

    Example:
        >>> float(det([[2.0, 0.0], [0.0, 3.0]]))
        6.0
    """
    return np.linalg.det(x)


@rule(det)
def _(dy: Any, y: Any, x: Any) -> Any:
    return reshape(dy * y, (*x.shape[:-2], 1, 1)) * _turned(inv(x))


@operation()
def slogdet(x: Any) -> Any:
    """The sign of the determinant and the logarithm of its size.

    Example:
        >>> [float(part) for part in slogdet([[2.0, 0.0], [0.0, 0.5]])]
        [1.0, 0.0]
    """
    sign, size = np.linalg.slogdet(x)
    return sign, size


@rule(slogdet)
def _(dy: Any, y: Any, x: Any) -> Any:
    return reshape(dy[1], (*x.shape[:-2], 1, 1)) * _turned(inv(x))


@explained
def logdet(x: Any) -> Any:
    """The logarithm of the determinant of a positive definite matrix.

    Example:
        >>> float(logdet([[2.0, 0.0], [0.0, 0.5]]))
        0.0
    """
    return slogdet(x)[1]


@operation()
def inv(x: Any) -> Any:
    """The inverse matrix.

    Raises:
        numpy.linalg.LinAlgError: If there is none.

    Example:
        >>> inv([[2.0, 0.0], [0.0, 4.0]]).tolist()
        [[0.5, 0.0], [0.0, 0.25]]
    """
    return np.linalg.inv(x)


@rule(inv)
def _(dy: Any, y: Any, x: Any) -> Any:
    return -matmul(matmul(_turned(y), dy), _turned(y))


@explained
def solve(a: Any, b: Any) -> Any:
    """X such that a x = b.

    Args:
        a: Square matrices, (..., n, n).
        b: A vector (n,) or (..., n), or matrices (..., n, m).

    Raises:
        numpy.linalg.LinAlgError: If a matrix is singular.

    Example:
        >>> solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 4.0]).tolist()
        [1.0, 1.0]
    """
    a, b = tensor_like(a), tensor_like(b)
    if len(b.shape) == len(a.shape) - 1:
        return squeeze(_solve(a, expand_dims(b, -1)), -1)
    return _solve(a, b)


@operation(2, name="solve")
def _solve(a: Any, b: Any) -> Any:
    return np.linalg.solve(a, b)


@rule(_solve)
def _(dy: Any, y: Any, a: Any, b: Any) -> Any:
    back = _solve(_turned(a), dy)
    return lambda: fit(-matmul(back, _turned(y)), a), lambda: fit(back, b)


@explained
def solve_triangular(a: Any, b: Any, lower: bool = False) -> Any:
    """X such that a x = b, for the upper (or lower) triangle of a.

    Args:
        a: Matrices, square.
        b: Right sides.
        lower: Whether the lower triangle counts.

    Example:
        >>> solve_triangular([[2.0, 9.0], [0.0, 4.0]], [[11.0], [4.0]]).tolist()
        [[1.0], [1.0]]
    """
    from pronghorn.ops._indexing import triu

    return solve(tril(a) if lower else triu(a), b)


@operation()
def _cholesky(x: Any) -> Any:
    return np.linalg.cholesky(x)


@rule(_cholesky)
def _(dy: Any, y: Any, x: Any) -> Any:
    # Murray, arXiv:1602.07527, eq. 8: symmetrised L^-T phi(L^T dL) L^-1.
    inner = tril(matmul(_turned(y), dy))
    half = inner - inner * (0.5 * np.eye(x.shape[-1], dtype=x.dtype))
    left = _solve(_turned(y), half)
    full = _turned(_solve(_turned(y), _turned(left)))
    return (full + _turned(full)) * 0.5


@explained
def cholesky(x: Any, upper: bool = False) -> Any:
    """L with L Lᵀ = x, lower triangular; or its transpose.

    Raises:
        numpy.linalg.LinAlgError: If x is not positive definite.

    Example:
        >>> cholesky([[4.0, 0.0], [0.0, 9.0]]).tolist()
        [[2.0, 0.0], [0.0, 3.0]]
    """
    found = _cholesky(x)
    return _turned(found) if upper else found


@operation()
def qr(x: Any, mode: str = "reduced") -> Any:
    """Q and R with Q R = x, Q orthogonal and R upper triangular.

    The derivative is that of the reduced form of matrices with full rank, no wider than high.

    Example:
        >>> qr(np.eye(2))[1].shape
        (2, 2)
    """
    return tuple(np.linalg.qr(x, mode=mode))  # type: ignore[call-overload]


@rule(qr)
def _(dy: Any, y: Any, x: Any, mode: str = "reduced") -> Any:
    # Walter & Lehmann, arXiv:1009.6112, section 4.3.
    q, r = y
    if x.shape[-2] < x.shape[-1] or q.shape[-1] != x.shape[-1]:
        raise NotImplementedError(
            "ops.qr has a derivative only for matrices that are no wider than high, with "
            f"mode='reduced'. Received: shape {tuple(x.shape)}, mode={mode!r}"
        )
    m = matmul(r, _turned(dy[1])) - matmul(_turned(dy[0]), q)
    symmetric = tril(m) + _turned(tril(m, -1))
    return _turned(solve(r, _turned(dy[0] + matmul(q, symmetric))))


@operation()
def svd(x: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """U, s and Vᵀ with U diag(s) Vᵀ = x, or s alone.

    U and V have a derivative where no two singular values are equal; those of matrices that are not
    square only without ``full_matrices``.

    Args:
        x: Matrices.
        full_matrices: Whether U and V are square.
        compute_uv: Whether U and V are returned.

    Example:
        >>> svd(np.diag([3.0, 2.0]))[1].tolist()
        [3.0, 2.0]
    """
    if not compute_uv:
        return np.linalg.svd(x, full_matrices=full_matrices, compute_uv=False)
    return tuple(np.linalg.svd(x, full_matrices=full_matrices, compute_uv=True))


@rule(svd)
def _(dy: Any, y: Any, x: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    # Townsend, "Differentiating the singular value decomposition" (2016).
    if not compute_uv:
        u, _, vt = svd(x, full_matrices=False)
        return matmul(u * expand_dims(dy, -2), vt)
    if full_matrices and x.shape[-2] != x.shape[-1]:
        raise NotImplementedError(
            "ops.svd of a matrix that is not square has a derivative only with "
            f"full_matrices=False or compute_uv=False. Received: shape {tuple(x.shape)}"
        )
    (u, s, vt), (du, ds, dvt) = y, dy
    v, dv = _turned(vt), _turned(dvt)
    one = np.eye(s.shape[-1], dtype=x.dtype)
    row, column = expand_dims(s, -2), expand_dims(s, -1)
    factor = (1.0 - one) / (row * row - column * column + one)
    left, right = matmul(_turned(u), du), matmul(vt, dv)
    middle = factor * (left - _turned(left)) * row + column * factor * (right - _turned(right))
    total = matmul(matmul(u, middle + one * expand_dims(ds, -2)), vt)
    if x.shape[-2] > x.shape[-1]:
        total = total + matmul((du - matmul(u, left)) / row, vt)
    if x.shape[-2] < x.shape[-1]:
        total = total + matmul(u, _turned((dv - matmul(v, right)) / row))
    return total


@operation()
def eigh(x: Any) -> Any:
    """Eigenvalues in ascending order and eigenvectors of a symmetric matrix.

    Example:
        >>> eigh(np.diag([3.0, 2.0]))[0].tolist()
        [2.0, 3.0]
    """
    return tuple(np.linalg.eigh(x))


@rule(eigh)
def _(dy: Any, y: Any, x: Any) -> Any:
    # Giles, "An extended collection of matrix derivative results" (2008), section 3.1.
    values, vectors = y
    gaps = expand_dims(values, -2) - expand_dims(values, -1)
    same = np.eye(x.shape[-1], dtype=x.dtype)
    factor = (1.0 - same) / (gaps + same)
    middle = factor * matmul(_turned(vectors), dy[1]) + same * expand_dims(dy[0], -2)
    full = matmul(matmul(vectors, middle), _turned(vectors))
    return (full + _turned(full)) * 0.5


@operation(2)
def lstsq(a: Any, b: Any, rcond: float | None = None) -> Any:
    """X that makes the squares of a x - b least; the derivative is for `a` of full rank.

    Args:
        a: Matrix.
        b: Vector, or matrix of columns.
        rcond: Singular values below this share of the largest count as 0; None for rounding's.

    Example:
        >>> lstsq([[1.0], [1.0]], [1.0, 3.0]).round(6).tolist()
        [2.0]
    """
    return np.linalg.lstsq(a, b, rcond=rcond)[0]


def _normal_equations(a: Any, b: Any, rcond: float | None = None) -> Any:
    turned = _turned(a)
    if a.shape[0] >= a.shape[1]:
        return solve(matmul(turned, a), matmul(turned, b))
    return matmul(turned, solve(matmul(a, turned), b))


by_composition(lstsq, _normal_equations)


@explained
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The norm of vectors (one axis) or matrices (two axes).

    Args:
        x: Of any shape.
        ord: For vectors a number or infinity (None is 2); for matrices "fro" (or None), 1, -1,
            infinity, "nuc", 2 or -2, the last three without a derivative.
        axis: One axis or two; None takes all of x, for `ord` None as one vector.
        keepdims: Whether reduced axes stay, with length 1.

    Raises:
        ValueError: For a norm that there is not.

    Example:
        >>> float(norm([3.0, 4.0]))
        5.0
    """
    x = tensor_like(x)
    if np.dtype(x.dtype).kind != "f":
        x = cast(x, None)
    rank = len(x.shape)
    if axis is None:
        axes = tuple(range(rank))
        if ord is None:
            return sqrt(add_up(x * x, axis=axes, keepdims=keepdims))
    else:
        axes = tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
    axes = tuple(a % rank for a in axes)
    if len(axes) == 1:
        return _vector_norm(x, ord, axes[0], keepdims)
    if len(axes) == 2:
        return _matrix_norm(x, ord, axes, keepdims)
    raise ValueError(f"ops.norm takes one axis or two. Received: axis={axis!r}")


def _vector_norm(x: Any, order: Any, axis: int, keepdims: bool) -> Any:
    if order is None or order == 2:
        return sqrt(add_up(x * x, axis=axis, keepdims=keepdims))
    if order == np.inf:
        return largest(absolute(x), axis=axis, keepdims=keepdims)
    if order == -np.inf:
        return smallest(absolute(x), axis=axis, keepdims=keepdims)
    if isinstance(order, str):
        raise ValueError(f"`ord` of a vector must be a number. Received: ord={order!r}")
    if order == 0:
        return cast(OPERATIONS["not_equal"](x, 0), x.dtype).sum(axis=axis, keepdims=keepdims)
    if order == 1:
        return add_up(absolute(x), axis=axis, keepdims=keepdims)
    return add_up(absolute(x) ** order, axis=axis, keepdims=keepdims) ** (1.0 / order)


def _matrix_norm(x: Any, order: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    rows, columns = axes
    if order in (None, "fro"):
        return sqrt(add_up(x * x, axis=axes, keepdims=keepdims))
    if order in (1, -1, np.inf, -np.inf):
        along, across = (rows, columns) if order in (1, -1) else (columns, rows)
        pick = largest if order in (1, np.inf) else smallest
        sums = add_up(absolute(x), axis=along, keepdims=True)
        found = pick(sums, axis=across, keepdims=True)
        return found if keepdims else squeeze(found, axes)
    if order in ("nuc", 2, -2):
        return _singular_norm(x, order, axes, keepdims)
    raise ValueError(
        "`ord` of a matrix must be None, 'fro', 'nuc', 1, -1, 2, -2 or infinite. "
        f"Received: ord={order!r}"
    )


@operation(name="_singular_norm")
def _singular_norm(x: Any, order: Any, axes: Any, keepdims: bool) -> Any:
    return np.linalg.norm(x, ord=order, axis=axes, keepdims=keepdims)


OPERATIONS.update(norm=norm, cholesky=cholesky)
