"""Gradients of whatever is computed with operations: the tape and its short forms."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from pronghorn import _tree
from pronghorn._arguments import explained
from pronghorn._autodiff import PendingTensor, Tensor, _record, pull_back
from pronghorn._autodiff._record import Node
from pronghorn.ops._choice import tensor_like
from pronghorn.ops._shaping import reshape, stack


class GradientTape:
    """Records operations, and gives gradients of what they computed.

    Trainable variables are watched when they are used; tensors from ``ops.convert_to_tensor`` when
    `watch` is told so. Gradients taken while another tape is open are recorded by it, so that tapes
    in one another give derivatives of any order. Arrays that are used are not copied: leave them as
    they are until the gradients have been taken.

    Args:
        persistent: Whether `gradient` may be called more than once.
        watch_accessed_variables: Whether trainable variables are watched without being named.

    Example:
        >>> from pronghorn import ops
        >>> x = ops.convert_to_tensor(3.0)
        >>> with GradientTape() as tape:
        ...     tape.watch(x)
        ...     y = x * x
        >>> float(tape.gradient(y, x))
        6.0
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self._persistent = persistent
        self._takes_variables = watch_accessed_variables
        self._watched: dict[Node, Any] = {}
        self._open = False
        self._used = False

    def __enter__(self) -> GradientTape:
        if self._open:
            raise ValueError("This GradientTape records already.")
        self._open = True
        _record.open_tape(self)
        return self

    def __exit__(self, *error: object) -> None:
        if self._open:
            self._open = False
            _record.close_tape(self)

    def watch(self, tensor: Any) -> None:
        """Records what is computed from a tensor or variable, or from a structure of them.

        Raises:
            TypeError: For anything else: a NumPy array cannot be followed.
            ValueError: If the elements are not floating point.
        """
        for each in _tree.flatten(tensor):
            if hasattr(each, "_leaf"):
                self._watched[each._leaf] = each
                continue
            if not isinstance(each, Tensor):
                raise TypeError(
                    "GradientTape.watch takes tensors and variables; make a tensor of an array "
                    f"with ops.convert_to_tensor. Received: {type(each).__name__}"
                )
            if each.dtype.kind != "f":
                raise ValueError(
                    f"GradientTape.watch takes floating point tensors. Received: dtype {each.dtype}"
                )
            if each._node is None:
                each._node = Node()
            self._watched[each._node] = each

    def _meets(self, variable: Any) -> bool:
        """Whether a variable that is used now has to be recorded."""
        node = variable._leaf
        if node in self._watched:
            return True
        if not (self._takes_variables and variable.trainable and variable.dtype[0] == "f"):
            return False
        self._watched[node] = variable
        return True

    def watched_variables(self) -> tuple[Any, ...]:
        """The variables watched so far."""
        return tuple(each for each in self._watched.values() if not isinstance(each, Tensor))

    @contextmanager
    def stop_recording(self) -> Iterator[None]:
        """Records nothing inside, for this tape."""
        self.__exit__()
        try:
            yield
        finally:
            self.__enter__()

    def reset(self) -> None:
        """Forgets what was watched."""
        self._watched = {}
        self._used = False

    def gradient(
        self,
        target: Any,
        sources: Any,
        output_gradients: Any = None,
        unconnected_gradients: str = "none",
    ) -> Any:
        """The derivatives of the sum of all elements of `target`.

        Args:
            target: A tensor, or several.
            sources: Variables and tensors, in any structure.
            output_gradients: Factors of the elements of `target`, in its structure; None is 1.
            unconnected_gradients: "none" or "zero": what sources get on which nothing depends.

        Returns:
            A tensor for each source, of its shape, in the structure of `sources`.

        Raises:
            RuntimeError: On a second call, unless the tape is persistent.
            TypeError: If a source is neither a tensor nor a variable.
        """
        if unconnected_gradients not in ("none", "zero"):
            raise ValueError(
                "`unconnected_gradients` must be 'none' or 'zero'. "
                f"Received: unconnected_gradients={unconnected_gradients!r}"
            )
        if self._used and not self._persistent:
            raise RuntimeError(
                "A GradientTape gives gradients once; make it with persistent=True to ask again."
            )
        self._used = True
        targets = _tree.flatten(target)
        factors: list[Any] = [None] * len(targets)
        if output_gradients is not None:
            factors = [
                None if f is None else tensor_like(f) for f in _tree.flatten(output_gradients)
            ]
        listed = _tree.flatten(sources)
        places = [self._place(source) for source in listed]
        # A tape that is still open records its own gradient only if it is persistent.
        stopped = self._open and not self._persistent
        if stopped:
            self.__exit__()
        try:
            keep = _record.recording_is_on()
            ones = [
                _ones(each, keep) if factor is None else _bare(factor, keep)
                for each, factor in zip(targets, factors, strict=True)
            ]
            found = pull_back(targets, ones, places, keep)
        finally:
            if stopped:
                self.__enter__()
        flat = [
            _finished(gradient, source, unconnected_gradients)
            for gradient, source in zip(found, listed, strict=True)
        ]
        return _packed(sources, flat)

    def _place(self, source: Any) -> Any:
        if isinstance(source, Tensor):
            node = source._node
            unknown = node is not None and node.operation is None and node not in self._watched
            return None if node is None or unknown else (node, source._index)
        leaf = getattr(source, "_leaf", None)
        if leaf is not None:
            return leaf if leaf in self._watched else None
        raise TypeError(
            "Gradients are taken with respect to tensors and variables; make a tensor of an array "
            f"with ops.convert_to_tensor, and watch it. Received: {type(source).__name__}"
        )

    def jacobian(self, target: Any, sources: Any) -> Any:
        """The derivative of each element of `target`, one reverse pass each.

        Args:
            target: A tensor.
            sources: Variables and tensors, in any structure.

        Returns:
            For each source a tensor of shape ``target.shape + source.shape``; None where `target`
            does not depend on it.

        Raises:
            RuntimeError: If gradients were taken already and the tape is not persistent.
        """
        persistent, self._persistent = self._persistent, True
        if self._used and not persistent:
            self._persistent = False
        flat = _tree.flatten(sources)
        rows = []
        try:
            for i in range(target.size):
                unit = np.zeros(target.size, target.dtype)
                unit[i] = 1
                rows.append(self.gradient(target, flat, unit.reshape(target.shape)))
        finally:
            self._persistent = persistent
        found = [
            None
            if rows[0][k] is None
            else reshape(stack([row[k] for row in rows]), (*target.shape, *flat[k].shape))
            for k in range(len(flat))
        ]
        return _tree.pack_as(sources, found)


