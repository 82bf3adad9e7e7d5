"""Calling a built-in layer: on symbolic tensors, arrays and tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pronghorn import _engine, _tree
from pronghorn._autodiff import Tensor, recording_is_on
from pronghorn._autodiff._engine_call import array_of
from pronghorn._engine import Array
from pronghorn._graph import KerasTensor, Node
from pronghorn.layers import _call_context, _custom, _masks
from pronghorn.layers._call_context import NotCompilable
from pronghorn.layers._described import DescribedLayer
from pronghorn.layers._masked_array import MaskedSteps, plain


class CalledLayer(DescribedLayer):
    """The part of a layer that is applied to inputs."""

    _min_ndim = 1
    # Whether text may come in; and whether values only move, so that the type stays as it is.
    _takes_text = False
    _keeps_values = False
    # Whether a subclass writes its own `call`, which then runs recorded unless it can be traced.
    _own_call = False

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

    def _call_built_in(self, inputs: Any, training: bool | None = None) -> Any:
        flat = _tree.flatten(inputs)
        if any(isinstance(item, KerasTensor) for item in flat):
            return self._call_symbolic(inputs, flat, training)
        if training is None:
            training = _call_context.training_now()
        if recording_is_on() or any(isinstance(item, Tensor) for item in flat):
            return self._call_recorded(inputs, training)
        if self._makes_mask or any(type(item) is MaskedSteps for item in flat):
            return plain(self._call_recorded(inputs, training))
        if not _tree.is_nested(inputs) or not self._takes_list:
            inputs = self._to_array(inputs)
        else:
            inputs = [self._to_array(item) for item in inputs]
        shapes = self._shapes_of(inputs)
        self._check_inputs(shapes)
        if not self.built:
            self.build(shapes)
        arrays = list(inputs) if self._takes_list else [inputs]
        this: Any = self
        return self._eager.run(this, arrays, bool(training))[0]

    def _call_recorded(self, inputs: Any, training: bool | None) -> Any:
        """Applies the layer to tensors, and records that if a tape is open."""
        dtype = np.dtype(self._dtype)
        nested = self._takes_list and isinstance(inputs, (list, tuple))
        items = [array_of(x, dtype, self.name) for x in (inputs if nested else [inputs])]
        shapes = self._shapes_of(items if nested else items[0])
        self._check_inputs(shapes)
        if not self.built:
            self.build(shapes)
        masks = _masks.masks_of(inputs)
        this: Any = self
        if self._heeds_masks and masks is not None:
            result = this._call_masked(items, masks, bool(training))
            result = result if isinstance(result, Tensor) else Tensor(result)
        else:
            result = self._eager.run_recorded(this, items, bool(training))[0]
        if _call_context.training_now() is None:
            self._forget_losses()
        if self.activity_regularizer is not None:
            self.add_loss(self.activity_regularizer(result) / result.shape[0])
        if self.supports_masking:
            _masks.pass_on(self, inputs, masks, result)
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
        self._check_text(flat)
        if not _call_context.tracing():
            self._check_training_argument(training)
        elif getattr(self, "_own_call", False) and not hasattr(self, "_layer_graph"):
            raise NotCompilable(f"Layer '{self.name}' calls the class that it extends.")
        elif _call_context.departs_from_trace(training) and self._acts_otherwise_in_training():
            raise NotCompilable(f"Layer '{self.name}' is called with its own `training`.")
        shapes = self._shapes_of(inputs)
        self._check_inputs(shapes)
        if not self.built:
            self.build(shapes)
        outputs = self._symbolic_outputs(shapes)
        kinds = {tensor.dtype for tensor in flat}
        if self._keeps_values and len(kinds) == 1 and not flat[0].dtype.startswith("float"):
            outputs.dtype = flat[0].dtype
        _masks.mark(self, inputs, outputs)
        this: Any = self
        Node(this, inputs, outputs)
        return outputs

    def _check_text(self, tensors: list[KerasTensor]) -> None:
        """Raises ValueError if text comes to a layer for numbers."""
        for tensor in tensors:
            text = tensor.dtype == "string"
            if text and not (self._takes_text or self._keeps_values):
                raise ValueError(
                    f"Layer '{self.name}' ({type(self).__name__}) takes numbers. Received: the "
                    f"text of '{tensor.name}'; put a StringLookup or a Hashing layer before it."
                )

    def _acts_otherwise_in_training(self) -> bool:
        """Whether the output may depend on `training`."""
        inside: list[Any] = self._flatten_layers()
        return any(layer._own_call or layer._knows_training for layer in inside)

    def _check_training_argument(self, training: bool | None) -> None:
        """A hook for layers for which a fixed `training` in a graph would matter."""

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Shape of the output for inputs of `input_shape` (batch first).

        Of a layer that writes its own `call` it is found by trying it, and the layer is built.
        """
        if not self._own_call:
            return tuple(input_shape)
        leaves, inside = _custom.shape_leaves(input_shape)
        tensors = [KerasTensor(shape, self._dtype) for shape in leaves]
        outputs = self.compute_output_spec(_tree.pack_as(inside, tensors))
        return _custom.shapes_of(outputs)

    setattr(compute_output_shape, "_built_in", True)  # noqa: B010

    def _symbolic_outputs(self, shapes: Any) -> Any:
        return KerasTensor(self.compute_output_shape(shapes), self._dtype)

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
        if self._own_call:
            this: Any = self
            return _custom.specify(this, inputs)
        shapes = self._shapes_of(inputs)
        self._check_inputs(shapes)
        return self._symbolic_outputs(shapes)
