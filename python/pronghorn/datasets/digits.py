"""Handwritten digits: 1,797 real images of 8x8 pixels, shipped with the package.

Source: E. Alpaydin and C. Kaynak (1998), *Optical Recognition of Handwritten Digits*, UCI Machine
Learning Repository, https://doi.org/10.24432/C50P49, licensed under CC BY 4.0 (see
``digits.LICENSE.txt`` beside this file). These are the images of its test part, by 13 writers, the
ones that scikit-learn ships as ``load_digits``. Each pixel counts the dark ones, 0 to 16, in a 4x4
block of a 32x32 scan.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]


def load_data() -> tuple[tuple[Bytes, Bytes], tuple[Bytes, Bytes]]:
    """The digits, in training and test parts that are always the same.

    Of each class every fifth image, in the order of the data set, is for testing, so that both
    parts hold all classes and all writers. Nothing is read from the network.

    Returns:
        ``(x_train, y_train), (x_test, y_test)``: images of shape (1442, 8, 8) and (355, 8, 8) with
        values 0..16, and labels 0..9 of shape (1442,) and (355,), all uint8.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()
        >>> x_train.shape, x_test.shape, int(x_train.max())
        ((1442, 8, 8), (355, 8, 8), 16)
    """
    with np.load(Path(__file__).with_name("digits.npz"), allow_pickle=False) as file:
        images, labels = file["images"], file["labels"]
    test = np.zeros(len(labels), bool)
    for digit in range(10):
        test[np.flatnonzero(labels == digit)[4::5]] = True
    return (images[~test], labels[~test]), (images[test], labels[test])
