"""Hashes of text and integers, the numbers that TensorFlow and with it Keras gives.

Plain: FarmHash's Fingerprint64 (G. Pike, 2014). With a key: SipHash-2-4 (Aumasson and Bernstein,
"SipHash: a fast short-input PRF", 2012). Both come from libraries, which are optional.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pronghorn._engine import Array
from pronghorn._numbers import integer

# Where a crossing starts from, and the multiplier and shift that mix in each further hash: those of
# Murmur's finaliser (A. Appleby, 2008), as TensorFlow's crossed columns use them.
_CROSSING_KEY = np.uint64(0xDECAFCAFFE)
_MIX = np.uint64(0xC6A4A7935BD1E995)
_SHIFT = np.uint64(47)


def column(values: Any, label: str) -> Array:
    """`values` as an array of numbers, or of objects that are bytes in UTF-8.

    Args:
        values: Numbers or strings (or bytes): an array, a nested list, or one alone.
        label: What the values are, for messages.

    Raises:
        TypeError: If something else is among them, such as a missing value or a ragged list.
    """
    try:
        array = np.asarray(values)
    except ValueError:  # a ragged list
        array = np.asarray(values, object)
    if array.dtype.kind in "biuf":
        return array
    if isinstance(values, (str, list, tuple)):  # arrays of text lose zeros at the end
        array = np.asarray(values, object)
    result = np.empty(array.size, object)
    for place, value in enumerate(array.reshape(-1).tolist()):
        if isinstance(value, str):
            result[place] = value.encode("utf-8", "surrogatepass")
        elif isinstance(value, bytes):
            result[place] = value
        else:
            raise TypeError(
                f"{label} must hold strings alone, or integers alone, in a regular shape; "
                f"received {value!r} (of type {type(value).__name__})."
            )
    return result.reshape(array.shape)


def fingerprints(tokens: Array, salt: Sequence[int] | None = None) -> Array:
    """A 64-bit hash of each token.

    Args:
        tokens: Objects, each bytes.
        salt: Two numbers that make up the key of SipHash; None for FarmHash.

    Returns:
        Array of uint64, of the same shape.

    Raises:
        ImportError: If the library of the hash is not installed.

    Example:
        >>> tokens = np.array([b"pronghorn"], object)
        >>> fingerprints(tokens).dtype
        dtype('uint64')
    """
    one = _farmhash() if salt is None else _siphash(salt)
    flat = tokens.reshape(-1).tolist()
    known = {token: one(token) for token in set(flat)}
    hashes = np.fromiter((known[token] for token in flat), np.uint64, len(flat))
    return hashes.reshape(tokens.shape)


def check_salt(salt: Any) -> list[int] | None:
    """`salt` as the two numbers of a key, or None.

    Raises:
        TypeError: If it is no integer.
        ValueError: If it is a list of other than two.
    """
    if salt is None:
        return None
    if isinstance(salt, (list, tuple)):
        if len(salt) != 2:
            raise ValueError(f"`salt` must be an integer or two of them. Received: salt={salt!r}")
        return [integer(number, "salt") for number in salt]
    return [integer(salt, "salt")] * 2


def crossed(columns: Sequence[Array]) -> Array:
    """One hash for the values that columns have in the same place.

    Args:
        columns: Arrays of uint64, all of one shape: hashes of text, or integers as they are.
    """
    result: Array = np.full(columns[0].shape, _CROSSING_KEY)
    for column in columns:
        result ^= _MIX
        result ^= _mixed(column * _MIX) * _MIX
        result *= _MIX
        result = _mixed(_mixed(result) * _MIX)
    return result


def _mixed(values: Array) -> Array:
    return np.asarray(values ^ (values >> _SHIFT))


def _farmhash() -> Callable[[bytes], int]:
    try:
        import farmhash
    except ImportError:
        raise _missing("FarmHash") from None
    # cityhash and pyfarmhash both bring a module of this name.
    found: Any = getattr(farmhash, "Fingerprint64", None)
    hashed: Callable[[bytes], int] = found or farmhash.fingerprint64
    return hashed


def _siphash(salt: Sequence[int]) -> Callable[[bytes], int]:
    try:
        from siphash24 import siphash24
    except ImportError:
        raise _missing("SipHash") from None
    key = np.array([number % 2**64 for number in salt], "<u8").tobytes()
    return lambda token: int.from_bytes(siphash24(token, key=key).digest(), "little")


def _missing(name: str) -> ImportError:
    return ImportError(
        f"Hashing of categories needs a library for {name}: pip install 'pronghorn[tables]'."
    )
