"""Lookup, serialisation and errors shared by everything that can be given by name.

A package keeps one ``Registry``; a class or function enters it where it is defined, through the
decorator ``Registry.add``. Configurations have Keras's form: ``{"module", "class_name", "config",
"registered_name"}`` for objects and a plain name for functions.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from pronghorn import _state, _suggest

T = TypeVar("T")


class Registry:
    """Names of one kind of thing.

    Args:
        kind: The word for error messages, e.g. ``"optimizer"``.
        module: The ``"module"`` entry of configurations, e.g. ``"keras.optimizers"``.
        ignore_case: Whether ``find`` takes names in any case, as Keras does for optimizers.
        snake_case: Whether classes are also known by such names; not where functions are.
    """

    def __init__(
        self, kind: str, module: str, ignore_case: bool = False, snake_case: bool = True
    ) -> None:
        self.kind = kind
        self.module = module
        self._snake_case = snake_case
        self._ignore_case = ignore_case
        self._entries: dict[str, Any] = {}

    def add(self, *aliases: str) -> Callable[[T], T]:
        """Decorator: registers a class (as ``Name`` and ``snake_name``) or a function.

        Args:
            *aliases: Further names.
        """

        def register(entry: T) -> T:
            name = str(getattr(entry, "__name__", ""))
            names = [name, *aliases]
            if self._ignore_case:
                names.append(name.lower())
            elif self._snake_case and inspect.isclass(entry):
                names.append(_state.snake_case(name))
            for each in names:
                self._entries[each] = entry
            return entry

        return register

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def objects(self) -> list[Any]:
        """Every registered class and function once, in the order of registration."""
        return list(dict.fromkeys(self._entries.values()))

    def find(self, name: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
        """The class or function of this name.

        Raises:
            ValueError: If there is none; the message suggests the nearest.
        """
        if custom_objects and name in custom_objects:
            return custom_objects[name]
        if name in self._entries:
            return self._entries[name]
        if self._ignore_case and name.lower() in self._entries:
            return self._entries[name.lower()]
        raise _suggest.unknown(self.kind, name, self._short_names(), self._entries)

    def _short_names(self) -> list[str]:
        """One name an entry: the lower-case one where there is one."""
        names: dict[int, str] = {}
        for name, entry in self._entries.items():
            if id(entry) not in names or (not names[id(entry)].islower() and name.islower()):
                names[id(entry)] = name
        return list(names.values())

    def serialize(self, thing: Any) -> Any:
        """The configuration of ``thing`` (an object with ``get_config``, or a function)."""
        if thing is None:
            return None
        if hasattr(thing, "get_config"):
            known = self._entries.get(type(thing).__name__) is type(thing)
            return {
                "module": self.module if known else type(thing).__module__,
                "class_name": type(thing).__name__,
                "config": thing.get_config(),
                "registered_name": None if known else type(thing).__name__,
            }
        name = getattr(thing, "__name__", None)
        if name is None:
            raise ValueError(
                f"Cannot serialize {thing!r} as {_article(self.kind)}: it has neither "
                "`get_config()` nor a name."
            )
        return name

    def deserialize(self, config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
        """The object of a configuration, of a name, or of a dictionary with ``class_name``."""
        if config is None:
            return None
        if isinstance(config, str):
            return self.find(config, custom_objects)
        if not isinstance(config, Mapping) or "class_name" not in config:
            raise ValueError(
                f"A configuration of {_article(self.kind)} is a name or a dictionary with "
                f"'class_name' and 'config'; received {config!r}."
            )
        entry = self.find(str(config["class_name"]), custom_objects)
        details = dict(config.get("config") or {})
        if not inspect.isclass(entry):
            return entry
        if hasattr(entry, "from_config"):
            return entry.from_config(details)
        return entry(**details)

    def get(self, identifier: Any) -> Any:
        """What ``identifier`` stands for.

        Args:
            identifier: None, a name, a configuration, a class (an instance is made) or a callable.

        Raises:
            ValueError: For an unknown name, with the nearest one suggested.
            TypeError: For anything else.
        """
        if identifier is None:
            return None
        if isinstance(identifier, str | Mapping):
            found = self.deserialize(identifier)
        else:
            found = identifier
        if inspect.isclass(found):
            found = found()
        if not callable(found) and not hasattr(found, "get_config"):
            raise TypeError(
                f"Could not interpret {identifier!r} as {_article(self.kind)}: expected a name, a "
                "configuration, a class or a callable."
            )
        return found


def _article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
