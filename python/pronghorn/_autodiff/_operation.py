"""Operations: functions of arrays that also apply to recorded and to symbolic tensors."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import numpy as np

from pronghorn._arguments import MISFITS, Checks
from pronghorn._autodiff import _record
from pronghorn._autodiff._record import Node
from pronghorn._autodiff._tensor import OPERATIONS, Tensor, find
from pronghorn.config import floatx

F = TypeVar("F", bound=Callable[..., Any])

_ARRAY = np.ndarray
_FLOAT, _BOOL = np.dtype(np.float32), np.dtype(np.bool_)  # results that stay as they are
_PLAIN = (np.ndarray, float, int, bool, type(None))
_NO_DTYPE = object()
_WIDE = {"f": (np.dtype(np.float64),), "i": (np.dtype(np.int64), np.dtype(np.uint64))}


class Operation:
    """What is known of one operation.

    Attributes:
        name: As in `OPERATIONS`.
        function: Its value, on arrays.
        tensors: How many leading arguments are tensors.
        gathered: Whether the first argument is a sequence of tensors.
        differentiable: Whether results keep a history.
        settled: Whether results are narrowed, see `_settled`.
        public: What users call.
        shortcut: Tried first, with the arguments; None from it means that it does not apply.
        rule: ``rule(dy, y, *args, **kwargs)``, a gradient (or a function that makes it) for each
            tensor argument; None where nothing flows back.
    """

    def __init__(
        self, function: Callable[..., Any], name: str, tensors: int, gathered: bool
    ) -> None:
        self.function = function
        self.name = name
        self.tensors = tensors
        self.gathered = gathered
        self.rule: Callable[..., Any] | None = None
        self.differentiable = True
        self.settled = True
        self.public: Callable[..., Any] = function
        self.shortcut: Callable[..., Any] | None = None
        self._parameters = list(inspect.signature(function).parameters)
        self._tensor_names = set(self._parameters[:tensors])

    def __reduce__(self) -> tuple[Any, ...]:
        return _known, (self.name,)

    def apply(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The value for any kind of arguments."""
        if self.shortcut is not None and not kwargs and len(args) == self.tensors:
            found = self.shortcut(*args)
            if found is not None:
                return found
        if kwargs and not self._tensor_names.isdisjoint(kwargs):
            args, kwargs = self._by_position(args, kwargs)
        # Both are `args` itself until an argument turns out to be something else than an array.
        seen: Any = args
        values: Any = args
        flags = 0  # 1: a tensor is among the arguments; 2: one with a history
        count = self.tensors
        for i, argument in enumerate(args):
            if i == count:
                break
            kind = type(argument)
            if kind is _ARRAY or kind is float or kind is int:
                continue
            if values is args:
                values = list(args)
            if kind is Tensor:
                values[i] = argument._value
                flags |= 1 if argument._node is None else 3
                continue
            if seen is args:
                seen = list(args)
            if self.gathered and i == 0:
                pairs = [_converted(each) for each in argument]
                seen[0] = [pair[0] for pair in pairs]
                values[0] = [pair[1] for pair in pairs]
                for pair in pairs:
                    flags |= pair[2]
            else:
                seen[i], values[i], flag = _converted(argument)
                flags |= flag
        if flags & 4:
            symbolic = next(t for t in _flat(seen) if hasattr(t, "_operate"))
            return symbolic._operate(self, args, kwargs)
        if _record._state.silent:
            result = self.function(*values, **kwargs)
        else:
            with np.errstate(all="ignore"):
                result = self.function(*values, **kwargs)
        if isinstance(result, (tuple, list)):
            result = tuple(_settled(part, values) for part in result)
        elif self.settled:
            dtype = getattr(result, "dtype", None)
            if dtype is not _FLOAT and dtype is not _BOOL:
                result = _settled(result, values)
        if not flags:
            return result
        node = None
        if flags & 2 and self.differentiable and _record._state.depth:
            node = Node(self, seen, kwargs, result)
        if isinstance(result, tuple):
            return tuple(Tensor(part, node, i) for i, part in enumerate(result))
        return Tensor(result, node)

    def _by_position(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments with the tensors that came by name moved to their places."""
        kwargs = dict(kwargs)
        placed = list(args)
        while len(placed) < self.tensors and self._parameters[len(placed)] in kwargs:
            placed.append(kwargs.pop(self._parameters[len(placed)]))
        return tuple(placed), kwargs


def _known(name: str) -> Operation:
    """An operation by name, for pickle and copy."""
    found: Operation = getattr(find(name), "_operation")  # noqa: B009
    return found


def _flat(arguments: Sequence[Any]) -> list[Any]:
    return [
        each
        for argument in arguments
        for each in (argument if isinstance(argument, list) else [argument])
    ]


def _converted(argument: Any) -> tuple[Any, Any, int]:
    """An argument as it is kept, its array, and flags as in `apply` (4: symbolic)."""
    kind = type(argument)
    if isinstance(argument, Tensor):
        return argument, argument._value, 1 if argument._node is None else 3
    if kind in _PLAIN or isinstance(argument, np.generic):
        return argument, argument, 0
    if hasattr(argument, "_operate"):
        return argument, argument, 4
    recorded = getattr(argument, "_recorded", None)
    if recorded is not None:  # a Variable
        tensor = recorded()
        if tensor is not None:
            return tensor, tensor._value, 3
        return argument, argument.value, 0
    if isinstance(argument, (list, tuple)):
        if any(isinstance(leaf, Tensor) or hasattr(leaf, "_operate") for leaf in argument):
            stacked = OPERATIONS["stack"](list(argument))
            return _converted(stacked)
        array = np.asarray(argument)
        if array.dtype == np.float64:
            array = array.astype(floatx())
        elif array.dtype == np.int64:
            array = array.astype(np.int32)
        return array, array, 0
    array = np.asarray(argument)
    if array.dtype.kind not in "biufc":
        raise TypeError(
            "Operations take arrays, tensors and numbers. Received: "
            f"{argument!r} (of type {kind.__name__})"
        )
    return array, array, 0


def _settled(result: Any, values: Sequence[Any]) -> Any:
    """`result` with at most 32 bits if no argument has more, as in Keras.

    NumPy widens where integers meet floating point, and in sums of integers.
    """
    dtype = getattr(result, "dtype", None)
    if dtype is None:
        return result
    kind, size = dtype.kind, dtype.itemsize
    if kind not in "fi" or (size != 8 and (size != 2 or kind != "f")):
        return result
    # Python's numbers have no dtype; a dtype of NumPy that is compared with None equals float64.
    for value in values:
        if getattr(value, "dtype", _NO_DTYPE) == dtype:
            return result
    target = np.dtype(floatx() if kind == "f" else np.int32)
    if target == dtype:
        return result
    same = (np.dtype(np.float16),) if size == 2 else _WIDE[kind]
    if any(getattr(value, "dtype", _NO_DTYPE) in same for value in _flat(values)):
        return result
    return result.astype(target)


def operation(
    tensors: int = 1,
    gathered: bool = False,
    name: str | None = None,
    differentiable: bool = True,
    settled: bool = True,
) -> Callable[[F], F]:
    """Decorator: makes an operation of a function of arrays.

    Args:
        tensors: How many leading arguments are tensors.
        gathered: Whether the first argument is a sequence of tensors.
        name: If it differs from the function's.
        differentiable: Whether gradients may pass; otherwise the results have no history.
        settled: Whether results of mixed types have 32 bits, as in Keras.
    """

    def make(function: F) -> F:
        record = Operation(function, name or function.__name__, tensors, gathered)
        record.differentiable = differentiable
        record.settled = settled
        apply, checks = record.apply, Checks(function)

        @functools.wraps(function)
        def public(*args: Any, **kwargs: Any) -> Any:
            try:
                return apply(args, kwargs)
            except MISFITS as error:
                said = checks.explain(error, args, kwargs)
                # An index beyond the last one ends an iteration.
                if said is error or (type(error) is IndexError and record.name == "get_item"):
                    raise
                raise said from error

        setattr(public, "_operation", record)  # noqa: B010
        record.public = public
        OPERATIONS[record.name] = public
        return cast(F, public)

    return make


def rule(target: Callable[..., Any]) -> Callable[[F], F]:
    """Decorator: the vector-Jacobian product of an operation; see ``Operation.rule``."""

    def register(function: F) -> F:
        record: Operation = getattr(target, "_operation")  # noqa: B009
        record.rule = function
        return function

    return register


def by_composition(target: Callable[..., Any], composed: Callable[..., Any]) -> None:
    """Gives `target` the derivative of `composed`, an equal function made of operations."""
    record: Operation = getattr(target, "_operation")  # noqa: B009

    def through(dy: Any, y: Any, *args: Any, **kwargs: Any) -> Any:
        from pronghorn._autodiff._pullback import pull_back

        count, on = record.tensors, _record.recording_is_on()
        # Aliases, as one input may have come from another.
        inputs = [
            Tensor(
                getattr(argument, "_value", argument),
                Node(_ALIAS, [argument]) if on and isinstance(argument, Tensor) else Node(),
            )
            for argument in args[:count]
        ]
        with _record.recording():
            again = composed(*inputs, *args[count:], **kwargs)
        return pull_back([again], [dy], [each._node for each in inputs], keep=on)

    record.rule = through


def _alias(x: Any) -> Any:
    return x


_ALIAS = Operation(_alias, "alias", 1, False)
_ALIAS.rule = lambda dy, y, x: dy
