"""What the normalising layers share: their axes, and a learned scale and offset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pronghorn import constraints, initializers, regularizers
from pronghorn._engine import EngineGraph
from pronghorn._numbers import real
from pronghorn._variable import Variable
from pronghorn.layers import _lowering
from pronghorn.layers._layer import Layer

if TYPE_CHECKING:
    from pronghorn._engine import Node as EngineNode


def check_axis(axis: Any) -> int | list[int]:
    """`axis` as an int or a list of ints.

    Raises:
        TypeError: If it is neither.
    """
    if isinstance(axis, (list, tuple)) and all(hasattr(a, "__index__") for a in axis):
        return [int(a) for a in axis]
    if hasattr(axis, "__index__") and not isinstance(axis, bool):
        return int(axis)
    raise TypeError(f"`axis` must be an int or a list of ints. Received: axis={axis!r}")


def sample_axes(layer: Layer, axis: int | Sequence[int], rank: int) -> list[int]:
    """The axes of a sample, ascending, of inputs with `rank` dimensions.

    Raises:
        ValueError: If one is the batch, out of range or given twice.
    """
    wanted = [axis] if isinstance(axis, int) else list(axis)
    axes = sorted(a + rank if a < 0 else a for a in wanted)
    if not axes or any(not 0 < a < rank for a in axes) or len(set(axes)) < len(axes):
        raise ValueError(
            f'Layer "{layer.name}" takes axes from 1 to {rank - 1}, each once, for inputs with '
            f"{rank} dimensions. Received: axis={axis}"
        )
    return [a - 1 for a in axes]


class ScaledLayer(Layer):
    """A layer with a learned scale `gamma` and offset `beta`, either of which may be left out."""

    supports_masking = True

    _min_ndim = 2
    _keeps_shape = True

    def __init__(
        self,
        *,
        epsilon: float,
        center: bool,
        scale: bool,
        beta_initializer: Any,
        gamma_initializer: Any,
        beta_regularizer: Any,
        gamma_regularizer: Any,
        beta_constraint: Any,
        gamma_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.epsilon = real(epsilon, "epsilon", low=0.0)
        self.center = bool(center)
        self.scale = bool(scale)
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.gamma: Variable | None = None
        self.beta: Variable | None = None

    def _create_scale(self, shape: Sequence[int | None]) -> None:
        if None in shape:
            raise ValueError(
                f"Layer '{self.name}' needs to know the sizes of the axes it normalises. "
                f"Received sizes {tuple(shape)}."
            )
        sizes = tuple(int(size or 0) for size in shape)
        if self.scale:
            self.gamma = self.add_weight(sizes, self.gamma_initializer, "gamma")
        if self.center:
            self.beta = self.add_weight(sizes, self.beta_initializer, "beta")

    def _compose_affine(self, x: Any, axes: Sequence[int]) -> Any:
        """As `_affine` on tensors; the parameters run along `axes`, counted with the batch."""
        from pronghorn import ops

        shape = [size if axis in axes else 1 for axis, size in enumerate(x.shape)]
        if self.gamma is not None:
            x = x * ops.reshape(self.gamma, shape)
        return x if self.beta is None else x + ops.reshape(self.beta, shape)

    def _affine(self, graph: EngineGraph, index: int, shape: Sequence[int]) -> int:
        """``gamma x + beta`` with parameters of `shape`, broadcast over the samples of `index`."""
        if self.gamma is None and self.beta is None:
            return index
        node: EngineNode = {
            "op": "affine",
            "name": self.name,
            "inputs": [index],
            "shape": tuple(shape),
            **_lowering.weight_fields(
                self,
                graph,
                [self.gamma, self.beta],
                [self.gamma_regularizer, self.beta_regularizer],
                [self.gamma_constraint, self.beta_constraint],
            ),
        }
        return graph.append(node, graph.shapes[index])

    def _check_inputs(self, shapes: Any) -> None:
        super()._check_inputs(shapes)
        built = self._build_shape
        if built is not None and any(
            size is not None and own is not None and size != own
            for size, own in zip(shapes[1:], built[1:], strict=False)
        ):
            raise ValueError(
                f'Input of layer "{self.name}" does not fit: it was built for shape '
                f"{tuple(built)}, received shape {tuple(shapes)}."
            )

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {
            **super().get_config(),
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": initializers.serialize(self.beta_initializer),
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "beta_regularizer": regularizers.serialize(self.beta_regularizer),
            "gamma_regularizer": regularizers.serialize(self.gamma_regularizer),
            "beta_constraint": constraints.serialize(self.beta_constraint),
            "gamma_constraint": constraints.serialize(self.gamma_constraint),
        }
