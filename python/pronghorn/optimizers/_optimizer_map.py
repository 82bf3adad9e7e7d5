"""OptimizerMap."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from pronghorn.optimizers._optimizer import REGISTRY, Optimizer
from pronghorn.optimizers._wrapper import Wrapper, check_inner


class OptimizerMap(MutableMapping[str, Optimizer]):
    """Which optimizer updates which variables, by their paths.

    A key is a path, or a regular expression that has to match the whole path: ``"encoder/.*"``
    for everything in the encoder.

    Args:
        default_optimizer: For what no key matches.
        optimizer_map: A dict of optimizers by key.

    Raises:
        TypeError: If it is given other things.

    Example:
        >>> import pronghorn as keras
        >>> chosen = OptimizerMap(keras.optimizers.SGD(name="slow"))
        >>> chosen["head/.*"] = keras.optimizers.Adam(name="fast")
        >>> chosen["head/kernel"].name, chosen["body/kernel"].name
        ('fast', 'slow')
    """

    def __init__(
        self, default_optimizer: Optimizer, optimizer_map: Mapping[str, Any] | None = None
    ) -> None:
        if optimizer_map is not None and not isinstance(optimizer_map, Mapping):
            raise TypeError(
                "`optimizer_map` must be a dict of optimizers by path. Received: "
                f"optimizer_map={optimizer_map!r}"
            )
        self._default_optimizer = check_inner(default_optimizer, "default_optimizer")
        self._optimizer_map: dict[str, Optimizer] = {}
        for key, optimizer in (optimizer_map or {}).items():
            self[key] = optimizer

    @property
    def default_optimizer(self) -> Optimizer:
        """The one for what no key matches."""
        return self._default_optimizer

    def __getitem__(self, key: str) -> Optimizer:
        """The optimizer of a path.

        Raises:
            ValueError: If the path is no key, and several keys match it.
        """
        if key in self._optimizer_map:
            return self._optimizer_map[key]
        matching = [pattern for pattern in self._optimizer_map if re.fullmatch(pattern, key)]
        if len(matching) > 1:
            raise ValueError(f"Several optimizers are assigned to '{key}', by the keys {matching}.")
        return self._optimizer_map[matching[0]] if matching else self._default_optimizer

    def __setitem__(self, key: str, optimizer: Optimizer) -> None:
        """Assigns an optimizer to a path or regular expression that has none yet."""
        if not isinstance(key, str):
            raise ValueError(f"A key must be a path or a regular expression. Received: {key!r}")
        try:
            re.compile(key)
        except re.error as error:
            raise ValueError(f"The key {key!r} is no regular expression: {error}") from None
        if key in self._optimizer_map:
            raise ValueError(
                f"The key '{key}' has an optimizer already: {self._optimizer_map[key]!r}."
            )
        given: Any = optimizer
        if not isinstance(given, Optimizer) or isinstance(given, Wrapper):
            raise ValueError(
                f"The value of '{key}' must be an Optimizer that wraps no others. "
                f"Received: {optimizer!r}"
            )
        self._optimizer_map[key] = optimizer

    def __delitem__(self, key: str) -> None:
        del self._optimizer_map[key]

    def __len__(self) -> int:
        return len(self._optimizer_map)

    def __iter__(self) -> Iterator[str]:
        return iter(self._optimizer_map)

    def __call__(self, variable: Any) -> Optimizer:
        """The optimizer of a variable."""
        return self[variable.path]

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal map."""
        return {
            "default_optimizer": REGISTRY.serialize(self._default_optimizer),
            "optimizer_map": {
                key: REGISTRY.serialize(optimizer) for key, optimizer in self._optimizer_map.items()
            },
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> OptimizerMap:
        """The map of a configuration made by ``get_config``."""
        default = REGISTRY.deserialize(config["default_optimizer"], custom_objects)
        given = config.get("optimizer_map") or {}
        return cls(
            default,
            {key: REGISTRY.deserialize(each, custom_objects) for key, each in given.items()},
        )
