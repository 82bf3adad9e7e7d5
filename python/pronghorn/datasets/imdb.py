"""IMDB: 50,000 reviews of films, positive or negative, as lists of word ranks.

Source: A. L. Maas et al. (2011), *Learning Word Vectors for Sentiment Analysis*, ACL.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from pronghorn.datasets import _texts
from pronghorn.datasets._cache import Array, Split, fetch

_HASH = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"
_WORDS_HASH = "bfafd718b763782e994055a2d397834f"


def load_data(
    path: str = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
) -> Split:
    """The reviews; downloaded at the first call.

    Args:
        path: Name of the file in the cache.
        num_words: Words from this number on become `oov_char`; None keeps all.
        skip_top: Words below this number become `oov_char`.
        maxlen: Texts of this length and more are dropped.
        seed: Of the shuffling.
        start_char: Put before each text; None puts nothing.
        oov_char: Stands for dropped words; None leaves them out.
        index_from: Added to the ranks of the words.

    Returns:
        ``(x_train, y_train), (x_test, y_test)``: arrays of lists of word numbers, and labels 0, 1.

    Raises:
        OSError: If the download fails.
        ValueError: If its hash is wrong, or `maxlen` leaves no text.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()  # doctest: +SKIP
    """
    arrays = _texts.read_texts(fetch("imdb.npz", _HASH, path))
    generator = np.random.RandomState(seed)  # one for both parts, as in Keras
    parts: list[tuple[_texts.Texts, Array]] = []
    for part in ("train", "test"):
        order = np.arange(len(arrays[f"x_{part}"]))
        generator.shuffle(order)
        texts = _texts.number_words(arrays[f"x_{part}"][order], start_char, index_from)
        labels = arrays[f"y_{part}"][order]
        if maxlen:
            texts, labels = _texts.drop_long(maxlen, texts, labels)
            if not texts:
                raise ValueError(f"`maxlen` leaves no text. Received: maxlen={maxlen}")
        parts.append((texts, labels))
    (train, y_train), (test, y_test) = parts
    texts = _texts.keep_words(train + test, num_words, skip_top, oov_char)
    x = _texts.as_objects(texts)
    return (x[: len(train)], y_train), (x[len(train) :], y_test)


def get_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """The rank of each word, without `index_from`; downloaded at the first call.

    Args:
        path: Name of the file in the cache.
    """
    file = Path(fetch("imdb_word_index.json", _WORDS_HASH, path))
    index: dict[str, int] = json.loads(file.read_text("utf-8"))
    return index
