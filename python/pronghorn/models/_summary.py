"""The table that `Model.summary` prints."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pronghorn import _console
from pronghorn._graph import Node
from pronghorn.models import _table
from pronghorn.models._graph_model import GraphModel
from pronghorn.models._sequential import Sequential

if TYPE_CHECKING:
    from pronghorn.layers import Layer
    from pronghorn.models._model import Model


def readable_size(size: float) -> str:
    """A number of bytes with a unit.

    Example:
        >>> readable_size(1068)
        '1.04 KB'
    """
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} PB"


def _shape_text(shape: Sequence[int | None]) -> str:
    return f"({', '.join(map(str, shape))})"


def _tells_shape(layer: Layer) -> bool:
    return not getattr(type(layer).compute_output_shape, "_built_in", False)


def _output_shape(layer: Layer, nodes: Sequence[Node]) -> str:
    calls = layer._inbound_nodes
    if not calls and not layer.built:
        return "?"
    if isinstance(layer, GraphModel) and layer.built and not calls:
        texts = [_shape_text(tensor.shape) for tensor in layer.outputs]
    elif calls:
        own = [node for node in nodes if node.operation is layer]
        texts = [_shape_text(tensor.shape) for tensor in (own or calls)[-1].outputs]
    elif layer._own_call and not _tells_shape(layer):
        return "?"  # as in Keras; only calling it would tell
    else:
        shape = layer.compute_output_shape(layer._build_shape)
        several = isinstance(shape, list) or (bool(shape) and isinstance(shape[0], (list, tuple)))
        texts = [_shape_text(each) for each in (shape if several else [shape])]
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def _connections(layer: Layer, nodes: Sequence[Node]) -> str:
    sources = [
        tensor._keras_history
        for node in nodes
        if node.operation is layer
        for tensor in node.input_tensors
    ]
    parts = [f"{s.operation.name}[{s.node_index}][{s.tensor_index}]" for s in sources]
    return ", ".join(parts) or "-"


def _is_chain(model: Model) -> bool:
    """Whether the table needs no column of connections."""
    if isinstance(model, Sequential) or model._layer_graph is None:
        return True
    nodes = model._layer_graph.nodes
    depths = [model._layer_graph.depths[id(node)] for node in nodes]
    layers = {id(node.operation) for node in nodes}
    several = any(len(node.input_tensors) > 1 for node in nodes)
    return not several and len(set(depths)) == len(depths) and len(layers) == len(nodes)


def _row(layer: Layer, prefix: str, nodes: Sequence[Node], chain: bool, flags: bool) -> list[str]:
    shape = _output_shape(layer, nodes)
    count = f"{layer.count_params():,}" if layer.built else "0 (unbuilt)"
    row = [f"{prefix}{layer.name} ({layer._kind})", shape, count]
    if not chain:
        row.append(_connections(layer, nodes))
    if flags:
        row.append(("Y" if layer.trainable else "N") if layer.weights else "-")
    return row


def _rows(
    layer: Layer, level: int, expand: bool, nodes: Sequence[Node], chain: bool, flags: bool
) -> list[list[str]]:
    prefix = "   " * level + "└ " if level else ""
    rows = [_row(layer, prefix, nodes, chain, flags)]
    if expand and isinstance(layer, GraphModel):
        for inner in layer.layers:
            rows += _rows(inner, level + 1, expand, nodes, chain, flags)
    return rows


def _selected(layers: Sequence[Layer], layer_range: Any) -> Sequence[Layer]:
    """The layers from the first to the second name (or pattern), both included."""
    if layer_range is None:
        return layers
    if (
        not isinstance(layer_range, (list, tuple))
        or len(layer_range) != 2
        or not all(isinstance(name, str) for name in layer_range)
    ):
        raise ValueError(
            f"`layer_range` must be two names of layers. Received: layer_range={layer_range!r}"
        )
    first = [i for i, layer in enumerate(layers) if re.match(layer_range[0], layer.name)]
    last = [i for i, layer in enumerate(layers) if re.match(layer_range[1], layer.name)]
    if not first or not last:
        raise ValueError(
            f"`layer_range` names no layers of the model: {[layer.name for layer in layers]}. "
            f"Received: layer_range={layer_range!r}"
        )
    if min(first) > max(last):
        first, last = last, first
    return layers[min(first) : max(last) + 1]


def _totals(model: Model) -> list[str]:
    optimizer = model.optimizer
    groups = [
        ("Trainable", model.trainable_weights),
        ("Non-trainable", model.non_trainable_weights),
        ("Optimizer", optimizer.variables if optimizer is not None and optimizer.built else None),
    ]
    counts, sizes, lines = 0, 0, []
    for name, variables in groups:
        if variables is None:
            continue
        count = sum(int(np.prod(v.shape, dtype=np.int64)) for v in variables)
        size = sum(int(np.prod(v.shape, dtype=np.int64)) * _item_size(v, model) for v in variables)
        lines.append(f" {name} params: {count:,} ({readable_size(size)})")
        counts, sizes = counts + count, sizes + size
    return [f" Total params: {counts:,} ({readable_size(sizes)})", *lines]


def _item_size(variable: Any, model: Model) -> int:
    if variable.shape == ():
        return 4  # the counter and the learning rate, which Keras keeps in 32 bits
    return np.dtype(str(getattr(variable, "dtype", model.dtype))).itemsize


def summary_text(
    model: Model,
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Any = None,
) -> str:
    """The whole summary; see `Model.summary` for the arguments."""
    chain = _is_chain(model)
    header = ["Layer (type)", "Output Shape", "Param #"]
    alignment = ["left", "left", "right"]
    ends = list(positions or ([0.45, 0.80, 1.0] if chain else [0.3, 0.56, 0.74, 1.0]))
    default_length = 88 if chain else 108
    if not chain:
        header.append("Connected to")
        alignment.append("left")
    if show_trainable:
        default_length += 12
        ends = [end * 0.90 for end in ends] + [1.0]
        header.append("Trainable")
        alignment.append("center")
    length = line_length or min(default_length, shutil.get_terminal_size().columns - 4)
    layers = model.layers if isinstance(model, Sequential) else model._sublayers()
    nodes = [] if model._layer_graph is None else model._layer_graph.nodes
    rows = [
        row
        for layer in _selected(layers, layer_range)
        for row in _rows(layer, 0, expand_nested, nodes, chain, show_trainable)
    ]
    table = _table.render(header, rows, alignment, _table.column_widths(ends, length))
    screen = shutil.get_terminal_size().columns  # Keras cuts what is wider
    lines = [f'Model: "{model.name}"', *(line[:screen] for line in table), *_totals(model)]
    return "\n".join(lines) + "\n"


def print_summary(
    model: Model,
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    print_fn: Callable[[str], Any] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Any = None,
) -> None:
    """Prints the summary, or hands it to `print_fn` in one piece."""
    text = summary_text(model, line_length, positions, expand_nested, show_trainable, layer_range)
    if print_fn is not None:
        print_fn(text)
    else:
        _console.print_msg(text, line_break=False)
