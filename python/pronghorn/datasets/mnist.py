"""MNIST: 70,000 handwritten digits of 28x28 pixels.

Source: Y. LeCun, C. Cortes and C. Burges, *The MNIST Database of Handwritten Digits*, CC BY-SA 3.0.
"""

import numpy as np

from pronghorn.datasets._cache import Split, fetch

_HASH = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"


def load_data(path: str = "mnist.npz") -> Split:
    """The digits; downloaded at the first call.

    Args:
        path: Name of the file in the cache.

    Returns:
        ``(x_train, y_train), (x_test, y_test)``: images of shape (60000, 28, 28) and
        (10000, 28, 28), values 0..255, and labels 0..9; all uint8.

    Raises:
        OSError: If the download fails.
        ValueError: If its hash is wrong.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()  # doctest: +SKIP
    """
    with np.load(fetch("mnist.npz", _HASH, path), allow_pickle=False) as file:
        return (file["x_train"], file["y_train"]), (file["x_test"], file["y_test"])
