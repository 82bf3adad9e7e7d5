"""Vectors looked up by number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pronghorn import constraints, initializers, regularizers
from pronghorn._engine import EngineGraph
from pronghorn._numbers import integer
from pronghorn._variable import Variable
from pronghorn.layers import _lowering
from pronghorn.layers._layer import Layer

if TYPE_CHECKING:
    from pronghorn._engine import Node as EngineNode


class Embedding(Layer):
    """Row i of a learned table for each whole number i of the input, which gets one axis more.

    The weight is `embeddings` of shape (input_dim, output_dim). A number that is not in
    [0, input_dim) gives a row of NaN.

    Args:
        input_dim: Rows of the table: one more than the largest number.
        output_dim: Length of the vectors.
        embeddings_initializer: Name or object that draws the table.
        embeddings_regularizer: Penalty on the table in the loss.
        embeddings_constraint: What the table must be like after each update.
        mask_zero: Whether 0 marks steps that are masked for later layers and the loss.
        weights: The table, as an array or a list of one.
        lora_rank: Must be None, as the following.
        lora_alpha: Must be None.
        quantization_config: Must be None.
        **kwargs: `name`, `trainable`, `dtype`.

    Raises:
        ValueError: For sizes that are no positive integers or an unsupported argument.

    Example:
        >>> import numpy as np
        >>> layer = Embedding(3, 2, weights=np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]))
        >>> layer(np.array([[2, 0]])).tolist()
        [[[4.0, 5.0], [0.0, 1.0]]]
    """

    _adds_axis = True

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        lora_rank: int | None = None,
        lora_alpha: int | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("input_length", None)
        for argument, value in (
            ("lora_rank", lora_rank),
            ("lora_alpha", lora_alpha),
            ("quantization_config", quantization_config),
        ):
            if value is not None:
                raise ValueError(
                    f"Embedding does not support `{argument}`. Received: {argument}={value!r}"
                )
        rows, columns = (
            integer(input_dim, "input_dim", low=1),
            integer(output_dim, "output_dim", low=1),
        )
        super().__init__(**kwargs)
        if self.dtype == "float32" and rows > 2**24:
            raise ValueError(
                "`input_dim` may be 2**24 at most where numbers travel as float32; use "
                f"dtype='float64'. Received: input_dim={rows}"
            )
        self.input_dim, self.output_dim = rows, columns
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = bool(mask_zero)
        self.supports_masking = self._makes_mask = self.mask_zero
        self._embeddings: Variable | None = None
        if weights is not None:
            self.build(None)
            self.set_weights(weights if isinstance(weights, (list, tuple)) else [weights])

    @property
    def embeddings(self) -> Variable:
        """The table."""
        if self._embeddings is None:
            raise AttributeError(f"Layer '{self.name}' is not built yet and has no `embeddings`.")
        return self._embeddings

    def _create_weights(self, input_shape: Any) -> None:
        shape = (self.input_dim, self.output_dim)
        self._embeddings = self.add_weight(shape, self.embeddings_initializer, "embeddings")

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The input's shape and `output_dim`."""
        return (*input_shape, self.output_dim)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Where the input is not 0, with `mask_zero`; otherwise None."""
        from pronghorn import ops

        del previous_mask
        return ops.not_equal(inputs, 0) if self.mask_zero else None

    def _compose(self, inputs: Sequence[Any], training: bool) -> Any:
        from pronghorn import ops

        return ops.take(self.embeddings, ops.cast(inputs[0], "int32"), axis=0)

    def _engine_node(self, graph: EngineGraph, shapes: Sequence[tuple[int, ...]]) -> EngineNode:
        return {
            "op": "embedding",
            **_lowering.weight_fields(
                self,
                graph,
                [self.embeddings],
                [self.embeddings_regularizer],
                [self.embeddings_constraint],
            ),
        }

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {
            "activity_regularizer": None,
            **super().get_config(),
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            "embeddings_initializer": initializers.serialize(self.embeddings_initializer),
            "embeddings_regularizer": regularizers.serialize(self.embeddings_regularizer),
            "embeddings_constraint": constraints.serialize(self.embeddings_constraint),
            "mask_zero": self.mask_zero,
            "quantization_config": None,
        }
