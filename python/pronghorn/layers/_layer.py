"""What all layers share: name, weights, build, call, configuration."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from pronghorn import _engine, _naming, _tree, regularizers
from pronghorn._autodiff import Tensor, _record, recording_is_on
from pronghorn._engine import Array, EngineGraph
from pronghorn._graph import KerasTensor, Node
from pronghorn.dtype_policies import DTypePolicy
from pronghorn.layers import _custom, _eager, _lowering
from pronghorn.layers._recorded import array_of
from pronghorn.layers._weights import WeightHolder
from pronghorn.regularizers._regularizer import beyond_engine

if TYPE_CHECKING:
    from pronghorn._engine import Node as EngineNode

LayerT = TypeVar("LayerT", bound="Layer")

# Names of weights that a layer may have a regulariser and a constraint for.
_REGULARIZED = ("kernel", "bias", "gamma", "beta", "embeddings", "alpha")
_REGULARIZERS = tuple(f"{name}_regularizer" for name in _REGULARIZED)


def _standard_dtype(dtype: Any) -> str:
    """Name of the dtype of a layer's weights and arithmetic."""
    from pronghorn import config

    if dtype is None:
        return config.dtype_policy().name
    if isinstance(dtype, dict):  # as get_config() writes it
        dtype = dtype.get("config", {}).get("name")
    name = getattr(dtype, "name", None) or str(dtype)
    if name not in ("float32", "float64"):
        raise ValueError(
            f"`dtype` of a layer must be 'float32' or 'float64'. Received: dtype={dtype!r}"
        )
    return str(name)


