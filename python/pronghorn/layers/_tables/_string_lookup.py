"""Text to its places in a vocabulary."""

from __future__ import annotations

from typing import Any

import numpy as np

from pronghorn._engine import Array
from pronghorn.layers._tables._lookup import VocabularyLookup


class StringLookup(VocabularyLookup):
    """Strings to their places in a vocabulary, or back.

    Args:
        max_tokens: Most places, those of mask and unknown tokens included.
        num_oov_indices: Places for unknown strings; with several, the hash decides, for which
            ``pip install 'pronghorn[tables]'`` brings a library.
        mask_token: Gets place 0 with output_mode "int", and counts for nothing otherwise.
        oov_token: Stands for unknown strings.
        vocabulary: The known strings, or the path of a file with one in each line; or `adapt`
            learns them.
        idf_weights: A weight for each, for "tf_idf".
        invert: Whether to turn places into strings.
        output_mode: ``"int"``, ``"one_hot"``, ``"multi_hot"``, ``"count"`` or ``"tf_idf"``.
        pad_to_max_tokens: Whether vectors have `max_tokens` entries even with fewer tokens.
        sparse: Must be false.
        encoding: Of strings that come as bytes.
        name: Given automatically if None.
        salt: None, or one or two integers that change which place an unknown string takes.
        **kwargs: `dtype`.

    Raises:
        ValueError: For arguments that do not fit each other.

    Example:
        >>> layer = StringLookup()
        >>> layer.adapt(["b", "a", "b", "c", "b", "c"])
        >>> layer.get_vocabulary()
        ['[UNK]', 'b', 'c', 'a']
        >>> layer([["a", "b"], ["c", "z"]]).tolist()
        [[3, 1], [2, 0]]
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: str | None = None,
        oov_token: str = "[UNK]",
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
        sparse: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        salt: Any = None,
        **kwargs: Any,
    ) -> None:
        self.encoding = encoding
        # The known tokens, and the place of each.
        self._index: tuple[Array, dict[str, int]] | None = None
        super().__init__(
            max_tokens,
            num_oov_indices,
            mask_token,
            oov_token,
            vocabulary,
            idf_weights,
            invert,
            output_mode,
            pad_to_max_tokens,
            sparse,
            kwargs.pop("oov_method", "floormod"),
            salt,
            name,
            **kwargs,
        )

    @property
    def _takes_text(self) -> bool:  # type: ignore[override]
        return not self.invert

    @property
    def _takes_numbers(self) -> bool:  # type: ignore[override]
        return self.invert

    def _output_dtype(self) -> str:
        return "string" if self.invert else super()._output_dtype()

    def _as_tokens(self, values: Any) -> Array:
        array = np.asarray(values)
        if array.dtype.kind == "S":
            return np.asarray(np.char.decode(array, self.encoding))
        if array.dtype.kind == "O" and all(isinstance(v, (str, bytes)) for v in array.ravel()):
            decoded = [
                v.decode(self.encoding) if isinstance(v, bytes) else v for v in array.ravel()
            ]
            return np.asarray(decoded, np.str_).reshape(array.shape)
        if array.size == 0:
            return array.astype(np.str_)
        if array.dtype.kind != "U":
            raise TypeError(f"StringLookup takes strings; received dtype {array.dtype}.")
        return array

    def _as_data(self, values: Any) -> Array:
        array = np.asarray(values, object) if isinstance(values, (list, tuple)) else values
        if isinstance(array, np.ndarray) and array.dtype.kind == "O":
            flat = array.reshape(-1).tolist()
            if all(isinstance(token, str) for token in flat):
                return array
        return self._as_tokens(values)

    def _near(self, tokens: Array, known: Array, order: Array) -> tuple[Array, Array]:
        if self._index is None or self._index[0] is not known:
            self._index = known, {token: place for place, token in enumerate(known.tolist())}
        get = self._index[1].get  # faster than a search among sorted text
        flat = tokens.reshape(-1).tolist()
        if tokens.dtype.kind == "O":  # the vocabulary is an array of text: no zeros at the end
            flat = [token.rstrip("\0") for token in flat]
        near = np.fromiter((get(token, -1) for token in flat), np.int64, len(flat))
        for place in np.flatnonzero(near < 0) if tokens.dtype.kind == "O" else ():
            near[place] = get(flat[place].rstrip("\0"), -1)  # as NumPy's strings end
        near = near.reshape(tokens.shape)
        return near, near >= 0

    def __getstate__(self) -> dict[str, Any]:
        """For pickle and copy: without the index, which is made anew."""
        return {**super().__getstate__(), "_index": None}

    def _parse(self, line: str) -> Any:
        return line

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer; a vocabulary that was learnt is not part of it."""
        return {**super().get_config(), "encoding": self.encoding}
