"""Which dtype a layer computes in and keeps its weights in: here always the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NAMES = ("float32", "float64")


class DTypePolicy:
    """The dtype of a layer's arithmetic and weights.

    Args:
        name: "float32" or "float64"; None is ``config.floatx()``.

    Raises:
        ValueError: For any other: the engine computes in these two, without mixing or quantizing.

    Example:
        >>> DTypePolicy("float64").compute_dtype
        'float64'
    """

    def __init__(self, name: str | None = None) -> None:
        from pronghorn import config

        name = config.floatx() if name is None else name
        if name not in _NAMES:
            raise ValueError(
                f"`name` of a dtype policy must be 'float32' or 'float64': the engine computes in "
                f"these, without mixing dtypes or quantizing. Received: name={name!r}"
            )
        self._name = name

    @property
    def name(self) -> str:
        """The dtype's name."""
        return self._name

    @property
    def compute_dtype(self) -> str:
        """Dtype of the arithmetic."""
        return self._name

    @property
    def variable_dtype(self) -> str:
        """Dtype of the weights."""
        return self._name

    @property
    def quantization_mode(self) -> None:
        """Always None: nothing is quantized."""

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal policy."""
        return {"name": self._name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicy:
        """Makes a policy from what `get_config` gave."""
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and other.name == self._name

    def __hash__(self) -> int:
        return hash(self._name)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self._name}">'


FloatDTypePolicy = DTypePolicy


def get(identifier: Any) -> DTypePolicy:
    """A policy from its name, its configuration, a policy, or None for the session's.

    Args:
        identifier: What to look up.

    Raises:
        ValueError: If it is none of these, or the engine lacks the dtype.

    Example:
        >>> get("float32")
        <DTypePolicy "float32">
    """
    from pronghorn import config

    if identifier is None:
        return config.dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, Mapping):
        return deserialize(dict(identifier))
    name = identifier if isinstance(identifier, str) else getattr(identifier, "name", None)
    if isinstance(name, str):
        return DTypePolicy(name)
    raise ValueError(
        f"A dtype policy must be a name, a configuration or a DTypePolicy. Received: {identifier!r}"
    )


def serialize(dtype_policy: DTypePolicy) -> dict[str, Any]:
    """A policy as plain data.

    Args:
        dtype_policy: The policy.

    Example:
        >>> serialize(DTypePolicy("float32"))["config"]
        {'name': 'float32'}
    """
    return {
        "module": "keras",
        "class_name": "DTypePolicy",
        "config": dtype_policy.get_config(),
        "registered_name": None,
    }


def deserialize(config: dict[str, Any], custom_objects: Any = None) -> DTypePolicy:
    """A policy from plain data.

    Args:
        config: What `serialize` gave.
        custom_objects: Has no effect; policies are not written by users.

    Raises:
        ValueError: If it is no policy that the engine has.

    Example:
        >>> deserialize(serialize(DTypePolicy("float64")))
        <DTypePolicy "float64">
    """
    if config.get("class_name") not in ("DTypePolicy", "FloatDTypePolicy"):
        raise ValueError(
            f"The engine has no dtype policy '{config.get('class_name')}'; it computes in float32 "
            "or float64, without mixing dtypes or quantizing."
        )
    return DTypePolicy(**config["config"])
