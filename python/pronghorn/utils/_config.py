"""Config."""

from __future__ import annotations

import copy
import difflib
import json
from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from typing import Any

_OWN = frozenset({"_config", "_frozen"})


class Config:
    """Named values, as attributes and as items, that can be frozen.

    Args:
        **kwargs: The first values.

    Example:
        >>> config = Config(learning_rate=0.1)
        >>> config.epochs = 5
        >>> config["seed"] = 1
        >>> config.freeze()
        >>> config.to_json()
        '{"learning_rate": 0.1, "epochs": 5, "seed": 1}'
    """

    def __init__(self, **kwargs: Any) -> None:
        object.__setattr__(self, "_config", kwargs)
        object.__setattr__(self, "_frozen", False)

    @property
    def frozen(self) -> bool:
        """Whether nothing can be changed."""
        return bool(self.__dict__["_frozen"])

    def freeze(self) -> None:
        """From now on changes raise ValueError."""
        self.__dict__["_frozen"] = True

    def unfreeze(self) -> None:
        """Allows changes again."""
        self.__dict__["_frozen"] = False

    def _changed(self) -> dict[str, Any]:
        """The values, to be changed."""
        if self.frozen:
            raise ValueError(
                "Cannot mutate attribute(s) because the config is frozen; call `unfreeze()`."
            )
        return self._values()

    def _values(self) -> dict[str, Any]:
        values: dict[str, Any] = self.__dict__["_config"]
        return values

    def as_dict(self) -> dict[str, Any]:
        """The values as a new dict."""
        return copy.copy(self._values())

    def to_json(self) -> str:
        """The values as JSON.

        Raises:
            TypeError: If one has no JSON.
        """
        return json.dumps(self._values())

    def keys(self) -> KeysView[str]:
        """The names, in the order in which they came."""
        return self._values().keys()

    def values(self) -> ValuesView[Any]:
        """The values."""
        return self._values().values()

    def items(self) -> ItemsView[str, Any]:
        """Pairs of name and value."""
        return self._values().items()

    def pop(self, *args: Any) -> Any:
        """Takes a value out, or gives the default that follows the name."""
        return self._changed().pop(*args)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Sets several values, as ``dict.update`` does."""
        self._changed().update(*args, **kwargs)

    def get(self, keyname: str, value: Any = None) -> Any:
        """The value of a name, or `value` if there is none."""
        return self._values().get(keyname, value)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _OWN or hasattr(type(self), name):
            object.__setattr__(self, name, value)
        else:
            self._changed()[name] = value

    def __getattr__(self, name: str) -> Any:
        # Reached by what is no attribute of an object; copies ask before there are any values.
        values = self.__dict__.get("_config", {})
        if name in values:
            return values[name]
        near = difflib.get_close_matches(name, values, n=1, cutoff=0.7)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise AttributeError(f"Unknown attribute: '{name}'.{hint}")

    def __setitem__(self, key: str, item: Any) -> None:
        self._changed()[key] = item

    def __getitem__(self, key: str) -> Any:
        return self._values()[key]

    def __delitem__(self, key: str) -> None:
        del self._changed()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._values()))

    def __len__(self) -> int:
        return len(self._values())

    def __contains__(self, item: object) -> bool:
        return item in self._values()

    def __repr__(self) -> str:
        return f"<Config {self._values()}>"
