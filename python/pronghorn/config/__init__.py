"""Settings of the session."""

from pronghorn._console import (
    disable_interactive_logging,
    enable_interactive_logging,
    is_interactive_logging_enabled,
)
from pronghorn.config._numbers import backend, epsilon, floatx, set_epsilon, set_floatx

__all__ = [
    "backend",
    "disable_interactive_logging",
    "enable_interactive_logging",
    "epsilon",
    "floatx",
    "is_interactive_logging_enabled",
    "set_epsilon",
    "set_floatx",
]
