"""Operations in the configuration of a graph, where Keras has nodes that are no layers.

A configuration names an operation; only those listed here are looked up, all of them plain
functions of their arguments. Those that make sizes out of numbers (`tile`, `zeros`, ...) are left
out, and so are results much larger than what they are made of.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from pronghorn import _tree, activations, layers
from pronghorn._autodiff._tensor import find
from pronghorn._graph import KerasTensor
from pronghorn._state import snake_case
from pronghorn.layers._operation import class_name_of

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
# Arguments that Keras hands over in a call; all others belong to the operation.
_CALLED = ("x", "x1", "x2", "xs", "condition", "weights", "key", "rtol", "atol")
# Where Keras defines operations that are not in its module `numpy`.
_HOMES = {
    "math": "erf erfinv logsumexp rsqrt",
    "linalg": "norm",
    "nn": """celu elu gelu hard_sigmoid hard_silu hard_tanh leaky_relu log_sigmoid log_softmax relu
        relu6 selu sigmoid silu softmax softplus softsign""",
}
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
_IN_FILES = re.compile(r"(tf_)?keras\.(src\.)?(ops|backend|activations)\b")


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
        made = _Call(_tree.flatten(result))
        for tensor in made.outputs:
            # Keras's names are unique in a model; the automatic ones may be those of its layers.
            number = len(self._inbound_nodes)
            operation = tensor._keras_history.operation
            operation.name = f"{self.name}_{number}" if number else self.name
        self._inbound_nodes.append(made)
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
        label = class_name
        name = "relu" if class_name == "ReLU" else snake_case(class_name)
        options = {key: value for key, value in config.items() if key not in _PLACES}
    if name not in _KNOWN:
        raise TypeError(
            f"The configuration has the operation '{label}', which is not known for files."
        )
    from pronghorn._serialization._objects import deserialize_keras_object

    options = deserialize_keras_object(options)
    own_name = str(entry.get("name", config.get("name"))).replace("/", "_")
    return OperationNode(own_name, _function(name), options)


def operation_config(layer: Any, node: Any) -> tuple[dict[str, Any], list[Any]]:
    """An operation of a graph in Keras's form, and the arguments of its call.

    Raises:
        ValueError: If it is none that can be read again.
    """
    name = layer._record.name.strip("_")
    if name not in _KNOWN:
        raise ValueError(
            f"The model has the operation '{name}', which cannot be written to a configuration. "
            f"Known are {sorted(_KNOWN)}."
        )
    values, _, kwargs = node.call
    if name == "einsum":
        options, called = {"subscripts": values[1]}, list(values[0])
    else:
        given = inspect.signature(layer._record.public).bind(*values, **kwargs).arguments
        options = {key: value for key, value in given.items() if key not in _CALLED}
        called = [value for key, value in given.items() if key in _CALLED]
    return _config(name, layer.name, options), called


def _config(operation: str, name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    class_name = class_name_of(operation)
    home = next((home for home, names in _HOMES.items() if operation in names.split()), "numpy")
    return {
        "module": f"keras.src.ops.{home}",
        "class_name": class_name,
        "config": {"name": name, **options},
        "registered_name": class_name,
    }


def activation_config(layer: Any) -> Any:
    """What to write for an activation that a function put into the graph: a layer, or a config."""
    spec = dict(layer._same)
    kind, p0, p1, p2 = spec["name"], spec["p0"], spec["p1"], spec["p2"]
    if layer._inbound_nodes[0].input_tensors[0]._masked:  # which a layer would pass on
        return _ending_mask(kind, layer.name, (p0, p1, p2))
    if kind == "relu":
        return layers.ReLU(p1 if math.isfinite(p1) else None, p0, p2, name=layer.name)
    if kind == "leaky_relu":
        return layers.LeakyReLU(p0, name=layer.name)
    if kind == "elu":
        return layers.ELU(p0, name=layer.name)
    if kind == "celu":
        return _config("celu", layer.name, {"alpha": p0})
    if kind in ("gelu", "gelu_tanh"):
        return _config("gelu", layer.name, {"approximate": kind == "gelu_tanh"})
    if kind in activations.__all__:
        return layers.Activation(kind, name=layer.name)
    return _config(kind, layer.name, {})


def _ending_mask(kind: str, name: str, numbers: tuple[float, float, float]) -> dict[str, Any]:
    """The operation of an activation; a layer would pass on masks.

    Raises:
        ValueError: If there is none that can be read again.
    """
    p0, p1, p2 = numbers
    if kind == "relu":
        if numbers == (0.0, math.inf, 0.0):
            return _config(kind, name, {})
        top = p1 if math.isfinite(p1) else None
        options = {"negative_slope": p0, "max_value": top, "threshold": p2}
        place = {"module": "keras.src.activations.activations", "class_name": "ReLU"}
        return {**_config(kind, name, options), **place, "registered_name": "ReLU"}
    if kind in ("elu", "celu"):
        return _config(kind, name, {"alpha": p0})
    if kind == "leaky_relu":
        return _config(kind, name, {"negative_slope": p0})
    if kind in ("gelu", "gelu_tanh"):
        return _config("gelu", name, {"approximate": kind == "gelu_tanh"})
    if kind == "exponential":
        return _config("exp", name, {})
    if kind not in _KNOWN:
        raise ValueError(
            f"The model applies the function '{kind}' to what may be masked, which cannot be "
            f"written to a configuration. Use layers.Activation({kind!r})."
        )
    return _config(kind, name, {})


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
    if name == "relu":
        return activations.relu  # which takes more options than the operation
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
