"""Operations of `pronghorn.ops` as parts of a graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from pronghorn import _tree
from pronghorn._autodiff import Tensor, paused
from pronghorn._graph import KerasTensor, Node, dtype_name
from pronghorn.layers import _call_context, _masks
from pronghorn.layers._call_context import NotCompilable
from pronghorn.layers._layer import Layer
from pronghorn.layers._written import with_weight

# Layers of the engine that do the same for inputs of one shape.
_MERGING = {
    "add": "Add",
    "subtract": "Subtract",
    "multiply": "Multiply",
    "maximum": "Maximum",
    "minimum": "Minimum",
}


class Operation(Layer):
    """One operation applied to symbolic tensors; a model with it runs recorded.

    Args:
        record: The operation.
    """

    def __init__(self, record: Any) -> None:
        super().__init__(name=_call_context.operation_name(record.name.strip("_")))
        self._record = record
        self.built = True

    @property
    def _is_operation(self) -> bool:
        return True

    @property
    def _kind(self) -> str:
        return class_name_of(self._record.name)

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        return self._record.public(*inputs, **kwargs)

    def _replay(self, inputs: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self._record.public(*inputs, **kwargs)

    def _lower(self, graph: Any, inputs: Any) -> list[int]:
        raise NotCompilable(f"ops.{self._record.name} is no layer of the engine.")


def class_name_of(operation: str) -> str:
    """Keras's class for an operation, as files and tables name it."""
    known = operation_of(operation).strip("_")
    return "".join(part.capitalize() for part in known.split("_"))


def operation_of(kernel: str) -> str:
    """Keras's operation for an activation of the engine."""
    return "gelu" if kernel == "gelu_tanh" else kernel


def apply_symbolic(record: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What an operation gives on symbolic tensors: a layer's output where there is that layer."""
    layer = None
    if not _masks.is_masked([list(args), kwargs]):  # an operation ends a mask, a layer may not
        layer, inputs = _built_in(record.name, args, kwargs)
    if layer is not None:
        rest = "" if record.name in _MERGING else f"{args[1:]!r}{kwargs!r}"
        layer._same = (record.name, rest)
        return layer(inputs)
    written = with_weight(record.name, args, kwargs)
    if written is not None:
        return written
    layer = Operation(record)
    values = [list(a) if isinstance(a, tuple) and record.gathered else a for a in args]
    first, second = (_trial(record, values, kwargs, batch) for batch in (2, 3))
    pairs = zip(_tree.flatten(first), _tree.flatten(second), strict=True)
    outputs = _tree.pack_as(
        first,
        [
            KerasTensor(
                tuple(a if a == b else None for a, b in zip(x.shape, y.shape, strict=True)),
                dtype_name(x),
            )
            for x, y in pairs
        ],
    )
    tensors = [leaf for leaf in _leaves(values) if isinstance(leaf, KerasTensor)]
    node = Node(layer, tensors, outputs)
    node.call = (values, (), kwargs)
    return outputs


def _built_in(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    from pronghorn import layers

    first = args[0]
    if name in _MERGING and not kwargs:
        made = getattr(layers, _MERGING[name], None)
        same = all(isinstance(a, KerasTensor) and a.shape == first.shape for a in args)
        if made is not None and same and first.ndim > 1:
            return made(name=_call_context.operation_name(name)), list(args)
    elif name == "concatenate":
        axis = kwargs.get("axis", args[1] if len(args) > 1 else 0)
        fits = all(isinstance(x, KerasTensor) and x.ndim > 1 for x in first)
        if fits and axis % first[0].ndim:
            joined = layers.Concatenate(axis=axis, name=_call_context.operation_name(name))
            return joined, list(first)
    elif name == "reshape":
        shape = kwargs.get("newshape", args[1] if len(args) > 1 else ())
        sizes = list(shape) if isinstance(shape, (tuple, list)) else []
        if len(sizes) > 1 and sizes[0] in (-1, None) and sizes.count(-1) == (sizes[0] == -1):
            return layers.Reshape(tuple(sizes[1:]), name=_call_context.operation_name(name)), first
    return None, None


def _leaves(value: Any) -> list[Any]:
    """Leaves of nested lists, tuples and dicts; slices count as leaves."""
    return _tree.flatten(value)


def _trial(record: Any, args: Any, kwargs: dict[str, Any], batch: int) -> Any:
    """The result for values of a certain batch size, to see the shape of the outputs."""

    def sample(leaf: Any) -> Any:
        if not isinstance(leaf, KerasTensor):
            return leaf
        shape = tuple(batch if size is None else size for size in leaf.shape)
        if leaf.dtype == "string":
            return Tensor(np.full(shape, "", object))
        count = int(np.prod(shape, dtype=np.int64))
        return Tensor(np.linspace(0.3, 0.7, count).reshape(shape).astype(leaf.dtype))

    text = [x for x in _tree.flatten(args) if isinstance(x, KerasTensor) and x.dtype == "string"]
    try:
        with paused():
            return record.public(*[_tree.map_structure(sample, a) for a in args], **kwargs)
    except (TypeError, ValueError) as error:
        if not text:
            raise
        raise TypeError(
            f"ops.{record.name} cannot be applied to the text of '{text[0].name}' ({error})."
        ) from None
