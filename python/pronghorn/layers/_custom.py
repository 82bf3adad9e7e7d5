"""Calling layers that write their own `call`: on arrays and tensors, and in graphs."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

import numpy as np

from pronghorn import _naming, _tree
from pronghorn._autodiff import Tensor, _record, paused, recording_is_on
from pronghorn._graph import KerasTensor, Node, dtype_name
from pronghorn.layers import _call_context, _masks
from pronghorn.layers._masked_array import plain, tensor_with_mask

if TYPE_CHECKING:
    from pronghorn.layers._layer import Layer


def wrap_build(cls: type[Layer]) -> None:
    """Makes the `build` that a class defines name its weights and remember that it ran."""
    own: Any = cls.__dict__["build"]

    @functools.wraps(own)
    def build(self: Any, *args: Any, **kwargs: Any) -> None:
        if self.built or self.__dict__.get("_building"):
            own(self, *args, **kwargs)
            return
        self.__dict__["_building"] = True
        try:
            with _naming.name_scope(self.name):
                own(self, *args, **kwargs)
        finally:
            del self.__dict__["_building"]
        self.built = True
        self._build_shape = args[0] if args else next(iter(kwargs.values()), None)

    setattr(cls, "build", build)  # noqa: B010


@functools.cache
def parameters(function: Any) -> tuple[str, ...]:
    """Names of a function's arguments."""
    return tuple(inspect.signature(function).parameters)


@functools.cache
def _place_of_training(function: Any) -> int:
    """Which of the arguments behind the inputs `training` is in a `call`; -1: none."""
    names = parameters(function)
    return names.index("training") - 2 if "training" in names else -1


def shapes_of(structure: Any) -> Any:
    """Shapes of the tensors of a structure, in that structure."""
    return _tree.map_structure(lambda leaf: None if leaf is None else tuple(leaf.shape), structure)


def shape_leaves(shapes: Any) -> tuple[list[tuple[int | None, ...]], Any]:
    """The shapes in a shape or a structure of shapes, and that structure with a leaf for each."""
    if isinstance(shapes, dict):
        parts = {name: shape_leaves(shape) for name, shape in shapes.items()}
        inside = {name: each for name, (_, each) in parts.items()}
        return [leaf for name in sorted(parts) for leaf in parts[name][0]], inside
    if shapes and isinstance(shapes[0], (list, tuple, dict)):
        found = [shape_leaves(shape) for shape in shapes]
        return [leaf for leaves, _ in found for leaf in leaves], [each for _, each in found]
    return [tuple(shapes)], 0


def specify(layer: Layer, inputs: Any) -> Any:
    """Symbolic outputs of a layer with its own `call`, which come from nowhere."""
    _build(layer, inputs)
    return _specifications(layer, inputs, (), {})


