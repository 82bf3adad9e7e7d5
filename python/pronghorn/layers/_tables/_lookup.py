"""What IntegerLookup and StringLookup share: looking up in a vocabulary, and files."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pronghorn import config
from pronghorn._engine import Array
from pronghorn.layers._tables._hash import column, fingerprints
from pronghorn.layers._tables._table_layer import encode, encoded_shape
from pronghorn.layers._tables._vocabulary import Vocabulary


class VocabularyLookup(Vocabulary):
    """Tokens to their places in a vocabulary, or back."""

    def _output_dtype(self) -> str:
        return "int64" if self.output_mode == "int" else config.floatx()

    def _as_data(self, values: Any) -> Array:
        """`values` as an array of tokens to be looked up."""
        return self._as_tokens(values)

    def _near(self, tokens: Array, known: Array, order: Array) -> tuple[Array, Array]:
        """For each token the place in `known` where it is if anywhere, and whether it is there."""
        near = order[np.clip(np.searchsorted(known, tokens, sorter=order), 0, known.size - 1)]
        return near, known[near] == tokens

    def _unknown_places(self, tokens: Array) -> Array:
        """Which of several places unknown tokens take, from 0."""
        texts = tokens if tokens.dtype.kind == "O" else tokens.astype(np.str_)
        hashes = fingerprints(column(texts, "Tokens"), self.salt)
        return np.asarray(hashes % np.uint64(self.num_oov_indices), np.int64)

    # In a graph.

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The shape of the input, or with the vectors at its end.

        Raises:
            ValueError: If the length of the vectors is not known yet.
        """
        if self.output_mode == "int":
            return tuple(input_shape)
        padded = self.pad_to_max_tokens and self.max_tokens is not None
        depth = self._depth() if self._tokens is not None or padded else self._announced_size
        if depth is None:
            raise ValueError(
                f"Layer '{self.name}' has no vocabulary, so that the length of its vectors is not "
                "known: pass `vocabulary`, or call `adapt` before the layer is called on a "
                "symbolic tensor."
            )
        return encoded_shape(input_shape, self.output_mode, depth)

    # Looking up.

    def _transform(self, inputs: Any) -> Array:
        result = self._in_graph(inputs)
        vectors = self.output_mode not in ("int", "tf_idf")
        return result.astype(np.int64) if vectors else result  # as Keras gives them

    def _in_graph(self, inputs: Any) -> Array:
        if self._tokens is None or self._order is None:
            raise ValueError(
                f"Layer '{self.name}' has no vocabulary: pass `vocabulary` or call `adapt`."
            )
        if self.invert:
            return self._tokens_at(np.asarray(inputs))
        places = self._places(self._as_data(inputs), self._tokens, self._order)
        if self.output_mode == "int":
            return places
        mode = "count" if self.output_mode == "tf_idf" else self.output_mode
        result = encode(places, mode, self._depth())
        if self.idf_weights is not None:
            return np.asarray(result * self.idf_weights)
        return result

    def _places(self, tokens: Array, known: Array, order: Array) -> Array:
        if known.size:
            near, found = self._near(tokens, known, order)
        else:
            near, found = np.zeros(tokens.shape, np.int64), np.zeros(tokens.shape, bool)
        places = np.where(found, near + self._first_token, -1).astype(np.int64)
        unknown = ~found
        if self.mask_token is not None:
            masked = tokens == self.mask_token
            # Outside of "int" the mask is no category, and so counts for nothing.
            places[masked] = 0 if self.output_mode == "int" else -1
            unknown &= ~masked
        if self.num_oov_indices == 0:
            if unknown.any():
                raise ValueError(
                    "With num_oov_indices=0 every token must be in the vocabulary; received "
                    f"{np.unique(tokens[unknown])[:10].tolist()}."
                )
        elif self.num_oov_indices == 1:
            places[unknown] = self._first_unknown
        else:
            places[unknown] = self._unknown_places(tokens[unknown]) + self._first_unknown
        return places

    def _tokens_at(self, places: Array) -> Array:
        if places.dtype.kind not in "biu":
            raise TypeError(f"Places must be integers; received dtype {places.dtype}.")
        table = self._as_tokens(self.get_vocabulary())
        outside = (places < 0) | (places >= table.size)
        result = table[np.where(outside, 0, places)]
        if outside.any():
            unknown = self._as_tokens([self.oov_token])
            result = np.where(outside, unknown[0], result)
        return np.asarray(result)

    # Files keep what was learnt as text, a token in each line.

    def _own_assets(self) -> dict[str, str]:
        if self.input_vocabulary is not None or self._tokens is None:
            return {}
        lines = [str(token) for token in self.get_vocabulary()]
        broken = [line for line in lines if "\n" in line or "\r" in line]
        if broken:
            raise ValueError(
                f"Layer '{self.name}' has learnt {broken[0]!r}: tokens with line breaks cannot be "
                "written to files."
            )
        texts = {"vocabulary.txt": "\n".join(lines)}
        if self.idf_weights is not None:  # Keras loses them
            own = self.idf_weights[self._first_token : self.vocabulary_size()]
            texts["idf_weights.txt"] = "\n".join(map(repr, own.tolist()))
        return texts

    def _take_assets(self, texts: Mapping[str, str]) -> Callable[[], None]:
        """Checks what `_own_assets` or Keras wrote; the result makes it effective.

        Raises:
            ValueError: If it is no vocabulary of this layer.
        """
        if self.input_vocabulary is not None or "vocabulary.txt" not in texts:
            return lambda: None
        lines = texts["vocabulary.txt"].split("\n")
        weights = texts.get("idf_weights.txt", "").split()
        special = self._special_tokens()
        if lines[: len(special)] != [str(token) for token in special]:
            raise ValueError(f"The vocabulary of layer '{self.name}' must begin with {special}.")
        twin = type(self).from_config({**self.get_config(), "vocabulary": None})
        own = self._as_tokens([self._parse(line) for line in lines[len(special) :]])
        if own.size:
            twin._set_tokens(own, [float(weight) for weight in weights] or None)
        else:
            twin._take_tokens(own)

        def take() -> None:
            self._tokens, self._order = twin._tokens, twin._order
            self.idf_weights = twin.idf_weights

        return take

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer; a vocabulary that was learnt is not part of it."""
        size = self._announced_size if self._tokens is None else self.vocabulary_size()
        return {
            **super().get_config(),
            "invert": self.invert,
            "max_tokens": self.max_tokens,
            "num_oov_indices": self.num_oov_indices,
            "oov_token": self.oov_token,
            "mask_token": self.mask_token,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
            "pad_to_max_tokens": self.pad_to_max_tokens,
            "idf_weights": self.input_idf_weights,
            "vocabulary": self.input_vocabulary,
            "vocabulary_size": size,
            "oov_method": self.oov_method,
            "salt": self.salt,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Makes a layer from what `get_config` gave.

        Raises:
            ValueError: If it names a file: reading a model reads no other files.
        """
        if isinstance(config.get("vocabulary"), (str, os.PathLike)):
            raise ValueError(
                f"The configuration of {cls.__name__} '{config.get('name')}' names a file, "
                f"{config['vocabulary']!r}, which is not read. Make the layer yourself, or give "
                "its tokens as a list."
            )
        return super().from_config(config)
