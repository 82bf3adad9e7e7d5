"""Prices of houses in Boston's suburbs in the 1970s, 506 rows.

Keras's own documentation warns of this data set, as one column rests on the racist assumption that
segregation raises prices; `california_housing` is the better choice.

Source: D. Harrison and D. L. Rubinfeld (1978), *Hedonic prices and the demand for clean air*,
Journal of Environmental Economics and Management 5, 81-102.
"""

from pronghorn.datasets._cache import Split, check_test_split, fetch, split_table

_HASH = "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"


def load_data(path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113) -> Split:
    """The table; downloaded at the first call.

    Args:
        path: Name of the file in the cache.
        test_split: Fraction of the rows for testing.
        seed: Of the shuffling before the split.

    Returns:
        ``(x_train, y_train), (x_test, y_test)``: 13 columns of features, and the median price of a
        house in thousands of dollars.

    Raises:
        OSError: If the download fails.
        ValueError: If its hash is wrong or an argument does not fit.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()  # doctest: +SKIP
    """
    check_test_split(test_split)
    return split_table(fetch("boston_housing.npz", _HASH, path), test_split, seed)
