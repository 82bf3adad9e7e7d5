"""Integers to their places in a vocabulary."""

from __future__ import annotations

from typing import Any

import numpy as np

from pronghorn._engine import Array
from pronghorn.layers._tables._lookup import VocabularyLookup
from pronghorn.layers._tables._table_layer import integers


class IntegerLookup(VocabularyLookup):
    """Integers to their places in a vocabulary, or back.

    Args:
        max_tokens: Most places, those of mask and unknown tokens included.
        num_oov_indices: Places for unknown integers; with several, `oov_method` decides.
        mask_token: Gets place 0 with output_mode "int", and counts for nothing otherwise.
        oov_token: Stands for unknown integers.
        vocabulary: The known integers, or the path of a file with one in each line; or `adapt`
            learns them.
        vocabulary_dtype: Must be "int64".
        idf_weights: A weight for each, for "tf_idf".
        invert: Whether to turn places into integers.
        output_mode: ``"int"``, ``"one_hot"``, ``"multi_hot"``, ``"count"`` or ``"tf_idf"``.
        sparse: Must be false.
        pad_to_max_tokens: Whether vectors have `max_tokens` entries even with fewer tokens.
        oov_method: How to choose among several: "floormod", or "farmhash" for the hash (``pip
            install 'pronghorn[tables]'``).
        salt: None, or one or two integers, for "farmhash".
        name: Given automatically if None.
        **kwargs: `dtype`.

    Raises:
        ValueError: For arguments that do not fit each other.

    Example:
        >>> IntegerLookup(vocabulary=[12, 36, 1138])([[12, 1138], [36, 7]]).tolist()
        [[1, 3], [2, 0]]
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: int | None = None,
        oov_token: int | None = -1,
        vocabulary: Any = None,
        vocabulary_dtype: str = "int64",
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        salt: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if vocabulary_dtype != "int64":
            raise ValueError(f"`vocabulary_dtype` must be 'int64'. Received: {vocabulary_dtype=!s}")
        if salt is not None and oov_method != "farmhash":
            raise ValueError(
                f"`salt` needs oov_method='farmhash'. Received: oov_method={oov_method!r}"
            )
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
            oov_method,
            salt,
            name,
            **kwargs,
        )

    def _as_tokens(self, values: Any) -> Array:
        return integers(np.asarray(values, np.int64) if isinstance(values, list) else values, "x")

    def _unknown_places(self, tokens: Array) -> Array:
        if self.oov_method == "farmhash":
            return super()._unknown_places(tokens)
        return np.asarray(np.mod(tokens, self.num_oov_indices))

    def _parse(self, line: str) -> Any:
        try:
            return int(line)
        except ValueError:
            raise ValueError(f"A vocabulary of integers has the line {line!r}.") from None

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer; a vocabulary that was learnt is not part of it."""
        return {**super().get_config(), "vocabulary_dtype": "int64"}
