"""Categories as vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from pronghorn._autodiff import Tensor, value_of
from pronghorn._engine import Array
from pronghorn._graph import KerasTensor, Node
from pronghorn._numbers import integer
from pronghorn.layers._tables._table_layer import (
    TableLayer,
    check_mode,
    check_sparse,
    encode,
    encoded_shape,
    integers,
)


class CategoryEncoding(TableLayer):
    """Numbers of categories 0..num_tokens-1 as vectors of that length.

    Args:
        num_tokens: How many categories there are.
        output_mode: ``"one_hot"``, ``"multi_hot"`` (which of them occur along the last axis) or
            ``"count"`` (how often).
        sparse: Must be false.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: For an unknown mode or no positive `num_tokens`.

    Example:
        >>> CategoryEncoding(3, output_mode="one_hot")([2, 0]).tolist()
        [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
        >>> CategoryEncoding(3)([[2, 0], [1, 1]]).tolist()
        [[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
    """

    def __init__(
        self,
        num_tokens: int | None = None,
        output_mode: str = "multi_hot",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        if num_tokens is None:
            raise ValueError(
                "`num_tokens` must be set; if the categories are not known, use IntegerLookup. "
                "Received: num_tokens=None"
            )
        super().__init__(**kwargs)
        self.num_tokens = integer(num_tokens, "num_tokens", low=1)
        mode = "multi_hot" if output_mode == "binary" else output_mode
        self.output_mode = check_mode(mode, ("count", "one_hot", "multi_hot"), "CategoryEncoding")
        self.sparse = check_sparse(sparse, "CategoryEncoding")

    def __call__(self, inputs: Any, training: bool | None = None, count_weights: Any = None) -> Any:
        """Encodes an array.

        Args:
            inputs: Numbers of categories, or a symbolic tensor.
            training: Has no effect.
            count_weights: What each category counts, of the shape of `inputs`; for ``"count"``.
        """
        if count_weights is None:
            return super().__call__(inputs)
        pair = [inputs, count_weights]
        if any(isinstance(value, KerasTensor) for value in pair):
            return self._call_weighted(pair)
        if any(isinstance(value, Tensor) for value in pair):
            return Tensor(self(value_of(inputs), count_weights=value_of(count_weights)))
        self._check_mode_of_weights()
        indices, weights = integers(inputs, "inputs"), np.asarray(count_weights)
        if weights.shape != indices.shape:
            raise ValueError(
                f"`count_weights` must have the shape of `inputs`, {indices.shape}; received "
                f"{weights.shape}."
            )
        return encode(indices, "count", self.num_tokens, weights).astype(self._dtype)

    def _call_weighted(self, pair: list[Any]) -> KerasTensor:
        """The call on two symbolic tensors."""
        if not all(isinstance(value, KerasTensor) for value in pair):
            raise TypeError(
                f"Layer '{self.name}' takes `inputs` and `count_weights` that are both symbolic, "
                f"or both arrays. Received: {[type(value).__name__ for value in pair]}"
            )
        self._check_mode_of_weights()
        if pair[0].shape != pair[1].shape:
            raise ValueError(
                f"`count_weights` must have the shape of `inputs`, {pair[0].shape}; received "
                f"{pair[1].shape}."
            )
        self._check_text(pair)
        self.built = True
        result: KerasTensor = self._symbolic_outputs(pair[0].shape)
        Node(self, pair, result).call = (pair[0], (), {"count_weights": pair[1]})
        return result

    def _check_mode_of_weights(self) -> None:
        if self.output_mode != "count":
            raise ValueError(
                "`count_weights` is for output_mode='count'. "
                f"Received: output_mode={self.output_mode!r}"
            )

    def _transform(self, inputs: Any) -> Array:
        result = encode(integers(inputs, "inputs"), self.output_mode, self.num_tokens)
        return result.astype(self._dtype, copy=False)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The shape of the input with the vectors at its end."""
        return encoded_shape(input_shape, self.output_mode, self.num_tokens)

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {
            **super().get_config(),
            "num_tokens": self.num_tokens,
            "output_mode": self.output_mode,
        }
