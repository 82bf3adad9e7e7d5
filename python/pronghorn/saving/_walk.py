"""The objects of a model that have a state, and where Keras keeps each in a file."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from pronghorn._state import snake_case


def walk(root: Any) -> Iterator[tuple[str, Any]]:
    """(path, object) of a model and everything with a state that it holds, each object once.

    Layers of a model come first, named by class and number; then what attributes hold, in the order
    of their names. A path is ``""`` for the model itself.
    """
    yield from _walk(root, "", {})


def _walk(holder: Any, path: str, seen: dict[int, Any]) -> Iterator[tuple[str, Any]]:
    if id(holder) in seen:
        return
    seen[id(holder)] = holder
    yield path, holder
    for name, child in _children(holder):
        yield from _descend(child, f"{path}/{name}" if path else name, seen)


def _descend(child: Any, path: str, seen: dict[int, Any]) -> Iterator[tuple[str, Any]]:
    if _has_state(child):
        yield from _walk(child, path, seen)
    elif isinstance(child, (list, tuple, dict)) and id(child) not in seen:
        seen[id(child)] = child  # kept, or a later list might have the number of one that is gone
        counts: dict[str, int] = {}
        for item in child.values() if isinstance(child, dict) else child:
            nested = isinstance(item, (list, tuple, dict))
            if not nested and not _has_state(item):
                continue
            name = "container" if nested else snake_case(type(item).__name__)
            number = counts[name] = counts.get(name, -1) + 1
            yield from _descend(item, f"{path}/{name}{f'_{number}' if number else ''}", seen)


def _has_state(thing: Any) -> bool:
    from pronghorn.layers import Layer
    from pronghorn.metrics import Metric
    from pronghorn.optimizers import Optimizer

    return isinstance(thing, (Layer, Metric, Optimizer))


def _children(holder: Any) -> Iterator[tuple[str, Any]]:
    from pronghorn.layers import Layer
    from pronghorn.models import Model, Sequential
    from pronghorn.models._graph_config import is_functional
    from pronghorn.optimizers import LossScaleOptimizer, MultiOptimizer

    if isinstance(holder, MultiOptimizer):
        yield "optimizers", holder.optimizers
    if isinstance(holder, LossScaleOptimizer):
        yield "inner_optimizer", holder.inner_optimizer
    if not isinstance(holder, Layer):
        return
    if isinstance(holder, Model) and (isinstance(holder, Sequential) or is_functional(holder)):
        yield "layers", holder.layers
    skipped = _model_attributes() if hasattr(holder, "compile") else _layer_attributes()
    own = sorted(vars(holder), key=lambda name: f"~{name}" if name.startswith("_") else name)
    for name in own:
        if name not in skipped:
            yield name, vars(holder)[name]


@functools.cache
def _layer_attributes() -> frozenset[str]:
    from pronghorn.layers import Layer

    return frozenset(dir(Layer(name="reference")))


@functools.cache
def _model_attributes() -> frozenset[str]:
    """What every model has; of these only the optimizer has a state to be kept."""
    from pronghorn.models import Sequential

    return frozenset(dir(Sequential(name="reference"))) - {"optimizer"}
