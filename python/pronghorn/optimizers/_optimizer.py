"""The base of the optimizers: settings for the engine, and the state that it keeps."""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pronghorn import _arguments, _state, config
from pronghorn._numbers import integer, real
from pronghorn._registry import Registry
from pronghorn._variable import Variable
from pronghorn.optimizers._apply import Applying, make_trainer
from pronghorn.optimizers._averages import Averaging
from pronghorn.optimizers._remembering import Remembering
from pronghorn.optimizers._stored import Stored
from pronghorn.optimizers._variables import Iterations, LearningRate
from pronghorn.optimizers._written import Written
from pronghorn.optimizers.schedules import LearningRateSchedule
from pronghorn.optimizers.schedules import deserialize as schedule_from
from pronghorn.optimizers.schedules import serialize as schedule_config

if TYPE_CHECKING:
    from pronghorn._engine import OptimizerSpec, Trainer

# Settings of every optimizer for which something is kept beside each weight.
_KEPT_FOR = ("use_ema", "gradient_accumulation_steps")
REGISTRY = Registry("optimizer", "keras.optimizers", ignore_case=True)


@_arguments.check_constructor
class Optimizer(Applying, Averaging, Remembering, Stored, Written):
    """How gradients change the weights; use one of its subclasses, or write one.

    A subclass of your own writes `update_step`, and `build` if its rule remembers something.
    Training then calls it for each batch; built-in rules run in the engine.

    Args:
        learning_rate: A number, a ``LearningRateSchedule``, or a function without arguments that
            returns a number.
        weight_decay: Decoupled decay: before each update w <- w - weight_decay * eta * w.
        clipnorm: Each gradient is scaled down to this Euclidean norm.
        clipvalue: Each entry of a gradient is cut to [-clipvalue, clipvalue].
        global_clipnorm: All gradients together are scaled down to this Euclidean norm.
        use_ema: Whether to keep moving averages of the weights, which replace them when `fit`
            ends.
        ema_momentum: What an update keeps of the averages, in [0, 1].
        ema_overwrite_frequency: Updates after which the averages replace the weights; None for
            the end of `fit` alone.
        loss_scale_factor: What `scale_loss` multiplies a loss by; `apply` divides gradients by it.
        gradient_accumulation_steps: Gradients whose mean makes an update, >= 2; None for one.
        name: A name; None makes one from the class.

    Raises:
        ValueError: If more than one way of clipping is set, or a number is out of range.

    Example:
        >>> from pronghorn.optimizers import SGD
        >>> optimizer = SGD(learning_rate=0.25, clipnorm=1.0)
        >>> optimizer.learning_rate
        0.25
    """

    # The engine's name of the update rule, and the attributes that it needs as numbers.
    _kernel: ClassVar[str] = ""
    _hyper: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        _arguments.check_constructor(cls)

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
        if kwargs.pop("decay", None) is not None:
            warnings.warn(
                "`decay` has no effect; use a LearningRateSchedule.",
                stacklevel=_arguments.stacklevel(),
            )
        if kwargs:
            raise TypeError(
                f"{type(self).__name__} got unknown arguments: {', '.join(sorted(kwargs))}."
            )
        self._own_variables: list[Variable] = []
        self._before_build: int | None = None
        self._trainable_variables: list[Any] = []
        self._trainable_variables_indices: dict[int, int] = {}
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
        self.use_ema = bool(use_ema)
        self.ema_momentum = real(ema_momentum, "ema_momentum", low=0.0, high=1.0)
        self.ema_overwrite_frequency = _count(ema_overwrite_frequency, "ema_overwrite_frequency", 1)
        self.loss_scale_factor = (
            None
            if loss_scale_factor is None
            else real(loss_scale_factor, "loss_scale_factor", low=0.0, open_low=True)
        )
        self.gradient_accumulation_steps = _count(
            gradient_accumulation_steps, "gradient_accumulation_steps", 2
        )
        self._learning_rate = _checked_rate(learning_rate)
        self._undecayed: tuple[Any, ...] = ()
        self._undecayed_names: tuple[str, ...] = ()
        self._iterations = 0
        self._mixed = False
        self._trainer: Trainer | None = None
        self._weights: tuple[Any, ...] = ()  # those of the trainer, in its order

    @property
    def learning_rate(self) -> LearningRate:
        """The learning rate of the next update: a float that knows ``numpy()`` and ``assign()``."""
        rate = self._learning_rates(self._steps, 1)
        return LearningRate(float(rate.astype(config.floatx())[0]), self)

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
    def iterations(self) -> Iterations:
        """The number of updates done so far; several gradients may make one update."""
        return Iterations(self._steps // (self.gradient_accumulation_steps or 1), self)

    @iterations.setter
    def iterations(self, value: int) -> None:
        count = integer(value, "iterations", low=0)
        self._steps = count * (self.gradient_accumulation_steps or 1)

    @property
    def _steps(self) -> int:
        """The number of gradients seen so far."""
        if self._trainer is not None:
            return int(self._trainer.iterations)
        return self._iterations

    @_steps.setter
    def _steps(self, value: int) -> None:
        self._iterations = value
        if self._trainer is not None:
            self._trainer.iterations = value

    @property
    def built(self) -> bool:
        """Whether the state for the weights exists."""
        return self._trainer is not None or self._before_build is not None

    @built.setter
    def built(self, value: bool) -> None:
        if value and self._before_build is None:
            self._before_build = len(self._own_variables)

    _wraps: ClassVar[bool] = False

    def _inner(self) -> list[Optimizer]:
        """The optimizers that this one wraps."""
        return []

    @property
    def _is_written(self) -> bool:
        """Whether the updates are Python's: the rule is a subclass's `update_step`, say."""
        return self._mixed or type(self).update_step is not Written.update_step

    def _choose_way(self, variables: Sequence[Any]) -> None:
        """Decides, before the first update of `variables`, whether Python makes the updates.

        It does where gradients are gathered of which some are to replace their variables.
        """
        if self.gradient_accumulation_steps and not self.built:
            self._mixed = any(variable.overwrite_with_gradient for variable in variables)

    @property
    def _steps_in_python(self) -> bool:
        """Whether each update needs a call of `apply`, since something of it is in Python."""
        cls: Any = type(self)
        return _needs_calls(cls)

    def _check_rule(self) -> None:
        """Raises ValueError if there is no rule at all."""
        if not self._is_written:
            self._engine_spec()

    # The last specification that a model made of these attributes and gave to its engine.
    _told: Any = None

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self._hyper or name in _KEPT_FOR:
            self._check_change(name, value)
        super().__setattr__(name, value)
        self.__dict__["_told"] = None
        if isinstance(value, Variable):
            self._track_variable(value)

    def _check_change(self, name: str, value: Any) -> None:
        """Raises ValueError if, with a setting changed, the state would be another."""
        before = self.__dict__.get(name, value)
        if not self._kernel or not self._has_begun or before == value:
            return
        kept = self._kept_state()
        self.__dict__[name] = value
        try:
            same = self._kept_state() == kept
        finally:
            self.__dict__[name] = before
        if not same:
            raise ValueError(
                f"`{name}` of the optimizer '{self.name}' cannot change from {before!r} to "
                f"{value!r}: with that it would have to remember something else for each weight, "
                "and it has begun. Make a new optimizer."
            )

    @property
    def _has_begun(self) -> bool:
        return self.__dict__.get("_trainer") is not None or self._rule is not None

    def _kept_state(self) -> list[str]:
        """Names of what the engine remembers for a weight under the present settings."""
        trainer = make_trainer([Variable(np.zeros((2, 2), np.float32))], self._engine_spec())
        return [name for name, _, _ in trainer.get_slots()]

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
        """For pickle and copy: the settings; a model carries the state over, alone it is new."""
        fresh: dict[str, Any] = {"_trainer": None, "_weights": (), "_held": (), "_holder": None}
        fresh["_told"] = None
        fresh.update(_rule=None, _rule_weights=(), _rule_told=None, _rule_step=None, _mixed=False)
        if self._before_build is not None:
            fresh["_own_variables"] = self._own_variables[: self._before_build]
            fresh["_before_build"] = None
            fresh["_trainable_variables"], fresh["_trainable_variables_indices"] = [], {}
        return {**self.__dict__, **fresh, "_iterations": 0}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def __repr__(self) -> str:
        hyper = "".join(f", {name}={getattr(self, name)!r}" for name in self._hyper)
        return f"{type(self).__name__}(learning_rate={self._learning_rate!r}{hyper})"

    def _rate_config(self) -> Any:
        if isinstance(self._learning_rate, LearningRateSchedule):
            return schedule_config(self._learning_rate)
        if isinstance(self._learning_rate, float):
            return float(self.learning_rate)
        raise ValueError(
            f"[{type(self).__name__}] `learning_rate` is a function, which has no configuration; "
            "use a LearningRateSchedule."
        )

    @property
    def _schedule(self) -> LearningRateSchedule | None:
        rate = self._learning_rate
        return rate if isinstance(rate, LearningRateSchedule) else None

    def _learning_rates(self, first_step: int, count: int) -> NDArray[np.float64]:
        """The learning rates of ``count`` updates from number ``first_step``, float64 (count,).

        They are exact; what is shown has the default float type, as Keras's variable has.
        """
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

    def _engine_hyper(self) -> dict[str, float]:
        """The numbers of the rule by name."""
        return {name: float(getattr(self, name)) for name in self._hyper}

    def _engine_spec(self, variables: Sequence[Any] = ()) -> OptimizerSpec:
        """What the engine is told: the rule and its numbers, as they are now.

        Args:
            variables: Those that the engine updates, in its order.
        """
        if not self._kernel:
            raise ValueError(
                f"{type(self).__name__} has no rule: write `update_step(self, gradient, variable, "
                "learning_rate)`, or use one of "
                f"{', '.join(sorted(cls.__name__ for cls in REGISTRY.objects() if cls._kernel))}."
            )
        spec: OptimizerSpec = {
            "name": self._kernel,
            "hyper": self._engine_hyper(),
            "weight_decay": self.weight_decay or 0.0,
            "clipnorm": self.clipnorm or 0.0,
            "clipvalue": self.clipvalue or 0.0,
            "global_clipnorm": self.global_clipnorm or 0.0,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": (self.use_ema and self.ema_overwrite_frequency) or 0,
            "gradient_accumulation_steps": self.gradient_accumulation_steps or 1,
        }
        if self._undecayed or self._undecayed_names:
            undecayed = [i for i, v in enumerate(variables) if not self._use_weight_decay(v)]
            if undecayed:
                spec["undecayed"] = undecayed
        return spec

    def _has_told(self, spec: OptimizerSpec | None) -> bool:
        """Whether an engine that follows `spec` knows all numbers as they are now."""
        return self._told is not None and self._told is spec

    def _tell(self, spec: OptimizerSpec | None) -> None:
        """Remembers what an engine follows, if that depends on this object's attributes alone."""
        plain = type(self)._engine_spec is Optimizer._engine_spec
        if plain and not (self._undecayed or self._undecayed_names):
            self.__dict__["_told"] = spec

    def _bind(self, trainer: Trainer, weights: Sequence[Any]) -> None:
        """Makes ``trainer`` the keeper of this optimizer's state, from the present count on.

        Args:
            trainer: Of an engine that holds the weights.
            weights: The variables, in the engine's order.
        """
        trainer.iterations = self._steps
        self._trainer, self._weights = trainer, tuple(weights)


_RULE = ("apply", "build", "scale_loss", "update_step")


@functools.cache
def _needs_calls(cls: Any) -> bool:
    changed = (getattr(cls, name) is not getattr(Optimizer, name) for name in _RULE)
    return not cls._kernel or any(changed)


def _optional(value: float | None, argument: str) -> float | None:
    return None if value is None else real(value, argument, low=0.0)


def _count(value: int | None, argument: str, low: int) -> int | None:
    return None if value is None else integer(value, argument, low=low)


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
