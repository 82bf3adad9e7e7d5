"""Objects to plain data and back, in Keras's form.

An object becomes ``{"module", "class_name", "config", "registered_name"}``, for layers and models
with ``build_config`` and ``compile_config``. Reading uses the table in `_known` and what the caller
gave; code inside a configuration is never run.
"""

from __future__ import annotations

import contextlib
import contextvars
import inspect
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pronghorn._serialization import _custom_objects, _known
from pronghorn._serialization._custom_objects import CustomObjectScope
from pronghorn._suggest import nearest

_PLAIN = (str, int, float, bool)
_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType)
_shared: contextvars.ContextVar[dict[Any, Any] | None] = contextvars.ContextVar(
    "shared", default=None
)


@dataclass(frozen=True)
class WrittenTensor:
    """A symbolic tensor in a configuration: (name of the layer, number of the call, of the output).

    The reader of the graph puts the tensor in its place.
    """

    history: Any


@contextlib.contextmanager
def sharing_scope() -> Iterator[None]:
    """Within it, an object that is met twice is written with an id and read back as one."""
    token = _shared.set({})
    try:
        yield
    finally:
        _shared.reset(token)


def serialize_keras_object(obj: Any) -> Any:
    """Plain data (for JSON) that `deserialize_keras_object` turns back into an equal object.

    Args:
        obj: A layer, model, optimizer, loss, metric or another object with ``get_config``; a
            function; numbers, strings, arrays; or lists, tuples and dicts of these.

    Returns:
        Numbers, strings, None, and lists, tuples and dicts of them.

    Raises:
        TypeError: For an object without ``get_config``.
        ValueError: For a lambda, which has no name to be found by.

    Example:
        >>> import pronghorn as keras
        >>> serialize_keras_object(keras.regularizers.L2(0.5))["config"]
        {'l2': 0.5}
    """
    if obj is None or (isinstance(obj, _PLAIN) and not isinstance(obj, np.generic)):
        return _plain(obj)
    if isinstance(obj, tuple):
        return tuple(serialize_keras_object(item) for item in obj)
    if isinstance(obj, list):
        return [serialize_keras_object(item) for item in obj]
    if isinstance(obj, dict):
        return {key: serialize_keras_object(value) for key, value in obj.items()}
    special = _serialize_special(obj)
    if special is not None:
        return special
    if isinstance(obj, np.generic) or (isinstance(obj, np.ndarray) and obj.ndim == 0):
        return obj.item()
    if isinstance(obj, _FUNCTIONS):
        return _serialize_function(obj)
    return _serialize_instance(obj)


def _plain(value: Any) -> Any:
    """Subclasses of numbers (a learning rate) as the plain number."""
    if isinstance(value, float) and type(value) is not float:
        return float(value)
    return value


def _serialize_special(obj: Any) -> dict[str, Any] | None:
    if isinstance(obj, bytes):
        return {"class_name": "__bytes__", "config": {"value": obj.decode("utf-8")}}
    if isinstance(obj, slice):
        parts = {"start": obj.start, "stop": obj.stop, "step": obj.step}
        config = {key: serialize_keras_object(value) for key, value in parts.items()}
        return {"class_name": "__slice__", "config": config}
    if obj is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(obj, np.ndarray) and obj.ndim > 0:
        config = {"value": obj.tolist(), "dtype": obj.dtype.name}
        return {"class_name": "__numpy__", "config": config}
    if hasattr(obj, "_keras_history"):
        history = obj._keras_history
        place = [history.operation.name, history.node_index, history.tensor_index]
        config = {"shape": obj.shape, "dtype": obj.dtype, "keras_history": place}
        return {"class_name": "__keras_tensor__", "config": config}
    return None


def _serialize_function(function: Any) -> dict[str, Any]:
    if function.__name__ == "<lambda>" and not _custom_objects.is_registered(function):
        raise ValueError(
            "A lambda cannot be serialized: code is never written to, nor read from, a file. Write "
            "a function with a name and hand it over in `custom_objects` when loading, or register "
            "it with `saving.register_keras_serializable()`."
        )
    return {
        "module": "builtins",
        "class_name": "function",
        "config": _custom_objects.get_registered_name(function),
        "registered_name": "function",
    }


