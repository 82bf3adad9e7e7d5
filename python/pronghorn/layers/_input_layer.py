"""Inputs of models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pronghorn import config
from pronghorn._graph import KerasTensor, Node
from pronghorn._suggest import unknown
from pronghorn.layers._layer import Layer

_DTYPES = [
    "string",
    "float16",
    "float32",
    "float64",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "bool",
]


def _standard_shape(shape: Any, argument: str) -> tuple[int | None, ...]:
    if isinstance(shape, int):
        raise ValueError(
            f"`{argument}` must be a tuple of integers and None. Received: {argument}={shape!r}; "
            f"for vectors of {shape} numbers write {argument}=({shape},)."
        )
    try:
        dims = tuple(shape)
    except TypeError:
        dims = (shape,)
    for dim in dims:
        if dim is not None and (isinstance(dim, bool) or not hasattr(dim, "__index__") or dim < 1):
            raise ValueError(
                f"`{argument}` must be a tuple of positive integers and None. "
                f"Received: {argument}={shape!r}"
            )
    return tuple(None if dim is None else int(dim) for dim in dims)


class InputLayer(Layer):
    """The place where data enters a model.

    Args:
        shape: Shape of one sample, without the batch.
        batch_size: Fixed batch size, shown in shapes; the engine takes any batch size.
        dtype: Of the data, "string" for text; None for ``config.floatx()``.
        sparse: Must be false.
        ragged: Must be false.
        batch_shape: Shape with the batch, instead of `shape`.
        input_tensor: Not supported.
        optional: Must be false.
        name: Given automatically if None.

    Raises:
        ValueError: If the shape is missing, malformed or given twice.

    Example:
        >>> InputLayer(shape=(4,)).batch_shape
        (None, 4)
    """

    def __init__(
        self,
        shape: Sequence[int | None] | None = None,
        batch_size: int | None = None,
        dtype: str | None = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Sequence[int | None] | None = None,
        input_tensor: KerasTensor | None = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        shape = kwargs.pop("input_shape", shape)
        batch_shape = kwargs.pop("batch_input_shape", batch_shape)
        for argument, value in (
            ("sparse", sparse),
            ("ragged", ragged),
            ("input_tensor", input_tensor is not None),
            ("optional", optional),
        ):
            if value:
                raise ValueError(f"InputLayer does not support `{argument}`.")
        if shape is not None and batch_shape is not None:
            raise ValueError(
                "Pass either `shape` or `batch_shape`. "
                f"Received: shape={shape}, batch_shape={batch_shape}"
            )
        if batch_size is not None and batch_shape is not None:
            raise ValueError(
                "Pass either `batch_size` or `batch_shape`. "
                f"Received: batch_size={batch_size}, batch_shape={batch_shape}"
            )
        if batch_shape is None:
            if shape is None:
                raise ValueError("An input needs a `shape`. Received: shape=None")
            batch_shape = (batch_size, *_standard_shape(shape, "shape"))
        dtype = dtype or config.floatx()
        dtype = getattr(dtype, "name", dtype)
        if dtype not in _DTYPES:
            raise unknown("`dtype` of an input", dtype, _DTYPES)
        super().__init__(name=name, **kwargs)
        self._batch_shape = _standard_shape(batch_shape, "batch_shape")
        self._input_dtype = dtype
        self.built = True
        Node(self, None, KerasTensor(self._batch_shape, dtype, name=self.name))

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        Node(self, None, KerasTensor(self._batch_shape, self._input_dtype, name=self.name))

    @property
    def batch_shape(self) -> tuple[int | None, ...]:
        """Shape with the batch dimension."""
        return self._batch_shape

    @property
    def dtype(self) -> str:
        """Dtype of the data."""
        return self._input_dtype

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {
            "batch_shape": self._batch_shape,
            "dtype": self._input_dtype,
            "sparse": False,
            "ragged": False,
            "name": self.name,
            "optional": False,
        }


def Input(
    shape: Sequence[int | None] | None = None,
    batch_size: int | None = None,
    dtype: str | None = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Sequence[int | None] | None = None,
    name: str | None = None,
    tensor: KerasTensor | None = None,
    optional: bool = False,
) -> KerasTensor:
    """Begins a graph: a symbolic tensor to call layers on.

    Args:
        shape: Shape of one sample, without the batch.
        batch_size: Fixed batch size, shown in shapes.
        dtype: Of the data, "string" for text; None for ``config.floatx()``.
        sparse: Must be false.
        ragged: Must be false.
        batch_shape: Shape with the batch, instead of `shape`.
        name: Of the input; given automatically if None.
        tensor: Not supported.
        optional: Must be false.

    Returns:
        A symbolic tensor.

    Raises:
        ValueError: If the shape is missing, malformed or given twice.

    Example:
        >>> Input((4,)).shape
        (None, 4)
    """
    layer = InputLayer(
        shape=shape,
        batch_size=batch_size,
        dtype=dtype,
        sparse=sparse,
        ragged=ragged,
        batch_shape=batch_shape,
        input_tensor=tensor,
        optional=optional,
        name=name,
    )
    return layer._inbound_nodes[0].outputs[0]
