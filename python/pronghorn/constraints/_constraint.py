"""The base of the constraints, and constraints by name or configuration."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from pronghorn._registry import Registry

REGISTRY = Registry("constraint", "keras.constraints")


@REGISTRY.add()
class Constraint:
    """What weights must be like; subclass it and write ``__call__``.

    Example:
        >>> class Halved(Constraint):
        ...     def __call__(self, w):
        ...         return w / 2
        >>> Halved()(3.0)
        1.5
    """

    def __call__(self, w: ArrayLike) -> Any:
        """The weights that ``w`` becomes, of the same shape and dtype; here ``w`` itself."""
        return w

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal constraint."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Constraint:
        """The constraint of a configuration."""
        return cls(**config)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{key}={value!r}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


def get(identifier: Any) -> Any:
    """The constraint that ``identifier`` stands for.

    Args:
        identifier: None, a name (``"non_neg"``, ``"NonNeg"``), a configuration, a class, a
            ``Constraint`` or a function of the weights.

    Raises:
        ValueError: For an unknown name, with the nearest one suggested.
        TypeError: For anything else.

    Example:
        >>> get("max_norm")
        MaxNorm(max_value=2, axis=0)
    """
    return REGISTRY.get(identifier)


def serialize(constraint: Any) -> Any:
    """The configuration of a constraint.

    Example:
        >>> serialize(get("unit_norm"))["config"]
        {'axis': 0}
    """
    return REGISTRY.serialize(constraint)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The constraint of a configuration made by ``serialize``.

    Example:
        >>> deserialize(serialize(get("unit_norm")))
        UnitNorm(axis=0)
    """
    found = REGISTRY.deserialize(config, custom_objects)
    return found() if isinstance(found, type) else found
