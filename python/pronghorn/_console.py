"""Where messages for people go: standard output, or the ``pronghorn`` logger."""

import sys

_interactive = True


def enable_interactive_logging() -> None:
    """Sends progress and messages to standard output (the default).

    Example:
        >>> enable_interactive_logging()
        >>> is_interactive_logging_enabled()
        True
    """
    global _interactive
    _interactive = True


def disable_interactive_logging() -> None:
    """Sends progress and messages to the logger ``pronghorn`` at level INFO.

    Example:
        >>> disable_interactive_logging()
        >>> is_interactive_logging_enabled()
        False
        >>> enable_interactive_logging()
    """
    global _interactive
    _interactive = False


def is_interactive_logging_enabled() -> bool:
    """Whether progress and messages go to standard output.

    Example:
        >>> is_interactive_logging_enabled()
        True
    """
    return _interactive


def print_msg(message: str, line_break: bool = True) -> None:
    """Writes ``message`` and flushes; characters that the terminal lacks are replaced."""
    if not _interactive:
        import logging  # rarely needed, and slow to load

        logging.getLogger("pronghorn").info(message)
        return
    if line_break:
        message += "\n"
    try:
        sys.stdout.write(message)
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding or "utf-8"
        plain = message.replace("━", "=").encode(encoding, errors="replace")
        sys.stdout.write(plain.decode(encoding))
    sys.stdout.flush()
