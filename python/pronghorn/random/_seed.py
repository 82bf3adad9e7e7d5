"""The session's source of seeds.

Whatever draws at random and was given no seed of its own (an initializer, a dropout layer, the
shuffling of an epoch) takes one from here, so that one call of ``set_random_seed`` fixes a run.
"""

from __future__ import annotations

import os
import threading

import numpy as np

_lock = threading.Lock()
# A child of fork must not find the lock held by a thread that it does not have.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release
    )
_generator: np.random.Generator | None = None


def reset(seed: int | None) -> None:
    """Starts the sequence of seeds anew.

    Args:
        seed: A non-negative integer, or None for entropy from the operating system.
    """
    global _generator
    with _lock:
        _generator = np.random.Generator(np.random.Philox(seed))


def next_seed() -> int:
    """The next seed of the session, an unsigned 64-bit integer.

    Example:
        >>> reset(3)
        >>> first = next_seed()
        >>> reset(3)
        >>> next_seed() == first
        True
    """
    global _generator
    with _lock:
        if _generator is None:
            _generator = np.random.Generator(np.random.Philox(None))
        return int(_generator.bit_generator.random_raw())


def check_seed(seed: object, argument: str = "seed") -> int | None:
    """``seed`` as an int or None.

    Raises:
        TypeError: If it is neither an integer nor None.
        ValueError: If it is negative or needs more than 64 bits.
    """
    if seed is None:
        return None
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise TypeError(f"`{argument}` must be an integer or None; received {seed!r}.")
    value = int(seed)
    if not 0 <= value < 2**64:
        raise ValueError(f"`{argument}` must be between 0 and 2**64 - 1; received {value}.")
    return value
