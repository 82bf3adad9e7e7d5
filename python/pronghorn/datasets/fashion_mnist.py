"""Fashion-MNIST: 70,000 pictures of clothes of 28x28 pixels, ten classes.

Source: H. Xiao, K. Rasul and R. Vollgraf (2017), *Fashion-MNIST: a Novel Image Dataset for
Benchmarking Machine Learning Algorithms*, https://arxiv.org/abs/1708.07747, MIT licence. The MD5
hashes are those that its authors publish.
"""

import gzip

import numpy as np

from pronghorn.datasets._cache import Array, Split, fetch

_HASHES = {
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
}


def load_data() -> Split:
    """The pictures; downloaded at the first call.

    Returns:
        ``(x_train, y_train), (x_test, y_test)``: images of shape (60000, 28, 28) and
        (10000, 28, 28), values 0..255, and labels 0..9; all uint8.

    Raises:
        OSError: If the download fails.
        ValueError: If its hash is wrong.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()  # doctest: +SKIP
    """
    train, test = _part("train"), _part("t10k")
    return train, test


def _part(part: str) -> tuple[Array, Array]:
    labels = _bytes(f"{part}-labels-idx1-ubyte.gz", header=8)
    images = _bytes(f"{part}-images-idx3-ubyte.gz", header=16)
    return images.reshape(len(labels), 28, 28), labels


def _bytes(name: str, header: int) -> Array:
    path = fetch(name, _HASHES[name], subdir="datasets/fashion-mnist")
    with gzip.open(path, "rb") as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)
