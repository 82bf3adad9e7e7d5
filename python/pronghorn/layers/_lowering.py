"""Steps of lowering that layers share: shapes, order of axes, weights of nodes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from pronghorn import config
from pronghorn._engine import EngineGraph
from pronghorn._variable import Variable
from pronghorn.constraints import MaxNorm, MinMaxNorm, NonNeg, UnitNorm
from pronghorn.layers import _tracing
from pronghorn.layers._call_context import NotCompilable
from pronghorn.regularizers import L1, L1L2, L2
from pronghorn.regularizers._regularizer import beyond_engine

if TYPE_CHECKING:
    from pronghorn._engine import Activation as ActivationSpec
    from pronghorn._engine import Constraint as ConstraintSpec
    from pronghorn._engine import Node as EngineNode
    from pronghorn._graph import Node as GraphNode
    from pronghorn.layers._layer import Layer
    from pronghorn.layers._weights import WeightHolder


def reshape(graph: EngineGraph, index: int, shape: Sequence[int], name: str) -> int:
    """Node `index` cut into samples of another shape."""
    target = tuple(shape)
    if graph.shapes[index] == target:
        return index
    return graph.append({"op": "reshape", "name": name, "inputs": [index], "shape": target}, target)


def as_drawn(graph: EngineGraph, indices: Sequence[int], node: GraphNode) -> list[int]:
    """Nodes of the engine in the shapes that the graph's node has.

    They differ where a layer adds an axis to samples of one number, which have one in the engine.
    """
    found = []
    for index, tensor in zip(indices, node.outputs, strict=True):
        shape, own = tensor.shape[1:], graph.shapes[index]
        grown = len(own) > len(shape) > 0 and own == (1, *shape)
        found.append(reshape(graph, index, own[1:], node.operation.name) if grown else index)
    return found


def row_strides(shape: Sequence[int]) -> list[int]:
    """Distance in elements between neighbours along each axis of an array in C order.

    Example:
        >>> row_strides((2, 3, 4))
        [12, 4, 1]
    """
    return [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]


def strided(
    graph: EngineGraph,
    index: int,
    shape: Sequence[int],
    strides: Sequence[int],
    name: str,
    offset: int = 0,
) -> int:
    """Elements ``offset + sum(i_k * strides[k])`` of node `index`, flat, as samples of `shape`."""
    target = tuple(shape)
    same = math.prod(target) == math.prod(graph.shapes[index]) and offset == 0
    if same and all(
        size == 1 or stride == own
        for size, stride, own in zip(target, strides, row_strides(target), strict=True)
    ):
        return reshape(graph, index, target, name)
    node: EngineNode = {
        "op": "strided",
        "name": name,
        "inputs": [index],
        "shape": target,
        "strides": list(strides),
        "numbers": {"offset": float(offset)},
    }
    return graph.append(node, target)


def permute(graph: EngineGraph, index: int, order: Sequence[int], name: str) -> int:
    """Axis k of the result is axis ``order[k]`` of node `index`; axes are those of a sample."""
    shape = graph.shapes[index]
    strides = row_strides(shape)
    target = [shape[axis] for axis in order]
    return strided(graph, index, target, [strides[axis] for axis in order], name)


def broadcast(graph: EngineGraph, index: int, shape: Sequence[int], name: str) -> int:
    """Node `index` repeated along its axes of size 1; axes are counted from the last."""
    own = graph.shapes[index]
    padded = (1,) * (len(shape) - len(own)) + own
    strides = [
        0 if size == 1 else stride for size, stride in zip(padded, row_strides(padded), strict=True)
    ]
    return strided(graph, index, shape, strides, name)


def inverse(order: Sequence[int]) -> list[int]:
    """The permutation that undoes `order`.

    Example:
        >>> inverse([2, 0, 1])
        [1, 2, 0]
    """
    return [list(order).index(axis) for axis in range(len(order))]


def on_axes(
    graph: EngineGraph,
    index: int,
    axes: Sequence[int],
    name: str,
    apply: Callable[[int], int],
) -> int:
    """Brings `axes` of a sample last, folds them into one, applies, and undoes both."""
    shape = graph.shapes[index]
    order = [axis for axis in range(len(shape)) if axis not in axes] + list(axes)
    moved = permute(graph, index, order, name)
    moved_shape = graph.shapes[moved]
    lead = len(shape) - len(axes)
    rows = (*moved_shape[:lead], math.prod(moved_shape[lead:]))
    result = reshape(graph, apply(reshape(graph, moved, rows, name)), moved_shape, name)
    return permute(graph, result, inverse(order), name)


def activation(graph: EngineGraph, index: int, kernel: str, name: str, **numbers: float) -> int:
    """One of the engine's activations, by the engine's own name, with its numbers `p0` to `p2`."""
    node: EngineNode = {
        "op": "activation",
        "name": name,
        "inputs": [index],
        "activation": cast("ActivationSpec", {"name": kernel, **numbers}),
    }
    return graph.append(node, graph.shapes[index])


def lower(layer: Layer, graph: EngineGraph, inputs: Sequence[int]) -> list[int]:
    """Appends `layer` and the penalty on what it puts out, if it has one.

    Raises:
        NotCompilable: If the engine does not compute that penalty.
    """
    own = layer._own_call and not hasattr(layer, "_layer_graph")  # models see to it themselves
    outputs = _tracing.lower(layer, graph, inputs) if own else layer._lower(graph, inputs)
    penalty = layer.activity_regularizer
    if penalty is None:
        return outputs
    if not isinstance(penalty, (L1, L2, L1L2)) or beyond_engine(penalty) is not None:
        raise NotCompilable(f"Layer '{layer.name}' penalises its output by {penalty!r}.")
    numbers = {"l1": float(penalty.l1), "l2": float(penalty.l2)}
    penalized = []
    for index in outputs:
        node: EngineNode = {
            "op": "activity_regularization",
            "name": layer.name,
            "inputs": [index],
            "numbers": numbers,
        }
        penalized.append(graph.append(node, graph.shapes[index]))
    return penalized


def knows_constraint(constraint: Any) -> bool:
    """Whether the engine computes it."""
    return type(constraint) in (NonNeg, MaxNorm, MinMaxNorm, UnitNorm)


def constraint_fields(
    layer: WeightHolder, graph: EngineGraph, pairs: Sequence[tuple[Variable | None, Any]]
) -> EngineNode:
    """The entry of a node that says what its variables must be like after each update.

    A constraint that the engine does not know is left to the optimizer's `apply`.
    """
    found: list[ConstraintSpec] = []
    for variable, constraint in pairs:
        if variable is None or not knows_constraint(constraint):
            continue
        spec: ConstraintSpec = {"variable": graph.variable(variable), "name": "norm"}
        if type(constraint) is NonNeg:
            spec["name"] = "non_neg"
        elif type(constraint) is MaxNorm:
            spec |= {"least": 0.0, "most": float(constraint.max_value), "rate": 1.0}
        elif type(constraint) is UnitNorm:
            spec |= {"least": 1.0, "most": 1.0, "rate": 1.0}
        else:
            spec["least"] = float(constraint.min_value)
            spec["most"] = float(constraint.max_value)
            spec["rate"] = float(constraint.rate)
        if spec["name"] == "norm":
            axis = constraint.axis
            spec["axes"] = [int(axis)] if hasattr(axis, "__index__") else [int(a) for a in axis]
            spec["epsilon"] = config.epsilon()
        found.append(spec)
    return {"constraints": found} if found else {}


def weight_fields(
    layer: WeightHolder,
    graph: EngineGraph,
    weights: Sequence[Variable | None],
    regularizers: Sequence[Any] = (),
    constraints: Sequence[Any] = (),
) -> EngineNode:
    """The entries of a node that say which variables it uses, which learn, and within what."""
    fields: EngineNode = {
        "weights": [None if weight is None else graph.variable(weight) for weight in weights],
        "trainable": layer._trainable,
        "frozen": [graph.variable(v) for v in weights if v is not None and not v.trainable],
    }
    if any(regularizer is not None for regularizer in regularizers):
        padded = [*regularizers, *[None] * (len(weights) - len(regularizers))]
        fields["weights_l1"] = [float(getattr(r, "l1", 0.0)) for r in padded]
        fields["weights_l2"] = [float(getattr(r, "l2", 0.0)) for r in padded]
    pairs = list(zip(weights, constraints, strict=False))
    return {**fields, **constraint_fields(layer, graph, pairs)}
