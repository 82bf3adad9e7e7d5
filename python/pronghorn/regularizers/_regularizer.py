"""Penalties on weights: L1, L2 and both."""

from typing import Any

import numpy as np

from pronghorn._autodiff import Tensor
from pronghorn._numbers import real
from pronghorn._registry import Registry

REGISTRY = Registry("regularizer", "keras.regularizers")


class Regularizer:
    """Base of the penalties l1 * sum |w| + l2 * sum w^2 (no factor 1/2).

    The engine adds the penalty to the loss and l1 * sign(w) + 2 * l2 * w to the gradient.

    Attributes:
        l1: Factor of the absolute values.
        l2: Factor of the squares.

    Example:
        >>> L1L2(l1=0.5, l2=0.25)([1.0, -2.0])
        2.75
    """

    l1: float = 0.0
    l2: float = 0.0

    def __call__(self, x: Any) -> Any:
        """The penalty of an array, summed in float64, or of what a tape records as a tensor."""
        recorded: Any = x if isinstance(x, Tensor) else getattr(x, "_recorded", lambda: None)()
        if recorded is not None:
            squares = (recorded * recorded).sum() * self.l2 if self.l2 else 0.0
            return squares + abs(recorded).sum() * self.l1 if self.l1 else squares
        w = np.asarray(x, np.float64)
        return float(self.l1 * np.abs(w).sum() + self.l2 * np.square(w).sum())

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal regularizer."""
        raise NotImplementedError(f"{type(self).__name__} must write `get_config`.")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Regularizer":
        """The regularizer of a configuration."""
        return cls(**config)

    def __repr__(self) -> str:
        if type(self).get_config is Regularizer.get_config:  # a class of the user's own
            return object.__repr__(self)
        arguments = ", ".join(f"{key}={value!r}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


@REGISTRY.add()
class L1(Regularizer):
    """The penalty l1 * sum |w|, which drives small weights to zero.

    Args:
        l1: Factor, >= 0.

    Source: Tibshirani, J. R. Stat. Soc. B 58(1), 1996.

    Example:
        >>> L1(0.5)([1.0, -2.0])
        1.5
    """

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = real(l1, "l1", low=0.0)

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1}


@REGISTRY.add()
class L2(Regularizer):
    """The penalty l2 * sum w^2, which shrinks all weights.

    Args:
        l2: Factor, >= 0.

    Source: Hoerl & Kennard, Technometrics 12(1), 1970.

    Example:
        >>> L2(0.5)([1.0, -2.0])
        2.5
    """

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = real(l2, "l2", low=0.0)

    def get_config(self) -> dict[str, Any]:
        return {"l2": self.l2}


@REGISTRY.add("l1_l2")
class L1L2(Regularizer):
    """The penalty l1 * sum |w| + l2 * sum w^2.

    Args:
        l1: Factor of the absolute values, >= 0.
        l2: Factor of the squares, >= 0.

    Source: Zou & Hastie, J. R. Stat. Soc. B 67(2), 2005.

    Example:
        >>> L1L2(l1=0.5, l2=0.5)([1.0, -2.0])
        4.0
    """

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0) -> None:
        self.l1 = real(0.0 if l1 is None else l1, "l1", low=0.0)
        self.l2 = real(0.0 if l2 is None else l2, "l2", low=0.0)

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1, "l2": self.l2}


def beyond_engine(regularizer: Regularizer | None) -> Regularizer | None:
    """`regularizer` if its penalty is not that of its l1 and l2; None if the engine computes it."""
    own = regularizer is not None and type(regularizer).__call__ is not Regularizer.__call__
    return regularizer if own else None


def get(identifier: Any) -> Regularizer | None:
    """The regularizer that ``identifier`` stands for.

    Args:
        identifier: None, ``"l1"``, ``"l2"``, ``"l1_l2"``, a configuration, a class or an object
            with ``l1`` and ``l2``.

    Raises:
        ValueError: For an unknown name, with the nearest one suggested.
        TypeError: For anything else.

    Example:
        >>> get("l2")
        L2(l2=0.01)
    """
    found = REGISTRY.get(identifier)
    if found is not None and not isinstance(found, Regularizer):
        raise TypeError(
            "A regularizer must be a name, a configuration or a Regularizer; received "
            f"{identifier!r}."
        )
    return found


def serialize(regularizer: Regularizer | None) -> Any:
    """The configuration of a regularizer.

    Example:
        >>> serialize(L2(0.5))["config"]
        {'l2': 0.5}
    """
    return REGISTRY.serialize(regularizer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The regularizer of a configuration made by ``serialize``.

    Example:
        >>> deserialize(serialize(L2(0.5)))
        L2(l2=0.5)
    """
    found = REGISTRY.deserialize(config, custom_objects)
    return found() if isinstance(found, type) else found
