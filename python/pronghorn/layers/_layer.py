"""What all layers share: arguments, weights, build, call."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pronghorn import _arguments, _naming, regularizers
from pronghorn._autodiff import _record
from pronghorn._engine import EngineGraph
from pronghorn.layers import _custom, _lowering
from pronghorn.layers._calls import CalledLayer
from pronghorn.layers._input_spec import check_inputs
from pronghorn.layers._losses import REGULARIZED

if TYPE_CHECKING:
    from pronghorn._engine import Node as EngineNode


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


class Layer(CalledLayer):
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
        TypeError: For a name that is no string.
        ValueError: For unknown arguments or a dtype that the engine does not have.

    Example:
        >>> import numpy as np, pronghorn as keras
        >>> class Scale(keras.layers.Layer):
        ...     def build(self, input_shape):
        ...         self.factors = self.add_weight((input_shape[-1],), "ones")
        ...
        ...     def call(self, inputs):
        ...         return inputs * self.factors
        >>> Scale()(np.array([[1.0, 2.0]])).tolist()
        [[1.0, 2.0]]
    """

    _keeps_shape = False
    # Whether the output has the input's axes and one more, so that a vector is a batch of numbers.
    _adds_axis = False
    # Whether the output depends on `training`.
    _knows_training = False
    # What makes layers equal that operations create on symbolic tensors.
    _same: Any = None

    @property
    def _is_operation(self) -> bool:
        """Whether an operation on symbolic tensors made it, which in Keras is no layer."""
        return self._same is not None

    @property
    def _kind(self) -> str:
        """What tables and plots call its class."""
        return type(self).__name__

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._own_call = not getattr(cls.call, "_built_in", False)
        if cls._own_call and "compute_mask" in cls.__dict__:
            cls.supports_masking = cls._makes_mask = True
        if cls._own_call and "build" in cls.__dict__:
            _custom.wrap_build(cls)
        if cls.__module__.startswith("pronghorn.layers."):
            _arguments.check_constructor(cls)

    def __init__(
        self,
        *,
        trainable: bool = True,
        dtype: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if name is not None and not isinstance(name, str):
            raise TypeError(
                f"`name` of a layer must be a string. Received: name={name!r} "
                f"(of type {type(name).__name__})"
            )
        if name is not None and "/" in name:
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
            stacklevel=_arguments.stacklevel(),
        )
        return tuple(shape)

    # What a layer defines.

    def _create_weights(self, input_shape: Any) -> None:
        """Creates the weights for inputs of `input_shape` (batch first). Nothing by default."""

    def _engine_node(self, graph: EngineGraph, shapes: Sequence[tuple[int, ...]]) -> EngineNode:
        """The engine's operation for inputs of the given shapes per sample."""
        raise NotImplementedError(f"{type(self).__name__} has no operation in the engine.")

    def _lower(self, graph: EngineGraph, inputs: Sequence[int]) -> list[int]:
        """Appends what the built-in layer computes to `graph`; takes and gives indices of nodes."""
        shapes = [graph.shapes[index] for index in inputs]
        node = self._engine_node(graph, shapes)
        node["name"] = self.name
        node["inputs"] = list(inputs)
        batched = [(None, *shape) for shape in shapes]
        # What the built-in layer gives, also where a class that extends it calls it in its `call`.
        keeps = getattr(type(self).compute_output_shape, "_built_in", False)
        output = batched[0]
        if not keeps:
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
        for name in REGULARIZED:
            constraint = getattr(self, f"{name}_constraint", None)
            variable = getattr(self, name, None) if constraint is not None else None
            if variable is not None:
                variable.constraint = constraint
                variable._constrained_by_engine = _lowering.knows_constraint(constraint)
        self.built = True
        self._build_shape = input_shape

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
        if self._given_spec is not None:
            check_inputs(self._given_spec, inputs, self.name, self._dtype)
        if self._own_call:
            return _custom.call(self, inputs, args, kwargs)
        if kwargs and kwargs.keys() != {"training"}:
            taken = [*inspect.signature(self._call_built_in).parameters][1:]
            if not kwargs.keys() <= {*taken}:
                raise TypeError(
                    f"Layer '{self.name}' ({type(self).__name__}) takes only "
                    f"{' and '.join(f'`{name}`' for name in taken)} beside the inputs. "
                    f"Received: {sorted(kwargs)}"
                )
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

    def _replay(self, inputs: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The call of a node of a graph, on other tensors."""
        return self(inputs, *args, **kwargs)