def _packed(sources: Any, flat: list[Any]) -> Any:
    """Gradients in the structure of the sources, of which a flat list is the commonest."""
    if type(sources) is list and len(sources) == len(flat):
        for source in sources:
            if type(source) is list or type(source) is tuple or type(source) is dict:
                break
        else:
            return flat
    return _tree.pack_as(sources, flat)


def _ones(target: Any, keep: bool) -> Any:
    if isinstance(target, Tensor):
        ones = np.ones(target._value.shape, target._value.dtype)
    else:
        ones = np.ones(np.shape(target))
    return Tensor(ones) if keep else ones


def _bare(factor: Any, keep: bool) -> Any:
    return factor if keep or not isinstance(factor, Tensor) else factor._value


def _finished(gradient: Any, source: Any, unconnected: str) -> Any:
    if gradient is None:
        if unconnected == "none":
            return None
        gradient = np.zeros(source.shape, np.dtype(source.dtype))
    if isinstance(gradient, Tensor):
        return gradient
    return PendingTensor(gradient) if hasattr(gradient, "array") else Tensor(gradient)


@explained
def value_and_grad(
    fn: Callable[..., Any],
    argnums: int | Sequence[int] | None = None,
    variables: Any = None,
    has_aux: bool = False,
) -> Callable[..., Any]:
    """A function that gives the value of `fn` and its gradient.

    Args:
        fn: Returns one number, computed with operations.
        argnums: The arguments to differentiate by; None is the first, or none if `variables` are
            given.
        variables: Variables to differentiate by, in any structure.
        has_aux: Whether `fn` returns a pair, of which only the first is differentiated.

    Returns:
        A function of the arguments of `fn` that returns (value, gradient): arrays where the
        arguments are arrays. With both `argnums` and `variables` the gradient is a pair.

    Raises:
        ValueError: If the value is not one number.

    Example:
        >>> value, gradient = value_and_grad(lambda x: (x**2).sum())(np.array([1.0, 2.0]))
        >>> float(value), gradient.tolist()
        (5.0, [2.0, 4.0])
    """
    numbers = argnums
    if numbers is None and variables is None:
        numbers = 0

    @functools.wraps(fn)
    def differentiated(*args: Any, **kwargs: Any) -> Any:
        wanted = [] if numbers is None else [numbers] if isinstance(numbers, int) else list(numbers)
        passed = list(args)
        leaves: list[Any] = []
        plain = not _record.recording_is_on()
        for i in wanted:
            plain = plain and not any(isinstance(x, Tensor) for x in _tree.flatten(args[i]))
            passed[i] = _tree.map_structure(_follow, args[i])
            leaves += _tree.flatten(passed[i])
        tape = GradientTape()
        with tape:
            tape.watch([leaf for leaf in leaves if leaf._node is None])
            tape._watched.update((leaf._node, leaf) for leaf in leaves)
            if variables is not None:
                tape.watch(variables)
            result = fn(*passed, **kwargs)
        value = result[0] if has_aux else result
        if np.size(value) != 1:
            raise ValueError(
                "The function to differentiate must return one number. Received: a value of shape "
                f"{np.shape(value)}"
            )
        listed = [] if variables is None else _tree.flatten(variables)
        found = tape.gradient(value, [*leaves, *listed], unconnected_gradients="zero")
        if plain:
            found = [np.asarray(each) for each in found]
            result = _tree.map_structure(_unfollowed, result)
        by_argument = []
        rest = iter(found)
        for i in wanted:
            by_argument.append(_tree.map_structure(lambda _: next(rest), passed[i]))
        mine: Any = by_argument[0] if isinstance(numbers, int) else tuple(by_argument)
        theirs = None if variables is None else _tree.map_structure(lambda _: next(rest), variables)
        if variables is None:
            return result, mine
        return result, theirs if numbers is None else (mine, theirs)

    return differentiated


