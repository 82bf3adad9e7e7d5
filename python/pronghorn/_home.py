"""The folder in which downloads are kept."""

import os
from pathlib import Path


def keras_home() -> Path:
    """``KERAS_HOME`` if that is set, otherwise ``~/.keras``, as Keras has it."""
    given = os.environ.get("KERAS_HOME")
    return Path(given).expanduser() if given else Path.home() / ".keras"
