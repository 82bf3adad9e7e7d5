"""What a session keeps beside its models: counters for automatic names, and how to clear them."""

import re
from collections import defaultdict
from collections.abc import Callable

_name_counts: defaultdict[str, int] = defaultdict(int)
_clear_hooks: list[Callable[[], None]] = []


def snake_case(name: str) -> str:
    """A class name in lower case with underscores.

    Example:
        >>> snake_case("MeanSquaredError"), snake_case("L1L2"), snake_case("ReLU")
        ('mean_squared_error', 'l1l2', 're_lu')
    """
    words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()


def unique_name(prefix: str) -> str:
    """``prefix`` the first time, then ``prefix_1``, ``prefix_2``, ... until ``clear``.

    Example:
        >>> first, second = unique_name("some_layer"), unique_name("some_layer")
        >>> first, second
        ('some_layer', 'some_layer_1')
    """
    count = _name_counts[prefix]
    _name_counts[prefix] += 1
    return prefix if count == 0 else f"{prefix}_{count}"


def on_clear(hook: Callable[[], None]) -> Callable[[], None]:
    """Registers ``hook`` to be called by ``clear``; usable as a decorator."""
    _clear_hooks.append(hook)
    return hook


def clear() -> None:
    """Forgets the names handed out and calls every registered hook."""
    _name_counts.clear()
    for hook in _clear_hooks:
        hook()
