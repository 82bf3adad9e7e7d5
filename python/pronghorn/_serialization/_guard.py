"""Whatever is wrong with a file, the caller gets a ValueError, TypeError or OSError."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator


@contextlib.contextmanager
def only_clear_errors(what: str) -> Iterator[None]:
    """Turns the stray errors of malformed data (a missing key, a wrong index) into a ValueError.

    Args:
        what: Begins the message.

    Example:
        >>> with only_clear_errors("The file"):
        ...     {}["key"]
        Traceback (most recent call last):
        ValueError: The file is damaged or not a model's: KeyError: 'key'
    """
    try:
        yield
    except (json.JSONDecodeError, UnicodeDecodeError) as error:  # which do not say where
        raise ValueError(f"{what} is damaged or not a model's: {error}") from error
    except (ValueError, TypeError, OSError):
        raise
    except RecursionError:
        raise ValueError(f"{what} is nested too deeply.") from None
    except Exception as error:
        detail = f"{type(error).__name__}: {error}"
        raise ValueError(f"{what} is damaged or not a model's: {detail}") from error