class Layer(WeightHolder):
    """Base of all layers.

    A layer tells the engine what it is in `_engine_node`; that, `compute_output_shape` and, for
    weights, `_create_weights` is all that a new layer has to define.

    Args:
        trainable: Whether training changes the weights.
        dtype: "float32", "float64" or None (``config.floatx()``).
        name: Unique within a model; given automatically if None.
        **kwargs: `activity_regularizer`, a penalty on the output in the loss; `input_shape` or
            `input_dim`, as older scripts pass them to the first layer.

    Raises:
        ValueError: For unknown arguments or a dtype that the engine does not have.
    """

    _min_ndim = 1
    _takes_list = False
    # Whether the shape that it was built for is part of files although there are no weights.
    _tells_shape = False
    _keeps_shape = False
    # Whether a subclass writes its own `call`, which then runs recorded unless it can be traced.
    _own_call = False
    # Whether the output depends on `training`.
    _knows_training = False
    # What makes layers equal that operations create on symbolic tensors.
    _same: Any = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._own_call = not getattr(cls.call, "_built_in", False)
        if cls._own_call and "build" in cls.__dict__:
            _custom.wrap_build(cls)

    def __init__(
        self,
        *,
        trainable: bool = True,
        dtype: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if name is not None and "/" in str(name):
            raise ValueError(f"`name` of a layer must not contain '/'. Received: name={name!r}")
        if not isinstance(trainable, bool):
            raise ValueError(
                f"`trainable` must be True or False. Received: trainable={trainable!r} "
                f"(of type {type(trainable).__name__})"
            )
        super().__init__(trainable)
        self.name = name or _naming.auto_name(type(self).__name__)
        self._dtype = _standard_dtype(dtype)
        self._input_shape_arg = self._take_input_shape(kwargs)
        self.activity_regularizer = regularizers.get(kwargs.pop("activity_regularizer", None))
        autocast = kwargs.pop("autocast", None)
        if autocast is not None and autocast is not True:
            raise ValueError(
                f"{type(self).__name__} does not support `autocast`. Received: "
                f"autocast={autocast!r}"
            )
        if kwargs:
            raise ValueError(
                f"{type(self).__name__} has no arguments {sorted(kwargs)}. Received: {kwargs}"
            )
        self.built = False
        self._losses: list[Any] = []
        self._inbound_nodes: list[Node] = []
        self._build_shape: Any = None
        self._path: str | None = None
        self._eager = _eager.EagerEngines()

    @staticmethod
    def _take_input_shape(kwargs: dict[str, Any]) -> tuple[int | None, ...] | None:
        dim, shape = kwargs.pop("input_dim", None), kwargs.pop("input_shape", None)
        if dim is not None:
            shape = (dim,)
        if shape is None:
            return None
        warnings.warn(
            "Passing `input_shape` or `input_dim` to a layer is discouraged; begin a Sequential "
            "model with `Input(shape)`.",
            stacklevel=4,
        )
        return tuple(shape)

    # What a layer defines.

    def _create_weights(self, input_shape: Any) -> None:
        """Creates the weights for inputs of `input_shape` (batch first). Nothing by default."""

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Shape of the output for inputs of `input_shape` (batch first)."""
        return tuple(input_shape)

    setattr(compute_output_shape, "_built_in", True)  # noqa: B010

    def _engine_node(self, graph: EngineGraph, shapes: Sequence[tuple[int, ...]]) -> EngineNode:
        """The engine's operation for inputs of the given shapes per sample."""
        raise NotImplementedError(f"{type(self).__name__} has no operation in the engine.")

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        config = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": {
                "module": "keras",
                "class_name": "DTypePolicy",
                "config": {"name": self._dtype},
                "registered_name": None,
            },
        }
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        return config

    @classmethod
    def from_config(cls: type[LayerT], config: dict[str, Any]) -> LayerT:
        """Makes a layer from what `get_config` gave."""
        return cls(**config)

    def get_build_config(self) -> dict[str, Any] | None:
        """What `build_from_config` needs to create the weights; None if there is nothing to do."""
        if self._build_shape is None or not (
            self._weights or self._takes_list or self._tells_shape
        ):
            return None
        return {"input_shape": self._build_shape}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Creates the weights as `get_build_config` says."""
        shape = config.get("input_shape")
        if shape is not None:
            nested = isinstance(shape, (list, tuple)) and any(_tree.is_nested(s) for s in shape)
            self.build([tuple(part) for part in shape] if nested else tuple(shape))

    def save_own_variables(self, store: dict[str, Any]) -> None:
        """Puts the layer's own weights into `store`, named by number; may be overridden.

        Args:
            store: To be filled with arrays.
        """
        ordered = sorted(self._weights, key=lambda variable: not variable._made_trainable)
        for number, variable in enumerate(ordered):
            store[str(number)] = variable.numpy()

    def load_own_variables(self, store: dict[str, Any]) -> None:
        """Takes the layer's own weights from `store`; override it with `save_own_variables`.

        Args:
            store: Arrays by name.

        Raises:
            ValueError: If the number or a shape differs.
        """
        ordered = sorted(self._weights, key=lambda variable: not variable._made_trainable)
        if len(store) != len(ordered):
            raise ValueError(
                f"Layer '{self.name}' expected {len(ordered)} variables, but received "
                f"{len(store)} variables during loading."
            )
        for number, variable in enumerate(ordered):
            variable.assign(store[str(number)])

    # Losses that a layer adds by itself.

    def add_loss(self, loss: Any) -> None:
        """Adds a number, or several, to what training minimises; to be used in `call`.

        Args:
            loss: A tensor of one element, or a list of them.
        """
        if _custom.tracing():
            raise NotImplementedError("A call with add_loss is no graph of layers.")
        self._losses.extend(_tree.flatten(loss))

    @property
    def losses(self) -> list[Any]:
        """Regularisers' penalties, and what `add_loss` was given in the last call."""
        found: list[Any] = []
        for layer in self._flatten_layers():
            found += layer._own_losses()  # type: ignore[attr-defined]
        return found

    def _own_losses(self) -> list[Any]:
        penalties = [r(v) for v, r in self._regularized() if v.trainable and self._trainable]
        return [*self._losses, *penalties]

    def _regularized(self) -> list[tuple[Any, Any]]:
        """Variables with a regulariser, and it."""
        pairs = [
            (getattr(self, name, None), getattr(self, f"{name}_regularizer", None))
            for name in _REGULARIZED
            if self.built and getattr(self, f"{name}_regularizer", None) is not None
        ]
        found = [(v, r) for v, r in pairs if v is not None]
        return [*found, *self._weight_regularizers]

    def _penalises_beyond_engine(self) -> bool:
        """Whether a penalty on its weights is one that the engine does not compute."""
        if self._weight_regularizers:
            return True
        for name in _REGULARIZERS:
            regularizer = getattr(self, name, None)
            if regularizer is not None and beyond_engine(regularizer):
                return True
        return False

    def _forget_losses(self) -> None:
        for layer in self._flatten_layers():
            layer._losses.clear()  # type: ignore[attr-defined]

    # Calling.

    def _lower(self, graph: EngineGraph, inputs: Sequence[int]) -> list[int]:
        """Appends the layer to `graph`; takes and gives indices of nodes."""
        if self._own_call:
            return _custom.lower(self, graph, inputs)
        shapes = [graph.shapes[index] for index in inputs]
        node = self._engine_node(graph, shapes)
        node["name"] = self.name
        node["inputs"] = list(inputs)
        batched = [(None, *shape) for shape in shapes]
        output = self.compute_output_shape(batched if self._takes_list else batched[0])
        return [graph.append(node, output[1:])]

    def build(self, input_shape: Any) -> None:
        """Creates the weights, unless the layer has them already.

        Args:
            input_shape: Shape of the input, batch first, such as ``(None, 4)``; for merging layers
                a list of shapes.
        """
        if self.built:
            return
        with _naming.name_scope(self.name) as self._path, _record.untraced():
            self._create_weights(input_shape)
        for name in _REGULARIZED:
            constraint = getattr(self, f"{name}_constraint", None)
            variable = getattr(self, name, None) if constraint is not None else None
            if variable is not None:
                variable.constraint = constraint
                variable._constrained_by_engine = _lowering.knows_constraint(constraint)
        self.built = True
        self._build_shape = input_shape

    def _check_inputs(self, shapes: Any) -> None:
        """Raises ValueError if inputs of these shapes (batch first) do not fit the layer."""
        for shape in [shapes] if not self._takes_list else shapes:
            if len(shape) < self._min_ndim:
                raise ValueError(
                    f'Input of layer "{self.name}" has too few dimensions: expected at least '
                    f"{self._min_ndim} with the batch, received shape {tuple(shape)}."
                )

    def _shapes_of(self, inputs: Any) -> Any:
        """Shapes of the inputs, in their structure."""
        if self._takes_list:
            if not isinstance(inputs, (list, tuple)) or not inputs:
                raise ValueError(
                    f'Layer "{self.name}" ({type(self).__name__}) takes a list of at least one '
                    f"input. Received: {type(inputs).__name__}"
                )
            return [tuple(item.shape) for item in inputs]
        if _tree.is_nested(inputs):
            raise ValueError(
                f'Layer "{self.name}" ({type(self).__name__}) takes one input. '
                f"Received a {type(inputs).__name__} of {len(inputs)}."
            )
        return tuple(inputs.shape)

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Applies the layer.

        Args:
            inputs: A symbolic tensor, or an array or tensor of shape (batch, ...); for merging
                layers a list of them.
            *args: Further arguments of a layer that writes its own `call`, otherwise `training`.
            **kwargs: Likewise.

        Returns:
            The same kind as the inputs: a symbolic tensor, an array, or a tensor; while a
            ``GradientTape`` is open a tensor.
        """
        if self._own_call:
            return _custom.call(self, inputs, args, kwargs)
        return self._call_built_in(inputs, *args, **kwargs)

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """What the layer computes; a layer of your own overrides it, and writes it with `ops`.

        Args:
            inputs: A tensor, or a structure of them.
            *args: Further arguments.
            **kwargs: Further arguments, such as `training`.

        Example:
            >>> import numpy as np
            >>> class Double(Layer):
            ...     def call(self, inputs):
            ...         return inputs * 2
            >>> Double()(np.ones((1, 2))).tolist()
            [[2.0, 2.0]]
        """
        return self._call_built_in(inputs, *args, **kwargs)

    setattr(call, "_built_in", True)  # noqa: B010

    def _call_built_in(self, inputs: Any, training: bool | None = None) -> Any:
        flat = _tree.flatten(inputs)
        if any(isinstance(item, KerasTensor) for item in flat):
            return self._call_symbolic(inputs, flat, training)
        if training is None:
            training = _custom.training_now()
        if recording_is_on() or any(isinstance(item, Tensor) for item in flat):
            return self._call_recorded(inputs, training)
        if not _tree.is_nested(inputs) or not self._takes_list:
            inputs = self._to_array(inputs)
        else:
            inputs = [self._to_array(item) for item in inputs]
        shapes = self._shapes_of(inputs)
        self._check_inputs(shapes)
        if not self.built:
            self.build(shapes)
        arrays = list(inputs) if self._takes_list else [inputs]
        return self._eager.run(self, arrays, bool(training))[0]

    def _replay(self, inputs: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The call of a node of a graph, on other tensors."""
        return self(inputs, *args, **kwargs)

    def _call_recorded(self, inputs: Any, training: bool | None) -> Any:
        """Applies the layer to tensors, and records that if a tape is open."""
        dtype = np.dtype(self._dtype)
        nested = self._takes_list and isinstance(inputs, (list, tuple))
        items = [array_of(x, dtype, self.name) for x in (inputs if nested else [inputs])]
        shapes = self._shapes_of(items if nested else items[0])
        self._check_inputs(shapes)
        if not self.built:
            self.build(shapes)
        result = self._eager.run_recorded(self, items, bool(training))[0]
        if _custom.training_now() is None:
            self._forget_losses()
        if self.activity_regularizer is not None:
            self.add_loss(self.activity_regularizer(result) / result.shape[0])
        return result

    def _compose(self, inputs: Sequence[Any], training: bool) -> Any:
        """The layer from operations, through which second derivatives go."""
        raise NotImplementedError(
            f"Layer '{self.name}' ({type(self).__name__}) has no second derivative; write it with "
            "pronghorn.ops where you need one."
        )

    def _to_array(self, value: Any) -> Array:
        array = np.asarray(value)
        if array.dtype.kind not in "biuf" or array.ndim == 0:
            raise ValueError(
                f'Layer "{self.name}" takes arrays of real numbers with a batch dimension. '
                f"Received: {type(value).__name__} of dtype {array.dtype} and shape {array.shape}"
            )
        return _engine.as_array(array, np.dtype(self._dtype))

    def _call_symbolic(self, inputs: Any, flat: list[Any], training: bool | None) -> Any:
        if not all(isinstance(item, KerasTensor) for item in flat):
            raise TypeError(
                f'Layer "{self.name}" received symbolic tensors together with '
                f"{[type(i).__name__ for i in flat if not isinstance(i, KerasTensor)]}. Pass "
                "symbolic tensors alone, or arrays alone."
            )
        if not _custom.tracing():
            self._check_training_argument(training)
        elif _custom.departs_from_trace(training) and self._acts_otherwise_in_training():
            raise _custom.NotCompilable(f"Layer '{self.name}' is called with its own `training`.")
        shapes = self._shapes_of(inputs)
        self._check_inputs(shapes)
        if not self.built:
            self.build(shapes)
        outputs = self._symbolic_outputs(shapes)
        Node(self, inputs, outputs)
        return outputs

    def _acts_otherwise_in_training(self) -> bool:
        """Whether the output may depend on `training`."""
        inside: list[Any] = self._flatten_layers()
        return any(layer._own_call or layer._knows_training for layer in inside)

    def _check_training_argument(self, training: bool | None) -> None:
        """A hook for layers for which a fixed `training` in a graph would matter."""

    def _symbolic_outputs(self, shapes: Any) -> Any:
        return KerasTensor(self.compute_output_shape(shapes), self._dtype)

    # Attributes.

    @property
    def dtype(self) -> str:
        """Name of the dtype of weights and arithmetic."""
        return self._dtype

    @property
    def compute_dtype(self) -> str:
        """The same as `dtype`."""
        return self._dtype

    @property
    def variable_dtype(self) -> str:
        """The same as `dtype`."""
        return self._dtype

    @property
    def dtype_policy(self) -> DTypePolicy:
        """`dtype` as an object."""
        return DTypePolicy(self._dtype)

    @property
    def path(self) -> str:
        """Names of the models around the layer and its own, by slashes; its name before `build`."""
        return self._path or self.name

    def compute_output_spec(self, inputs: Any) -> Any:
        """What calling the layer on symbolic tensors gives, without calling it.

        Args:
            inputs: Symbolic tensors, in the structure that a call takes.

        Returns:
            Symbolic tensors that come from nowhere, in the structure of the outputs.

        Example:
            >>> import pronghorn as keras
            >>> keras.layers.Dense(2).compute_output_spec(keras.KerasTensor((None, 3))).shape
            (None, 2)
        """
        shapes = self._shapes_of(inputs)
        self._check_inputs(shapes)
        return self._symbolic_outputs(shapes)

    def _only_node(self, what: str) -> Node:
        if not self._inbound_nodes:
            raise AttributeError(
                f"Layer '{self.name}' has never been called on a symbolic tensor and has no {what}."
            )
        return self._inbound_nodes[0]

    @property
    def input(self) -> Any:
        """Symbolic input of the first call."""
        return self._only_node("input").arguments

    @property
    def output(self) -> Any:
        """Symbolic output of the first call."""
        return self._only_node("output").output_structure

    def __getstate__(self) -> dict[str, Any]:
        """For pickle and copy: weights included; calls in graphs and engines are not."""
        return {**self.__dict__, "_inbound_nodes": [], "_eager": _eager.EagerEngines()}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"
