"""Fixed scale and offset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pronghorn._engine import EngineGraph
from pronghorn._variable import Variable
from pronghorn.layers import _lowering
from pronghorn.layers._layer import Layer

if TYPE_CHECKING:
    from pronghorn._engine import Array
    from pronghorn._engine import Node as EngineNode


def _numbers(value: Any, argument: str) -> Array:
    array = np.asarray(value)
    if array.dtype.kind not in "biuf" or array.ndim > 1:
        raise ValueError(
            f"`{argument}` must be a number, or one for each feature. Received: "
            f"{argument}={value!r}"
        )
    return array.astype(np.float64)


class Rescaling(Layer):
    """Y = X scale + offset with fixed numbers, such as ``Rescaling(1 / 255)`` for pixels.

    Args:
        scale: A number, or one for each feature along the last axis.
        offset: Likewise.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: If an argument holds no numbers or does not fit the input.

    Example:
        >>> import numpy as np
        >>> Rescaling(0.5, offset=-1.0)(np.array([[0.0, 4.0]])).tolist()
        [[-1.0, 1.0]]
    """

    supports_masking = True

    _tells_shape = True

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        self._factors, self._offsets = _numbers(scale, "scale"), _numbers(offset, "offset")
        super().__init__(**kwargs)
        self.scale = scale
        self.offset = offset

    def _check_inputs(self, shapes: Any) -> None:
        super()._check_inputs(shapes)
        for name, values in (("scale", self._factors), ("offset", self._offsets)):
            if values.size != 1 and values.shape != (shapes[-1],):
                raise ValueError(
                    f"Layer '{self.name}' has a `{name}` for {values.size} features. Received "
                    f"shape {tuple(shapes)}."
                )

    def _compose(self, inputs: Sequence[Any], training: bool) -> Any:
        x = inputs[0]
        return x * self._factors.astype(x.dtype) + self._offsets.astype(x.dtype)

    def _lower(self, graph: EngineGraph, inputs: Sequence[int]) -> list[int]:
        if self._factors.size == 1 and self._offsets.size == 1:
            p0, p1 = float(self._factors.item()), float(self._offsets.item())
            return [_lowering.activation(graph, inputs[0], "rescale", self.name, p0=p0, p1=p1)]
        shape = graph.shapes[inputs[0]]
        fixed = [
            Variable(np.broadcast_to(values, shape[-1:]), dtype=graph.dtype, trainable=False)
            for values in (self._factors, self._offsets)
        ]
        node: EngineNode = {
            "op": "affine",
            "name": self.name,
            "inputs": [inputs[0]],
            "shape": (*(1,) * (len(shape) - 1), shape[-1]),
            **_lowering.weight_fields(self, graph, fixed),
        }
        return [graph.append(node, shape)]

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        plain = {}
        for name, value in (("scale", self.scale), ("offset", self.offset)):
            plain[name] = value.tolist() if isinstance(value, np.ndarray) else value
        return {**super().get_config(), **plain}
