"""Lookup, serialisation and errors shared by everything that can be given by name.

A package keeps one ``Registry``; a class or function enters it where it is defined, through the
decorator ``Registry.add``. Configurations have Keras's form: ``{"module", "class_name", "config",
"registered_name"}`` for objects and a plain name for functions.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from pronghorn import _state, _suggest
from pronghorn._serialization._custom_objects import CustomObjectScope, get_registered_object

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
        found = get_registered_object(name, custom_objects)
        if found is not None:
            return found
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

    def peek(self, name: str) -> Any:
        """The class or function of exactly this name, or None."""
        return self._entries.get(name)

    def serialize(self, thing: Any) -> Any:
        """The configuration of ``thing`` (an object with ``get_config``, or a function)."""
        from pronghorn._serialization import _objects  # it knows every registry's package

        return _objects.serialize_keras_object(thing)

    def deserialize(self, config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
        """The object of a configuration, of a name, or of a dictionary with ``class_name``."""
        from pronghorn._serialization import _objects

        if config is None:
            return None
        if isinstance(config, str):
            return self.find(config, custom_objects)
        if not isinstance(config, Mapping) or not isinstance(config.get("class_name"), str):
            raise ValueError(
                f"A configuration of {_article(self.kind)} is a name or a dictionary with "
                f"'class_name' and 'config'; received {config!r}."
            )
        special = config["class_name"] == "function" or config["class_name"].startswith("__")
        if special or config.get("module") is not None:
            return _objects.deserialize_keras_object(config, custom_objects)
        # Without a module it is the older form, in which names are looked up here.
        with CustomObjectScope(custom_objects):
            entry = self.find(str(config.get("registered_name") or config["class_name"]))
            details = dict(config.get("config") or {})
            if not inspect.isclass(entry):
                return entry
            return entry.from_config(details) if hasattr(entry, "from_config") else entry(**details)

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
