"""Weights: what holds them, counts them and copies them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from pronghorn import constraints, initializers, regularizers
from pronghorn._engine import Array
from pronghorn._serialization import _allowance
from pronghorn._variable import Variable

if TYPE_CHECKING:
    from pronghorn.layers._layer import Layer


class WeightHolder:
    """The part of a layer that deals with its weights and those of layers inside it."""

    name: str
    built: bool
    _dtype: str

    def __init__(self, trainable: bool) -> None:
        self._trainable = trainable
        self._weights: list[Variable] = []
        self._weight_regularizers: list[tuple[Variable, Any]] = []

    def add_weight(
        self,
        shape: Sequence[int] | None = None,
        initializer: Callable[..., Array] | str | None = None,
        name: str | None = None,
        trainable: bool = True,
        dtype: str | None = None,
        regularizer: Any = None,
        constraint: Any = None,
        *,
        _row_axes: int | None = None,
    ) -> Variable:
        """Creates a weight and keeps it in `weights`.

        Args:
            shape: None is a single number.
            initializer: Name or object; None is Glorot uniform, or zeros for a single number.
            name: Last part of its path.
            trainable: Whether training changes it.
            dtype: None is the layer's.
            regularizer: Penalty on it in the loss: name, object or function.
            constraint: Name or function that maps the value to an allowed one after each update.
        """
        shape = tuple(shape or ())
        _allowance.check(shape, self.name, name)
        initializer = initializers.get(initializer or (None if shape else "zeros"))
        initializer = initializer or initializers.GlorotUniform()
        variable = Variable(
            initializer, shape, dtype or self._dtype, trainable, name, _row_axes=_row_axes
        )
        self._weights.append(variable)
        if constraint is not None:
            variable.constraint = constraints.get(constraint)
        if regularizer is not None:
            penalty = regularizer if callable(regularizer) else regularizers.get(regularizer)
            self._weight_regularizers.append((variable, penalty))
        return variable

    def _sublayers(self) -> list[Layer]:
        """Layers inside this one: those among its attributes, also in lists and dicts."""
        found: list[Any] = [x for x in self._attributes() if isinstance(x, WeightHolder)]
        return found

    def _attributes(self) -> list[Any]:
        """Layers and variables that a subclass has as attributes, in the order of assignment."""
        if not getattr(self, "_own_call", False):
            return []
        found: dict[int, Any] = {}
        for name, value in vars(self).items():
            if name not in _INTERNAL:
                for leaf in _leaves(value):
                    found.setdefault(id(leaf), leaf)
        return list(found.values())

    def _own_weights(self) -> list[Variable]:
        """The weights that belong to this layer itself."""
        mine = [each for each in self._attributes() if isinstance(each, Variable)]
        return list(dict.fromkeys([*self._weights, *mine]))

    def _flatten_layers(self) -> list[WeightHolder]:
        """This layer and all inside it."""
        found: list[WeightHolder] = [self]
        for layer in self._sublayers():
            found += layer._flatten_layers()
        return found

    @property
    def weights(self) -> list[Variable]:
        """All weights: in the order of creation, each once."""
        found: dict[int, Variable] = {}
        for layer in self._flatten_layers():
            found.update((id(variable), variable) for variable in layer._own_weights())
        return list(found.values())

    @property
    def variables(self) -> list[Variable]:
        """The same as `weights`."""
        return self.weights

    @property
    def trainable_weights(self) -> list[Variable]:
        """Weights that training changes."""
        found: dict[int, Variable] = {}
        for layer in self._flatten_layers():
            if layer._trainable:
                found.update((id(v), v) for v in layer._own_weights() if v.trainable)
        return list(found.values()) if self._trainable else []

    @property
    def trainable_variables(self) -> list[Variable]:
        """The same as `trainable_weights`."""
        return self.trainable_weights

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """Weights that training leaves alone."""
        trainable = {id(variable) for variable in self.trainable_weights}
        return [variable for variable in self.weights if id(variable) not in trainable]

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The same as `non_trainable_weights`."""
        return self.non_trainable_weights

    def get_weights(self) -> list[Array]:
        """Copies of all weights."""
        return [variable.numpy() for variable in self.weights]

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Replaces all weights.

        Args:
            weights: Arrays in the order and of the shapes of `get_weights`.

        Raises:
            ValueError: If the number or a shape differs; then nothing is changed.
        """
        variables = self.weights
        arrays = [np.asarray(weight) for weight in weights]
        if len(arrays) != len(variables):
            raise ValueError(
                f"'{self.name}' has {len(variables)} weights: "
                f"{[variable.shape for variable in variables]}. Received `weights` with "
                f"{len(arrays)} arrays: {[array.shape for array in arrays]}."
            )
        for variable, array in zip(variables, arrays, strict=True):
            if array.shape != variable.shape or array.dtype.kind not in "biuf":
                raise ValueError(
                    f"Weight '{variable.path}' of '{self.name}' has shape {variable.shape}. "
                    f"Received `weights` with an array of shape {array.shape} and dtype "
                    f"{array.dtype} in its place."
                )
        for variable, array in zip(variables, arrays, strict=True):
            variable.assign(array)

    def count_params(self) -> int:
        """Number of scalars in all weights.

        Raises:
            ValueError: If the layer is not built.
        """
        if not self.built:
            raise ValueError(
                f"The parameters of '{self.name}' cannot be counted: it is not built yet. Call it "
                "on data, or call `build(input_shape)`."
            )
        return sum(variable.size for variable in self.weights)

    @property
    def trainable(self) -> bool:
        """Whether training changes the weights; a model must be compiled again after a change."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self._flatten_layers():
            layer._trainable = bool(value)
            for variable in layer._weights:
                if variable._made_trainable:  # others never learn
                    variable.trainable = bool(value)


# Attributes of this package's own, which hold layers and weights in other ways.
_INTERNAL = frozenset(
    {
        "_eager", "_engine", "_inbound_nodes", "_inputs", "_inputs_struct", "_layer_graph",
        "_layers", "_losses", "_outputs", "_outputs_struct", "_weight_regularizers", "_weights",
        "history", "optimizer",
    }
)  # fmt: skip


def _leaves(value: Any) -> list[Any]:
    """The layers and variables in a value."""
    if isinstance(value, (WeightHolder, Variable)):
        return [value]
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in _leaves(item)]
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in _leaves(item)]
    return []
