"""Branches and loops. Python's own do as well: these are here for scripts that use Keras's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pronghorn import _tree
from pronghorn._numbers import integer
from pronghorn.ops._choice import shape
from pronghorn.ops._shaping import flip, stack


def _value(condition: Any, name: str) -> bool:
    """The truth value of a condition, which a symbolic tensor does not have."""
    if hasattr(condition, "_keras_history"):
        raise TypeError(
            f"ops.{name} needs a condition with a value. Received the symbolic tensor "
            f"{condition!r}; use ops.where, or write a layer whose `call` does this."
        )
    return bool(np.asarray(condition))


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """What one of two functions gives.

    Args:
        pred: One truth value.
        true_fn: Called, without arguments, if it is True.
        false_fn: Called otherwise.

    Raises:
        TypeError: If `pred` is symbolic.

    Example:
        >>> cond(np.ones(()) > 0, lambda: "positive", lambda: "not")
        'positive'
    """
    return true_fn() if _value(pred, "cond") else false_fn()


def switch(index: Any, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    """What one of several functions gives.

    Args:
        index: Its place; what lies outside is moved to the nearest one.
        branches: The functions.
        *operands: What they are called with.

    Example:
        >>> switch(1, [np.sin, np.square], 3.0)
        np.float64(9.0)
    """
    place = int(np.asarray(index))
    return branches[min(max(place, 0), len(branches) - 1)](*operands)


def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    maximum_iterations: int | None = None,
) -> Any:
    """Repeats a function on its own results for as long as a condition holds.

    Args:
        cond: Takes the variables and tells whether to go on.
        body: Takes the variables and gives their next values.
        loop_vars: First values, in a tuple or list, or a single one.
        maximum_iterations: After how many repetitions to stop anyway.

    Example:
        >>> while_loop(lambda i, s: i < 4, lambda i, s: (i + 1, s + i), (0, 10))
        (4, 16)
    """
    several = isinstance(loop_vars, (tuple, list))
    values = tuple(loop_vars) if several else (loop_vars,)
    limit = None if maximum_iterations is None else integer(
        maximum_iterations, "maximum_iterations", low=0
    )  # fmt: skip
    done = 0
    while (limit is None or done < limit) and _value(cond(*values), "while_loop"):
        found = body(*values)
        values = tuple(found) if isinstance(found, (tuple, list)) else (found,)
        done += 1
    return values if several else values[0]


def fori_loop(lower: Any, upper: Any, body_fun: Callable[[int, Any], Any], init_val: Any) -> Any:
    """Repeats ``value = body_fun(i, value)`` for i from `lower` to `upper` - 1.

    Args:
        lower: The first i.
        upper: The end, which is not reached.
        body_fun: Takes i and the value, and gives the next value.
        init_val: The first value.

    Example:
        >>> fori_loop(0, 4, lambda i, value: value + i, 10)
        16
    """
    value = init_val
    for i in range(int(np.asarray(lower)), int(np.asarray(upper))):
        value = body_fun(i, value)
    return value


def _join(parts: Sequence[Any]) -> Any:
    """Results of one structure, stacked leaf by leaf."""
    columns = zip(*(_tree.flatten(part) for part in parts), strict=True)
    return _tree.pack_as(parts[0], [stack(list(column)) for column in columns])


def _rows(structure: Any, name: str) -> tuple[int, Callable[[int], Any]]:
    """The common length of the leaves, and a function that gives one row of each."""
    leaves = [leaf if hasattr(leaf, "shape") else np.asarray(leaf)
              for leaf in _tree.flatten(structure)]  # fmt: skip
    sizes = [tuple(shape(leaf)) for leaf in leaves]
    if not all(sizes) or len({size[0] for size in sizes}) != 1:
        raise ValueError(
            f"ops.{name} takes arrays of one length along the first axis. Received shapes {sizes}."
        )
    return int(sizes[0][0]), lambda i: _tree.pack_as(structure, [leaf[i] for leaf in leaves])


def map(f: Callable[[Any], Any], xs: Any) -> Any:
    """A function of each row, joined along the first axis.

    Args:
        f: Takes a row.
        xs: An array of shape (n, ...), or a structure of arrays of one length.

    Raises:
        ValueError: If the lengths differ or are 0.

    Example:
        >>> map(lambda row: row[::-1], np.array([[1, 2], [3, 4]])).tolist()
        [[2, 1], [4, 3]]
    """
    return _mapped(f, xs, "map")


def vectorized_map(function: Callable[[Any], Any], elements: Any) -> Any:
    """The same as `map`.

    Args:
        function: Takes a row.
        elements: An array of shape (n, ...), or a structure of arrays of one length.

    Example:
        >>> vectorized_map(np.sum, np.array([[1.0, 2.0], [3.0, 4.0]])).tolist()
        [3.0, 7.0]
    """
    return _mapped(function, elements, "vectorized_map")


def _mapped(function: Callable[[Any], Any], xs: Any, name: str) -> Any:
    length, row = _rows(xs, name)
    if not length:
        raise ValueError(f"ops.{name} needs at least one row. Received length 0.")
    return _join([function(row(i)) for i in range(length)])


def scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: bool | int = 1,
) -> tuple[Any, Any]:
    """Takes a value from row to row: ``carry, y = f(carry, x)``.

    Args:
        f: Takes the value and a row; gives the next value and what is kept.
        init: The first value.
        xs: An array of shape (n, ...), or a structure of arrays of one length; None for no rows.
        length: n, needed without `xs`.
        reverse: Whether to begin at the last row; what is kept stays in the order of the rows.
        unroll: Has no effect.

    Returns:
        The last value, and what was kept, joined along the first axis.

    Raises:
        ValueError: If there is no row, or `length` is not that of `xs`.

    Example:
        >>> total, sums = scan(lambda c, x: (c + x, c + x), 0.0, np.array([1.0, 2.0, 3.0]))
        >>> float(total), sums.tolist()
        (6.0, [1.0, 3.0, 6.0])
    """
    del unroll
    given, row = (length, lambda i: None) if xs is None else _rows(xs, "scan")
    if not given or (length is not None and length != given):
        raise ValueError(
            f"ops.scan needs `xs` with at least one row, or a positive `length`. Received: "
            f"length={length!r} and {given or 0} rows"
        )
    carry, kept = init, []
    for i in reversed(range(given)) if reverse else range(given):
        carry, y = f(carry, row(i))
        kept.append(y)
    if all(leaf is None for leaf in _tree.flatten(kept)):
        return carry, None
    joined = _join(kept)
    if not reverse:
        return carry, joined
    return carry, _tree.map_structure(lambda leaf: flip(leaf, axis=0), joined)
