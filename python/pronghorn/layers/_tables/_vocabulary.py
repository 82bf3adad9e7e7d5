"""The tokens that IntegerLookup and StringLookup know, learnt or given."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np

from pronghorn import config
from pronghorn._engine import Array
from pronghorn._numbers import integer
from pronghorn._suggest import unknown
from pronghorn.layers._tables._batches import batches
from pronghorn.layers._tables._hash import check_salt
from pronghorn.layers._tables._table_layer import (
    TableLayer,
    check_mode,
    check_sparse,
    floating,
)

_MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")
_OOV_METHODS = ("floormod", "farmhash")
_OLDER = {"binary": "multi_hot", "tf-idf": "tf_idf"}


class Vocabulary(TableLayer):
    """A layer that holds tokens, each with its place.

    First comes the mask (with ``"int"`` and a `mask_token`), then the places of unknown tokens,
    then the vocabulary.
    """

    def __init__(
        self,
        max_tokens: int | None,
        num_oov_indices: int,
        mask_token: Any,
        oov_token: Any,
        vocabulary: Any,
        idf_weights: Any,
        invert: bool,
        output_mode: str,
        pad_to_max_tokens: bool,
        sparse: bool,
        oov_method: str,
        salt: Any,
        name: str | None,
        **kwargs: Any,
    ) -> None:
        label = type(self).__name__
        # As configurations have it: the size until the vocabulary itself is there.
        self._announced_size: int | None = kwargs.pop("vocabulary_size", None)
        # Integers and text have types of their own, which older files and scripts name here.
        super().__init__(name=name, dtype=floating(kwargs.pop("dtype", None)), **kwargs)
        self.max_tokens = None if max_tokens is None else integer(max_tokens, "max_tokens", low=2)
        if pad_to_max_tokens and max_tokens is None:
            raise ValueError("`pad_to_max_tokens` needs `max_tokens`. Received: max_tokens=None")
        self.num_oov_indices = integer(num_oov_indices, "num_oov_indices", low=0)
        self.output_mode = check_mode(_OLDER.get(output_mode, output_mode), _MODES, label)
        self.sparse = check_sparse(sparse, label)
        self.oov_method = oov_method
        if oov_method not in _OOV_METHODS:
            raise unknown(f"`oov_method` of {label}", oov_method, _OOV_METHODS)
        self.salt = check_salt(salt)
        if invert and self.output_mode != "int":
            raise ValueError(
                f"`output_mode` must be 'int' when `invert` is true. Received: {output_mode!r}"
            )
        if idf_weights is not None and self.output_mode != "tf_idf":
            raise ValueError(
                f"`idf_weights` is for output_mode='tf_idf'. Received: output_mode={output_mode!r}"
            )
        self.mask_token = mask_token
        self.oov_token = oov_token
        self.invert = bool(invert)
        self.pad_to_max_tokens = bool(pad_to_max_tokens)
        from_file = isinstance(vocabulary, (str, os.PathLike))
        # What a file brought is kept as what was learnt is.
        known = vocabulary is not None and not from_file
        self.input_vocabulary = _listed(vocabulary) if known else None
        self._given = vocabulary is not None
        self.input_idf_weights = None if idf_weights is None else _listed(idf_weights)
        self.idf_weights: Array | None = None
        self._tokens: Array | None = None
        self._order: Array | None = None
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)

    # What differs between numbers and text.

    def _as_tokens(self, values: Any) -> Array:
        """`values` as an array of tokens."""
        raise NotImplementedError

    def _parse(self, line: str) -> Any:
        """The token that a line of a file holds."""
        raise NotImplementedError

    # The vocabulary.

    @property
    def _first_unknown(self) -> int:
        return int(self.mask_token is not None and self.output_mode == "int")

    @property
    def _first_token(self) -> int:
        return self._first_unknown + self.num_oov_indices

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Replaces the vocabulary.

        Args:
            vocabulary: The tokens, with or without mask and unknown ones at their places; or the
                path of a text file with a token in each line, without special ones.
            idf_weights: A weight for each, for ``"tf_idf"``.

        Raises:
            ValueError: If tokens are repeated or too many, special ones are in the middle, the
                weights do not fit, or there is no such file.
        """
        if isinstance(vocabulary, (str, os.PathLike)):
            if self.output_mode == "tf_idf":
                raise ValueError(
                    "`vocabulary` must be a list with output_mode='tf_idf', which needs a weight "
                    f"for each token. Received: vocabulary={vocabulary!r}"
                )
            self._set_tokens(self._as_tokens([self._parse(v) for v in _lines(vocabulary)]), None)
            return
        tokens = self._as_tokens(_listed(vocabulary))
        special = self._special_tokens()
        weights = None if idf_weights is None else np.asarray(idf_weights)
        if special and tokens[: len(special)].tolist() == special:
            if weights is not None and weights.shape == tokens.shape:
                weights = weights[len(special) :]
            tokens = tokens[len(special) :]
            if not tokens.size:
                self._take_tokens(tokens)
                return
        self._set_tokens(tokens, weights)

    def _set_tokens(self, tokens: Array, idf_weights: Any) -> None:
        """Replaces the vocabulary by tokens without special ones in front."""
        if tokens.size == 0:
            raise ValueError("`vocabulary` must not be empty.")
        special = self._special_tokens()
        unique, counts = np.unique(tokens, return_counts=True)
        if (counts > 1).any():
            raise ValueError(f"`vocabulary` has tokens twice: {unique[counts > 1].tolist()}.")
        listed = set(tokens.tolist())
        # Where places become tokens, no token may stand for the unknown ones, too.
        unknown = self.oov_token if self.invert else None
        for label, token in (("mask_token", self.mask_token), ("oov_token", unknown)):
            if token is not None and token in listed:
                raise ValueError(
                    f"`vocabulary` has the {label} {token!r} among its tokens; it belongs in "
                    f"front, as in {[*special, 'token']}, or nowhere."
                )
        size = self._first_token + tokens.size
        if self.max_tokens is not None and size > self.max_tokens:
            raise ValueError(
                f"`vocabulary` needs {size} places, more than max_tokens={self.max_tokens}."
            )
        self._take_tokens(tokens)
        if self.output_mode != "tf_idf":
            return
        weights = np.asarray([] if idf_weights is None else idf_weights, config.floatx())
        if weights.shape != tokens.shape:
            raise ValueError(
                f"`idf_weights` must have a weight for each of {tokens.size} tokens; received "
                f"shape {weights.shape}."
            )
        self._take_weights(weights)

    def _special_tokens(self) -> list[Any]:
        unknown = [self.oov_token] * self.num_oov_indices
        return [*([self.mask_token] if self._first_unknown else []), *unknown]

    def _take_tokens(self, tokens: Array) -> None:
        self._tokens = tokens
        self._order = np.argsort(tokens, kind="stable")

    def _take_weights(self, weights: Array) -> None:
        unknown = np.full(self.num_oov_indices, weights.mean() if weights.size else 1.0)
        padding = max(0, self._depth() - self._first_token - weights.size)
        together = (unknown, weights, np.zeros(padding))
        self.idf_weights = np.concatenate(together).astype(config.floatx())

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Learns the vocabulary: tokens by how often they occur, ties from high to low.

        Args:
            data: An array or list of tokens, or an iterable of batches.
            steps: Batches to take; None takes all.

        Raises:
            ValueError: If the layer was given a vocabulary, or there are no data.
        """
        if self._given:
            raise ValueError(f"Layer '{self.name}' was given a `vocabulary` and cannot `adapt`.")
        totals: dict[Any, int] = {}
        documents: dict[Any, int] = {}
        rows = 0
        for batch in batches(data, steps):
            tokens = self._as_tokens(batch)
            _add(totals, tokens)
            if self.output_mode == "tf_idf":
                table = tokens.reshape(len(tokens), -1) if tokens.ndim > 1 else tokens[None]
                for row in table:
                    _add(documents, np.unique(row), each=1)
                rows += len(table)
        for special in (self.mask_token, self.oov_token):
            totals.pop(special, None)
        ordered = sorted(totals, key=lambda token: (totals[token], token), reverse=True)
        if self.max_tokens is not None:
            ordered = ordered[: self.max_tokens - self._first_token]
        self._take_tokens(self._as_tokens(ordered))
        if self.output_mode == "tf_idf":
            counts = np.asarray([documents[token] for token in ordered], np.float64)
            self._take_weights(np.log(1 + rows / (1 + counts)))

    def vocabulary_size(self) -> int:
        """Number of places, those of mask and unknown tokens included."""
        return self._first_token + (0 if self._tokens is None else int(self._tokens.size))

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """The tokens in the order of their places.

        Args:
            include_special_tokens: Whether mask and unknown tokens are listed.
        """
        tokens = [] if self._tokens is None else self._tokens.tolist()
        return [*self._special_tokens(), *tokens] if include_special_tokens else tokens

    def _depth(self) -> int:
        padded = self.pad_to_max_tokens and self.max_tokens is not None
        return self.max_tokens or 0 if padded else self.vocabulary_size()


def _lines(path: Any) -> list[str]:
    """The lines of a text file.

    Raises:
        ValueError: If there is none, or it is no text.
    """
    try:
        with open(path, encoding="utf-8", newline="\n") as file:
            text = file.read()
    except FileNotFoundError:
        raise ValueError(
            f"`vocabulary` names a file that does not exist: {os.fspath(path)!r}. To give tokens, "
            "pass a list."
        ) from None
    except (UnicodeDecodeError, IsADirectoryError):
        raise ValueError(
            f"`vocabulary` must name a text file in UTF-8. Received: {os.fspath(path)!r}"
        ) from None
    return text.replace("\r", "").removesuffix("\n").split("\n")


def _listed(values: Any) -> list[Any]:
    if isinstance(values, bytes):
        raise ValueError(
            "`vocabulary` must be a list of tokens or the path of a file. Received: "
            f"vocabulary={values!r}"
        )
    return list(np.asarray(values).tolist()) if hasattr(values, "__array__") else list(values)


def _add(counts: dict[Any, int], tokens: Array, each: int | None = None) -> None:
    unique, numbers = np.unique(tokens, return_counts=True)
    amounts: Iterable[int] = numbers.tolist() if each is None else [each] * unique.size
    for token, amount in zip(unique.tolist(), amounts, strict=True):
        counts[token] = counts.get(token, 0) + amount
