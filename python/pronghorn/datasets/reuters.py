"""Reuters: 11,228 newswires of 1987 in 46 topics, as lists of word ranks.

Source: D. D. Lewis, *Reuters-21578 Text Categorization Collection*, UCI Machine Learning
Repository, https://doi.org/10.24432/C52G6M.
"""

from __future__ import annotations

import json
from pathlib import Path

from pronghorn.datasets import _texts
from pronghorn.datasets._cache import Split, check_test_split, fetch, permutation

_HASH = "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"
_WORDS_HASH = "4d44cc38712099c9e383dc6e5f11a921"
_LABELS = (
    "cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves "
    "ship cotton carcass crude nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin "
    "strategic-metal livestock retail ipi iron-steel rubber heat jobs lei bop zinc orange pet-chem "
    "dlr gas silver wpi hog lead"
)


def load_data(
    path: str = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
) -> Split:
    """The newswires; downloaded at the first call.

    Args:
        path: Name of the file in the cache.
        num_words: Words from this number on become `oov_char`; None keeps all.
        skip_top: Words below this number become `oov_char`.
        maxlen: Texts of this length and more are dropped.
        test_split: Fraction for testing.
        seed: Of the shuffling before the split.
        start_char: Put before each text; None puts nothing.
        oov_char: Stands for dropped words; None leaves them out.
        index_from: Added to the ranks of the words.

    Returns:
        ``(x_train, y_train), (x_test, y_test)``: arrays of lists of word numbers, and labels 0..45.

    Raises:
        OSError: If the download fails.
        ValueError: If its hash is wrong or an argument does not fit.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()  # doctest: +SKIP
    """
    check_test_split(test_split)
    arrays = _texts.read_texts(fetch("reuters.npz", _HASH, path))
    order = permutation(len(arrays["x"]), seed)
    texts = _texts.number_words(arrays["x"][order], start_char, index_from)
    labels = arrays["y"][order]
    if maxlen:
        texts, labels = _texts.drop_long(maxlen, texts, labels)
    texts = _texts.keep_words(texts, num_words, skip_top, oov_char)
    cut = int(len(texts) * (1 - test_split))
    x = _texts.as_objects(texts)
    return (x[:cut], labels[:cut]), (x[cut:], labels[cut:])


def get_word_index(path: str = "reuters_word_index.json") -> dict[str, int]:
    """The rank of each word, without `index_from`; downloaded at the first call.

    Args:
        path: Name of the file in the cache.
    """
    file = Path(fetch("reuters_word_index.json", _WORDS_HASH, path))
    index: dict[str, int] = json.loads(file.read_text("utf-8"))
    return index


def get_label_names() -> tuple[str, ...]:
    """The topics, by label.

    Example:
        >>> get_label_names()[3:5]
        ('earn', 'acq')
    """
    return tuple(_LABELS.split())
