"""The base of the optimizers: settings for the engine, and the state that it keeps."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pronghorn import _state
from pronghorn._numbers import integer, real
from pronghorn._registry import Registry
from pronghorn.optimizers._apply import Applying
from pronghorn.optimizers._variables import LearningRate, OptimizerVariable
from pronghorn.optimizers.schedules import LearningRateSchedule
from pronghorn.optimizers.schedules import deserialize as schedule_from
from pronghorn.optimizers.schedules import serialize as schedule_config

if TYPE_CHECKING:
    from pronghorn._engine import OptimizerSpec, Trainer

REGISTRY = Registry("optimizer", "keras.optimizers", ignore_case=True)


class Optimizer(Applying):
    """How gradients change the weights; use one of its subclasses.

    Args:
        learning_rate: A number, a ``LearningRateSchedule``, or a function without arguments that
            returns a number.
        weight_decay: Decoupled decay: before each update w <- w - weight_decay * eta * w.
        clipnorm: Each gradient is scaled down to this Euclidean norm.
        clipvalue: Each entry of a gradient is cut to [-clipvalue, clipvalue].
        global_clipnorm: All gradients together are scaled down to this Euclidean norm.
        use_ema: Not available; must be False.
        ema_momentum: Has no effect while ``use_ema`` is False.
        ema_overwrite_frequency: Not available; must be None.
        loss_scale_factor: Not available; must be None.
        gradient_accumulation_steps: Not available; must be None.
        name: A name; None makes one from the class.

    Raises:
        ValueError: If more than one way of clipping is set, a number is out of range, or an
            argument that is not available is set.

    Example:
        >>> from pronghorn.optimizers import SGD
        >>> optimizer = SGD(learning_rate=0.1, clipnorm=1.0)
        >>> optimizer.learning_rate
        0.1
    """

    # The engine's name of the update rule, and the attributes that it needs as numbers.
    _kernel: ClassVar[str] = ""
    _hyper: ClassVar[tuple[str, ...]] = ()
    # How Keras keeps the state in files: slots that it makes in a second pass over the weights, and
    # how many of the engine's persistent numbers follow the slots.
    _later_slots: ClassVar[tuple[str, ...]] = ()
    _written_scalars: ClassVar[int] = 0

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule | Callable[[], float],
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if kwargs:
            raise TypeError(
                f"{type(self).__name__} got unknown arguments: {', '.join(sorted(kwargs))}."
            )
        for argument, value, default in (
            ("use_ema", use_ema, False),
            ("ema_overwrite_frequency", ema_overwrite_frequency, None),
            ("loss_scale_factor", loss_scale_factor, None),
            ("gradient_accumulation_steps", gradient_accumulation_steps, None),
        ):
            if value is not default:
                raise ValueError(
                    f"[{type(self).__name__}] `{argument}` is not available; leave it at "
                    f"{default}. Received {argument}={value!r}."
                )
        clips = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
        given = {key: value for key, value in clips.items() if value is not None}
        if len(given) > 1:
            settings = ", ".join(f"{key}={value!r}" for key, value in given.items())
            raise ValueError(
                "Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set; received "
                f"{settings}."
            )
        self.name = name or _state.unique_name(_state.snake_case(type(self).__name__))
        self.weight_decay = _optional(weight_decay, "weight_decay")
        self.clipnorm = _optional(clipnorm, "clipnorm")
        self.clipvalue = _optional(clipvalue, "clipvalue")
        self.global_clipnorm = _optional(global_clipnorm, "global_clipnorm")
        self.use_ema = False
        self.ema_momentum = real(ema_momentum, "ema_momentum", low=0.0, high=1.0)
        self.ema_overwrite_frequency = None
        self.loss_scale_factor = None
        self.gradient_accumulation_steps = None
        self._learning_rate = _checked_rate(learning_rate)
        self._undecayed: tuple[Any, ...] = ()
        self._undecayed_names: tuple[str, ...] = ()
        self._iterations = 0
        self._trainer: Trainer | None = None

    @property
    def learning_rate(self) -> LearningRate:
        """The learning rate of the next update: a float that knows ``numpy()`` and ``assign()``."""
        return LearningRate(self._rate_at(self.iterations), self)

    @learning_rate.setter
    def learning_rate(self, value: float | LearningRateSchedule | Callable[[], float]) -> None:
        fixed = not isinstance(value, LearningRateSchedule) and not callable(value)
        if fixed and isinstance(self._learning_rate, LearningRateSchedule):
            raise TypeError(
                f"`learning_rate` of {self.name!r} is a {type(self._learning_rate).__name__} and "
                "cannot be set to a number; make the optimizer with a number to be able to set it."
            )
        self._learning_rate = _checked_rate(value)

    @property
    def iterations(self) -> int:
        """The number of updates done so far."""
        if self._trainer is not None:
            return int(self._trainer.iterations)
        return self._iterations

    @iterations.setter
    def iterations(self, value: int) -> None:
        count = integer(value, "iterations", low=0)
        self._iterations = count
        if self._trainer is not None:
            self._trainer.iterations = count

    @property
    def built(self) -> bool:
        """Whether a compiled model uses this optimizer and its state exists."""
        return self._trainer is not None

    @property
    def variables(self) -> list[OptimizerVariable]:
        """The state as arrays: iteration, learning rate (if a number), then the slots.

        Slots come in Keras's order: weight by weight, but for those it makes in a second pass.
        """
        found = [OptimizerVariable("iteration", np.asarray(self.iterations, np.int64))]
        if isinstance(self._learning_rate, float):
            found.append(OptimizerVariable("learning_rate", np.asarray(self._learning_rate)))
        if self._trainer is not None:
            slots = {(name, i): value for name, i, value in self._trainer.get_slots()}
            found += [
                OptimizerVariable(f"{name}_{i}", slots[name, i])
                for name, i in self._in_written_order(list(slots))
            ]
            scalars = self._trainer.get_state()[: self._written_scalars]
            found += [OptimizerVariable("variable", np.asarray(value)) for value in scalars]
        return found

    def _in_written_order(self, places: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
        """Pairs of slot name and number of the weight, in the order in which Keras keeps them."""
        later = self._later_slots
        names = list(dict.fromkeys(name for name, _ in places))

        def key(place: tuple[str, int]) -> tuple[int, int, int]:
            name, number = place
            return (later.index(name) + 1 if name in later else 0, number, names.index(name))

        return sorted(places, key=key)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal optimizer (its state is not part of it)."""
        return {
            "name": self.name,
            "learning_rate": self._rate_config(),
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "global_clipnorm": self.global_clipnorm,
            "clipvalue": self.clipvalue,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency,
            "loss_scale_factor": self.loss_scale_factor,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
            **{name: getattr(self, name) for name in self._hyper},
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Optimizer:
        """The optimizer of a configuration made by ``get_config``."""
        arguments = dict(config)
        rate = arguments.get("learning_rate")
        if isinstance(rate, dict):
            arguments["learning_rate"] = schedule_from(rate, custom_objects)
        return cls(**arguments)

    def __getstate__(self) -> dict[str, Any]:
        """For pickle and copy: the settings and the count; a model carries the slots over."""
        return {**self.__dict__, "_iterations": self.iterations, "_trainer": None}

    def __repr__(self) -> str:
        hyper = "".join(f", {name}={getattr(self, name)!r}" for name in self._hyper)
        return f"{type(self).__name__}(learning_rate={self._learning_rate!r}{hyper})"

    def _rate_at(self, step: int) -> float:
        return float(self._learning_rates(step, 1)[0])

    def _rate_config(self) -> Any:
        if isinstance(self._learning_rate, LearningRateSchedule):
            return schedule_config(self._learning_rate)
        if isinstance(self._learning_rate, float):
            return self._learning_rate
        raise ValueError(
            f"[{type(self).__name__}] `learning_rate` is a function, which has no configuration; "
            "use a LearningRateSchedule."
        )

    @property
    def _schedule(self) -> LearningRateSchedule | None:
        rate = self._learning_rate
        return rate if isinstance(rate, LearningRateSchedule) else None

    def _learning_rates(self, first_step: int, count: int) -> NDArray[np.float64]:
        """The learning rates of ``count`` updates from number ``first_step``, float64 (count,)."""
        rate = self._learning_rate
        if isinstance(rate, LearningRateSchedule):
            return rate._rates(first_step, count)
        if isinstance(rate, float):
            return np.full(count, rate)
        return np.asarray([float(rate()) for _ in range(count)], np.float64)

    def exclude_from_weight_decay(
        self,
        var_list: Sequence[Any] | None = None,
        var_names: Sequence[str] | None = None,
    ) -> None:
        """Says which variables weight decay leaves alone; to be called before the first update.

        Args:
            var_list: The variables themselves.
            var_names: Parts of names, as regular expressions: a variable is left alone if one of
                them is found in its name.

        Raises:
            ValueError: If the optimizer has begun.

        Example:
            >>> from pronghorn.optimizers import AdamW
            >>> AdamW(weight_decay=0.01).exclude_from_weight_decay(var_names=["bias"])
        """
        if self.built:
            raise ValueError(
                "`exclude_from_weight_decay()` must be called before the optimizer is built; "
                f"'{self.name}' has begun already."
            )
        self._undecayed = tuple(var_list or ())
        self._undecayed_names = tuple(var_names or ())

    def _use_weight_decay(self, variable: Any) -> bool:
        """Whether weight decay applies to a variable."""
        if any(variable is each for each in self._undecayed):
            return False
        return not any(re.search(part, variable.name) for part in self._undecayed_names)

    def _engine_spec(self, variables: Sequence[Any] = ()) -> OptimizerSpec:
        """What the engine is told: the rule and its numbers, as they are now.

        Args:
            variables: Those that the engine updates, in its order.
        """
        if not self._kernel:
            raise ValueError(
                f"{type(self).__name__} is no optimizer that the engine knows; use one of "
                f"{', '.join(sorted(cls.__name__ for cls in REGISTRY.objects()))}."
            )
        spec: OptimizerSpec = {
            "name": self._kernel,
            "hyper": {name: float(getattr(self, name)) for name in self._hyper},
            "weight_decay": self.weight_decay or 0.0,
            "clipnorm": self.clipnorm or 0.0,
            "clipvalue": self.clipvalue or 0.0,
            "global_clipnorm": self.global_clipnorm or 0.0,
        }
        if self.weight_decay:
            undecayed = [i for i, v in enumerate(variables) if not self._use_weight_decay(v)]
            if undecayed:
                spec["undecayed"] = undecayed
        return spec

    def _bind(self, trainer: Trainer | None) -> None:
        """Makes ``trainer`` the keeper of this optimizer's state, from the present count on."""
        if trainer is not None:
            trainer.iterations = self.iterations
        elif self._trainer is not None:
            self._iterations = int(self._trainer.iterations)
        self._trainer = trainer


def _optional(value: float | None, argument: str) -> float | None:
    return None if value is None else real(value, argument, low=0.0)


def _checked_rate(value: Any) -> float | LearningRateSchedule | Callable[[], float]:
    if isinstance(value, LearningRateSchedule):
        return value
    if callable(value):
        function: Callable[[], float] = value
        return function
    try:
        return real(value, "learning_rate")
    except TypeError:
        raise TypeError(
            "`learning_rate` must be a number, a LearningRateSchedule or a function without "
            f"arguments; received {value!r}."
        ) from None
