"""Prices of houses in California's block groups, census of 1990.

Source: R. K. Pace and R. Barry (1997), *Sparse Spatial Autoregressions*, Statistics & Probability
Letters 33, 291-297.
"""

from pronghorn.datasets._cache import Split, check_test_split, fetch, split_table

_HASH = "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"
_SMALL = 600


def load_data(
    version: str = "large",
    path: str = "california_housing.npz",
    test_split: float = 0.2,
    seed: int = 113,
) -> Split:
    """The table; downloaded at the first call.

    Args:
        version: "large" is all 20,640 rows, "small" the first 600.
        path: Name of the file in the cache.
        test_split: Fraction of the rows for testing.
        seed: Of the shuffling before the split.

    Returns:
        ``(x_train, y_train), (x_test, y_test)``: eight columns of features, and the median price
        of a house in dollars.

    Raises:
        OSError: If the download fails.
        ValueError: If its hash is wrong or an argument does not fit.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()  # doctest: +SKIP
    """
    check_test_split(test_split)
    if version not in ("small", "large"):
        raise ValueError(f"`version` must be 'small' or 'large'. Received: version={version!r}")
    file = fetch("california_housing.npz", _HASH, path)
    return split_table(file, test_split, seed, _SMALL if version == "small" else None)
