"""Weights: what holds them, counts them and copies them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from pronghorn import initializers
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

    def add_weight(
        self,
        shape: Sequence[int],
        initializer: Callable[..., Array] | None,
        name: str | None = None,
        trainable: bool = True,
    ) -> Variable:
        """Creates a weight in the layer's dtype and keeps it in `weights`; None: Glorot uniform."""
        _allowance.check(shape, self.name, name)
        initializer = initializer or initializers.GlorotUniform()
        variable = Variable(initializer, shape, self._dtype, trainable, name)
        self._weights.append(variable)
        return variable

    def _sublayers(self) -> list[Layer]:
        """Layers inside this one."""
        return []

    def _flatten_layers(self) -> list[WeightHolder]:
        """This layer and all inside it."""
        found: list[WeightHolder] = [self]
        for layer in self._sublayers():
            found.extend(layer._flatten_layers())
        return found

    @property
    def weights(self) -> list[Variable]:
        """All weights: in the order of creation, each once."""
        found: dict[int, Variable] = {}
        for layer in self._flatten_layers():
            found.update((id(variable), variable) for variable in layer._weights)
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
                found.update((id(v), v) for v in layer._weights if v.trainable)
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
