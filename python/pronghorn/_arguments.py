"""Arguments of the package's constructors and functions, checked against their annotations.

What an annotation promises of a number, a flag, a text or a sequence is checked, and an error from
inside that names no argument is raised anew with what was given.
Annotations of other kinds are the business of the code itself.
"""

from __future__ import annotations

import functools
import inspect
import numbers
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

import numpy as np

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
Test = Callable[[Any], bool]

# What Python and NumPy raise where an argument is not what the code takes it for.
MISFITS = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError)
_PACKAGE = os.path.dirname(__file__) + os.sep
_LONGEST = 80  # characters of a value in a message


def _is_scalar(value: Any, kind: Any) -> bool:
    if type(value) is float or type(value) is int:
        return kind is not numbers.Integral or type(value) is int
    if isinstance(value, np.ndarray):
        return value.ndim == 0 and isinstance(value[()], kind)
    return isinstance(value, kind)


def _is_real(value: Any) -> bool:
    if _is_scalar(value, numbers.Real):
        return True
    # Variables, tensors, and arrays of other libraries.
    return np.shape(value) == () and hasattr(value, "__array__") and hasattr(value, "__float__")


def _is_integer(value: Any) -> bool:
    return _is_scalar(value, numbers.Integral)


def _is_flag(value: Any) -> bool:
    if value is True or value is False or value is None:
        return True
    return _is_scalar(value, numbers.Integral | np.bool_) and value in (0, 1)


