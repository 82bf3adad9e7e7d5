"""Symbolic tensors and the graph that layers draw between them."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from pronghorn import _naming, _tree
from pronghorn._autodiff._tensor import find, give_operators

if TYPE_CHECKING:
    from pronghorn._engine import Shape
    from pronghorn.layers._layer import Layer


class KerasHistory(NamedTuple):
    """Where a symbolic tensor comes from."""

    operation: Layer
    node_index: int
    tensor_index: int


class KerasTensor:
    """A value that is not there yet: a shape, a dtype and the layer it comes from.

    Args:
        shape: With the batch dimension first; None where not known.
        dtype: Name of the element type.
        name: Given automatically if None.

    Example:
        >>> import pronghorn as keras
        >>> x = keras.Input((3,))
        >>> (x + keras.layers.Dense(3)(x)).shape
        (None, 3)
    """

    _keras_history: KerasHistory
    # Whether a mask may come with it.
    _masked = False

    def __init__(self, shape: Shape, dtype: str = "float32", name: str | None = None) -> None:
        self.shape = tuple(shape)
        self.dtype = dtype
        self.name = name or _naming.auto_name(type(self).__name__)

    @property
    def sparse(self) -> bool:
        """Always False: there are dense tensors only."""
        return False

    @property
    def ragged(self) -> bool:
        """Always False."""
        return False

    @property
    def ndim(self) -> int:
        """Number of dimensions, the batch included."""
        return len(self.shape)

    def _operate(self, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Makes operations of `pronghorn.ops` applicable to symbolic tensors."""
        from pronghorn.layers._operation import apply_symbolic

        return apply_symbolic(operation, args, kwargs)

    def __radd__(self, other: object) -> Any:
        # sum([a, b]) begins with 0 + a.
        return self if isinstance(other, int) and other == 0 else find("add")(other, self)

    def __truediv__(self, other: Any) -> Any:
        return find("true_divide")(self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return find("true_divide")(other, self)

    def __getitem__(self, key: Any) -> Any:
        return find("get_item")(self, key)

    def _activate(self, specification: Any) -> KerasTensor:
        """Makes functions such as ``activations.relu`` applicable to symbolic tensors."""
        from pronghorn.activations._function import apply
        from pronghorn.layers import _call_context
        from pronghorn.layers._activation import Activation
        from pronghorn.layers._operation import operation_of

        if specification["name"] == "linear":
            return self
        name = _call_context.operation_name(operation_of(specification["name"]))
        layer = Activation(functools.partial(apply, **specification), name=name)
        layer._same = tuple(specification.items())
        layer.supports_masking = False  # a function ends a mask, as operations do
        result = layer(self)
        assert isinstance(result, KerasTensor)
        return result

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NoReturn:
        raise TypeError(
            f"{self!r} is symbolic: it has no values. Make a Model of it and call "
            "`model.predict(x)`, or pass it to layers only."
        )

    def __bool__(self) -> bool:
        raise TypeError(f"{self!r} is symbolic and has no truth value.")

    def __iter__(self) -> Iterator[Any]:
        raise TypeError(f"{self!r} is symbolic and cannot be iterated over.")

    def __repr__(self) -> str:
        return (
            f"<KerasTensor shape={self.shape}, dtype={self.dtype}, sparse=False, ragged=False, "
            f"name={self.name}>"
        )


_own = {name: vars(KerasTensor)[name] for name in ("__radd__", "__truediv__", "__rtruediv__")}
give_operators(KerasTensor)
for _name, _function in _own.items():
    setattr(KerasTensor, _name, _function)


def dtype_name(array: Any) -> str:
    """Name of the type that a symbolic tensor for such arrays has.

    Example:
        >>> import numpy as np
        >>> dtype_name(np.ones(2)), dtype_name(np.array(["a"]))
        ('float64', 'string')
    """
    return "string" if array.dtype.kind in "OUS" else str(array.dtype.name)


# Lists to which new nodes are added while a call is traced.
drawn: list[list[Node]] = []


class Node:
    """One call of a layer: its input tensors and what came out.

    Attributes:
        operation: The layer.
        arguments: Structure of the inputs as passed.
        input_tensors: The same, flat.
        outputs: Output tensors, flat.
        call: Of a layer with its own `call`: inputs, further arguments and those by name.
    """

    call: tuple[Any, tuple[Any, ...], dict[str, Any]] | None = None

    def __init__(self, operation: Layer, arguments: Any, outputs: Any) -> None:
        self.operation = operation
        self.arguments = arguments
        self.input_tensors: list[KerasTensor] = (
            [] if arguments is None else _tree.flatten(arguments)
        )
        self.outputs: list[KerasTensor] = _tree.flatten(outputs)
        self.output_structure = outputs
        index = len(operation._inbound_nodes)
        operation._inbound_nodes.append(self)
        for watched in drawn:
            watched.append(self)
        for position, tensor in enumerate(self.outputs):
            tensor._keras_history = KerasHistory(operation, index, position)

    @property
    def is_input(self) -> bool:
        """Whether the node is an Input."""
        return not self.input_tensors


def producer(tensor: KerasTensor) -> Node:
    """The node a tensor comes from."""
    history = tensor._keras_history
    return history.operation._inbound_nodes[history.node_index]


class LayerGraph:
    """The part of the graph between given inputs and outputs.

    Attributes:
        nodes: In an order in which producers come before users.
        operations: Layers in Keras's order: farthest from the outputs first; at equal distance in
            the order in which a walk back from the outputs meets them.

    Raises:
        ValueError: If an output does not depend on the inputs alone, or two layers share a name.
    """

    def __init__(self, inputs: Sequence[KerasTensor], outputs: Sequence[KerasTensor]) -> None:
        self.nodes: list[Node] = []
        self._met: dict[int, int] = {}
        self._walk(inputs, outputs)
        self.operations = self._order(inputs)
        self._check_names()

    def _walk(self, inputs: Sequence[KerasTensor], outputs: Sequence[KerasTensor]) -> None:
        """Depth-first from the outputs; an explicit stack, as nets may be thousands deep."""
        given = {id(tensor) for tensor in inputs}
        finished: set[int] = set()
        for output in outputs:
            stack = [(output, False)]
            while stack:
                tensor, expanded = stack.pop()
                node = producer(tensor)
                if id(node) in finished:
                    continue
                if expanded:
                    finished.add(id(node))
                    self.nodes.append(node)
                    continue
                if id(tensor) in given and not node.is_input:
                    continue
                if node.is_input and id(tensor) not in given:
                    raise ValueError(
                        f"An output depends on the input {tensor!r} of layer "
                        f"'{node.operation.name}', which is not among the model's `inputs`: "
                        f"{[t.name for t in inputs]}."
                    )
                self._met.setdefault(id(node.operation), len(self._met))
                stack.append((tensor, True))
                stack.extend((t, False) for t in reversed(node.input_tensors))

    def _order(self, inputs: Sequence[KerasTensor]) -> list[Layer]:
        node_depths: dict[int, int] = {}
        layer_depths: dict[int, int] = {}
        layers: dict[int, Layer] = {}
        in_graph = {id(node) for node in self.nodes}
        for node in reversed(self.nodes):
            layer = node.operation
            depth = max(node_depths.get(id(node), 0), layer_depths.get(id(layer), 0))
            node_depths[id(node)] = layer_depths[id(layer)] = depth
            layers[id(layer)] = layer
            for tensor in node.input_tensors:
                parent = producer(tensor)
                if id(parent) in in_graph:
                    known = node_depths.get(id(parent), 0)
                    node_depths[id(parent)] = max(known, depth + 1)
        for tensor in inputs:
            node = producer(tensor)
            layer = node.operation
            if id(layer) not in layers and node.is_input:
                layers[id(layer)] = layer
                layer_depths[id(layer)] = 0
                node_depths[id(node)] = 0
                self._met[id(layer)] = -1
        self.depths = node_depths
        return sorted(
            layers.values(), key=lambda layer: (-layer_depths[id(layer)], self._met[id(layer)])
        )

    def _check_names(self) -> None:
        seen: set[str] = set()
        for layer in self.operations:
            if layer.name in seen:
                raise ValueError(
                    f"The name '{layer.name}' belongs to more than one layer of the model. Give "
                    "each layer a `name` of its own."
                )
            seen.add(layer.name)
