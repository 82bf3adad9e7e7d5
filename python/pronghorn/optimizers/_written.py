"""What optimizers are made of whose rule is written in Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from pronghorn import initializers
from pronghorn._autodiff._record import about_to_change
from pronghorn._engine import as_array
from pronghorn._variable import Variable

if TYPE_CHECKING:
    from pronghorn._engine import Array, OptimizerSpec, Trainer

Names = str | Sequence[str]

# What comes before and after a rule in the engine, left out.
_NOTHING_AROUND = {
    "weight_decay": 0.0,
    "clipnorm": 0.0,
    "clipvalue": 0.0,
    "global_clipnorm": 0.0,
    "use_ema": False,
    "ema_overwrite_frequency": 0,
    "gradient_accumulation_steps": 1,
}


class Written:
    """The part of an optimizer that users call from a `build` and an `update_step` of their own."""

    name: str
    weight_decay: float | None
    clipnorm: float | None
    clipvalue: float | None
    global_clipnorm: float | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    loss_scale_factor: float | None
    gradient_accumulation_steps: int | None
    learning_rate: Any
    iterations: Any
    _steps: int

    # Made by `add_variable`, in this order; how many of them `__init__` made.
    _own_variables: list[Variable]
    _before_build: int | None
    _trainable_variables: list[Any]
    _trainable_variables_indices: dict[int, int]
    _averages: list[Variable | None]
    _accumulated_gradients: list[Variable]
    # Of a subclass of a built-in optimizer: that rule with its state, and the weights that it has.
    _rule: Trainer | None = None
    _rule_weights: tuple[Any, ...] = ()
    _rule_size = 0  # of the list of gradients that it takes
    _rule_told: Any = None
    _rule_step: int | None = None  # the step that goes on, and the rule's numbers at its beginning
    _rule_numbers: Any = ()

    if TYPE_CHECKING:

        def _engine_spec(self, variables: Sequence[Any] = ()) -> OptimizerSpec: ...

        def build(self, variables: Sequence[Any]) -> None: ...
        def _use_weight_decay(self, variable: Any) -> bool: ...

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """The rule of an optimizer of your own: changes one variable.

        A subclass of a built-in optimizer may call it, for the built-in rule.

        Args:
            gradient: Clipped and unscaled, an array of the variable's shape.
            variable: To be changed, through `assign`, `assign_add` or `assign_sub`.
            learning_rate: Of this update, a number of the default float type.

        Raises:
            NotImplementedError: If a subclass has not written it.

        Example:
            >>> import numpy as np, pronghorn as keras
            >>> class Signs(keras.optimizers.Optimizer):
            ...     def update_step(self, gradient, variable, learning_rate):
            ...         self.assign_sub(variable, learning_rate * np.sign(gradient))
            >>> w = keras.Variable([1.0, 2.0])
            >>> Signs(0.5).apply([np.array([3.0, -0.1])], [w])
            >>> w.numpy().tolist()
            [0.5, 2.5]
        """
        if self._rule is None:
            raise NotImplementedError(
                f"{type(self).__name__} must write `update_step(self, gradient, variable, "
                "learning_rate)`, or extend a built-in optimizer, whose `build` its own must call."
            )
        spec = self._rule_spec()
        if spec != self._rule_told:
            self._rule.set_optimizer(spec)
            self._rule_told = spec
        self._check_variables_are_known([variable])
        arrays: list[Any] = [None] * self._rule_size
        for place, weight in enumerate(self._rule_weights):
            if weight is variable:
                plain = as_array(gradient, np.dtype(weight.dtype))
                arrays[place] = plain.reshape(weight._core.shape)
        if self._rule_step != self._steps:
            self._rule_step, self._rule_numbers = self._steps, self._rule.get_state()
        # The rule takes each variable for a whole step, and these would move on with each.
        self._rule.set_state(self._rule_numbers)
        self._rule.iterations = int(self.iterations)
        about_to_change((variable,))
        self._rule.apply_gradients(arrays, float(learning_rate))

    def _begin_rule(self, variables: Sequence[Any]) -> None:
        """Makes the state of the built-in rule for those weights that it may change."""
        from pronghorn.optimizers._apply import make_trainer

        learning = tuple(each for each in variables if not each.overwrite_with_gradient)
        if learning:
            self._rule_weights = learning
            self._rule_told = self._rule_spec()
            self._rule = make_trainer(learning, self._rule_told)
            self._rule_size = len(learning) + sum(len(v._core.shape) == 1 for v in learning)

    def _rule_spec(self) -> OptimizerSpec:
        """The built-in rule alone: what comes before and after it is done here."""
        spec = {**self._engine_spec(self._rule_weights), **_NOTHING_AROUND}
        spec.pop("undecayed", None)
        return cast("OptimizerSpec", spec)

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Any = "zeros",
        dtype: str | None = None,
        aggregation: str | None = "none",
        layout: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Adds a variable to the optimizer's state.

        Args:
            shape: Of its value.
            initializer: Name or object.
            dtype: None is ``config.floatx()``; integers and "bool" are possible, too.
            aggregation: Has no effect: nothing is distributed.
            layout: Must be None.
            name: Last part of its path, which begins with the optimizer's name.
        """
        from pronghorn import config

        if layout is not None:
            raise ValueError(f"`layout` must be None. Received: layout={layout!r}")
        variable = Variable(
            initializers.get(initializer) or initializers.Zeros(),
            tuple(shape),
            dtype or config.floatx(),
            trainable=False,
            aggregation=aggregation,
            name=name,
        )
        variable.path = f"{self.name}/{variable.name}"
        self._track_variable(variable)
        return variable

    def add_variable_from_reference(
        self, reference_variable: Any, name: str | None = None, initializer: Any = "zeros"
    ) -> Variable:
        """Adds a variable of the shape and dtype of another.

        Args:
            reference_variable: The weight that it belongs to.
            name: Comes after that weight's path; None is "var".
            initializer: Name or object.
        """
        path = str(reference_variable.path).replace("/", "_")
        return self.add_variable(
            shape=reference_variable.shape,
            initializer=initializer,
            dtype=reference_variable.dtype,
            name=f"{path}_{name or 'var'}",
        )

    def add_optimizer_variables(
        self, trainable_variables: Sequence[Any], name: Names, initializer: Any = "zeros"
    ) -> Any:
        """Adds a variable, or one for each name, for every weight.

        Args:
            trainable_variables: The weights.
            name: A name, or several.
            initializer: One for all, or one for each name.

        Returns:
            A list in the order of the weights; for several names a tuple of lists. It has None for
            weights with ``overwrite_with_gradient``.

        Raises:
            ValueError: If the numbers of names and of initializers differ.
        """
        names = [name] if isinstance(name, str) else list(name)
        many = isinstance(initializer, (list, tuple)) and not isinstance(name, str)
        given = list(initializer) if many else [initializer] * len(names)
        if len(names) != len(given):
            raise ValueError(
                "`name` and `initializer` must have the same number of entries. Received: "
                f"name={name!r}, initializer={initializer!r}"
            )
        found: tuple[list[Any], ...] = tuple([] for _ in names)
        for weight in trainable_variables:
            for place, each, start in zip(found, names, given, strict=True):
                skipped = weight.overwrite_with_gradient
                place.append(
                    None if skipped else self.add_variable_from_reference(weight, each, start)
                )
        return found[0] if isinstance(name, str) else found

    def assign(self, variable: Any, value: Any) -> None:
        """Replaces the value of a weight or of a variable of the optimizer."""
        variable.assign(np.asarray(value))

    def assign_add(self, variable: Any, value: Any) -> None:
        """Adds to the value of a weight or of a variable of the optimizer."""
        variable.assign_add(np.asarray(value))

    def assign_sub(self, variable: Any, value: Any) -> None:
        """Subtracts from the value of a weight or of a variable of the optimizer."""
        variable.assign_sub(np.asarray(value))

    def _track_variable(self, variable: Variable) -> None:
        if not any(variable is each for each in self._own_variables):
            self._own_variables.append(variable)

    def _get_variable_index(self, variable: Any) -> int:
        """Which of the weights that the optimizer was built with."""
        return self._trainable_variables_indices[id(variable)]

    def _begin_state(self, variables: Sequence[Any]) -> None:
        """What `build` does for a rule in Python: averages, sums of gradients, numbers of weights.

        Args:
            variables: The weights.
        """
        self._before_build = len(self._own_variables)
        if self.use_ema:
            self._averages = self.add_optimizer_variables(variables, "average")
        if self.gradient_accumulation_steps:
            self._accumulated_gradients = [
                self.add_variable_from_reference(weight, "gradient_accumulator")
                for weight in variables
            ]
        self._trainable_variables = list(variables)
        self._trainable_variables_indices = {id(v): i for i, v in enumerate(variables)}

    def _check_variables_are_known(self, variables: Sequence[Any]) -> None:
        for variable in variables:
            if id(variable) not in self._trainable_variables_indices:
                raise ValueError(
                    f"Unknown variable '{variable.path}': the optimizer '{self.name}' was built "
                    "with other variables; make a new optimizer for these."
                )

    def _apply_written(self, gradients: Sequence[Any], variables: Sequence[Any]) -> None:
        """One update by `update_step`.

        Args:
            gradients: None leaves that variable alone.
            variables: Known ones.
        """
        pairs = [
            (_as_gradient(gradient, variable), variable)
            for gradient, variable in zip(gradients, variables, strict=True)
            if gradient is not None
        ]
        kept = []
        for gradient, variable in pairs:
            if variable.overwrite_with_gradient:
                self._overwrite(gradient, variable)
            else:
                kept.append((gradient, variable))
        if kept:
            arrays = [gradient for gradient, _ in kept]
            weights = [variable for _, variable in kept]
            if self.loss_scale_factor is not None:
                scale = self.loss_scale_factor
                arrays = [array / array.dtype.type(scale) for array in arrays]
            found = self._accumulate(arrays, weights)
            if found is not None:
                found = self._clip_gradients(found)
                self._apply_weight_decay(weights)
                rate = self.learning_rate.numpy()
                for array, weight in zip(found, weights, strict=True):
                    self.update_step(array, weight, rate)
            if self.use_ema:
                self._update_averages()
            for weight in weights:
                if weight.constraint is not None:
                    weight.assign(np.asarray(weight.constraint(weight.value)))
        self._steps = self._steps + 1

    def _overwritten(
        self, gradients: Sequence[Any], variables: Sequence[Any]
    ) -> tuple[list[Any], tuple[Any, ...]]:
        """Overwrites the variables that are to be, and gives the other gradients and variables."""
        others = []
        for gradient, variable in zip(gradients, variables, strict=True):
            if not variable.overwrite_with_gradient:
                others.append((gradient, variable))
            elif gradient is not None:
                self._overwrite(_as_gradient(gradient, variable), variable)
        return [gradient for gradient, _ in others], tuple(variable for _, variable in others)

    def _overwrite(self, gradient: Array, variable: Any) -> None:
        """Puts a gradient in place of the value; of several that are gathered, the largest."""
        count = self.gradient_accumulation_steps
        if not count:
            variable.assign(gradient)
            return
        kept = self._accumulated_gradients[self._get_variable_index(variable)]
        largest = np.maximum(gradient, kept.numpy())
        if (self._steps + 1) % count:
            kept.assign(largest)
        else:
            variable.assign(largest)
            kept.assign(np.zeros_like(gradient))

    def _accumulate(self, arrays: list[Array], weights: Sequence[Any]) -> list[Array] | None:
        """The gradients of this update; None while they are being gathered."""
        count = self.gradient_accumulation_steps
        if not count:
            return arrays
        sums = [self._accumulated_gradients[self._get_variable_index(weight)] for weight in weights]
        totals = [array + kept.numpy() for array, kept in zip(arrays, sums, strict=True)]
        if (self._steps + 1) % count:
            for kept, total in zip(sums, totals, strict=True):
                kept.assign(total)
            return None
        for kept in sums:
            kept.assign(np.zeros(kept.shape, kept.dtype))
        return [total / total.dtype.type(count) for total in totals]

    def _clip_gradients(self, grads: Sequence[Any]) -> list[Any]:
        """Gradients as the optimizer's one way of clipping leaves them."""
        if self.clipnorm:
            norms = [_norm([g]) for g in grads]
            limit = self.clipnorm
            return [
                g * g.dtype.type(limit) / g.dtype.type(max(norm, limit))
                for g, norm in zip(grads, norms, strict=True)
            ]
        if self.global_clipnorm:
            norm, limit = _norm(grads), self.global_clipnorm
            # NaN for a norm that is no number.
            scale = limit * min(1.0 / norm, 1.0 / limit) + (norm - norm) if norm else 1.0
            return [g * g.dtype.type(scale) for g in grads]
        if self.clipvalue:
            return [np.clip(g, -self.clipvalue, self.clipvalue) for g in grads]
        return list(grads)

    def _apply_weight_decay(self, variables: Sequence[Any]) -> None:
        """Applies w <- w - weight_decay * eta * w to those that decay."""
        for variable in variables:
            decay = self._decay_of(variable)
            if decay is not None and self._use_weight_decay(variable):
                value = variable.numpy()
                kind = value.dtype.type
                rate = kind(self.learning_rate.numpy())
                variable.assign(value - value * kind(decay) * rate)

    def _decay_of(self, variable: Any) -> float | None:
        """The weight decay of a variable."""
        return self.weight_decay

    def _averaged(self) -> list[tuple[Any, Variable]]:
        """Pairs of a weight and its moving average."""
        if not self.use_ema or not self._trainable_variables:
            return []
        pairs = zip(self._trainable_variables, self._averages, strict=True)
        return [(weight, average) for weight, average in pairs if average is not None]

    def _update_averages(self) -> None:
        """Moves the averages towards the weights, or begins them; may put them in their place."""
        momentum = self.ema_momentum if int(self.iterations) else 0.0
        every = self.ema_overwrite_frequency
        overwrite = every is not None and (int(self.iterations) + 1) % every == 0
        for weight, average in self._averaged():
            value = weight.numpy()
            kind = value.dtype.type
            mean = kind(momentum) * average.numpy() + (kind(1) - kind(momentum)) * value
            average.assign(mean)
            if overwrite:
                weight.assign(mean)


def _as_gradient(gradient: Any, variable: Any) -> Array:
    array = np.asarray(gradient).astype(variable.dtype, copy=False)
    if array.shape != tuple(variable.shape):
        raise ValueError(
            f"The gradient of '{variable.path}' must have its shape {tuple(variable.shape)}. "
            f"Received: shape {array.shape}"
        )
    return array


def _norm(arrays: Sequence[Array]) -> float:
    return float(np.sqrt(sum(np.sum(np.square(array)) for array in arrays)))
