"""MultiOptimizer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pronghorn._numbers import real
from pronghorn.optimizers._optimizer import REGISTRY, Optimizer
from pronghorn.optimizers._optimizer_map import OptimizerMap
from pronghorn.optimizers._wrapper import Wrapper


@REGISTRY.add()
class MultiOptimizer(Wrapper):
    """Several optimizers, each for some of the variables.

    Args:
        optimizer_map: An `OptimizerMap`, or a function from a variable to its optimizer.
        loss_scale_factor: What losses are multiplied by; it replaces that of the optimizers.
        name: A name; None makes one from the class.

    Raises:
        TypeError: If `optimizer_map` cannot be called.

    Example:
        >>> import numpy as np, pronghorn as keras
        >>> body, head = keras.Variable([1.0], name="body"), keras.Variable([1.0], name="head")
        >>> chosen = OptimizerMap(keras.optimizers.SGD(0.1), {"head": keras.optimizers.SGD(1.0)})
        >>> MultiOptimizer(chosen).apply([np.ones(1), np.ones(1)], [body, head])
        >>> round(float(body[0]), 4), float(head[0])
        (0.9, 0.0)
    """

    def __init__(
        self,
        optimizer_map: OptimizerMap | Callable[[Any], Optimizer],
        loss_scale_factor: float | None = None,
        name: str | None = None,
    ) -> None:
        if not callable(optimizer_map):
            raise TypeError(
                "`optimizer_map` must be an OptimizerMap or a function from a variable to its "
                f"optimizer. Received: {optimizer_map!r}"
            )
        self._inner_optimizers: list[Optimizer] = []
        self._places: dict[int, int] = {}  # of each variable's optimizer among these
        super().__init__(0.0, loss_scale_factor=loss_scale_factor, name=name)
        self._optimizer_map = optimizer_map
        if isinstance(optimizer_map, OptimizerMap):
            for optimizer in [*optimizer_map.values(), optimizer_map.default_optimizer]:
                self._place(optimizer)

    def _place(self, optimizer: Optimizer) -> int:
        """The number of an optimizer among the inner ones, to which it is added if it is new."""
        for place, each in enumerate(self._inner_optimizers):
            if each is optimizer:
                return place
        optimizer.loss_scale_factor = self.loss_scale_factor
        self._inner_optimizers.append(optimizer)
        return len(self._inner_optimizers) - 1

    def _inner(self) -> list[Optimizer]:
        return self._inner_optimizers

    @property
    def optimizers(self) -> list[Optimizer]:
        """The optimizers: those of the map in its order, the default one, then further ones."""
        return self._inner_optimizers

    @property
    def learning_rate(self) -> Any:
        """There is none: each of `optimizers` has its own."""
        raise AttributeError(
            "A MultiOptimizer has no learning rate; read those of its `optimizers`."
        )

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        raise AttributeError(
            f"A MultiOptimizer has no learning rate; set those of its `optimizers`. Received: "
            f"{value!r}"
        )

    @property
    def loss_scale_factor(self) -> float | None:
        """What losses are multiplied by."""
        return self._loss_scale_factor

    @loss_scale_factor.setter
    def loss_scale_factor(self, value: float | None) -> None:
        self._loss_scale_factor = (
            None if value is None else real(value, "loss_scale_factor", low=0.0, open_low=True)
        )
        for optimizer in self._inner_optimizers:
            optimizer.loss_scale_factor = self._loss_scale_factor

    def build(self, variables: Sequence[Any]) -> None:
        """Chooses each variable's optimizer and makes their state; `apply` does it by itself.

        Raises:
            ValueError: If the map gives something that cannot update a variable.
        """
        if self.built:
            return
        chosen: list[Any] = []
        for variable in variables:
            optimizer: Any = self._optimizer_map(variable)
            if not isinstance(optimizer, Optimizer) or isinstance(optimizer, Wrapper):
                raise ValueError(
                    f"The optimizer of variable '{variable.path}' must be an Optimizer that wraps "
                    f"no others. Received: {optimizer!r}"
                )
            chosen.append(optimizer)
        for variable, optimizer in zip(variables, chosen, strict=True):
            self._places[id(variable)] = self._place(optimizer)
        for optimizer, part in zip(self.optimizers, self._parts(variables), strict=True):
            if part:
                optimizer.build(part)
        self._begin_state(variables)

    def _parts(self, variables: Sequence[Any]) -> list[list[Any]]:
        """The variables of each optimizer."""
        parts: list[list[Any]] = [[] for _ in self._inner_optimizers]
        for variable in variables:
            parts[self._places[id(variable)]].append(variable)
        return parts

    def apply(self, grads: Sequence[Any], trainable_variables: Any = None) -> None:
        """Updates variables once.

        Args:
            grads: One gradient a variable; None leaves that variable alone.
            trainable_variables: The variables; None for those of `build`.
        """
        grads = list(grads)
        if not grads:
            return
        variables = self._given(grads, trainable_variables)
        if len(variables) != len(self._trainable_variables):
            raise ValueError(
                f"`grads` must have one gradient for each of {len(self._trainable_variables)} "
                f"variables. Received: {len(grads)} gradients."
            )
        found = {id(v): gradient for v, gradient in zip(variables, grads, strict=True)}
        for optimizer, part in zip(self.optimizers, self._parts(variables), strict=True):
            if part:
                optimizer.apply([found[id(variable)] for variable in part], part)
        self._steps = self._steps + 1

    def finalize_variable_values(self, var_list: Sequence[Any]) -> None:
        """Ends a training, as each of the optimizers does.

        Args:
            var_list: The weights that were trained.
        """
        for optimizer, part in zip(self.optimizers, self._parts(var_list), strict=True):
            if part:
                optimizer.finalize_variable_values(part)

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_places": {}}

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal optimizer."""
        return {
            "optimizer_map": REGISTRY.serialize(self._optimizer_map),
            "loss_scale_factor": self.loss_scale_factor,
            "name": self.name,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> MultiOptimizer:
        """The optimizer of a configuration made by ``get_config``."""
        chosen = REGISTRY.deserialize(config["optimizer_map"], custom_objects)
        return cls(**{**config, "optimizer_map": chosen})
