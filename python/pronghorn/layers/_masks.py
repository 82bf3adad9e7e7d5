"""Masks: which steps of a sample count. They travel with tensors from layer to layer.

Layers make them (`Masking`, ``Embedding(mask_zero=True)``, a `compute_mask` of the user's own),
pass them on (`supports_masking`), and read them (an argument `mask` of a `call`); so do losses. The
engine knows nothing of them: a model in which a mask reaches a reader or an output runs layer by
layer.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np

from pronghorn import _tree
from pronghorn._autodiff import Tensor
from pronghorn._graph import KerasTensor
from pronghorn.layers._masked_array import tensor_with_mask, with_mask

if TYPE_CHECKING:
    from pronghorn._engine import Array

_reading: dict[type, bool] = {}


def reads_mask(layer: Any) -> bool:
    """Whether masks change what a layer gives: its own `call` has an argument `mask`, say."""
    kind = type(layer)
    if layer._reads_mask is not None:
        return bool(layer._reads_mask)
    if not layer._own_call:
        return bool(layer._heeds_masks)
    found = _reading.get(kind)
    if found is None:
        found = "mask" in inspect.signature(kind.call).parameters
        _reading[kind] = found
    return bool(found)


def masks_of(inputs: Any) -> Any:
    """The masks of inputs in their structure; None if there are none."""
    if type(inputs) is Tensor:
        return getattr(inputs, "_keras_mask", None)
    found = _tree.map_structure(lambda leaf: getattr(leaf, "_keras_mask", None), inputs)
    return found if any(mask is not None for mask in _tree.flatten(found)) else None


def given(inputs: Any, masks: Any, layer: Any) -> Any:
    """Inputs with the masks that came as an argument; as they are if that is None.

    Args:
        inputs: Arrays or tensors.
        masks: In their structure, flat, or one alone.
        layer: That is called.

    Raises:
        ValueError: If an input is symbolic, or there are more masks than inputs.
    """
    if masks is None:
        return inputs
    leaves, found = _tree.flatten(inputs), _tree.flatten(masks)
    if any(isinstance(leaf, KerasTensor) for leaf in leaves):
        raise ValueError(
            f"Layer '{layer.name}' takes `mask` with arrays and tensors. Received: mask with "
            "symbolic tensors, whose masks come from the layers before it."
        )
    if len(found) != len(leaves):
        raise ValueError(
            f"`mask` of layer '{layer.name}' must have one entry for each input. "
            f"Received: {len(found)} for {len(leaves)} inputs."
        )
    made = [
        leaf
        if mask is None
        else tensor_with_mask(leaf, np.asarray(mask, bool))
        if isinstance(leaf, Tensor)
        else with_mask(np.asarray(leaf), mask)
        for leaf, mask in zip(leaves, found, strict=True)
    ]
    return _tree.pack_as(inputs, made)


def pass_on(layer: Any, inputs: Any, masks: Any, outputs: Any) -> None:
    """Gives outputs the mask that a layer makes, or makes of those of its inputs."""
    if masks is None and not layer._makes_mask:
        return
    if not layer.supports_masking:
        return
    leaves = [leaf for leaf in _tree.flatten(outputs) if isinstance(leaf, Tensor)]
    if all(getattr(leaf, "_keras_mask", None) is not None for leaf in leaves):
        return
    made = layer.compute_mask(inputs, masks)
    found = [made] * len(leaves) if not _tree.is_nested(made) else _tree.flatten(made)
    for leaf, mask in zip(leaves, found, strict=False):
        if mask is not None:
            leaf._keras_mask = np.asarray(mask, bool)


def over(mask: Any, x: Any) -> Array:
    """A mask of the steps of `x` as one of its elements."""
    kept = np.asarray(mask, bool)
    return np.broadcast_to(kept.reshape(kept.shape + (1,) * (x.ndim - kept.ndim)), x.shape)


def extremes(operation: Any, inputs: Any, masks: Any) -> Any:
    """An operation on pairs that has no neutral element, over what counts of several tensors.

    Where one of a pair is masked it is the other alone, and the result counts if one of them does.

    Args:
        operation: Such as `ops.maximum`.
        inputs: Tensors.
        masks: One a tensor; None where there is none, which ends the mask of the result.
    """
    from pronghorn import ops

    found, kept = inputs[0], None if masks[0] is None else over(masks[0], inputs[0])
    for x, mask in zip(inputs[1:], masks[1:], strict=True):
        own = None if mask is None else over(mask, x)
        other = x if own is None else ops.where(own, x, found)
        found = found if kept is None else ops.where(kept, found, other)
        kept = None if kept is None or own is None else kept | own
        found = operation(found, other)
    return found


def is_masked(inputs: Any) -> bool:
    """Whether a mask may come with one of some symbolic tensors."""
    return any(isinstance(leaf, KerasTensor) and leaf._masked for leaf in _tree.flatten(inputs))


def mark(layer: Any, inputs: Any, outputs: Any) -> None:
    """Notes with symbolic outputs that a mask may come with them."""
    made = layer._makes_mask or getattr(layer, "_has_masks", False)
    passed = layer.supports_masking or getattr(layer, "_passes_masks", False)
    if layer._joins_masks is not None:
        passed = layer._joins_masks(is_masked(leaf) for leaf in _tree.flatten(inputs))
    if made or (passed and is_masked(inputs)):
        for leaf in _tree.flatten(outputs):
            leaf._masked = True


def any_of(inputs: Any, masks: Any) -> Array | None:
    """Where one of several inputs counts; None, as in Keras, if one of them has no mask."""
    del inputs
    if masks is None or any(mask is None for mask in masks):
        return None
    arrays = np.broadcast_arrays(*(np.asarray(mask) for mask in masks))
    return np.asarray(np.logical_or.reduce(arrays))