def call(layer: Layer, inputs: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Applies a layer with its own `call`."""
    if type(inputs) is Tensor and not args and kwargs.keys() <= _TRAINING:
        return _call_on_tensor(layer, inputs, kwargs)
    leaves = _tree.flatten([inputs, list(args), dict(kwargs)])
    if any(isinstance(leaf, KerasTensor) for leaf in leaves):
        if _call_context.tracing():
            if layer.activity_regularizer is not None and _call_context.layer_now() is not None:
                raise _call_context.NotCompilable(f"Layer '{layer.name}' penalises its output.")
            _build(layer, inputs)
            if _masks.reads_mask(layer) and _masks.is_masked(inputs) and "mask" not in kwargs:
                raise _call_context.NotCompilable(f"Layer '{layer.name}' reads a mask.")
            outputs = _invoke(layer, inputs, args, kwargs)
            _masks.mark(layer, inputs, outputs)
            return outputs
        return _symbolic(layer, inputs, args, kwargs)
    on_arrays = not recording_is_on() and not any(isinstance(leaf, Tensor) for leaf in leaves)
    masks = _masks.masks_of(inputs)
    inputs = _tree.map_structure(lambda leaf: _tensor(layer, leaf), inputs)
    args = tuple(_tree.map_structure(lambda leaf: _argument(layer, leaf), list(args)))
    kwargs = {
        key: _tree.map_structure(lambda leaf: _argument(layer, leaf), value)
        for key, value in kwargs.items()
    }
    _build(layer, inputs)
    if not _call_context._calls.training:
        layer._forget_losses()
    outputs = _invoke(layer, inputs, args, _with_mask(layer, masks, args, kwargs))
    _penalise(layer, outputs)
    _masks.pass_on(layer, inputs, masks, outputs)
    return _tree.map_structure(plain, outputs) if on_arrays else outputs


_TRAINING = frozenset(("training",))


def _call_on_tensor(layer: Layer, inputs: Any, kwargs: dict[str, Any]) -> Any:
    """`call` for what comes most often: one tensor, and `training` at the most."""
    masks = getattr(inputs, "_keras_mask", None)
    inputs = _tensor(layer, inputs)
    if not layer.built:
        _build(layer, inputs)
    if not _call_context._calls.training:
        layer._forget_losses()
    if masks is not None:
        kwargs = _with_mask(layer, masks, (), kwargs)
    outputs = _invoke(layer, inputs, (), kwargs)
    _penalise(layer, outputs)
    _masks.pass_on(layer, inputs, masks, outputs)
    return outputs


def _with_mask(
    layer: Layer, masks: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """Arguments by name with the masks of the inputs, if the layer's `call` takes them."""
    if masks is None or not _masks.reads_mask(layer) or kwargs.get("mask") is not None:
        return kwargs
    place = parameters(type(layer).call).index("mask") - 2
    return kwargs if 0 <= place < len(args) else {**kwargs, "mask": masks}


def _penalise(layer: Layer, outputs: Any) -> None:
    if layer.activity_regularizer is not None:
        for leaf in _tree.flatten(outputs):
            if isinstance(leaf, Tensor):
                layer.add_loss(layer.activity_regularizer(leaf) / (leaf.shape or (1,))[0])


def _tensor(layer: Layer, leaf: Any) -> Any:
    if leaf is None or isinstance(leaf, (str, bytes)):
        return leaf
    if hasattr(leaf, "_recorded"):
        recorded = leaf._recorded()
        return Tensor(leaf.value) if recorded is None else recorded
    found = leaf if isinstance(leaf, Tensor) else Tensor(np.asarray(leaf))
    if found.dtype.kind == "f" and found.dtype != layer._dtype:
        found = found.astype(layer._dtype)
    return found if found is leaf else tensor_with_mask(found, getattr(leaf, "_keras_mask", None))


def _argument(layer: Layer, leaf: Any) -> Any:
    return _tensor(layer, leaf) if isinstance(leaf, (np.ndarray, Tensor)) else leaf


def _build(layer: Layer, inputs: Any) -> None:
    if not layer.built:
        with _record.untraced():
            layer.build(shapes_of(inputs))
        layer.built = True


def _invoke(layer: Layer, inputs: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Runs `call` with the `training` that holds."""
    kwargs = dict(kwargs)
    place = _place_of_training(type(layer).call)
    given = args[place] if 0 <= place < len(args) else kwargs.get("training")
    training = _call_context.training_now() if given is None else given
    if place < 0:
        kwargs.pop("training", None)
    elif place >= len(args):
        kwargs["training"] = bool(training)
    _call_context._calls.layers.append(layer)
    _call_context._calls.training.append(None if training is None else bool(training))
    before, _record._state.tracing = _record._state.tracing, _call_context.tracing()
    try:
        with _naming.name_scope(layer.name):
            return layer.call(inputs, *args, **kwargs)
    finally:
        _call_context._calls.training.pop()
        _call_context._calls.layers.pop()
        _record._state.tracing = before


def _symbolic(layer: Layer, inputs: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A node of the graph for a call on symbolic tensors."""
    _build(layer, inputs)
    outputs = _specifications(layer, inputs, args, kwargs)
    tensors = [
        leaf
        for leaf in _tree.flatten([inputs, list(args), dict(kwargs)])
        if isinstance(leaf, KerasTensor)
    ]
    _masks.mark(layer, inputs, outputs)
    node = Node(layer, tensors, outputs)
    node.call = (inputs, args, kwargs)
    return outputs


def _specifications(
    layer: Layer, inputs: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Symbolic outputs: of the shapes that the layer computes, or that two trial runs show."""
    own = type(layer).compute_output_shape
    if not getattr(own, "_built_in", False) and getattr(layer, "_shape_is_known", True):
        shape = layer.compute_output_shape(shapes_of(inputs))
        if isinstance(shape, list) or (shape and isinstance(shape[0], (tuple, list))):
            return [KerasTensor(tuple(each), layer._dtype) for each in shape]
        return KerasTensor(tuple(shape), layer._dtype)
    first, second = (_trial(layer, inputs, args, kwargs, batch) for batch in (2, 3))
    return _tree.pack_as(
        first,
        [
            KerasTensor(
                tuple(a if a == b else None for a, b in zip(x.shape, y.shape, strict=True)),
                dtype_name(x),
            )
            for x, y in zip(_tree.flatten(first), _tree.flatten(second), strict=True)
        ],
    )


def _trial(
    layer: Layer, inputs: Any, args: tuple[Any, ...], kwargs: dict[str, Any], batch: int
) -> Any:
    def sample(leaf: Any) -> Any:
        if not isinstance(leaf, KerasTensor):
            return leaf
        shape = tuple(batch if size is None else size for size in leaf.shape)
        if leaf.dtype == "string":
            return Tensor(np.full(shape, "", object))
        values = np.linspace(0.3, 0.7, int(np.prod(shape, dtype=np.int64)))
        return Tensor(values.reshape(shape).astype(leaf.dtype))

    with paused(), _record.rehearsed(), _call_context.within_call(False):
        found = _invoke(
            layer,
            _tree.map_structure(sample, inputs),
            tuple(_tree.map_structure(sample, list(args))),
            {key: _tree.map_structure(sample, value) for key, value in kwargs.items()},
        )
    layer._forget_losses()
    return _tree.map_structure(lambda leaf: leaf if hasattr(leaf, "shape") else np.asarray(leaf),
                               found)  # fmt: skip