def _follow(argument: Any) -> Any:
    """A tensor of its own for an argument, which may have a history."""
    found = tensor_like(argument)
    if isinstance(found, Tensor):
        from pronghorn.ops._choice import copy

        again = copy(found)
        return again if again._node is not None else Tensor(found._value)
    if np.asarray(found).dtype.kind != "f":
        found = np.asarray(found).astype(np.float32)
    return Tensor(found)


def _unfollowed(value: Any) -> Any:
    return value._value if isinstance(value, Tensor) else value


@explained
def grad(
    fn: Callable[..., Any],
    argnums: int | Sequence[int] | None = None,
    variables: Any = None,
    has_aux: bool = False,
) -> Callable[..., Any]:
    """A function that gives the gradient of `fn`; see `value_and_grad`.

    Args:
        fn: A function that returns one number.
        argnums: Which arguments; None for the first, or for the variables alone.
        variables: Variables that the gradient is also taken of.
        has_aux: Whether `fn` returns a tuple, whose first part is differentiated.

    Returns:
        A function that returns the gradient, with `has_aux` and what else `fn` returned.

    Example:
        >>> slope = grad(lambda x: x**3)
        >>> float(slope(2.0)), float(grad(slope)(2.0))
        (12.0, 12.0)
    """
    both = value_and_grad(fn, argnums, variables, has_aux)

    @functools.wraps(fn)
    def differentiated(*args: Any, **kwargs: Any) -> Any:
        value, gradient = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return differentiated