def _serialize_instance(obj: Any) -> dict[str, Any]:
    if inspect.isclass(obj) or not hasattr(obj, "get_config"):
        raise TypeError(
            f"Cannot serialize {obj!r} of type {type(obj).__name__}: its class needs a "
            "`get_config()` method."
        )
    inner = obj.get_config()
    if not isinstance(inner, dict):
        raise TypeError(
            f"`get_config()` of {obj!r} must return a dict; it returned {type(inner).__name__}."
        )
    cls = type(obj)
    public = None if _custom_objects.is_registered(cls) else _known.public_name(cls)
    if public is None:
        module: str | None = None if cls.__module__ == "__main__" else cls.__module__
        name: str = cls.__name__
        registered: str | None = _custom_objects.get_registered_name(cls)
    else:
        module, name = public
        written = name == "Functional" or _known.is_unlisted(module, name)
        registered = name if written else None
    config = {
        "module": module,
        "class_name": name,
        "config": {key: serialize_keras_object(value) for key, value in inner.items()},
        "registered_name": registered,
    }
    for part, method in (
        ("build_config", "get_build_config"),
        ("compile_config", "get_compile_config"),
    ):
        details = getattr(obj, method)() if hasattr(obj, method) else None
        if details is not None:
            config[part] = {key: serialize_keras_object(value) for key, value in details.items()}
    _mark_shared(obj, config)
    return config


def _mark_shared(obj: Any, config: dict[str, Any]) -> None:
    """In a sharing scope every object gets a number; `drop_single_ids` keeps the useful ones."""
    seen = _shared.get()
    if seen is not None:
        number, _ = seen.setdefault(id(obj), (len(seen) + 1, obj))  # held, so that no id is reused
        config["shared_object_id"] = number


