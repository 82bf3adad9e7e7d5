"""Errors for names that do not exist, with the nearest valid one."""

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name closest to ``name``, or None if none is close.

    Example:
        >>> nearest("Adm", ["adam", "sgd"])
        'adam'
    """
    by_lower: dict[str, str] = {}
    for candidate in known:
        by_lower.setdefault(candidate.lower(), candidate)
    matches = difflib.get_close_matches(name.lower(), list(by_lower), n=1, cutoff=0.5)
    return by_lower[matches[0]] if matches else None


def unknown(
    kind: str, name: object, known: Iterable[str], aliases: Iterable[str] = ()
) -> ValueError:
    """A ValueError saying that ``name`` is no ``kind``, to be raised by the caller.

    Args:
        kind: What was asked for.
        name: The name received.
        known: Valid names, to be listed.
        aliases: More valid names, that may be suggested.

    Example:
        >>> str(unknown("optimizer", "adm", ["adam", "sgd"]))
        "Unknown optimizer 'adm'. Did you mean 'adam'? Known: adam, sgd."
    """
    names = sorted(set(known))
    guess = nearest(name, [*names, *aliases]) if isinstance(name, str) else None
    hint = f" Did you mean {guess!r}?" if guess is not None else ""
    return ValueError(f"Unknown {kind} {name!r}.{hint} Known: {', '.join(names)}.")
