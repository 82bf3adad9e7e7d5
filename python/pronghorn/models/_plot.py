"""Drawings of models, made by GraphViz through pydot."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pronghorn import _tree
from pronghorn._arguments import checked
from pronghorn._graph import producer
from pronghorn.layers import Layer
from pronghorn.models._graph_model import GraphModel
from pronghorn.models._sequential import Sequential


@dataclass(frozen=True)
class _Shown:
    """What a box says of its layer."""

    shapes: bool
    dtype: bool
    names: bool
    activations: bool
    trainable: bool


@checked
def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    subgraph: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Any:
    """A model as a graph in GraphViz's language. It needs pydot.

    Args:
        model: A built model.
        show_shapes: Whether to show shapes.
        show_dtype: Whether to show dtypes.
        show_layer_names: Whether to show names.
        rankdir: "TB" draws downward, "LR" to the right.
        expand_nested: Whether to draw the layers of models inside.
        dpi: Resolution.
        subgraph: Whether to make a cluster for another drawing.
        show_layer_activations: Whether to show activations.
        show_trainable: Whether to show which layers train.
        splines: How GraphViz draws edges.
        **kwargs: None.

    Returns:
        A `pydot.Dot`, or `pydot.Cluster`.

    Raises:
        ValueError: If the model is not built.
        ImportError: If pydot is not installed.

    Example:
        >>> import pronghorn as keras
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, name="out")])
        >>> "out" in keras.utils.model_to_dot(model).to_string()
        True
    """
    if kwargs:
        raise ValueError(f"model_to_dot has no arguments {sorted(kwargs)}. Received: {kwargs}")
    if not isinstance(model, Layer):
        raise TypeError(f"`model` must be a model. Received: {model!r}")
    if not model.built:
        raise ValueError(
            f"Model '{model.name}' is not built yet: call `build(input_shape)`, or call it on data."
        )
    shown = _Shown(
        show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable
    )
    dot = _empty(model, subgraph, rankdir, dpi, splines)
    _draw(dot, model, shown, expand_nested)
    return dot


@checked
def plot_model(
    model: Any,
    to_file: str | os.PathLike[str] = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Any:
    """Draws a model into a file. It needs pydot, and the program ``dot`` of GraphViz.

    Args:
        model: A built model.
        to_file: Name of the file; its ending says the format. ``.dot`` does without GraphViz.
        show_shapes: Whether to show shapes.
        show_dtype: Whether to show dtypes.
        show_layer_names: Whether to show names.
        rankdir: "TB" draws downward, "LR" to the right.
        expand_nested: Whether to draw the layers of models inside.
        dpi: Resolution.
        show_layer_activations: Whether to show activations.
        show_trainable: Whether to show which layers train.
        splines: How GraphViz draws edges.
        **kwargs: None.

    Returns:
        In a notebook the image; otherwise None.

    Raises:
        ValueError: If the model is not built.
        ImportError: If pydot is not installed.
        OSError: If GraphViz is not there.

    Example:
        >>> import pathlib, tempfile
        >>> import pronghorn as keras
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     keras.utils.plot_model(model, f"{folder}/model.dot")
        ...     pathlib.Path(folder, "model.dot").read_text()[:7]
        'digraph'
    """
    dot = model_to_dot(
        model,
        show_shapes=show_shapes,
        show_dtype=show_dtype,
        show_layer_names=show_layer_names,
        rankdir=rankdir,
        expand_nested=expand_nested,
        dpi=dpi,
        show_layer_activations=show_layer_activations,
        show_trainable=show_trainable,
        splines=splines,
        **kwargs,
    )
    path = Path(to_file)
    ending = path.suffix[1:] or "png"
    path = path if path.suffix else path.with_suffix(".png")
    if ending == "dot":
        path.write_text(dot.to_string(), "utf-8")
        return None
    try:
        dot.write(str(path), format=ending)
    except (FileNotFoundError, AssertionError) as error:
        raise OSError(
            f"'{path}' could not be drawn by GraphViz's program `dot` ({error}). Install GraphViz, "
            "or write a file that ends in .dot."
        ) from error
    return _image(path) if ending not in ("pdf", "svg") else None


def _pydot() -> Any:
    try:
        import pydot
    except ImportError as error:
        raise ImportError("Drawing models needs pydot: pip install pydot") from error
    return pydot


def _empty(model: Any, cluster: bool, rankdir: str, dpi: int, splines: str) -> Any:
    pydot = _pydot()
    if cluster:
        dot = pydot.Cluster(style="dashed", graph_name=model.name)
        dot.set("label", model.name)
        dot.set("labeljust", "l")
        return dot
    dot = pydot.Dot()
    for name, value in (
        ("rankdir", rankdir),
        ("concentrate", True),
        ("dpi", dpi),
        ("splines", splines),
    ):
        dot.set(name, value)
    dot.set_node_defaults(shape="record")
    return dot


def _draw(dot: Any, model: Any, shown: _Shown, expand: bool) -> None:
    """Boxes of the layers, and edges from what they are called on."""
    pydot = _pydot()
    chain = isinstance(model, Sequential)
    layers: Sequence[Layer] = model.layers if chain else model._sublayers()
    for layer in layers:
        if expand and isinstance(layer, GraphModel):
            cluster = _empty(layer, True, "", 0, "")
            _draw(cluster, layer, shown, expand)
            dot.add_subgraph(cluster)
        else:
            node = pydot.Node(str(id(layer)), label=_label(layer, shown))
            for name, value in (("fontname", "Helvetica"), ("border", "0"), ("margin", "0")):
                node.set(name, value)
            dot.add_node(node)
    drawn: set[tuple[int, int]] = set()
    for node in model._graph().nodes:
        for position, tensor in enumerate(node.input_tensors):
            source = producer(tensor).operation
            target = node.operation
            number = tensor._keras_history.tensor_index
            if chain and source is model._layers[0] and not any(source is each for each in layers):
                continue  # Sequential models do not draw their Input
            while expand and isinstance(source, GraphModel):
                inner = source.outputs[number]._keras_history
                source, number = inner.operation, inner.tensor_index
            while expand and isinstance(target, GraphModel):
                target = (
                    target.layers[0]
                    if isinstance(target, Sequential)
                    else target.inputs[position]._keras_history.operation
                )
                position = 0
            if (id(source), id(target)) not in drawn:
                drawn.add((id(source), id(target)))
                edge = pydot.Edge(str(id(source)), str(id(target)))
                edge.set("penwidth", "2")
                dot.add_edge(edge)


def _label(layer: Layer, shown: _Shown) -> str:
    kind = layer._kind
    span = max(1, 2 * shown.shapes + shown.dtype + shown.trainable)
    title = f"<b>{layer.name}</b> ({kind})" if shown.names else f"<b>{kind}</b>"
    rows = [
        f'<tr><td colspan="{span}" bgcolor="black"><font point-size="16" color="white">'
        f"{title}</font></td></tr>"
    ]
    activation = getattr(layer, "activation", None)
    if shown.activations and activation is not None:
        name = getattr(activation, "name", None) or getattr(activation, "__name__", activation)
        rows.append(
            f'<tr><td bgcolor="white" colspan="{span}"><font point-size="14">'
            f"Activation: <b>{name}</b></font></td></tr>"
        )
    cells = []
    if shown.shapes:
        if kind != "InputLayer":
            cells.append(f"Input shape: <b>{_shapes(layer, 'input')}</b>")
        cells.append(f"Output shape: <b>{_shapes(layer, 'output')}</b>")
    if shown.dtype:
        cells.append(f"Output dtype: <b>{_of(layer, 'output', 'dtype') or '?'}</b>")
    row = "".join(f'<td bgcolor="white"><font point-size="14">{cell}</font></td>' for cell in cells)
    if shown.trainable and layer.weights:
        colour, text = ("forestgreen", "T") if layer.trainable else ("firebrick", "Non-t")
        row += (
            f'<td bgcolor="{colour}"><font point-size="14" color="white">'
            f"<b>{text}rainable</b></font></td>"
        )
    if row:
        rows.append(f"<tr>{row}</tr>")
    table = '<table border="0" cellborder="1" bgcolor="black" cellpadding="10">'
    return f"<{table}{''.join(rows)}</table>>"


def _of(layer: Layer, end: str, attribute: str) -> Any:
    """An attribute of the tensors at one end of a layer; None if it was never called."""
    try:
        tensors = getattr(layer, end)
    except AttributeError:
        return None
    return _tree.map_structure(lambda tensor: getattr(tensor, attribute), tensors)


def _shapes(layer: Layer, end: str) -> str:
    found = _of(layer, end, "shape")
    if found is None and end == "input":
        found = _of(layer, "output", "shape")  # an Input
    if isinstance(found, dict):
        return ", ".join(f"{key}: {shape}" for key, shape in found.items())
    return "?" if found is None else str(found)


def _image(path: Path) -> Any:
    try:
        from IPython.display import Image
    except ImportError:
        return None
    return Image(filename=str(path))
