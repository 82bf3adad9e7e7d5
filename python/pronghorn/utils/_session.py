"""Starting afresh."""

from pronghorn import _state
from pronghorn._arguments import checked


@checked
def clear_session(free_memory: bool = True) -> None:
    """Forgets the automatic names given so far, so that the next layer is ``dense`` again.

    Args:
        free_memory: Accepted for Keras's sake; memory belongs to the models and goes with them.

    Example:
        >>> clear_session()
    """
    del free_memory
    _state.clear()
