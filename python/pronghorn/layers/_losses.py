"""Losses that layers add: penalties of regularisers, and what a `call` hands in."""

from __future__ import annotations

from typing import Any

from pronghorn import _tree
from pronghorn.layers import _call_context
from pronghorn.layers._weights import WeightHolder
from pronghorn.regularizers._regularizer import beyond_engine

# Names of weights that a layer may have a regulariser and a constraint for.
REGULARIZED = ("kernel", "bias", "gamma", "beta", "embeddings", "alpha")
_REGULARIZERS = tuple(f"{name}_regularizer" for name in REGULARIZED)


class LossHolder(WeightHolder):
    """The part of a layer that adds to what training minimises."""

    def __init__(self, trainable: bool) -> None:
        super().__init__(trainable)
        self._losses: list[Any] = []

    def add_loss(self, loss: Any) -> None:
        """Adds a number, or several, to what training minimises; to be used in `call`.

        Args:
            loss: A tensor of one element, or a list of them.
        """
        if _call_context.tracing():
            raise NotImplementedError("A call with add_loss is no graph of layers.")
        self._losses.extend(_tree.flatten(loss))

    @property
    def losses(self) -> list[Any]:
        """Regularisers' penalties, and what `add_loss` was given in the last call."""
        found: list[Any] = []
        for layer in self._flatten_layers():
            found += layer._own_losses()  # type: ignore[attr-defined]
        return found

    def _own_losses(self) -> list[Any]:
        penalties = [r(v) for v, r in self._regularized() if v.trainable and self._trainable]
        return [*self._losses, *penalties]

    def _regularized(self) -> list[tuple[Any, Any]]:
        """Variables with a regulariser, and it."""
        found = []
        if self.built:
            for name, argument in zip(REGULARIZED, _REGULARIZERS, strict=True):
                regularizer = getattr(self, argument, None)
                variable = None if regularizer is None else getattr(self, name, None)
                if variable is not None:
                    found.append((variable, regularizer))
        return [*found, *self._weight_regularizers]

    def _penalises_beyond_engine(self) -> bool:
        """Whether a penalty on its weights is one that the engine does not compute."""
        if self._weight_regularizers:
            return True
        for name in _REGULARIZERS:
            regularizer = getattr(self, name, None)
            if regularizer is not None and beyond_engine(regularizer):
                return True
        return False

    def _forget_losses(self) -> None:
        for layer in self._flatten_layers():
            layer._losses.clear()  # type: ignore[attr-defined]
