"""One call that fixes every random number of a run."""

import random

import numpy as np

from pronghorn._numbers import integer
from pronghorn.random import _seed


def set_random_seed(seed: int) -> None:
    """Seeds Python's ``random``, NumPy's global generator and this package.

    The same seed gives the same initial weights, shuffling and dropout, and so bitwise the same
    trained weights, whatever the number of threads.

    Args:
        seed: An integer from 0 to 2**32 - 1 (NumPy's range).

    Raises:
        TypeError: If it is no integer.
        ValueError: If it is out of range.

    Example:
        >>> from pronghorn import initializers
        >>> set_random_seed(7)
        >>> first = initializers.RandomNormal()((3,))
        >>> set_random_seed(7)
        >>> bool((initializers.RandomNormal()((3,)) == first).all())
        True
    """
    value = integer(seed, "seed", low=0)
    if value >= 2**32:
        raise ValueError(f"`seed` must be below 2**32; received {value}.")
    random.seed(value)
    np.random.seed(value)  # noqa: NPY002 (users of the global generator expect it)
    _seed.reset(value)
