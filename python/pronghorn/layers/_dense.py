"""The fully connected layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from pronghorn import activations, constraints, initializers, regularizers
from pronghorn._engine import EngineGraph
from pronghorn._variable import Variable
from pronghorn.activations._function import native_spec
from pronghorn.layers import _lowering
from pronghorn.layers._input_spec import InputSpec
from pronghorn.layers._layer import Layer

if TYPE_CHECKING:
    from pronghorn._engine import Activation as ActivationSpec
    from pronghorn._engine import Node as EngineNode


class Dense(Layer):
    """Y = act(X W + b) on the last axis of X.

    The weights are `kernel` W of shape (inputs, units) and `bias` b of shape (units,).

    Args:
        units: Size of the output's last axis.
        activation: Name or function; None is linear. With a function of your own, written with
            `ops`, the model runs recorded unless the function draws a graph of built-in layers.
        use_bias: Whether to add b.
        kernel_initializer: Name or object that draws W.
        bias_initializer: Name or object that draws b.
        kernel_regularizer: Penalty on W in the loss.
        bias_regularizer: Penalty on b in the loss.
        activity_regularizer: Penalty on Y in the loss, as a mean over the batch.
        kernel_constraint: What W must be like after each update.
        bias_constraint: Likewise for b.
        lora_rank: Must be None, as the following.
        lora_alpha: Must be None.
        quantization_config: Must be None.
        **kwargs: `name`, `trainable`, `dtype`.

    Raises:
        ValueError: For a `units` that is no positive integer or an unsupported argument.

    Example:
        >>> import numpy as np
        >>> layer = Dense(2, kernel_initializer="ones")
        >>> layer(np.array([[1.0, 2.0, 3.0]])).tolist()
        [[6.0, 6.0]]
    """

    supports_masking = True

    _min_ndim = 2

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: int | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        if isinstance(units, bool) or not hasattr(units, "__index__") or units <= 0:
            raise ValueError(f"`units` must be a positive integer. Received: units={units!r}")
        for argument, value in (
            ("lora_rank", lora_rank),
            ("lora_alpha", lora_alpha),
            ("quantization_config", quantization_config),
        ):
            if value is not None:
                raise ValueError(
                    f"Dense does not support `{argument}`. Received: {argument}={value!r}"
                )
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.units = int(units)
        self.activation = activations.get(activation)
        self._activation_spec = native_spec(self.activation)
        if self._activation_spec is None:  # of the user's own: written with operations
            self._own_call = True
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.bias: Variable | None = None
        self._kernel: Variable | None = None

    @property
    def kernel(self) -> Variable:
        """W, of shape (inputs, units)."""
        if self._kernel is None:
            raise AttributeError(f"Layer '{self.name}' is not built yet and has no `kernel`.")
        return self._kernel

    def _create_weights(self, input_shape: Sequence[int | None]) -> None:
        if len(input_shape) < 2 or input_shape[-1] is None:
            raise ValueError(
                f"Layer '{self.name}' needs inputs of shape (batch, ..., features) with a known "
                f"number of features. Received: input_shape={tuple(input_shape)}"
            )
        kernel_shape = (int(input_shape[-1]), self.units)
        self._kernel = self.add_weight(kernel_shape, self.kernel_initializer, "kernel")
        if self.use_bias:
            self.bias = self.add_weight((self.units,), self.bias_initializer, "bias")

    def _check_inputs(self, shapes: Any) -> None:
        super()._check_inputs(shapes)
        if self._kernel is not None and shapes[-1] != self._kernel.shape[0]:
            raise ValueError(
                f'Input of layer "{self.name}" does not fit: expected {self._kernel.shape[0]} '
                f"features on the last axis, received shape {tuple(shapes)}."
            )

    def _own_input_spec(self) -> InputSpec:
        if self._kernel is None:
            return InputSpec(min_ndim=2)
        return InputSpec(min_ndim=2, axes={-1: self._kernel.shape[0]})

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """`input_shape` with `units` on the last axis."""
        return (*input_shape[:-1], self.units)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Applies the layer; with an activation of the user's own this is what runs.

        Args:
            inputs: A tensor, batch first.
            training: Has no effect.
        """
        if self._activation_spec is not None:
            return self._call_built_in(inputs, training)
        self._check_inputs(tuple(inputs.shape))
        return self._compose([inputs], bool(training))

    setattr(call, "_built_in", True)  # noqa: B010

    def _compose(self, inputs: Sequence[Any], training: bool) -> Any:
        from pronghorn import ops

        product = ops.matmul(inputs[0], self.kernel)
        return self.activation(product if self.bias is None else product + self.bias)

    def _engine_node(self, graph: EngineGraph, shapes: Sequence[tuple[int, ...]]) -> EngineNode:
        node: EngineNode = {
            "op": "dense",
            "units": self.units,
            "kernel": graph.variable(self.kernel),
            "bias": None if self.bias is None else graph.variable(self.bias),
            "activation": cast("ActivationSpec", self._activation_spec),
            "trainable": self._trainable,
            "frozen": [graph.variable(v) for v in self._weights if not v.trainable],
            **_lowering.constraint_fields(
                self,
                graph,
                [(self.kernel, self.kernel_constraint), (self.bias, self.bias_constraint)],
            ),
        }
        if self.kernel_regularizer is not None:
            node["kernel_l1"] = float(self.kernel_regularizer.l1)
            node["kernel_l2"] = float(self.kernel_regularizer.l2)
        if self.bias_regularizer is not None and self.bias is not None:
            node["bias_l1"] = float(self.bias_regularizer.l1)
            node["bias_l2"] = float(self.bias_regularizer.l2)
        return node

    def _written_weights(self) -> list[Variable]:
        """W and b alone, as Keras has it: a subclass writes what else it has."""
        return self._weights

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {
            **super().get_config(),
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
            "quantization_config": None,
        }
