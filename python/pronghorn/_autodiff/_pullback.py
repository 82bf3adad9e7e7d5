"""The reverse pass: from gradients of results to gradients of sources."""

from __future__ import annotations

import operator
import types
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pronghorn._autodiff import _record
from pronghorn._autodiff._record import Node
from pronghorn._autodiff._tensor import PendingTensor, Tensor, value_of


def pull_back(
    results: Sequence[Any],
    gradients: Sequence[Any],
    sources: Sequence[Node | tuple[Node, int] | None],
    keep: bool = False,
) -> list[Any]:
    """Gradients of ``sum(results * gradients)`` with respect to `sources`.

    Args:
        results: Tensors.
        gradients: One for each, of its shape.
        sources: Nodes, or pairs of a node and the number of its output; None gives None.
        keep: Whether to record the reverse pass itself, so that it can be differentiated.

    Returns:
        An array (with `keep` a tensor) for each source; None where nothing depends on it.
    """
    wanted = [s if isinstance(s, tuple) or s is None else (s, 0) for s in sources]
    targets = {pair[0] for pair in wanted if pair is not None}
    order = _relevant(results, targets)
    held: dict[Node, list[Any]] = {}
    for result, gradient in zip(results, gradients, strict=True):
        if isinstance(result, Tensor) and result._node in order:
            _add(held, result, gradient)
    if keep:
        _reverse(order, targets, held, True)
    else:
        with _record.paused(), _record.silenced():
            _reverse(order, targets, held, False)
    found: list[Any] = []
    for pair in wanted:
        none = pair is None or pair[0] not in held
        found.append(None if none or pair is None else held[pair[0]][pair[1]])
    return found


def _reverse(
    order: dict[Node, None], targets: set[Node], held: dict[Node, list[Any]], keep: bool
) -> None:
    for node in reversed(order):
        if node.operation is not None and node in held:
            _through(node, held[node] if node in targets else held.pop(node), order, held, keep)


def _relevant(results: Sequence[Any], sources: set[Node]) -> dict[Node, None]:
    """The nodes between `results` and `sources`, both included, earlier ones first."""
    reached: dict[Node, list[Node]] = {}
    stack = [r._node for r in results if isinstance(r, Tensor) and r._node is not None]
    while stack:
        node = stack.pop()
        if node in reached:
            continue
        reached[node] = parents = []
        for argument in node.args:
            kind = type(argument)
            if kind is Tensor or kind is PendingTensor:
                if argument._node is not None:
                    parents.append(argument._node)
            elif kind is list:
                for each in argument:
                    if isinstance(each, Tensor) and each._node is not None:
                        parents.append(each._node)
        stack += parents
    relevant: dict[Node, None] = {}
    for node in sorted(reached, key=_number):
        if node in sources:
            relevant[node] = None
            continue
        for parent in reached[node]:
            if parent in relevant:
                relevant[node] = None
                break
    return relevant


_number = operator.attrgetter("number")


def _add(held: dict[Node, list[Any]], tensor: Tensor, gradient: Any) -> None:
    node = tensor._node
    assert node is not None
    if gradient is None:
        return
    dtype = tensor._value.dtype
    if gradient.dtype is not dtype and gradient.dtype != dtype:
        if dtype.kind != "f":
            return
        gradient = gradient.astype(dtype)
    elif dtype.kind != "f":
        return
    grads = held.get(node)
    if grads is None:
        count = len(node.value) if type(node.value) is tuple else 1
        grads = held[node] = [None] * count
    old = grads[tensor._index]
    grads[tensor._index] = gradient if old is None else old + gradient


def _through(
    node: Node,
    grads: list[Any],
    order: Mapping[Node, None],
    held: dict[Node, list[Any]],
    keep: bool,
) -> None:
    """Passes the gradients of a node's outputs to its arguments."""
    operation = node.operation
    if operation.rule is None:
        raise NotImplementedError(
            f"ops.{operation.name} has no derivative here; keep it out of what is differentiated, "
            "or wrap its argument in ops.stop_gradient."
        )
    several = isinstance(node.value, tuple)
    if keep:
        args = node.args
        y: Any = (
            tuple(Tensor(part, node, i) for i, part in enumerate(node.value))
            if several
            else Tensor(node.value, node)
        )
    else:
        args = []
        for argument in node.args:
            kind = type(argument)
            if kind is Tensor:
                args.append(argument._value)
            elif kind is list:
                args.append([value_of(each) for each in argument])
            else:
                args.append(value_of(argument))
        y = node.value
    if several:
        grads = [
            np.zeros_like(part) if grad is None else grad
            for part, grad in zip(node.value, grads, strict=True)
        ]
    dy = tuple(grads) if several else grads[0]
    passed = operation.rule(dy, y, *args, **node.kwargs)
    _spread(node.args, passed, order, held)


def _spread(
    args: Sequence[Any], passed: Any, order: Mapping[Node, None], held: dict[Node, list[Any]]
) -> None:
    if type(passed) is not tuple and type(passed) is not list:
        passed = (passed,)
    for argument, gradient in zip(args, passed, strict=False):
        kind = type(argument)
        if kind is Tensor:
            if argument._node in order:
                _add(held, argument, gradient() if type(gradient) is _FUNCTION else gradient)
        elif kind is list and gradient is not None:
            for tensor, part in zip(argument, gradient, strict=True):
                if isinstance(tensor, Tensor) and tensor._node in order:
                    _add(held, tensor, part() if type(part) is _FUNCTION else part)
        elif kind is PendingTensor and argument._node in order:
            _add(held, argument, gradient() if type(gradient) is _FUNCTION else gradient)


_FUNCTION = types.FunctionType
