"""Functional models: any graph of layers, with several inputs and outputs."""

from __future__ import annotations

from typing import Any

from pronghorn import _tree
from pronghorn._graph import KerasTensor
from pronghorn.models._model import Model


class Functional(Model):
    """What ``Model(inputs, outputs)`` makes; see `Model`."""

    def __init__(
        self,
        inputs: Any = None,
        outputs: Any = None,
        name: str | None = None,
        trainable: bool | None = None,
    ) -> None:
        for argument, value in (("inputs", inputs), ("outputs", outputs)):
            _check_tensors(argument, value)
        super().__init__(name=name)
        self._set_graph(inputs, outputs)
        if trainable is not None:
            self.trainable = trainable


def _check_tensors(argument: str, value: Any) -> None:
    if value is None:
        raise TypeError(
            f"Model(inputs, outputs) needs `{argument}`. Received: {argument}=None. To write a "
            "model layer by layer, use Sequential."
        )
    leaves = _tree.flatten(value)
    if not leaves:
        raise ValueError(f"`{argument}` must not be empty. Received: {argument}={value!r}")
    parts = list(value.values()) if isinstance(value, dict) else value
    if _tree.is_nested(value) and any(_tree.is_nested(part) for part in parts):
        raise ValueError(
            f"`{argument}` must be one tensor, or a list or dict of tensors without nesting. "
            f"Received: {argument}={value!r}"
        )
    for leaf in leaves:
        if not isinstance(leaf, KerasTensor):
            raise TypeError(
                f"`{argument}` must be symbolic tensors, from Input or from calling layers. "
                f"Received: {leaf!r} (of type {type(leaf).__name__})"
            )
    if len({id(leaf) for leaf in leaves}) != len(leaves):
        raise ValueError(f"`{argument}` has one tensor twice. Received: {argument}={value!r}")
