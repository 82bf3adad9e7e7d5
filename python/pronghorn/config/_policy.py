"""The dtype that new layers get."""

from __future__ import annotations

from pronghorn.dtype_policies import DTypePolicy

_policy: DTypePolicy | None = None


def dtype_policy() -> DTypePolicy:
    """The dtype of layers that are not given one: what was set, or ``floatx()``.

    Example:
        >>> dtype_policy()
        <DTypePolicy "float32">
    """
    return DTypePolicy() if _policy is None else _policy


def set_dtype_policy(policy: str | DTypePolicy) -> None:
    """Sets the dtype of layers made from now on that are not given one.

    Args:
        policy: "float32", "float64" or a policy.

    Raises:
        ValueError: For any other.

    Example:
        >>> set_dtype_policy("float64")
        >>> dtype_policy().name
        'float64'
        >>> set_dtype_policy("float32")
    """
    global _policy
    _policy = policy if isinstance(policy, DTypePolicy) else DTypePolicy(policy)
