"""How an activation is both a function on arrays and a name for the compiled engine.

An activation is written as a plain function that ends in ``apply(x, name, p0, p1, p2)``. What
``apply`` does depends on x: an array runs through the engine's kernel, an object with ``_activate``
(a symbolic tensor) decides for itself, and a probe merely reports the specification. The probe is
also why any callable made of one activation, such as ``lambda x: relu(x, 0.1)``, can be used.
"""

import inspect
from collections.abc import Callable
from typing import Any, TypedDict, TypeVar

import numpy as np
from numpy.typing import NDArray

from pronghorn._arguments import explained
from pronghorn._registry import Registry
from pronghorn.config import floatx


class Specification(TypedDict):
    """What the engine is told: the kernel's name and its parameters."""

    name: str
    p0: float
    p1: float
    p2: float


REGISTRY = Registry("activation", "builtins")
F = TypeVar("F", bound=Callable[..., Any])


class _Probe:
    def _activate(self, specification: Specification) -> Specification:
        return specification


def activation(*aliases: str) -> Callable[[F], F]:
    """Decorator: registers an activation under its own name and gives it ``_engine_spec``."""

    def register(function: F) -> F:
        public = explained(function)
        REGISTRY.add(*aliases)(public)
        setattr(public, "_engine_spec", lambda: engine_spec(public))  # noqa: B010
        return public

    return register


def engine_spec(function: Callable[..., Any]) -> Specification:
    """The kernel that ``function`` stands for.

    Raises:
        ValueError: If it is not one activation of this package (with or without arguments).
    """
    try:
        specification = function(_Probe())
    except Exception as error:
        raise ValueError(_not_native(function)) from error
    if not (isinstance(specification, dict) and specification.keys() == {"name", "p0", "p1", "p2"}):
        raise ValueError(_not_native(function))
    return Specification(
        name=specification["name"],
        p0=specification["p0"],
        p1=specification["p1"],
        p2=specification["p2"],
    )


def native_spec(function: Callable[..., Any]) -> Specification | None:
    """The kernel that ``function`` stands for; None for a function that is written otherwise.

    Example:
        >>> native_spec(lambda x: x**2) is None, native_spec(get("relu"))["name"]
        (True, 'relu')
    """
    try:
        return engine_spec(function)
    except ValueError:
        return None


def _not_native(function: Callable[..., Any]) -> str:
    name = getattr(function, "__name__", repr(function))
    return (
        f"`activation` must be a compiled activation ({', '.join(sorted(set(REGISTRY)))}) or a "
        f"callable made of exactly one of them; received {name}."
    )


def apply(
    x: Any, name: str, p0: float = 0.0, p1: float = 0.0, p2: float = 0.0, axis: int = -1
) -> Any:
    """act(x) for an array; for other objects whatever their ``_activate`` returns.

    Args:
        x: Array of any shape, or an object with ``_activate(specification)``.
        name: The kernel.
        p0: First parameter.
        p1: Second parameter.
        p2: Third parameter.
        axis: The axis that softmax normalises; only the last can become part of a model.

    Returns:
        For an array: an array of its shape; float64 and float16 are kept, anything else becomes
        float32 (integers: ``config.floatx()``).
    """
    if hasattr(x, "_activate"):
        rank = len(getattr(x, "shape", ()))
        if axis != -1 and axis != rank - 1:
            raise ValueError(f"[{name}] `axis` must be -1 inside a model; received {axis}.")
        return x._activate(Specification(name=name, p0=float(p0), p1=float(p1), p2=float(p2)))
    return on_array(np.asarray(x), name, float(p0), float(p1), float(p2), axis)


def on_array(
    x: NDArray[Any], name: str, p0: float, p1: float, p2: float, axis: int = -1
) -> NDArray[Any]:
    """act(x) by the engine's kernel; see `apply`."""
    # Imported here: the activations are usable as names before the core is loaded.
    from pronghorn import _engine

    if axis == -1 and x.dtype.char in "fd" and x.dtype.isnative and x.flags.carray:
        return _engine.activate(x, name, p0, p1, p2)
    if x.dtype.kind not in "fiub":
        raise TypeError(f"[{name}] expected an array of numbers; received dtype {x.dtype}.")
    dtype = np.dtype(x.dtype if x.dtype.kind == "f" else floatx()).newbyteorder("=")
    work = np.dtype(np.float64 if dtype.itemsize >= 8 else np.float32)
    last = axis == -1 or axis == x.ndim - 1 or not x.ndim
    moved = _engine.as_array(x if last else np.moveaxis(x, axis, -1), work)
    found = _engine.activate(moved, name, p0, p1, p2)
    return (found if last else np.moveaxis(found, -1, axis)).astype(dtype, copy=False)


def get(identifier: str | dict[str, Any] | Callable[..., Any] | None) -> Callable[..., Any]:
    """The activation that ``identifier`` stands for.

    Args:
        identifier: None (linear), a name, a configuration or a callable.

    Returns:
        A function of an array.

    Raises:
        ValueError: For an unknown name, with the nearest one suggested.
        TypeError: For anything that is no activation.

    Example:
        >>> get("relu").__name__, get(None).__name__
        ('relu', 'linear')
    """
    if identifier is None:
        identifier = "linear"
    found: Callable[..., Any] = REGISTRY.get(identifier)
    return found


def serialize(activation: Callable[..., Any]) -> Any:
    """The name of an activation of this package, or the configuration of another one.

    Example:
        >>> serialize(get("tanh"))
        'tanh'
    """
    name = str(getattr(activation, "__name__", ""))
    if REGISTRY.peek(name) is activation:
        return name
    if not inspect.isfunction(activation) and not hasattr(activation, "get_config"):
        raise ValueError(_not_native(activation))
    return REGISTRY.serialize(activation)


def deserialize(
    config: str | dict[str, Any], custom_objects: dict[str, Any] | None = None
) -> Callable[..., Any]:
    """The activation of a name or configuration made by ``serialize``.

    Example:
        >>> deserialize("gelu").__name__
        'gelu'
    """
    found: Callable[..., Any] = REGISTRY.deserialize(config, custom_objects)
    return found
