"""Layers and models of the engine as parts of a record: forward and backward stay in C++."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pronghorn._autodiff import (
    Node,
    Tensor,
    _record,
    pull_back,
    recording,
    recording_is_on,
    value_of,
)
from pronghorn._autodiff._record import is_watched
from pronghorn._engine import as_array

if TYPE_CHECKING:
    from pronghorn._engine import Array, Engine, Gradients, Tape


class PackedGradient:
    """The gradient of one variable as the engine keeps it; only an update reads it there.

    Args:
        gradients: Of all variables of the engine.
        place: Which of them.
        variable: Whose gradient it is.
    """

    __slots__ = ("dtype", "gradients", "place", "variable")

    def __init__(self, gradients: Gradients, place: int, variable: Any) -> None:
        self.gradients, self.place, self.variable = gradients, place, variable
        self.dtype = variable._mark._value.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """That of the variable."""
        found: tuple[int, ...] = self.variable.shape
        return found

    def array(self) -> Any:
        """A copy as an ordinary array."""
        found = self.gradients.get(self.place)
        assert found is not None
        return found.reshape(self.shape)

    def __add__(self, other: Any) -> Any:
        return self.array() + (other.array() if isinstance(other, PackedGradient) else other)

    __radd__ = __add__
    # So that an array that is added to it leaves the sum to it.
    __array_ufunc__ = None


class EngineCall:
    """The operation of one call of an engine, differentiated by its tape.

    Args:
        name: Of the layer, for messages.
        tape: Of the forward pass.
        inputs: How many of the arguments are inputs; the others are variables.
        leaves: Those variables, with their places among the engine's.
        wanted: Whether gradients of inputs are wanted.
        composed: The same from operations, for higher derivatives.
        variables: All that the engine reads.
    """

    differentiable = True

    def __init__(
        self,
        name: str,
        tape: Tape,
        inputs: int,
        leaves: Sequence[tuple[int, Any]],
        wanted: bool,
        composed: Callable[..., Any],
        variables: Sequence[Any],
    ) -> None:
        self.name = name
        self._variables = variables
        self._kept: list[
            tuple[Any, Array]
        ] = []  # those that have changed since, and what they held
        tapes = _record._state.tapes
        self._asked_once = len(tapes) == 1 and not tapes[0]._persistent
        _record._calls.add(self)
        self._tape = tape
        self._inputs = inputs
        self._leaves = leaves
        self._wanted = wanted
        self._composed = composed

    def rule(self, dy: Any, y: Any, *args: Any) -> list[Any]:
        """Gradients of inputs and variables."""
        if self._kept:
            return self._at_old_values(dy, y, args)
        if recording_is_on():
            return self._recorded_rule(dy, args)
        if self._asked_once:
            _record._calls.discard(self)
        given = [as_array(value_of(d), part.dtype) for d, part in zip(dy, y, strict=True)]
        gradients, inputs = self._tape.backward(given)
        passed = inputs if self._wanted else [None] * self._inputs
        return [*passed, *(PackedGradient(gradients, i, v) for i, v in self._leaves)]

    def keep(self, variables: Sequence[Any]) -> None:
        """Copies the values of those of `variables` that are the engine's, as they will change."""
        for variable in variables:
            if any(variable is each for each in self._variables) and not any(
                variable is each for each, _ in self._kept
            ):
                self._kept.append((variable, variable._core.get()))

    def _at_old_values(self, dy: Any, y: Any, args: Sequence[Any]) -> list[Any]:
        """`rule`, with the variables as they were in the forward pass."""
        kept, self._kept = self._kept, []
        now = [(variable, variable._core.get()) for variable, _ in kept]
        try:
            for variable, value in kept:
                variable._core.set(value)
            return self.rule(dy, y, *args)
        finally:
            for variable, value in now:
                variable._core.set(value)
            self._kept = kept

    def _recorded_rule(self, dy: Any, args: Sequence[Any]) -> list[Any]:
        """The rule from operations, so that it can be differentiated itself."""
        aliases = [Tensor(a._value, Node(_ALIAS, [a])) for a in args[: self._inputs]]
        with recording():
            again = self._composed(aliases)
        nodes = [*(alias._node for alias in aliases), *(a._node for a in args[self._inputs :])]
        return pull_back(again, list(dy), nodes, keep=True)


class _Alias:
    name = "alias"

    @staticmethod
    def rule(dy: Any, y: Any, x: Any) -> Any:
        return dy


_ALIAS = _Alias()


def call_engine(
    name: str,
    engine: Engine,
    variables: Sequence[Any],
    inputs: Sequence[Any],
    run: tuple[bool, int],
    composed: Callable[[Sequence[Any]], Sequence[Any]],
) -> list[Tensor]:
    """Runs an engine on tensors and arrays, and records it if a tape is open.

    Args:
        name: Of the layer or model.
        engine: Its engine.
        variables: The engine's, in its order.
        inputs: One an input, batch first, of the engine's dtype.
        run: Whether dropout acts, and the number of the step, which selects what it drops.
        composed: The same function of the inputs from operations.
    """
    arrays = [value_of(each) for each in inputs]
    training, step = run
    leaves = []
    if recording_is_on():
        leaves = [(i, v) for i, v in enumerate(variables) if v.trainable and is_watched(v)]
    wanted = any(isinstance(each, Tensor) and each._node is not None for each in inputs)
    if not recording_is_on() or not (leaves or wanted):
        if training:
            outputs = engine.forward(arrays, True, step, False).outputs
        else:
            outputs = engine.predict(arrays)
        return [Tensor(output) for output in outputs]
    tape = engine.forward(arrays, training, step, wanted)
    call = EngineCall(name, tape, len(inputs), leaves, wanted, composed, variables)
    marks = [v._mark for _, v in leaves]
    results: Any = tuple(tape.outputs)
    tensors = [each if isinstance(each, Tensor) else Tensor(each) for each in inputs]
    node = Node(call, [*tensors, *marks], {}, results)
    return [Tensor(part, node, i) for i, part in enumerate(results)]


def array_of(value: Any, dtype: Any, name: str) -> Any:
    """An input of a layer as a tensor or array of the engine's dtype.

    Raises:
        ValueError: If it holds no numbers or has no batch dimension.
    """
    if hasattr(value, "_recorded"):
        recorded = value._recorded()
        value = value.value if recorded is None else recorded
    if isinstance(value, Tensor):
        if value.dtype != dtype:
            value = value.astype(dtype)
        if value._value.flags.c_contiguous and value._value.flags.aligned:
            return value
        return Tensor(as_array(value._value, dtype), value._node, value._index)
    array: Array = np.asarray(value)
    if array.dtype.kind not in "biuf" or array.ndim == 0:
        raise ValueError(
            f'Layer "{name}" takes arrays of real numbers with a batch dimension. '
            f"Received: {type(value).__name__} of dtype {array.dtype} and shape {array.shape}"
        )
    return as_array(array, dtype)
