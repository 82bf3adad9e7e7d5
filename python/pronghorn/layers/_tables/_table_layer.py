"""What the layers share that turn one kind of column into another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pronghorn import _tree, config
from pronghorn._autodiff import Tensor, value_of
from pronghorn._engine import Array, EngineGraph
from pronghorn._graph import KerasTensor
from pronghorn._suggest import unknown
from pronghorn.layers._call_context import NotCompilable
from pronghorn.layers._layer import Layer


class TableLayer(Layer):
    """Base of layers that work on columns of any kind, text included.

    The engine computes with one kind of floating-point numbers. In a model's graph these layers are
    therefore applied to whole arrays, before the rest runs.
    """

    _takes_numbers = True

    def __call__(self, inputs: Any, training: bool | None = None) -> Any:
        """Applies the layer.

        Args:
            inputs: An array or nested list, or a symbolic tensor.
            training: Has no effect.

        Returns:
            An array, or a symbolic tensor.
        """
        leaves = _tree.flatten(inputs)
        if any(isinstance(leaf, KerasTensor) for leaf in leaves):
            return self._call_symbolic(inputs, leaves, training)
        self.built = True
        if any(isinstance(leaf, Tensor) for leaf in leaves):
            # No gradient goes through categories.
            return Tensor(self._transform(_tree.map_structure(value_of, inputs)))
        return self._transform(inputs)

    def _transform(self, inputs: Any) -> Array:
        raise NotImplementedError

    def _in_graph(self, inputs: Any) -> Array:
        """What the layer hands to others in a graph."""
        return self._transform(inputs)

    def build(self, input_shape: Any) -> None:
        """There is nothing to build."""
        self.built = True

    def _check_text(self, tensors: list[KerasTensor]) -> None:
        for tensor in tensors:
            text = tensor.dtype == "string"
            if not (self._takes_text if text else self._takes_numbers):
                taken, came = ("numbers", "text") if text else ("text", tensor.dtype)
                raise ValueError(
                    f"Layer '{self.name}' ({type(self).__name__}) takes {taken}. Received: "
                    f"'{tensor.name}' of {came}."
                )

    def _input_dtype(self, text: bool) -> str:
        """Type of an input for data that are text or numbers."""
        return "string" if self._takes_text and (text or not self._takes_numbers) else "int64"

    def _output_dtype(self) -> str:
        """Type of what the layer gives."""
        return self._dtype

    def _symbolic_outputs(self, shapes: Any) -> KerasTensor:
        return KerasTensor(self.compute_output_shape(shapes), self._output_dtype())

    def _lower(self, graph: EngineGraph, inputs: Sequence[int]) -> list[int]:
        raise NotCompilable(f"Layer '{self.name}' follows one that the engine runs.")


def encoded_shape(
    input_shape: Sequence[int | None], mode: str, depth: int
) -> tuple[int | None, ...]:
    """The shape of what `encode` gives, batch first; that of the input for ``"int"``."""
    shape = tuple(input_shape)
    if mode == "int":
        return shape
    if mode == "one_hot" and (len(shape) < 2 or shape[-1] != 1):
        return (*shape, depth)
    return (*shape[:-1], depth)


def check_mode(mode: str, known: Sequence[str], layer: str) -> str:
    """`mode` if it is one of `known`.

    Raises:
        ValueError: If it is not.
    """
    if mode not in known:
        raise unknown(f"`output_mode` of {layer}", mode, known)
    return mode


def check_sparse(sparse: bool, layer: str) -> bool:
    """False.

    Raises:
        ValueError: For true: results are plain arrays.
    """
    if sparse:
        raise ValueError(f"{layer} gives dense arrays. Received: sparse={sparse!r}")
    return False


def take_integer_dtype(arguments: dict[str, Any], layer: str) -> str:
    """Takes `dtype` out of a layer's arguments, for results that are integers.

    Raises:
        ValueError: If it is no integer type.
    """
    dtype = arguments.pop("dtype", None)
    if isinstance(dtype, dict):  # as get_config() writes it
        dtype = dtype.get("config", {}).get("name")
    name = "int64" if dtype is None else getattr(dtype, "name", None) or str(dtype)
    if name not in ("int32", "int64"):
        raise ValueError(
            f"`dtype` of {layer} with output_mode='int' must be 'int32' or 'int64'. "
            f"Received: dtype={dtype!r}"
        )
    return name


def floating(dtype: Any) -> Any:
    """`dtype`, or None for a type of integers or text.

    Example:
        >>> floating("float64"), floating("int64")
        ('float64', None)
    """
    inner = dtype.get("config", {}).get("name") if isinstance(dtype, dict) else dtype
    name = getattr(inner, "name", None) or str(inner)
    return None if name.startswith(("int", "uint", "string")) else dtype


def integers(values: Any, argument: str) -> Array:
    """`values` as an int64 array; floats are cut to integers.

    Raises:
        TypeError: If it holds no numbers.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"`{argument}` must hold numbers; received dtype {array.dtype}.")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"`{argument}` must be finite.")
    return array.astype(np.int64)


def encode(indices: Array, mode: str, depth: int, weights: Array | None = None) -> Array:
    """Categories as vectors of length `depth`.

    Args:
        indices: Integers, any shape; those outside of 0..depth-1 count for nothing.
        mode: ``"one_hot"``: a vector for each index, in place of a last axis of length 1 or added
            behind; ``"multi_hot"``: one for the last axis, 1 where an index occurs;
            ``"count"``: how often, or the sum of the weights.
        depth: Length of the vectors.
        weights: Of the shape of `indices`, for ``"count"``.

    Returns:
        Array of ``config.floatx()``.

    Example:
        >>> encode(np.array([[0, 2, 2]]), "count", 3).tolist()
        [[1.0, 0.0, 2.0]]
    """
    dtype = config.floatx()
    if indices.ndim == 0:
        indices = indices[None]
    if mode == "one_hot":
        if indices.ndim > 1 and indices.shape[-1] == 1:
            indices = indices[..., 0]
        return np.asarray(indices[..., None] == np.arange(depth), dtype)
    rows = indices.reshape(-1, indices.shape[-1])
    result = np.zeros((len(rows), depth), dtype)
    inside = (rows >= 0) & (rows < depth)
    row_numbers = np.broadcast_to(np.arange(len(rows))[:, None], rows.shape)[inside]
    if mode == "multi_hot":
        result[row_numbers, rows[inside]] = 1
    else:
        amounts = 1 if weights is None else np.asarray(weights).reshape(rows.shape)[inside]
        np.add.at(result, (row_numbers, rows[inside]), amounts)
    return result.reshape(*indices.shape[:-1], depth)
