"""What users add to the table of classes and functions that files may name."""

from __future__ import annotations

import contextvars
import inspect
import types
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, TypeVar

from pronghorn._arguments import check_constructor, checked, explained

T = TypeVar("T")

_registered: dict[str, Any] = {}
_names: dict[Any, str] = {}
_NOTHING: Mapping[str, Any] = types.MappingProxyType({})
_scope: contextvars.ContextVar[Mapping[str, Any]] = contextvars.ContextVar(
    "scope", default=_NOTHING
)


@check_constructor
class CustomObjectScope:
    """Within it, configurations may name the given classes and functions.

    Args:
        custom_objects: Names and what they stand for.

    Example:
        >>> def halved_relu(x):
        ...     return x * (x > 0) / 2
        >>> with custom_object_scope({"halved_relu": halved_relu}):
        ...     get_registered_object("halved_relu") is halved_relu
        True
    """

    def __init__(self, custom_objects: Mapping[str, Any] | None) -> None:
        self.custom_objects = dict(custom_objects or {})
        self._tokens: list[contextvars.Token[Mapping[str, Any]]] = []

    def __enter__(self) -> CustomObjectScope:
        self._tokens.append(_scope.set({**_scope.get(), **self.custom_objects}))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _scope.reset(self._tokens.pop())


custom_object_scope = CustomObjectScope


def get_custom_objects() -> dict[str, Any]:
    """The table that `register_keras_serializable` fills; it may be changed.

    Example:
        >>> isinstance(get_custom_objects(), dict)
        True
    """
    return _registered


@checked
def register_keras_serializable(
    package: str = "Custom", name: str | None = None
) -> Callable[[T], T]:
    """Decorator: lets configurations and files name a class or function of the user.

    Args:
        package: First part of the name, before ``>``.
        name: Second part; None takes the name of the class or function.

    Raises:
        ValueError: For a class without ``get_config``.

    Example:
        >>> @register_keras_serializable("readme")
        ... def halved(x):
        ...     return x / 2
        >>> get_registered_name(halved)
        'readme>halved'
    """

    def register(thing: T) -> T:
        if inspect.isclass(thing) and not hasattr(thing, "get_config"):
            raise ValueError(
                "A class to be registered needs a `get_config()` method; "
                f"{thing.__name__} has none."
            )
        registered_name = f"{package}>{name or getattr(thing, '__name__', '')}"
        _registered[registered_name] = thing
        _names[thing] = registered_name
        return thing

    return register


def get_registered_name(obj: Any) -> str:
    """The name under which a class or function is registered, or its own name if it is not.

    Example:
        >>> get_registered_name(dict)
        'dict'
    """
    return _names.get(obj) or str(obj.__name__)


def is_registered(obj: Any) -> bool:
    """Whether `register_keras_serializable` was applied to it."""
    return obj in _names


@explained
def get_registered_object(
    name: str,
    custom_objects: Mapping[str, Any] | None = None,
    module_objects: Mapping[str, Any] | None = None,
) -> Any:
    """What a name stands for, or None.

    Looked up in the present scopes, among what is registered, in `custom_objects` and in
    `module_objects`, in this order.

    Args:
        name: The name.
        custom_objects: More names of the user.
        module_objects: More names of a module.

    Example:
        >>> get_registered_object("anything", {"anything": dict})
        <class 'dict'>
    """
    for table in (_scope.get(), _registered, custom_objects, module_objects):
        if table and name in table:
            return table[name]
    return None


def user_objects(custom_objects: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Everything of the user's that may be named now."""
    return {**(custom_objects or {}), **_registered, **_scope.get()}
