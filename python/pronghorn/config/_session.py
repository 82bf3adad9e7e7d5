"""Other settings of the session, as Keras names them."""

from __future__ import annotations

import os

from pronghorn import _suggest
from pronghorn._numbers import integer

_DATA_FORMATS = ("channels_last", "channels_first")
_image_data_format = "channels_last"
_limits: dict[str, int | None] = {}


def image_data_format() -> str:
    """Where images have their channels; of use to `Flatten` alone.

    Example:
        >>> image_data_format()
        'channels_last'
    """
    return _image_data_format


def set_image_data_format(data_format: str) -> None:
    """Sets ``image_data_format``.

    Args:
        data_format: "channels_last" or "channels_first".

    Raises:
        ValueError: For any other.

    Example:
        >>> set_image_data_format("channels_last")
    """
    global _image_data_format
    if data_format not in _DATA_FORMATS:
        raise _suggest.unknown("data_format", data_format, _DATA_FORMATS)
    _image_data_format = data_format


def set_backend(backend: str) -> None:
    """There is one backend.

    Args:
        backend: Must be "pronghorn".

    Raises:
        ValueError: For any other.

    Example:
        >>> set_backend("pronghorn")
    """
    if backend != "pronghorn":
        raise ValueError(f"The one backend is 'pronghorn'. Received: backend={backend!r}")


def _limit(name: str) -> int | None:
    try:
        return _limits[name]
    except KeyError:
        given = os.environ.get(f"KERAS_{name.upper()}")
        return _limits.setdefault(name, int(given) if given else None)


def _set_limit(name: str, value: int | None) -> None:
    _limits[name] = None if value is None else integer(value, name, low=1)


def max_epochs() -> int | None:
    """Most epochs that any `fit` runs, for trying scripts out; None is no limit.

    The environment variable ``KERAS_MAX_EPOCHS`` sets it, too.

    Example:
        >>> max_epochs() is None
        True
    """
    return _limit("max_epochs")


def set_max_epochs(max_epochs: int | None) -> None:
    """Sets ``max_epochs``.

    Args:
        max_epochs: A positive integer, or None.

    Raises:
        TypeError: If it is no integer.
        ValueError: If it is not positive.

    Example:
        >>> set_max_epochs(None)
    """
    _set_limit("max_epochs", max_epochs)


def max_steps_per_epoch() -> int | None:
    """Most batches that any epoch, evaluation or prediction runs; None is no limit.

    The environment variable ``KERAS_MAX_STEPS_PER_EPOCH`` sets it, too.

    Example:
        >>> max_steps_per_epoch() is None
        True
    """
    return _limit("max_steps_per_epoch")


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Sets ``max_steps_per_epoch``.

    Args:
        max_steps_per_epoch: A positive integer, or None.

    Raises:
        TypeError: If it is no integer.
        ValueError: If it is not positive.

    Example:
        >>> set_max_steps_per_epoch(None)
    """
    _set_limit("max_steps_per_epoch", max_steps_per_epoch)


def disable_traceback_filtering() -> None:
    """Has no effect: tracebacks are always whole.

    Example:
        >>> disable_traceback_filtering()
    """


def is_traceback_filtering_enabled() -> bool:
    """Always false: tracebacks are whole.

    Example:
        >>> is_traceback_filtering_enabled()
        False
    """
    return False
