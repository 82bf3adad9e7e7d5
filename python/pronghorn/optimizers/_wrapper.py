"""What optimizers that wrap others have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pronghorn.optimizers._optimizer import Optimizer


class Wrapper(Optimizer):
    """An optimizer whose updates are made by others; each batch is a call of theirs."""

    _wraps: ClassVar[bool] = True

    def _check_rule(self) -> None:
        for inner in self._inner():
            inner._check_rule()

    @property
    def variables(self) -> list[Any]:
        """The state: of the wrapper itself, then of what it wraps."""
        found: list[Any] = self._first_variables()
        found += self._own_variables
        for inner in self._inner():
            found += inner.variables
        return found

    @property
    def _trained(self) -> list[Any]:
        return [variable for inner in self._inner() for variable in inner._trained]

    def _given(self, grads: Sequence[Any], trainable_variables: Any) -> list[Any]:
        """The variables of an update, for which the state then exists.

        Raises:
            ValueError: If there are none, others than before, or another number than of gradients.
        """
        if trainable_variables is None:
            if not self.built:
                raise ValueError(
                    f"The optimizer '{self.name}' is not built: pass `trainable_variables`, or "
                    "call `build(variables)` before."
                )
            variables = list(self._trainable_variables)
        else:
            variables = list(trainable_variables)
        if len(grads) != len(variables):
            raise ValueError(
                f"`grads` must have one gradient for each of {len(variables)} variables. "
                f"Received: {len(grads)} gradients."
            )
        if not self.built:
            self.build(variables)
        self._check_variables_are_known(variables)
        return variables

    def __repr__(self) -> str:
        inner = ", ".join(map(repr, self._inner()))
        return f"{type(self).__name__}({inner})"


def check_inner(optimizer: Any, argument: str) -> Optimizer:
    """`optimizer`, if it can be wrapped.

    Raises:
        TypeError: If it is no optimizer.
    """
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"`{argument}` must be an Optimizer. Received: {optimizer!r}")
    return optimizer