def drop_single_ids(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration without the numbers of objects that it has only once."""
    counts: dict[int, int] = {}
    stack: list[Any] = [config]
    dicts = []
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            dicts.append(part)
            if "shared_object_id" in part:
                number = part["shared_object_id"]
                counts[number] = counts.get(number, 0) + 1
            stack.extend(part.values())
        elif isinstance(part, (list, tuple)):
            stack.extend(part)
    for part in dicts:
        if counts.get(part.get("shared_object_id", -1), 2) < 2:
            del part["shared_object_id"]
    return config


def deserialize_keras_object(
    config: Any,
    custom_objects: Mapping[str, Any] | None = None,
    safe_mode: bool = True,
    **kwargs: Any,
) -> Any:
    """The object of plain data made by `serialize_keras_object`, or by Keras's function.

    Args:
        config: The plain data.
        custom_objects: Classes and functions of the user by name.
        safe_mode: Accepted as Keras does. It changes nothing: code in a configuration is not run
            in either case.
        **kwargs: `module_objects`, more names.

    Raises:
        ValueError: For a malformed configuration, or one that holds bytecode.
        TypeError: For a class or function that is not known.

    Example:
        >>> import pronghorn as keras
        >>> deserialize_keras_object(serialize_keras_object(keras.regularizers.L2(0.5)))
        L2(l2=0.5)
    """
    module_objects = kwargs.pop("module_objects", None)
    if kwargs:
        raise TypeError(f"deserialize_keras_object has no arguments {sorted(kwargs)}.")
    names = {**(module_objects or {}), **(custom_objects or {})}
    with CustomObjectScope(custom_objects):
        return _deserialize(config, names)


def _deserialize(config: Any, names: Mapping[str, Any]) -> Any:
    if isinstance(config, str):
        found = _custom_objects.get_registered_object(config, names)
        return config if found is None else found
    if config is None or isinstance(config, _PLAIN):
        return config
    if isinstance(config, (list, tuple)):
        return [_deserialize(item, names) for item in config]
    if not isinstance(config, Mapping):
        raise TypeError(
            f"A configuration is made of dicts, lists and plain values; received {config!r}."
        )
    if "class_name" not in config or "config" not in config:
        return {key: _deserialize(value, names) for key, value in config.items()}
    class_name = config["class_name"]
    if not isinstance(class_name, str):
        raise ValueError(f"'class_name' must be a string; received {class_name!r}.")
    inner = {} if config["config"] is None else config["config"]
    if class_name.startswith("__"):
        return _deserialize_special(class_name, inner, names)
    if class_name == "function":
        return _deserialize_function(config, inner, names)
    if not isinstance(inner, Mapping):
        raise TypeError(f"'config' of {class_name} must be a dict; received {inner!r}.")
    return _deserialize_instance(config, class_name, dict(inner), names)


def _deserialize_special(name: str, config: Any, names: Mapping[str, Any]) -> Any:
    if name == "__ellipsis__":
        return Ellipsis
    if name == "__lambda__":
        raise ValueError(
            "The configuration holds the bytecode of a lambda, which is never run, whatever "
            "`safe_mode` says. Hand the function over in `custom_objects` instead: for a Lambda "
            "layer under the name of the layer."
        )
    if not isinstance(config, Mapping):
        raise ValueError(f"'config' of {name} must be a dict; received {config!r}.")
    try:
        if name == "__bytes__":
            return str(config["value"]).encode("utf-8")
        if name == "__slice__":
            return slice(*(_deserialize(config[key], names) for key in ("start", "stop", "step")))
        if name in ("__numpy__", "__tensor__"):
            return _array(config["value"], config["dtype"])
        if name == "__keras_tensor__":
            return WrittenTensor(config["keras_history"])
    except KeyError as error:
        raise ValueError(f"'config' of {name} has no entry {error}.") from None
    raise ValueError(f"A configuration names {name!r}, which is not known.")


def _array(value: Any, dtype: Any) -> np.ndarray[Any, Any]:
    if not isinstance(dtype, str) or np.dtype(dtype).kind not in "biuf":
        raise ValueError(
            f"An array in a configuration must hold numbers; received dtype {dtype!r}."
        )
    return np.array(value, dtype=dtype)


def _deserialize_function(config: Mapping[str, Any], name: Any, names: Mapping[str, Any]) -> Any:
    if not isinstance(name, str):
        raise TypeError(f"'config' of a function must be its name; received {name!r}.")
    found = _custom_objects.get_registered_object(name, names)
    if found is None and ">" not in name:  # Keras up to 3.6 left the package out
        matches = [key for key in _custom_objects.user_objects(names) if key.endswith(f">{name}")]
        found = _custom_objects.user_objects(names)[matches[0]] if matches else None
    if found is None:
        module = config.get("module")
        known = module is None or (isinstance(module, str) and _is_keras(module))
        found = _known.find_function(module, name) if known else None
    if found is None:
        raise TypeError(_not_found("function", name, names))
    return found


def _is_keras(module: str) -> bool:
    return module == "builtins" or module == "keras" or module.startswith("keras.")


def _deserialize_instance(
    config: Mapping[str, Any], class_name: str, inner: dict[str, Any], names: Mapping[str, Any]
) -> Any:
    shared = _shared.get()
    number = config.get("shared_object_id")
    if not isinstance(number, (int, str)):
        number = None
    if shared is not None and number is not None and number in shared:
        return shared[number]
    cls: Any = find_class(config, class_name, names)
    if cls is None:
        return inner.get("name")  # a dtype policy stands for its name
    if not isinstance(cls, type):
        return cls
    make = getattr(cls, "from_config", None)
    if make is None:
        raise TypeError(f"{class_name} cannot be restored: it has no `from_config()`.")
    inner = _with_lambda(class_name, inner, names)
    instance = make(inner)
    build = config.get("build_config")
    if build and not getattr(instance, "built", True) and hasattr(instance, "build_from_config"):
        instance.build_from_config(build)
    compilation = config.get("compile_config")
    if compilation and hasattr(instance, "compile_from_config"):
        instance.compile_from_config(compilation)
    if shared is not None and number is not None:
        shared[number] = instance
    return instance


def find_class(config: Mapping[str, Any], class_name: str, names: Mapping[str, Any]) -> Any:
    """The class that a configuration means; None for a dtype policy.

    Raises:
        TypeError: If there is none.
    """
    registered = config.get("registered_name") or class_name
    for name in (registered, class_name):
        found = (
            _custom_objects.get_registered_object(name, names) if isinstance(name, str) else None
        )
        if found is not None:
            return found
    module = config.get("module")
    if isinstance(module, str):
        if class_name.endswith("DTypePolicy") and module in ("keras", "keras.dtype_policies"):
            return None
        found = _known.find_class(module, class_name)
    if found is None:
        raise TypeError(_not_found("class", class_name, names, module))
    return found


def _with_lambda(
    class_name: str, inner: dict[str, Any], names: Mapping[str, Any]
) -> dict[str, Any]:
    """The configuration of a Lambda layer with the caller's function in place of bytecode."""
    function = inner.get("function")
    holds_code = isinstance(function, list) or (
        isinstance(function, Mapping) and function.get("class_name") == "__lambda__"
    )
    if class_name != "Lambda" or not holds_code:
        return inner
    found = _custom_objects.get_registered_object(str(inner.get("name")), names)
    if found is None:
        raise ValueError(
            f"The Lambda layer '{inner.get('name')}' was saved with bytecode, which is never run, "
            "whatever `safe_mode` says. Hand its function over in `custom_objects`, under the "
            f"name of the layer: custom_objects={{{inner.get('name')!r}: function}}."
        )
    kept = {key: value for key, value in inner.items() if not key.endswith(("_type", "_module"))}
    kept.pop("module", None)
    return {**kept, "function": found}


def _not_found(kind: str, name: str, names: Mapping[str, Any], module: Any = None) -> str:
    known = list(_custom_objects.user_objects(names))
    if kind == "class" and isinstance(module, str):
        known += _known.names_like(module)
    guess = nearest(name, known)
    hint = f" Did you mean {guess!r}?" if guess and guess != name else ""
    return (
        f"Could not locate the {kind} '{name}'{f' of {module}' if module else ''}.{hint} A {kind} "
        "of your own must be registered with `saving.register_keras_serializable()` or passed in "
        "`custom_objects`."
    )