def _is_integers(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.ndim == 1 and value.dtype.kind in "iu"
    return isinstance(value, Sequence) and all(_is_integer(each) for each in value)


def _is_reals(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.ndim == 1 and value.dtype.kind in "iufb"
    return isinstance(value, Sequence) and all(_is_real(each) for each in value)


def _is_sizes(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return _is_integers(value)
    return isinstance(value, Sequence) and all(s is None or _is_integer(s) for s in value)


# By what an annotation says: how to tell whether a value is that, and the words for messages.
_KINDS: dict[str, tuple[Test, str]] = {
    "float": (_is_real, "a number"),
    "int": (_is_integer, "an integer"),
    "bool": (_is_flag, "True or False"),
    "str": (lambda value: isinstance(value, str), "a string"),
    "None": (lambda value: value is None, "None"),
    "os.PathLike[str]": (lambda value: isinstance(value, os.PathLike), "a path"),
    "Sequence[int]": (_is_integers, "a sequence of integers"),
    "Sequence[float]": (_is_reals, "a sequence of numbers"),
    "Sequence[int | None]": (_is_sizes, "a sequence of integers and None"),
    "tuple[int, ...]": (_is_integers, "a tuple of integers"),
    "Mapping[str, Any]": (lambda value: isinstance(value, Mapping), "a dictionary"),
    "dict[str, Any]": (lambda value: isinstance(value, Mapping), "a dictionary"),
    "Callable[..., Any]": (callable, "a callable"),
    "Callable[..., float]": (callable, "a callable"),
}


def _parts(annotation: Any) -> list[str]:
    """The alternatives of an annotation, as they are written."""
    if isinstance(annotation, type) and not hasattr(annotation, "__args__"):
        text = annotation.__name__
    else:
        text = annotation if isinstance(annotation, str) else str(annotation)
    text = re.sub(r"\b(collections\.abc|typing)\.", "", text)
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter == "[") - (letter == "]")
        if letter == "|" and not depth:
            parts.append(text[start:place].strip())
            start = place + 1
    return [*parts, text[start:].strip()]


_ANYTHING: tuple[list[Test], str] = ([lambda value: True], "")


def _rules(
    function: Callable[..., Any],
) -> tuple[tuple[str, ...], dict[str, tuple[list[Test], str]]]:
    """Arguments by place, and for each one that can be checked its tests and the words."""
    parameters = inspect.signature(function).parameters
    by_place = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    places = tuple(name for name, each in parameters.items() if each.kind in by_place)
    rules = {}
    for name, parameter in parameters.items():
        kinds = [_KINDS.get(part) for part in _parts(parameter.annotation)]
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) or None in kinds:
            continue
        known = cast("list[tuple[Test, str]]", kinds)
        if name == "name":  # made from the class where it is missing
            known.append(_KINDS["None"])
        rules[name] = ([test for test, _ in known], " or ".join(words for _, words in known))
    return places, rules


def shown(value: Any) -> str:
    """A value as messages show it: arrays by shape and dtype, the rest cut short."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"<{type(value).__name__} of shape {tuple(value.shape)}, dtype {value.dtype}>"
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


class Checks:
    """What is known of one function, looked up when it is first needed.

    Args:
        function: What is called.
        method: Whether the first argument is `self`, whose class messages name.
    """

    def __init__(self, function: Callable[..., Any], method: bool = False) -> None:
        self.function, self.method = function, method
        self._places: tuple[str, ...] = ()
        self._rules: dict[str, tuple[list[Test], str]] | None = None

    def given(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments of a call by name, but for `self`."""
        if self._rules is None:
            self._places, self._rules = _rules(self.function)
        found = dict(zip(self._places, args, strict=False))
        if self.method and self._places:
            found.pop(self._places[0], None)
        return {**found, **kwargs}

    def _label(self, args: tuple[Any, ...]) -> str:
        return type(args[0]).__name__ if self.method and args else self.function.__name__

    def check(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Raises TypeError for the first argument that is not what its annotation says."""
        given = self.given(args, kwargs)
        assert self._rules is not None
        for name, value in given.items():
            tests, words = self._rules.get(name, _ANYTHING)
            for test in tests:  # a loop, as `any` would make a generator for each argument
                if test(value):
                    break
            else:
                raise TypeError(
                    f"`{name}` of {self._label(args)} must be {words}. "
                    f"Received: {name}={shown(value)} (of type {type(value).__name__})"
                )

    def explain(self, error: Exception, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Exception:
        """An error of the call, or one that says more: what was given, if it names no argument."""
        text = getattr(error, "_unexplained", None) or str(error).rstrip()
        given = self.given(args, kwargs)
        names = {*given, *inspect.signature(self.function).parameters}
        if not given or any(f"`{name}" in text or f"{name}=" in text for name in names):
            return error
        try:
            self.check(args, kwargs)
        except TypeError as found:
            return found
        listed = ", ".join(f"{name}={shown(value)}" for name, value in given.items())
        kind = TypeError if isinstance(error, TypeError | AttributeError) else ValueError
        ending = "" if text.endswith((".", "?", ")")) else "."
        explained = kind(f"{text}{ending} Received: {self._label(args)}({listed})")
        setattr(explained, "_unexplained", text)  # noqa: B010
        return explained


def checked(function: F, method: bool = False) -> F:
    """`function` with its arguments checked.

    Args:
        function: What is called.
        method: Whether the first argument is `self`, whose class messages name.

    Example:
        >>> def scale(x, by: float = 1.0):
        ...     return x * by
        >>> checked(scale)(2.0, by="3")
        Traceback (most recent call last):
            ...
        TypeError: `by` of scale must be a number. Received: by='3' (of type str)
    """
    checks = Checks(function, method)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            result = function(*args, **kwargs)
        except MISFITS as error:
            said = checks.explain(error, args, kwargs)
            if said is error:
                raise
            raise said from error
        # Afterwards, as the code's own messages may say more.
        checks.check(args, kwargs)
        return result

    return cast(F, call)


def explained(function: F) -> F:
    """`function` with errors that name arguments; they are checked only after an error.

    Example:
        >>> @explained
        ... def first(x):
        ...     return x[0]
        >>> first(())
        Traceback (most recent call last):
            ...
        ValueError: tuple index out of range. Received: first(x=())
    """
    checks = Checks(function)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except MISFITS as error:
            said = checks.explain(error, args, kwargs)
            if said is error:
                raise
            raise said from error

    return cast(F, call)


def check_constructor(cls: type[T]) -> type[T]:
    """Has the arguments of a class checked; those of users' classes are their own business."""
    own = cls.__dict__.get("__init__")
    if own is not None and cls.__module__.startswith("pronghorn."):
        setattr(cls, "__init__", checked(own, method=True))  # noqa: B010
    return cls


def stacklevel() -> int:
    """For `warnings.warn` in the calling function: the nearest caller outside the package."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        level, frame = level + 1, frame.f_back
    return level
