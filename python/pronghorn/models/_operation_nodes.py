"""Operations in the configuration of a graph, where Keras has nodes that are no layers.

A configuration names an operation; only those listed here are looked up, all of them plain
functions of their arguments. Those that make sizes out of numbers (`tile`, `zeros`, ...) are left
out, and so are results much larger than what they are made of.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from pronghorn import _tree
from pronghorn._autodiff._tensor import find
from pronghorn._graph import KerasTensor
from pronghorn._state import snake_case

_SIZE_LIMIT = 2**26  # numbers in what an operation gives for one sample
_PLACES = ("name", "trainable", "dtype")

_NAMES = """
    abs absolute add all any arccos arccosh arcsin arcsinh arctan arctan2 arctanh argmax argmin
    average ceil celu clip concatenate cos cosh divide dot einsum elu equal erf erfinv exp
    expand_dims expm1 flip floor floor_divide gelu get_item greater greater_equal hard_sigmoid
    hard_silu hard_tanh isclose isfinite isinf isnan leaky_relu less less_equal log log10 log1p
    log2 log_sigmoid log_softmax logaddexp logical_and logical_not logical_or logsumexp matmul
    max maximum mean median min minimum mod moveaxis multiply negative norm not_equal power
    prod ravel reciprocal relu relu6 reshape roll round rsqrt selu sigmoid sign silu sin sinh
    softmax softplus softsign sqrt square squeeze stack std subtract sum swapaxes tan tanh
    tensordot transpose tril triu true_divide trunc var where
"""
_KNOWN = frozenset(_NAMES.split())
# Functions of TensorFlow in files of Keras 2.
_OLDER = {
    "__operators__.add": "add",
    "__operators__.getitem": "get_item",
    "clip_by_value": "clip",
    "concat": "concatenate",
    "linalg.matmul": "matmul",
    "math.divide": "divide",
    "math.pow": "power",
    "math.reduce_max": "max",
    "math.reduce_mean": "mean",
    "math.reduce_min": "min",
    "math.reduce_sum": "sum",
    "math.truediv": "divide",
    "nn.silu": "silu",
    "nn.swish": "silu",
}
# Arguments of those functions that are called otherwise here, or say nothing.
_RENAMED = {"shape": "newshape", "clip_value_min": "x_min", "clip_value_max": "x_max"}
_IGNORED = ("name", "beta")
_LAMBDAS = ("TFOpLambda", "SlicingOpLambda")
_IN_FILES = re.compile(r"(tf_)?keras\.(src\.)?(ops|backend)\.?")


class _Call(NamedTuple):
    outputs: list[KerasTensor]


class OperationNode:
    """What a configuration has in the place of a layer: calling it applies the operation.

    Args:
        name: By which the configuration refers to it.
        function: The operation.
        options: Arguments beside those of a call.
    """

    def __init__(self, name: str, function: Callable[..., Any], options: Mapping[str, Any]) -> None:
        self.name, self._function, self._options = name, function, options
        self._inbound_nodes: list[_Call] = []

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        options = {**self._options, **kwargs}
        try:
            _check_size([*args, options])
            result = self._function(*args, **options)
        except TypeError as error:
            raise ValueError(f"Operation '{self.name}' of the configuration: {error}") from None
        self._inbound_nodes.append(_Call(_tree.flatten(result)))
        return result


def operation_node(entry: Mapping[str, Any]) -> OperationNode | None:
    """The operation of a configuration's entry; None if the entry is that of a layer.

    Raises:
        TypeError: If it is an operation that is not known.
    """
    class_name, config = entry.get("class_name"), entry.get("config")
    if not isinstance(class_name, str) or not isinstance(config, Mapping):
        return None
    module = entry.get("module")
    older = class_name in _LAMBDAS
    if not older and not (isinstance(module, str) and _IN_FILES.match(module)):
        return None
    if older:
        label = str(config.get("function"))
        name = _OLDER.get(label, label.rpartition(".")[2])
        options: dict[str, Any] = {}
    else:
        label, name = class_name, snake_case(class_name)
        options = {key: value for key, value in config.items() if key not in _PLACES}
    if name not in _KNOWN:
        raise TypeError(
            f"The configuration has the operation '{label}', which is not known for files."
        )
    from pronghorn._serialization._objects import deserialize_keras_object

    options = deserialize_keras_object(options)
    own_name = str(entry.get("name", config.get("name")))
    return OperationNode(own_name, _function(name), options)


def older_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of one of TensorFlow's functions by the names that operations have here."""
    return {
        _RENAMED.get(key, key): value
        for key, value in options.items()
        if key not in _IGNORED and value is not None
    }


def _function(name: str) -> Callable[..., Any]:
    from pronghorn import ops

    if name == "get_item":
        return _get_item
    if name == "einsum":
        return lambda *operands, subscripts: ops.einsum(subscripts, *operands)
    found: Callable[..., Any] = getattr(ops, name, None) or find(name)
    if name in ("add", "subtract", "multiply", "divide", "power", "maximum", "minimum"):
        return lambda *args, **options: found(*args, *options.values())
    return found


def _get_item(x: Any, key: Any = None, slice_spec: Any = None) -> Any:
    parts = slice_spec if key is None else key
    if isinstance(parts, (list, tuple)):
        return x[tuple(_part(each) for each in parts)]
    return x[_part(parts)]


def _part(part: Any) -> Any:
    """A part of an index as Keras 2 or 3 writes it."""
    if isinstance(part, Mapping):
        return slice(part.get("start"), part.get("stop"), part.get("step"))
    if part is None or part is Ellipsis or isinstance(part, (int, slice)):
        return part
    raise ValueError(f"An index of the configuration is malformed: {part!r}.")


def _check_size(arguments: Any) -> None:
    """Raises ValueError if an operation might give something very large."""
    shapes = [
        tuple(1 if size is None else int(size) for size in leaf.shape)
        for leaf in _tree.flatten(arguments)
        if hasattr(leaf, "shape")
    ]
    sizes = sorted(math.prod(shape) for shape in shapes)
    try:
        bound = max(math.prod(np.broadcast_shapes(*shapes)), sum(sizes))
    except ValueError:  # a product or a concatenation
        bound = max(math.prod(sizes[-2:]), sum(sizes))
    if bound > _SIZE_LIMIT:
        raise ValueError(f"An operation of the configuration would make {bound} numbers a sample.")
