"""Models made anew with layers of their own."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, TypeVar

from pronghorn import _tree
from pronghorn._graph import KerasTensor
from pronghorn.layers import Input, InputLayer, Layer
from pronghorn.layers._operation import Operation
from pronghorn.models._functional import Functional, made_of_tensors
from pronghorn.models._graph_config import is_functional
from pronghorn.models._model import Model
from pronghorn.models._sequential import Sequential

CloneFunction = Callable[[Layer], Layer]
ModelT = TypeVar("ModelT", bound=Model)


def clone_model(
    model: Model,
    input_tensors: Any = None,
    clone_function: CloneFunction | None = None,
    call_function: Callable[..., Any] | None = None,
    recursive: bool = False,
    **kwargs: Any,
) -> Any:
    """A model of the same layers in the same order, with new weights.

    A layer that occurs several times is cloned once. A compiled model's clone is compiled.

    Args:
        model: What to clone.
        input_tensors: Symbolic tensors to build on, in the structure of the model's inputs; None
            makes new Inputs.
        clone_function: Makes the new layer from each old one (Inputs left out); None makes it from
            the old one's configuration. It may return the old layer, to share it.
        call_function: For functional models: called as ``call_function(new_layer, inputs)``
            instead of calling the layer.
        recursive: Whether `clone_function` gets the layers of models inside, instead of those
            models.
        **kwargs: `cache`: a dict of clones by the id of the layer, to share them among calls.

    Returns:
        A model of the same kind.

    Raises:
        ValueError: If an argument does not fit the model.

    Example:
        >>> import pronghorn as keras
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
        >>> clone = keras.models.clone_model(model)
        >>> clone.output_shape, clone.layers[0] is model.layers[0]
        ((None, 2), False)
    """
    cache = kwargs.pop("cache", None)
    if kwargs:
        raise ValueError(f"clone_model has no arguments {sorted(kwargs)}. Received: {kwargs}")
    if not isinstance(model, Model):
        raise ValueError(f"`model` must be a Model. Received: model={model!r}")
    if clone_function is not None and not callable(clone_function):
        raise ValueError(
            f"`clone_function` must be callable. Received: clone_function={clone_function!r}"
        )
    clone = _Cloning(clone_function, call_function, recursive, {} if cache is None else cache)
    if isinstance(model, Sequential):
        if call_function is not None:
            raise ValueError(
                "`call_function` is for functional models: a Sequential model calls its layers "
                f"itself. Received: model={model!r}"
            )
        return clone.sequential(model, input_tensors)
    if is_functional(model):
        return clone.functional(model, input_tensors)
    if clone_function is not None or input_tensors is not None or call_function is not None:
        raise ValueError(
            "`input_tensors`, `clone_function` and `call_function` are for Sequential and "
            f"functional models. Received: model={model!r} of type {type(model).__name__}"
        )
    return type(model).from_config(model.get_config())


class _Cloning:
    """Clones of layers, each made once."""

    def __init__(
        self,
        clone_function: CloneFunction | None,
        call_function: Callable[..., Any] | None,
        recursive: bool,
        cache: dict[int, Layer],
    ) -> None:
        self._clone = clone_function or _from_config
        self._call, self._recursive, self._cache = call_function, recursive, cache

    def layer(self, layer: Layer) -> Layer:
        """The clone of `layer`."""
        if id(layer) not in self._cache:
            if self._recursive and isinstance(layer, Sequential):
                clone: Any = self.sequential(layer, None)
            elif self._recursive and isinstance(layer, Model) and is_functional(layer):
                clone = self.functional(layer, None)
            elif isinstance(layer, Operation) or layer._same is not None:
                clone = copy.deepcopy(layer)  # which an operation on a symbolic tensor made
            else:
                clone = self._clone(layer)
            if not isinstance(clone, Layer):
                raise ValueError(
                    f"`clone_function` must return a layer. Received: {clone!r} for layer "
                    f"'{layer.name}'"
                )
            self._cache[id(layer)] = clone
        return self._cache[id(layer)]

    def sequential(self, model: Sequential, input_tensors: Any) -> Sequential:
        """The clone of a chain."""
        parts: list[Any] = []
        first = model._layers[0] if model._layers else None
        given = _tree.flatten(input_tensors) if input_tensors is not None else []
        if input_tensors is not None:
            if len(given) != 1 or not isinstance(given[0], KerasTensor):
                raise ValueError(
                    "`input_tensors` must be one symbolic tensor for a Sequential model. "
                    f"Received: input_tensors={input_tensors!r}"
                )
            if not isinstance(given[0]._keras_history.operation, InputLayer):
                raise ValueError(
                    "`input_tensors` must come from Input for a Sequential model. "
                    f"Received: input_tensors={input_tensors!r}"
                )
            parts = given
        elif isinstance(first, InputLayer):
            parts = [Input(batch_shape=first.batch_shape, dtype=first.dtype, name=first.name)]
        layers = [self.layer(layer) for layer in model.layers]
        clone = Sequential([*parts, *layers], trainable=model.trainable, name=model.name)
        return _compile_alike(clone, model)

    def functional(self, model: Model, input_tensors: Any) -> Model:
        """The clone of a graph."""
        graph = model._graph()
        if input_tensors is None:
            inputs = _tree.map_structure(
                lambda tensor: Input(
                    batch_shape=tensor.shape, dtype=tensor.dtype, name=tensor.name
                ),
                model._inputs_struct,
            )
        else:
            inputs = _check_structure(input_tensors, model)
        new = {
            id(old): tensor
            for old, tensor in zip(model._inputs, _tree.flatten(inputs), strict=True)
        }
        for node in graph.nodes:
            if all(id(tensor) in new for tensor in node.outputs):
                continue
            given = (node.arguments, (), {}) if node.call is None else node.call
            arguments, args, kwargs = _tree.map_structure(
                lambda leaf: new[id(leaf)] if isinstance(leaf, KerasTensor) else leaf,
                [given[0], list(given[1]), given[2]],
            )
            layer = self.layer(node.operation)
            if self._call is None or isinstance(layer, Operation):
                outputs = layer(arguments, *args, **kwargs)
            else:
                outputs = self._call(layer, arguments, *args, **kwargs)
            for old, tensor in zip(node.outputs, _tree.flatten(outputs), strict=True):
                new[id(old)] = tensor
        outputs = _tree.map_structure(lambda tensor: new[id(tensor)], model._outputs_struct)
        cls = type(model) if made_of_tensors(type(model)) else Functional
        clone: Model = cls(inputs, outputs, name=model.name)
        clone._trainable = model._trainable
        return _compile_alike(clone, model)


def _from_config(layer: Layer) -> Layer:
    return type(layer).from_config(layer.get_config())


def _check_structure(input_tensors: Any, model: Model) -> Any:
    """`input_tensors`, as many symbolic tensors as the model has inputs."""
    wanted = model._inputs_struct
    leaves = _tree.flatten(input_tensors)
    if not all(isinstance(leaf, KerasTensor) for leaf in leaves):
        raise ValueError(
            f"`input_tensors` must be symbolic tensors. Received: input_tensors={input_tensors!r}"
        )
    keys = sorted(input_tensors) if isinstance(input_tensors, dict) else None
    wanted_keys = sorted(wanted) if isinstance(wanted, dict) else None
    if keys != wanted_keys or len(leaves) != len(model._inputs):
        raise ValueError(
            f"`input_tensors` must have the structure of the model's inputs, {wanted!r}. "
            f"Received: input_tensors={input_tensors!r}"
        )
    return input_tensors


def _compile_alike(clone: ModelT, model: Model) -> ModelT:
    if model.compiled:
        clone.compile_from_config(model.get_compile_config())
    return clone
