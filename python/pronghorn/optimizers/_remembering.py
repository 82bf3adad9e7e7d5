"""The state of an optimizer as variables, in the order in which Keras keeps it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from pronghorn import config
from pronghorn.optimizers._variables import OptimizerVariable
from pronghorn.optimizers.schedules import LearningRateSchedule

if TYPE_CHECKING:
    from pronghorn._engine import Trainer

_NOTHING = np.zeros((), np.int32)


class Remembering:
    """The part of an optimizer that lists what it remembers."""

    # Slots that Keras makes in a second pass over the weights, and how many of the engine's
    # persistent numbers follow the slots.
    _later_slots: ClassVar[tuple[str, ...]] = ()
    _written_scalars: ClassVar[int] = 0

    name: str
    _learning_rate: float | LearningRateSchedule | Callable[[], float]
    _own_variables: list[Any]
    _rule: Trainer | None
    _rule_weights: tuple[Any, ...]
    _trainer: Trainer | None
    _weights: Sequence[Any]

    if TYPE_CHECKING:

        @property
        def _steps(self) -> int: ...
        @_steps.setter
        def _steps(self, value: int) -> None: ...

    @property
    def variables(self) -> list[Any]:
        """The state: iteration, learning rate (if a number), then the slots.

        Slots come in Keras's order: weight by weight, or in a pass of their own over the weights.
        Those of a built-in rule are copies; those of your own are what `add_variable` made.
        """
        found: list[Any] = self._first_variables()
        found += self._own_variables
        if self._rule is not None:
            found += self._slot_variables(self._rule, self._rule_weights)
        if self._trainer is not None:
            found += self._slot_variables(self._trainer, self._weights)
        return found

    def _slot_variables(self, trainer: Trainer, weights: Sequence[Any]) -> list[OptimizerVariable]:
        """What the engine's rule remembers of `weights`, those of `trainer`."""
        found = []
        slots = {(name, i): value for name, i, value in trainer.get_slots()}
        for place in self._in_written_order(list(slots)):
            slot, weight = place[0], weights[place[1]]
            value, change, read = slots.get(place, _NOTHING), None, None
            if place in slots:
                value = value.reshape(self._slot_shape(slot, weight.shape))
                change = functools.partial(_set_slot, trainer, place)
                read = functools.partial(_get_slot, trainer, place)
            name = self._slot_name(slot, weight.path)
            found.append(OptimizerVariable(name, value, self.name, change, read))
        for i, number in enumerate(trainer.get_state()[: self._written_scalars]):
            found.append(
                OptimizerVariable(
                    "variable",
                    np.asarray(number),
                    change=functools.partial(_set_number, trainer, i),
                    read=functools.partial(_get_number, trainer, i),
                )
            )
        return found

    def _first_variables(self) -> list[OptimizerVariable]:
        """What every optimizer keeps: iterations, and the learning rate if it is a number."""
        kind = np.int32 if self._steps < 2**31 else np.int64

        def set_steps(value: NDArray[Any]) -> None:
            self._steps = int(value)

        def set_rate(value: NDArray[Any]) -> None:
            self._learning_rate = float(value)

        def rate_now() -> float:
            return cast("float", self._learning_rate)

        steps = np.asarray(self._steps, kind)
        found = [OptimizerVariable("iteration", steps, self.name, set_steps, lambda: self._steps)]
        if isinstance(self._learning_rate, float):
            rate = np.asarray(self._learning_rate, config.floatx())
            found.append(OptimizerVariable("learning_rate", rate, self.name, set_rate, rate_now))
        return found

    @staticmethod
    def _slot_shape(slot: str, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of a slot of a weight with that shape."""
        return shape

    @staticmethod
    def _slot_name(slot: str, path: str) -> str:
        """Keras's name of a slot of the weight with that path."""
        return f"{path.replace('/', '_')}_{slot}"

    def _in_written_order(self, places: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
        """Pairs of slot name and number of the weight, in the order in which Keras keeps them.

        Pairs that are not among `places` stand for an integer zero that Keras keeps there.
        """
        passes = {"average": -2, "gradient_accumulator": -1}
        passes.update((name, i) for i, name in enumerate(self._later_slots, 1))
        names = list(dict.fromkeys(name for name, _ in places))
        return sorted(
            places,
            key=lambda place: (passes.get(place[0], 0), place[1], names.index(place[0])),
        )


def _get_slot(trainer: Trainer, place: tuple[str, int]) -> NDArray[Any]:
    """One slot of one weight."""
    return next(value for name, i, value in trainer.get_slots() if (name, i) == place)


def _set_slot(trainer: Trainer, place: tuple[str, int], value: NDArray[Any]) -> None:
    """Replaces one slot of one weight, and nothing else."""
    trainer.set_slots(
        [
            np.ascontiguousarray(value).reshape(present.shape) if (name, i) == place else present
            for name, i, present in trainer.get_slots()
        ]
    )


def _get_number(trainer: Trainer, place: int) -> float:
    """One of the numbers that belong to no weight."""
    return trainer.get_state()[place]


def _set_number(trainer: Trainer, place: int, value: NDArray[Any]) -> None:
    """Replaces one of the numbers that belong to no weight."""
    numbers = list(trainer.get_state())
    numbers[place] = float(value)
    trainer.set_state(numbers)
