"""Taking, putting and masking by place."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from pronghorn._arguments import explained
from pronghorn._autodiff import operation, rule, value_of
from pronghorn.ops._choice import shape as shape_of
from pronghorn.ops._choice import tensor_like, where
from pronghorn.ops._shaping import get_item, ravel, reshape


def _places(indices: Any) -> Any:
    array = np.asarray(value_of(indices))
    if array.dtype.kind not in "iub":
        raise TypeError(f"`indices` must be whole numbers. Received: dtype {array.dtype}")
    return array


@operation(2)
def take(x: Any, indices: Any, axis: Any = None) -> Any:
    """The elements of x at some places of an axis (None: of the flat tensor).

    Args:
        x: Of any shape.
        indices: Whole numbers of any shape; negative ones count from the end.
        axis: Which axis.

    Raises:
        IndexError: If a place is outside.

    Example:
        >>> take([10.0, 20.0, 30.0], [2, 0]).tolist()
        [30.0, 10.0]
    """
    return np.take(x, _places(indices), axis=axis)


@rule(take)
def _(dy: Any, y: Any, x: Any, indices: Any, axis: Any = None) -> Any:
    from pronghorn.ops._shaping import _put

    places = _places(indices)
    if axis is None:
        return reshape(_put(dy, places, (int(np.prod(x.shape)),)), x.shape)
    return _put(dy, (*(np.s_[:],) * (axis % x.ndim), places), x.shape)


@explained
def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Any:
    """For each place of `indices` the element of x there, along one axis.

    Args:
        x: Of any shape.
        indices: Whole numbers, of the rank of x.
        axis: Along which; None for the flat tensor.

    Example:
        >>> take_along_axis([[1.0, 2.0], [3.0, 4.0]], np.array([[1], [0]]), axis=1).tolist()
        [[2.0], [3.0]]
    """
    return _take_along_axis(x, indices, axis)


@operation(2, name="take_along_axis")
def _take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Any:
    array = np.asarray(x)
    if axis is None:
        return np.ravel(array)[_places(indices).ravel()]
    return array[_grid(array.shape, _places(indices), axis)]


def _grid(shape: tuple[int, ...], places: Any, axis: int) -> tuple[Any, ...]:
    """The places along `axis` as an index for all axes."""
    rank, axis = len(shape), axis % len(shape)
    return tuple(
        places if i == axis else np.arange(size).reshape((-1,) + (1,) * (rank - i - 1))
        for i, size in enumerate(shape)
    )


@rule(_take_along_axis)
def _(dy: Any, y: Any, x: Any, indices: Any, axis: int | None = None) -> Any:
    from pronghorn.ops._shaping import _put

    places = _places(indices)
    if axis is None:
        return reshape(_put(dy, places.ravel(), (int(np.prod(x.shape)),)), x.shape)
    return _put(dy, _grid(x.shape, places, axis), x.shape, _once(places, x, axis))


def _once(places: Any, x: Any, axis: int) -> bool:
    """Whether `take_along_axis` cannot have taken an element twice."""
    return places.shape[axis] == 1 and all(map(operator.le, places.shape, x.shape))


@explained
def slice(inputs: Any, start_indices: Any, shape: Any) -> Any:
    """The block of `inputs` of a given shape that begins at given places.

    Args:
        inputs: Array or tensor.
        start_indices: First place along each axis.
        shape: Of the block.

    Example:
        >>> slice(np.arange(9.0).reshape(3, 3), (1, 1), (2, 2)).tolist()
        [[4.0, 5.0], [7.0, 8.0]]
    """
    return get_item(inputs, _block(start_indices, shape))


def _block(starts: Any, shape: Any) -> tuple[Any, ...]:
    first = [int(start) for start in np.asarray(starts)]
    return tuple(np.s_[a : a + int(n)] for a, n in zip(first, shape, strict=True))


@explained
def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Any:
    """`inputs` with the block that begins at given places replaced.

    Args:
        inputs: Array or tensor.
        start_indices: First place along each axis.
        updates: The new block.

    Example:
        >>> slice_update(np.zeros(3), (1,), np.ones(2)).tolist()
        [0.0, 1.0, 1.0]
    """
    return _replaced(inputs, updates, _block(start_indices, shape_of(updates)))


@operation(2, name="_replaced")
def _replaced(inputs: Any, updates: Any, key: Any) -> Any:
    result = np.array(inputs)
    result[key] = updates
    return result


@rule(_replaced)
def _(dy: Any, y: Any, inputs: Any, updates: Any, key: Any) -> Any:
    from pronghorn.ops._arithmetic import fit

    return (
        lambda: _replaced(dy, np.zeros((), dy.dtype), key),
        lambda: fit(get_item(dy, key), updates),
    )


@explained
def scatter(indices: Any, values: Any, shape: Any) -> Any:
    """Zeros of a shape with `values` added at `indices`, one row a place.

    Args:
        indices: Places, one a row.
        values: One for each row.
        shape: Of the result.

    Example:
        >>> scatter([[1], [1]], [2.0, 3.0], (3,)).tolist()
        [0.0, 5.0, 0.0]
    """
    from pronghorn.ops._shaping import _put

    places = tuple(np.moveaxis(_places(indices), -1, 0))
    return _put(values, places, tuple(int(size) for size in shape))


@explained
def scatter_update(inputs: Any, indices: Any, updates: Any, reduction: str | None = None) -> Any:
    """`inputs` with the elements at `indices`, one row a place, replaced.

    Args:
        inputs: Of any shape.
        indices: Places, of shape (n, axes).
        updates: The new values, one a place.
        reduction: None, or "add" to add to what is there.

    Example:
        >>> scatter_update(np.zeros(3), [[1]], [2.0]).tolist()
        [0.0, 2.0, 0.0]
    """
    places = tuple(np.moveaxis(_places(indices), -1, 0))
    if reduction == "add":
        return tensor_like(inputs) + scatter(indices, updates, shape_of(inputs))
    if reduction is not None:
        raise ValueError(f"`reduction` must be None or 'add'. Received: reduction={reduction!r}")
    return _replaced(inputs, updates, places)


@explained
def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Any:
    """X with elements put before and after along each axis.

    Args:
        x: Of any shape.
        pad_width: A number, or (before, after), for all axes; or one such pair for each.
        mode: "constant", "edge", "reflect" or "symmetric".
        constant_values: What mode "constant" puts; None is 0.

    Raises:
        ValueError: For another mode, or a constant with a mode that takes none.

    Example:
        >>> pad([1.0], (1, 2)).tolist()
        [0.0, 1.0, 0.0, 0.0]
    """
    if mode not in ("constant", "edge", "reflect", "symmetric"):
        raise ValueError(
            f"`mode` must be 'constant', 'edge', 'reflect' or 'symmetric'. Received: mode={mode!r}"
        )
    if mode != "constant" and constant_values is not None:
        raise ValueError(
            f"`constant_values` goes with mode 'constant'. Received: mode={mode!r}, "
            f"constant_values={constant_values!r}"
        )
    sizes = shape_of(x)
    widths = np.broadcast_to(np.asarray(pad_width), (len(sizes), 2)).tolist()
    if mode == "constant":
        return _pad(x, [tuple(pair) for pair in widths], constant_values or 0)
    for axis, (pair, size) in enumerate(zip(widths, sizes, strict=True)):
        if pair != [0, 0]:
            places: Any = np.pad(np.arange(size), pair, mode=mode)  # type: ignore[call-overload]
            x = take(x, places, axis=axis)
    return x


@operation(name="pad")
def _pad(x: Any, pad_width: Any, constant: Any = 0) -> Any:
    return np.pad(x, pad_width, constant_values=constant)


@rule(_pad)
def _(dy: Any, y: Any, x: Any, pad_width: Any, constant: Any = 0) -> Any:
    inner = tuple(
        np.s_[before : before + size] for (before, _), size in zip(pad_width, x.shape, strict=True)
    )
    return get_item(dy, inner)


@explained
def tril(x: Any, k: int = 0) -> Any:
    """X with zeros above the k-th diagonal of its last two axes.

    Example:
        >>> tril(np.ones((2, 2))).tolist()
        [[1.0, 0.0], [1.0, 1.0]]
    """
    x = tensor_like(x)
    rows, columns = x.shape[-2:]
    return where(np.tri(rows, columns, k, dtype=bool), x, np.zeros((), x.dtype))


@explained
def triu(x: Any, k: int = 0) -> Any:
    """X with zeros below the k-th diagonal of its last two axes.

    Example:
        >>> triu(np.ones((2, 2))).tolist()
        [[1.0, 1.0], [0.0, 1.0]]
    """
    x = tensor_like(x)
    rows, columns = x.shape[-2:]
    return where(np.tri(rows, columns, k - 1, dtype=bool), np.zeros((), x.dtype), x)


@explained
def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The diagonal of two axes, along a new last axis.

    Args:
        x: Array or tensor.
        offset: 0 is the main diagonal, above it is positive.
        axis1: First axis of the matrices.
        axis2: Second axis.

    Example:
        >>> diagonal([[1.0, 2.0], [3.0, 4.0]]).tolist()
        [1.0, 4.0]
    """
    from pronghorn.ops._shaping import moveaxis

    moved = moveaxis(tensor_like(x), (axis1, axis2), (-2, -1))
    rows, columns = moved.shape[-2:]
    places = np.diagonal(np.arange(rows * columns).reshape(rows, columns), offset)
    return take(reshape(moved, (*moved.shape[:-2], rows * columns)), places, axis=-1)


