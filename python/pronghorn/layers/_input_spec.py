"""What a layer expects of its inputs: rank, shape, dtype."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pronghorn import _tree
from pronghorn._arguments import check_constructor
from pronghorn._suggest import unknown

_DTYPES = (
    "bool", "float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16",
    "uint32", "uint64", "string",
)  # fmt: skip


@check_constructor
class InputSpec:
    """What one input of a layer must be like; a layer's `input_spec` is checked at every call.

    Args:
        dtype: Name of the element type; None for any.
        shape: Batch first; None for a size that may be anything. It fixes `ndim`, too.
        ndim: Number of axes, the batch included.
        max_ndim: Most axes.
        min_ndim: Fewest axes.
        axes: Size of some axes, by number.
        allow_last_axis_squeeze: Whether a last axis of size 1 may be there or not.
        name: Key of the input, where inputs are a dict.
        optional: Whether the input may be None.

    Raises:
        ValueError: For an unknown dtype, a malformed shape, or an axis beyond `ndim`.
        TypeError: If `axes` is no dict with integers as keys.

    Example:
        >>> import numpy as np, pronghorn as keras
        >>> class Pairs(keras.layers.Layer):
        ...     def __init__(self):
        ...         super().__init__(name="pairs")
        ...         self.input_spec = keras.layers.InputSpec(ndim=2, axes={-1: 2})
        ...
        ...     def call(self, inputs):
        ...         return inputs[:, 0] - inputs[:, 1]
        >>> Pairs()(np.array([[3.0, 1.0]])).tolist()
        [2.0]
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Sequence[int | None] | None = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        if dtype is not None:
            dtype = str(getattr(dtype, "name", dtype))
            if dtype not in _DTYPES:
                raise unknown("dtype", dtype, _DTYPES)
        self.dtype = dtype
        self.shape = None if shape is None else _standard(shape)
        self.ndim = ndim if self.shape is None else len(self.shape)
        self.max_ndim, self.min_ndim = max_ndim, min_ndim
        self.name, self.optional = name, optional
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        try:
            self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        except (AttributeError, TypeError, ValueError) as error:
            raise TypeError(
                f"`axes` must be a dict with integer keys. Received: axes={axes!r}"
            ) from error
        most = self.ndim or self.max_ndim
        if most is not None and self.axes and max(self.axes) >= most:
            raise ValueError(
                f"Axis {max(self.axes)} is greater than the maximum allowed value: {most - 1}"
            )

    def __repr__(self) -> str:
        shown = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes")
        parts = [f"{name}={getattr(self, name)}" for name in shown if getattr(self, name)]
        return f"InputSpec({', '.join(parts)})"

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal specification, as plain data."""
        names = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes", "optional")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> InputSpec:
        """Makes a specification from what `get_config` gave."""
        return cls(**config)

    def _misfit(self, shape: tuple[int | None, ...], dtype: str) -> str | None:
        """What does not fit about an input; None if all does."""
        rank = len(shape)
        received = f"Full shape received: {shape}"
        if self.ndim not in (None, rank) and not self.allow_last_axis_squeeze:
            return f"expected ndim={self.ndim}, found ndim={rank}. {received}"
        if self.max_ndim is not None and rank > self.max_ndim:
            return f"expected max_ndim={self.max_ndim}, found ndim={rank}"
        if self.min_ndim is not None and rank < self.min_ndim:
            return f"expected min_ndim={self.min_ndim}, found ndim={rank}. {received}"
        if self.dtype not in (None, dtype):
            return f"expected dtype={self.dtype}, found dtype={dtype}"
        for axis, size in self.axes.items():
            if size is not None and not (-rank <= axis < rank and shape[axis] in (size, None)):
                return (
                    f"expected axis {axis} of input shape to have value {size}, but received "
                    f"input with shape {shape}"
                )
        if self.shape is not None:
            given, wanted = shape, self.shape
            if self.allow_last_axis_squeeze:
                given, wanted = _squeezed(given), _squeezed(wanted)
            pairs = zip(given, wanted, strict=False)
            if len(given) != len(wanted) or any(None not in p and p[0] != p[1] for p in pairs):
                return f"expected shape={self.shape}, found shape={shape}"
        return None


def _standard(shape: Any) -> tuple[int | None, ...]:
    sizes = tuple(shape)
    for size in sizes:
        if size is not None and (isinstance(size, bool) or not hasattr(size, "__index__")):
            raise ValueError(
                f"`shape` must be a tuple of integers and None. Received: shape={shape!r}"
            )
    return tuple(None if size is None else int(size) for size in sizes)


def _squeezed(shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
    return shape[:-1] if shape and shape[-1] == 1 else shape


def check_inputs(spec: Any, inputs: Any, layer: str, dtype: str) -> None:
    """Compares inputs with what a layer expects.

    Args:
        spec: An InputSpec, or a structure of them; None where anything goes.
        inputs: Arrays, tensors or symbolic tensors.
        layer: Its name.
        dtype: That its call converts floating-point inputs to.

    Raises:
        ValueError: If something does not fit.
    """
    specs = [spec] if isinstance(spec, InputSpec) else _leaves(spec)
    names = [getattr(each, "name", None) for each in specs]
    if isinstance(inputs, dict) and all(names):
        for name in names:
            if name not in inputs:
                raise ValueError(
                    f'Missing data for input "{name}" of layer "{layer}". Received a dict with the '
                    f"keys {list(inputs)}; expected the keys {names}"
                )
        given = [inputs[name] for name in names]
    else:
        given = _tree.flatten(inputs)
    if len(given) != len(specs):
        raise ValueError(
            f'Layer "{layer}" expects {len(specs)} input(s), but it received {len(given)} input '
            f"tensors. Inputs received: {given}"
        )
    for number, (value, expected) in enumerate(zip(given, specs, strict=True)):
        if expected is None or (value is None and expected.optional):
            continue
        if not hasattr(value, "shape"):
            value = np.asarray(value)
        shape = tuple(value.shape)
        found = str(getattr(value.dtype, "name", value.dtype))
        misfit = expected._misfit(shape, dtype if found.startswith("float") else found)
        if misfit is not None:
            raise ValueError(
                f"Input {number} with name '{expected.name}' of layer '{layer}' is incompatible "
                f"with the layer: {misfit}"
            )


def _leaves(spec: Any) -> list[Any]:
    if not isinstance(spec, (list, tuple, dict)):
        raise TypeError(
            f"`input_spec` must be an InputSpec, or a list or dict of them. Received: {spec!r} (of "
            f"type {type(spec).__name__})"
        )
    parts = [spec[key] for key in sorted(spec)] if isinstance(spec, dict) else list(spec)
    return [leaf for part in parts for leaf in (_leaves(part) if _tree.is_nested(part) else [part])]
