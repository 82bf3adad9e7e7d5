"""Operations that move elements about without changing them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pronghorn._arguments import explained
from pronghorn._autodiff import OPERATIONS, Tensor, operation, rule


def _ints(shape: Any) -> Any:
    return tuple(map(int, shape)) if isinstance(shape, (tuple, list)) else shape


@operation()
def reshape(x: Any, newshape: Any) -> Any:
    """X in another shape, in the same (C) order; one size may be -1.

    Example:
        >>> reshape(np.zeros((2, 3)), (3, -1)).shape
        (3, 2)
    """
    return np.reshape(x, _ints(newshape))


@rule(reshape)
def _(dy: Any, y: Any, x: Any, newshape: Any) -> Any:
    return reshape(dy, x.shape)


@explained
def ravel(x: Any) -> Any:
    """X as a vector.

    Example:
        >>> ravel([[1, 2], [3, 4]]).tolist()
        [1, 2, 3, 4]
    """
    return reshape(x, (-1,))


@operation()
def transpose(x: Any, axes: Any = None) -> Any:
    """X with its axes in another order; None reverses them.

    Example:
        >>> transpose(np.zeros((2, 3))).shape
        (3, 2)
    """
    return np.transpose(x, axes or None)


@rule(transpose)
def _(dy: Any, y: Any, x: Any, axes: Any = None) -> Any:
    return transpose(dy, None if not axes else tuple(np.argsort([a % x.ndim for a in axes])))


@operation()
def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """X with some axes moved to other places.

    Args:
        x: Array or tensor.
        source: One axis or several.
        destination: Where they go.

    Example:
        >>> moveaxis(np.zeros((2, 3, 4)), 0, -1).shape
        (3, 4, 2)
    """
    return np.moveaxis(x, source, destination)


@rule(moveaxis)
def _(dy: Any, y: Any, x: Any, source: Any, destination: Any) -> Any:
    return moveaxis(dy, destination, source)


@explained
def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """X with two axes exchanged.

    Args:
        x: Array or tensor.
        axis1: One axis.
        axis2: The other.

    Example:
        >>> swapaxes(np.zeros((2, 3, 4)), 0, 2).shape
        (4, 3, 2)
    """
    order = list(range(len(np.shape(x) if not hasattr(x, "shape") else x.shape)))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return transpose(x, tuple(order))


@operation()
def expand_dims(x: Any, axis: Any) -> Any:
    """X with axes of length 1 put in.

    Example:
        >>> expand_dims(np.zeros(3), 0).shape
        (1, 3)
    """
    return np.expand_dims(x, tuple(axis) if isinstance(axis, list) else axis)


@rule(expand_dims)
def _(dy: Any, y: Any, x: Any, axis: Any) -> Any:
    return reshape(dy, x.shape)


@operation()
def squeeze(x: Any, axis: Any = None) -> Any:
    """X without axes of length 1.

    Args:
        x: Of any shape.
        axis: Which to leave out; None is all.

    Raises:
        ValueError: If a given axis is longer.

    Example:
        >>> squeeze(np.zeros((1, 3))).shape
        (3,)
    """
    return np.squeeze(x, tuple(axis) if isinstance(axis, list) else axis)


@rule(squeeze)
def _(dy: Any, y: Any, x: Any, axis: Any = None) -> Any:
    return reshape(dy, x.shape)


@operation()
def broadcast_to(x: Any, shape: Any) -> Any:
    """X repeated along new axes and axes of length 1, up to a shape.

    Example:
        >>> broadcast_to([1.0, 2.0], (2, 2)).tolist()
        [[1.0, 2.0], [1.0, 2.0]]
    """
    x, sizes = np.asarray(x), _ints(shape)
    if x.ndim > (len(sizes) if isinstance(sizes, tuple) else 1):
        raise ValueError(
            f"ops.broadcast_to cannot leave axes out. Received: x.shape={x.shape}, shape={shape}"
        )
    filled = np.empty(sizes, x.dtype)
    filled[...] = x
    return filled


@rule(broadcast_to)
def _(dy: Any, y: Any, x: Any, shape: Any) -> Any:
    from pronghorn.ops._arithmetic import fit

    return fit(dy, x)


@operation(gathered=True)
def concatenate(xs: Any, axis: int = 0) -> Any:
    """Tensors joined along an axis.

    Example:
        >>> concatenate([np.zeros((1, 2)), np.ones((1, 2))]).tolist()
        [[0.0, 0.0], [1.0, 1.0]]
    """
    return np.concatenate(xs, axis=axis)


@rule(concatenate)
def _(dy: Any, y: Any, xs: Any, axis: int = 0) -> Any:
    ends = np.cumsum([x.shape[axis] for x in xs])
    before = (slice_all,) * (axis % dy.ndim)
    return [
        [
            lambda low=end - x.shape[axis], high=end: get_item(dy, (*before, np.s_[low:high]))
            for x, end in zip(xs, (int(e) for e in ends), strict=True)
        ]
    ]


slice_all = np.s_[:]


@operation(gathered=True)
def stack(x: Any, axis: int = 0) -> Any:
    """Tensors of one shape joined along a new axis.

    Example:
        >>> stack([np.zeros(2), np.ones(2)]).tolist()
        [[0.0, 0.0], [1.0, 1.0]]
    """
    return np.stack(x, axis=axis)


@rule(stack)
def _(dy: Any, y: Any, x: Any, axis: int = 0) -> Any:
    before = (slice_all,) * (axis % dy.ndim)
    return [[lambda i=i: get_item(dy, (*before, i)) for i in range(len(x))]]


def _shape(x: Any) -> tuple[Any, ...]:
    return x.shape if hasattr(x, "shape") else np.shape(x)


@explained
def unstack(x: Any, num: int | None = None, axis: int = 0) -> list[Any]:
    """The parts of x along an axis, as a list; the inverse of `stack`.

    Args:
        x: Array or tensor.
        num: How many of the parts; None for all.
        axis: The axis.

    Example:
        >>> [part.tolist() for part in unstack(np.eye(2))]
        [[1.0, 0.0], [0.0, 1.0]]
    """
    shape = _shape(x)
    before = (slice_all,) * (axis % len(shape))
    return [get_item(x, (*before, i)) for i in range(num or shape[axis])]


@explained
def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """X cut along an axis, into so many equal parts or at the given places.

    Args:
        x: Array or tensor.
        indices_or_sections: How many parts, or where the second and further ones begin.
        axis: The axis.

    Raises:
        ValueError: If the parts cannot be equal.

    Example:
        >>> [part.tolist() for part in split(np.arange(4.0), 2)]
        [[0.0, 1.0], [2.0, 3.0]]
    """
    shape = _shape(x)
    size = shape[axis]
    if isinstance(indices_or_sections, (int, np.integer)):
        if size % indices_or_sections:
            raise ValueError(
                f"ops.split cannot cut {size} elements into {indices_or_sections} equal parts. "
                f"Received: x.shape={tuple(shape)}, axis={axis}"
            )
        step = size // int(indices_or_sections)
        ends = list(range(step, size + 1, step))
    else:
        ends = [*(int(place) for place in indices_or_sections), size]
    before = (slice_all,) * (axis % len(shape))
    starts = [0, *ends[:-1]]
    return [
        get_item(x, (*before, np.s_[start:end])) for start, end in zip(starts, ends, strict=True)
    ]


@explained
def array_split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """X cut along an axis into parts that differ by one element at most.

    Args:
        x: Array or tensor.
        indices_or_sections: How many parts, or where the second and further ones begin.
        axis: The axis.

    Example:
        >>> [part.tolist() for part in array_split(np.arange(3.0), 2)]
        [[0.0, 1.0], [2.0]]
    """
    if not isinstance(indices_or_sections, (int, np.integer)):
        return split(x, indices_or_sections, axis)
    count = int(indices_or_sections)
    base, extra = divmod(_shape(x)[axis], count)
    sizes = [base + 1] * extra + [base] * (count - extra)
    return split(x, list(np.cumsum(sizes)[:-1]), axis)


def _joined(xs: Any, axis: int, rank: int) -> Any:
    parts = [reshape(x, (1,) * (rank - len(_shape(x))) + tuple(_shape(x))) for x in xs]
    return concatenate(parts, axis=axis)


@explained
def vstack(xs: Sequence[Any]) -> Any:
    """Tensors joined along the first axis; vectors count as rows.

    Example:
        >>> vstack([np.zeros(2), np.ones(2)]).shape
        (2, 2)
    """
    return _joined(xs, 0, 2) if len(_shape(xs[0])) < 2 else concatenate(xs, axis=0)


@explained
def hstack(xs: Sequence[Any]) -> Any:
    """Tensors joined along the second axis; vectors along the only one.

    Example:
        >>> hstack([np.zeros(2), np.ones(2)]).shape
        (4,)
    """
    return concatenate(xs, axis=0 if len(_shape(xs[0])) < 2 else 1)


@explained
def append(x1: Any, x2: Any, axis: int | None = None) -> Any:
    """x2 after x1, along an axis (None: both as vectors).

    Args:
        x1: Array or tensor.
        x2: Likewise.
        axis: The axis, or None.

    Example:
        >>> append([1.0], [2.0]).tolist()
        [1.0, 2.0]
    """
    if axis is None:
        return concatenate([ravel(x1), ravel(x2)])
    return concatenate([x1, x2], axis=axis)


@operation()
def flip(x: Any, axis: Any = None) -> Any:
    """X in reverse order along axes; None is all.

    Example:
        >>> flip([1.0, 2.0]).tolist()
        [2.0, 1.0]
    """
    return np.flip(x, axis)


@rule(flip)
def _(dy: Any, y: Any, x: Any, axis: Any = None) -> Any:
    return flip(dy, axis)


@operation()
def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    """X moved along axes; what leaves at the end comes in at the beginning.

    Args:
        x: Array or tensor.
        shift: How far, for each axis.
        axis: One axis or several; None for the flat tensor.

    Example:
        >>> roll([1.0, 2.0, 3.0], 1).tolist()
        [3.0, 1.0, 2.0]
    """
    return np.roll(x, shift, axis)


@rule(roll)
def _(dy: Any, y: Any, x: Any, shift: Any, axis: Any = None) -> Any:
    back = tuple(-s for s in shift) if isinstance(shift, (tuple, list)) else -shift
    return roll(dy, back, axis)


@explained
def tile(x: Any, repeats: Any) -> Any:
    """X laid side by side, so many times along each axis.

    Example:
        >>> tile([1.0, 2.0], 2).tolist()
        [1.0, 2.0, 1.0, 2.0]
    """
    times = [int(repeats)] if isinstance(repeats, (int, np.integer)) else [int(r) for r in repeats]
    shape = list(_shape(x))
    rank = len(shape) if len(shape) > len(times) else len(times)
    shape = [1] * (rank - len(shape)) + shape
    times = [1] * (rank - len(times)) + times
    x = reshape(x, [size for pair in zip([1] * rank, shape, strict=True) for size in pair])
    x = broadcast_to(x, [size for pair in zip(times, shape, strict=True) for size in pair])
    return reshape(x, [a * b for a, b in zip(times, shape, strict=True)])


@explained
def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """Each element of x so many times in a row, along an axis (None: of the flat tensor).

    Args:
        x: Array or tensor.
        repeats: How many times, for all or for each element.
        axis: The axis; None for the flat tensor.

    Example:
        >>> repeat([1.0, 2.0], 2).tolist()
        [1.0, 1.0, 2.0, 2.0]
    """
    if axis is None:
        x, axis = ravel(x), 0
    shape = _shape(x)
    places = np.repeat(np.arange(shape[axis]), np.asarray(repeats))
    return get_item(x, (*(slice_all,) * (axis % len(shape)), places))


@operation()
def get_item(x: Any, key: Any) -> Any:
    """x[key], with numbers, slices, masks and arrays of places.

    Example:
        >>> get_item(np.arange(4.0), np.s_[1:3]).tolist()
        [1.0, 2.0]
    """
    return np.asarray(x)[_plain(key)]


def _plain(key: Any) -> Any:
    if isinstance(key, tuple):
        return tuple(_plain(part) for part in key)
    return key._value if isinstance(key, Tensor) else key


@rule(get_item)
def _(dy: Any, y: Any, x: Any, key: Any) -> Any:
    return _put(dy, _plain(key), x.shape)


@operation(name="_put")
def _put(dy: Any, key: Any, shape: Any, once: bool = False) -> Any:
    """Zeros of a shape, with dy added at x[key]; `once`: no place is named twice."""
    result = np.zeros(shape, np.asarray(dy).dtype)
    parts = key if isinstance(key, tuple) else (key,)
    if once or all(
        part is None or part is Ellipsis or isinstance(part, (int, slice)) for part in parts
    ):
        result[key] = dy
    else:
        np.add.at(result, key, dy)
    return result


@rule(_put)
def _(dy: Any, y: Any, values: Any, key: Any, shape: Any, once: bool = False) -> Any:
    return get_item(dy, key)


@explained
def rot90(array: Any, k: int = 1, axes: Sequence[int] = (0, 1)) -> Any:
    """`array` turned by k right angles, from the first of two axes to the second.

    Args:
        array: Array or tensor.
        k: How many right angles.
        axes: The two axes of the plane.

    Example:
        >>> rot90([[1, 2], [3, 4]]).tolist()
        [[2, 4], [1, 3]]
    """
    first, second = axes
    for _ in range(k % 4):
        array = swapaxes(flip(array, second), first, second)
    return array


OPERATIONS.update(
    ravel=ravel, split=split, vstack=vstack, hstack=hstack, tile=tile, repeat=repeat,
    append=append, rot90=rot90, swapaxes=swapaxes,
)  # fmt: skip