@explained
def diag(x: Any, k: int = 0) -> Any:
    """The k-th diagonal of a matrix; of a vector, the matrix with that diagonal.

    Example:
        >>> diag([1.0, 2.0]).tolist()
        [[1.0, 0.0], [0.0, 2.0]]
    """
    x = tensor_like(x)
    if x.ndim == 2:
        return diagonal(x, k)
    if x.ndim != 1:
        raise ValueError(f"ops.diag takes a vector or a matrix. Received: shape {x.shape}")
    from pronghorn.ops._shaping import _put

    side = x.shape[0] + (k if k > 0 else -k)
    places = np.arange(x.shape[0])
    return _put(x, (places + (0 if k > 0 else -k), places + (k if k > 0 else 0)), (side, side))


@explained
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The sum of a diagonal.

    Args:
        x: Array or tensor.
        offset: 0 is the main diagonal, above it is positive.
        axis1: First axis of the matrices.
        axis2: Second axis.

    Example:
        >>> float(trace([[1.0, 2.0], [3.0, 4.0]]))
        5.0
    """
    from pronghorn.ops._reduction import sum as add_up

    return add_up(diagonal(x, offset, axis1, axis2), axis=-1)


@explained
def diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    """The differences between neighbours along an axis, n times over.

    Args:
        a: Array or tensor.
        n: How often.
        axis: The axis.

    Example:
        >>> diff([1.0, 4.0, 9.0]).tolist()
        [3.0, 5.0]
    """
    a = tensor_like(a)
    before = (np.s_[:],) * (axis % len(a.shape))
    for _ in range(n):
        a = get_item(a, (*before, np.s_[1:])) - get_item(a, (*before, np.s_[:-1]))
    return a


@explained
def top_k(x: Any, k: int, sorted: bool = True) -> tuple[Any, Any]:
    """The k largest elements along the last axis, and their places.

    Args:
        x: Array or tensor.
        k: How many.
        sorted: Whether the largest comes first; it does in any case.

    Example:
        >>> values, places = top_k([1.0, 5.0, 3.0], 2)
        >>> values.tolist(), places.tolist()
        ([5.0, 3.0], [1, 2])
    """
    del sorted  # they always are
    x = tensor_like(x)
    places = np.argsort(-np.asarray(x), axis=-1, kind="stable")[..., :k].astype(np.int32)
    return take_along_axis(x, places, axis=-1), places


@explained
def meshgrid(*x: Any, indexing: str = "xy") -> list[Any]:
    """Coordinates of all points of a grid, from the coordinates along each axis.

    Example:
        >>> [grid.tolist() for grid in meshgrid([1, 2], [3])]
        [[[1, 2]], [[3, 3]]]
    """
    from pronghorn.ops._shaping import broadcast_to, swapaxes

    if indexing not in ("xy", "ij"):
        raise ValueError(f"`indexing` must be 'xy' or 'ij'. Received: indexing={indexing!r}")
    flat = [ravel(tensor_like(each)) for each in x]
    sizes = tuple(each.shape[0] for each in flat)
    grids = [
        broadcast_to(reshape(each, (1,) * i + (-1,) + (1,) * (len(flat) - i - 1)), sizes)
        for i, each in enumerate(flat)
    ]
    if indexing == "xy" and len(grids) > 1:
        grids = [swapaxes(grid, 0, 1) for grid in grids]
    return grids


@explained
def segment_sum(
    data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False
) -> Any:
    """Sums of the rows of `data` that have the same number of segment.

    Args:
        data: Array or tensor.
        segment_ids: One number a row.
        num_segments: How many there are; None for the largest number and one.
        sorted: Whether the numbers ascend; it does not matter.

    Example:
        >>> segment_sum([1.0, 2.0, 3.0], [0, 0, 1]).tolist()
        [3.0, 3.0]
    """
    from pronghorn.ops._shaping import _put

    del sorted  # any order will do
    places = _places(segment_ids)
    count = int(places.max()) + 1 if num_segments is None else num_segments
    return _put(data, places, (count, *shape_of(data)[1:]))
