"""Data sets: one that comes with the package, and Keras's, downloaded at their first use."""

from pronghorn.datasets import (
    boston_housing,
    california_housing,
    digits,
    fashion_mnist,
    imdb,
    mnist,
    reuters,
)

__all__ = [
    "boston_housing",
    "california_housing",
    "digits",
    "fashion_mnist",
    "imdb",
    "mnist",
    "reuters",
]
