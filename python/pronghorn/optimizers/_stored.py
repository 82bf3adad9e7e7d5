"""The state of an optimizer in dicts and lists of arrays."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np


class Stored:
    """The part of an optimizer that gives its state away and takes one."""

    name: str

    if TYPE_CHECKING:

        @property
        def built(self) -> bool: ...
        @property
        def variables(self) -> list[Any]: ...

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Replaces the state.

        Args:
            weights: An array for each of `variables`, in their order.

        Raises:
            ValueError: If the optimizer is not built, or a number or shape differs.
        """
        if not self.built:
            raise ValueError(
                f"The optimizer '{self.name}' is not built: call `build(variables)` before "
                "`set_weights`."
            )
        variables, arrays = self.variables, [np.asarray(weight) for weight in weights]
        shapes = [tuple(variable.shape) for variable in variables]
        if [array.shape for array in arrays] != shapes:
            raise ValueError(
                f"`weights` must have the {len(shapes)} shapes {shapes}. Received: "
                f"{[array.shape for array in arrays]}"
            )
        for variable, array in zip(variables, arrays, strict=True):
            variable.assign(array)

    def save_own_variables(self, store: dict[str, Any]) -> None:
        """Puts the state into a dict, as arrays by number.

        Args:
            store: To be filled.
        """
        for i, variable in enumerate(self.variables):
            store[str(i)] = variable.numpy()

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Takes a state from a dict; one of another length is left alone, with a warning.

        Args:
            store: As `save_own_variables` fills it.
        """
        variables = self.variables
        if len(store) != len(variables):
            warnings.warn(
                f"Skipping variable loading for optimizer '{self.name}', because it has "
                f"{len(variables)} variables whereas the saved optimizer has {len(store)} "
                "variables.",
                stacklevel=2,
            )
            return
        for i, variable in enumerate(variables):
            variable.assign(np.asarray(store[str(i)]))
