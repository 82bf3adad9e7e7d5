"""Helpers around training."""

from pronghorn._console import (
    disable_interactive_logging,
    enable_interactive_logging,
    is_interactive_logging_enabled,
)
from pronghorn.utils._categorical import to_categorical
from pronghorn.utils._progbar import Progbar
from pronghorn.utils._py_dataset import PyDataset, Sequence
from pronghorn.utils._random_seed import set_random_seed
from pronghorn.utils._session import clear_session

__all__ = [
    "Progbar",
    "PyDataset",
    "Sequence",
    "clear_session",
    "disable_interactive_logging",
    "enable_interactive_logging",
    "is_interactive_logging_enabled",
    "set_random_seed",
    "to_categorical",
]
