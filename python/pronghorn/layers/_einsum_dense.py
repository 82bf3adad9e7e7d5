"""A fully connected layer whose axes an equation names."""

from __future__ import annotations

import math
import re
import string
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from pronghorn import activations, constraints, initializers, regularizers
from pronghorn._engine import EngineGraph
from pronghorn._variable import Variable
from pronghorn.activations._function import native_spec
from pronghorn.layers import _call_context, _lowering
from pronghorn.layers._layer import Layer

if TYPE_CHECKING:
    from pronghorn._engine import Activation as ActivationSpec
    from pronghorn._engine import Node as EngineNode

_FORMS = (
    ("left", re.compile(r"\.\.\.([a-zA-Z]+),([a-zA-Z]+)->\.\.\.([a-zA-Z]+)")),
    ("right", re.compile(r"([a-zA-Z]{2,})\.\.\.,([a-zA-Z]+)->([a-zA-Z]+)\.\.\.")),
    ("none", re.compile(r"([a-zA-Z]+),([a-zA-Z]+)->([a-zA-Z]+)")),
)
# Stand for the axes behind an ellipsis; equations have letters only.
_HIDDEN = "0123456789"


class _Equation(NamedTuple):
    """The axes of input, kernel and output, and their sizes."""

    inputs: str
    kernel: str
    outputs: str
    sizes: dict[str, int | None]

    @property
    def summed(self) -> str:
        """Axes of the kernel that the output does not have."""
        return "".join(axis for axis in self.kernel if axis not in self.outputs)

    @property
    def made(self) -> str:
        """Axes of the kernel that the output has."""
        return "".join(axis for axis in self.kernel if axis in self.outputs)


class EinsumDense(Layer):
    """Y = act(einsum(equation, X, W) + b).

    The first axis of input and output is the batch; an ellipsis stands for any axes in front or
    behind. Where the axes of W are those of the input that the output lacks, and then those of the
    output that the input lacks (``"abc,cd->abd"``, ``"abc,bcd->ad"``, ``"...x,xyz->...yz"``), the
    layer is one product in the engine. Other equations (``"ab,cb->ac"``, ``"abc,bcd->abd"``) run
    recorded, and so do models with them.

    Args:
        equation: Axes of the input, of the kernel and of the output.
        output_shape: Size of each output axis but the batch and those behind an ellipsis; None for
            axes that the input has.
        activation: Name or function; None is linear.
        bias_axes: Axes of the output along which b varies; None for no b.
        kernel_initializer: Name or object that draws W.
        bias_initializer: Name or object that draws b.
        kernel_regularizer: Penalty on W in the loss.
        bias_regularizer: Penalty on b in the loss.
        kernel_constraint: What W must be like after each update.
        bias_constraint: Likewise for b.
        lora_rank: Must be None, as the following.
        lora_alpha: Must be None.
        gptq_unpacked_column_size: Must be None.
        quantization_config: Must be None.
        **kwargs: `name`, `trainable`, `dtype`, `activity_regularizer`.

    Raises:
        ValueError: For an equation of another form or an unsupported argument.

    Example:
        >>> import numpy as np
        >>> layer = EinsumDense("ab,bc->ac", output_shape=2, kernel_initializer="ones")
        >>> layer(np.array([[1.0, 2.0, 3.0]])).tolist()
        [[6.0, 6.0]]
    """

    _min_ndim = 2

    def __init__(
        self,
        equation: str,
        output_shape: int | Sequence[int | None],
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: int | None = None,
        gptq_unpacked_column_size: int | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        for argument, value in (
            ("lora_rank", lora_rank),
            ("lora_alpha", lora_alpha),
            ("gptq_unpacked_column_size", gptq_unpacked_column_size),
            ("quantization_config", quantization_config),
        ):
            if value is not None:
                raise ValueError(
                    f"EinsumDense does not support `{argument}`. Received: {argument}={value!r}"
                )
        self._form, self._letters = _parse(equation)
        super().__init__(**kwargs)
        # Whether the layer is written with operations, as it is more than one product.
        self._written = not _is_one_product(*self._letters)
        self.equation = equation
        self.partial_output_shape: tuple[int | None, ...] = (
            (int(output_shape),) if isinstance(output_shape, int) else tuple(output_shape)
        )
        self.activation = activations.get(activation)
        spec = native_spec(self.activation)
        self._written = self._written or spec is None
        if self._written:
            self._own_call = True
        self._activation_spec = spec
        if any(axis not in self._letters[2] for axis in bias_axes or ""):
            raise ValueError(
                f"`bias_axes` must be axes of the output '{self._letters[2]}'. Received: "
                f"bias_axes={bias_axes!r}"
            )
        self.bias_axes = bias_axes
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
        """W, with the axes that the equation gives it."""
        if self._kernel is None:
            raise AttributeError(f"Layer '{self.name}' is not built yet and has no `kernel`.")
        return self._kernel

    def _resolve(self, input_shape: Sequence[int | None]) -> _Equation:
        """The equation without ellipsis and the size of each of its axes."""
        inputs, kernel, outputs = self._letters
        hidden = _HIDDEN[: max(len(input_shape) - len(inputs), 0)]
        given: list[int | None] = list(self.partial_output_shape)
        if self._form == "left":
            inputs, outputs = hidden + inputs, hidden + outputs
            given = [*([None] * max(len(hidden) - 1, 0)), *given]
        elif self._form == "right":
            inputs, outputs = inputs + hidden, outputs + hidden
            given += [None] * len(hidden)
        if len(inputs) != len(input_shape) or len(outputs) != len(given) + 1:
            raise ValueError(
                f"Layer '{self.name}': the equation '{self.equation}' does not fit "
                f"input_shape={tuple(input_shape)} and output_shape={self.partial_output_shape}."
            )
        sizes = dict(zip(inputs, input_shape, strict=True))
        for axis, size in zip(outputs[1:], given, strict=True):
            if axis in sizes and size is not None and sizes[axis] not in (None, size):
                raise ValueError(
                    f"Layer '{self.name}': axis '{axis}' of the equation '{self.equation}' is "
                    f"{sizes[axis]} in the input and {size} in the output."
                )
            sizes.setdefault(axis, size)
        return _Equation(inputs, kernel, outputs, sizes)

    def _create_weights(self, input_shape: Sequence[int | None]) -> None:
        parts = self._resolve(input_shape)
        if any(parts.sizes[axis] is None for axis in parts.kernel):
            raise ValueError(
                f"Layer '{self.name}' needs to know the size of each axis of its kernel "
                f"'{parts.kernel}'. Received: input_shape={tuple(input_shape)}, "
                f"output_shape={self.partial_output_shape}"
            )
        initializer: Any = self.kernel_initializer
        config = initializer.get_config() if hasattr(initializer, "get_config") else {}
        if "input_axes" in config and None in (config["input_axes"], config["output_axes"]):
            places = range(len(parts.kernel))
            config["input_axes"] = [k for k in places if parts.kernel[k] in parts.summed]
            config["output_axes"] = [k for k in places if parts.kernel[k] in parts.made]
            config["seed"] = initializer.seed
            initializer = type(initializer).from_config(config)
        self._kernel = self.add_weight(
            [int(parts.sizes[axis] or 0) for axis in parts.kernel],
            initializer,
            "kernel",
            _row_axes=None if self._written else len(parts.summed),
        )
        if self.bias_axes:
            first = min(parts.outputs.index(axis) for axis in self.bias_axes)
            shape = [
                int(parts.sizes[axis] or 0) if axis in self.bias_axes else 1
                for axis in parts.outputs[first:]
            ]
            self.bias = self.add_weight(shape, self.bias_initializer, "bias")
        if self._own_call:
            self._kernel.constraint = self.kernel_constraint
            if self.bias is not None:
                self.bias.constraint = self.bias_constraint

    def _check_inputs(self, shapes: Any) -> None:
        super()._check_inputs(shapes)
        parts = self._resolve(shapes)
        if self._kernel is None:
            return
        sizes = dict(zip(parts.kernel, self._kernel.shape, strict=True))
        shared = [axis for axis in parts.kernel if axis in parts.inputs]
        if any(parts.sizes[axis] != sizes[axis] for axis in shared):
            raise ValueError(
                f'Input of layer "{self.name}" does not fit: expected sizes '
                f"{tuple(sizes[axis] for axis in shared)} along the axes '{''.join(shared)}' of "
                f"'{self.equation}', received shape {tuple(shapes)}."
            )

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Applies the layer; of other equations than one product this is what runs.

        Args:
            inputs: A tensor, batch first.
            training: Has no effect.
        """
        if not self._written:
            return self._call_built_in(inputs, training)
        from pronghorn import ops

        self._check_inputs(tuple(inputs.shape))
        parts = self._resolve(tuple(inputs.shape))
        letters = (axis for axis in string.ascii_letters if axis not in self.equation)
        plain = {axis: axis if axis.isalpha() else next(letters) for axis in parts.inputs}
        terms = ("".join(plain.get(axis, axis) for axis in term) for term in parts[:3])
        result = ops.einsum("{},{}->{}".format(*terms), inputs, self.kernel)
        if self.bias is not None:
            result = ops.add(result, self.bias)
        return self.activation(result)

    setattr(call, "_built_in", True)  # noqa: B010

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Sizes of the output's axes."""
        parts = self._resolve(input_shape)
        return tuple(parts.sizes[axis] for axis in parts.outputs)

    def _compose(self, inputs: Sequence[Any], training: bool) -> Any:
        from pronghorn import ops

        x = inputs[0]
        parts = self._resolve((None, *x.shape[1:]))
        equation = f"{parts.inputs},{parts.kernel}->{parts.outputs}"
        # The axes behind an ellipsis are called by digits.
        free = iter(letter for letter in string.ascii_letters if letter not in equation)
        names = {ord(axis): next(free) for axis in sorted(set(equation)) if axis.isdigit()}
        y = ops.einsum(equation.translate(names), x, self.kernel)
        return self.activation(y if self.bias is None else y + self.bias)

    def _lower(self, graph: EngineGraph, inputs: Sequence[int]) -> list[int]:
        """Summed axes come last and are folded into one; what W makes of it is unfolded."""
        if self._written:
            raise _call_context.NotCompilable(f"'{self.equation}' is no single product.")
        name = self.name
        parts = self._resolve((None, *graph.shapes[inputs[0]]))
        sample = parts.inputs[1:]
        rest = "".join(axis for axis in sample if axis not in parts.summed)
        order = [sample.index(axis) for axis in rest + parts.summed]
        moved = _lowering.permute(graph, inputs[0], order, name)
        lead = graph.shapes[moved][: len(rest)]
        rows = math.prod(graph.shapes[moved][len(rest) :])
        folded = _lowering.reshape(graph, moved, (*lead, rows), name)
        made = tuple(int(parts.sizes[axis] or 0) for axis in parts.made)
        node: EngineNode = {
            "op": "dense",
            "name": name,
            "inputs": [folded],
            "units": math.prod(made),
            "kernel": graph.variable(self.kernel),
            "bias": None,
            "activation": None,
            "trainable": self._trainable,
            "frozen": [graph.variable(v) for v in [self.kernel] if not v.trainable],
            "kernel_l1": float(getattr(self.kernel_regularizer, "l1", 0.0)),
            "kernel_l2": float(getattr(self.kernel_regularizer, "l2", 0.0)),
            **_lowering.constraint_fields(self, graph, [(self.kernel, self.kernel_constraint)]),
        }
        product = graph.append(node, (*lead, math.prod(made)))
        unfolded = _lowering.reshape(graph, product, (*lead, *made), name)
        axes = rest + parts.made
        ordered = [axes.index(axis) for axis in parts.outputs[1:]]
        result = self._with_bias(graph, _lowering.permute(graph, unfolded, ordered, name))
        if self._activation_spec is not None and self._activation_spec["name"] == "linear":
            return [result]
        last: EngineNode = {
            "op": "activation",
            "name": name,
            "inputs": [result],
            "activation": cast("ActivationSpec", self._activation_spec),
        }
        return [graph.append(last, graph.shapes[result])]

    def _with_bias(self, graph: EngineGraph, index: int) -> int:
        if self.bias is None:
            return index
        shape = graph.shapes[index]
        own = self.bias.shape
        node: EngineNode = {
            "op": "affine",
            "name": self.name,
            "inputs": [index],
            "shape": (*(1,) * (len(shape) - len(own)), *own),
            **_lowering.weight_fields(
                self,
                graph,
                [None, self.bias],
                [None, self.bias_regularizer],
                [None, self.bias_constraint],
            ),
        }
        return graph.append(node, shape)

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {
            "activity_regularizer": None,
            **super().get_config(),
            "output_shape": self.partial_output_shape,
            "equation": self.equation,
            "activation": activations.serialize(self.activation),
            "bias_axes": self.bias_axes,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
            "quantization_config": None,
        }


def _parse(equation: str) -> tuple[str, tuple[str, str, str]]:
    """Where the ellipsis stands, and the letters of input, kernel and output.

    Raises:
        ValueError: If it is none of a dense layer.
    """
    plain = equation.replace(" ", "")
    matches = ((form, pattern.fullmatch(plain)) for form, pattern in _FORMS)
    form, found = next((pair for pair in matches if pair[1] is not None), ("", None))
    if found is None:
        raise ValueError(
            "`equation` must have the form 'X,W->Y', '...X,W->...Y' or 'X...,W->Y...'. "
            f"Received: equation={equation!r}"
        )
    inputs, kernel, outputs = found.groups()
    if any(len(set(part)) < len(part) for part in (inputs, kernel, outputs)):
        raise ValueError(
            f"`equation` must not name an axis twice in one part. Received: equation={equation!r}"
        )
    unknown = [axis for axis in kernel if axis not in inputs and axis not in outputs]
    missing = [axis for axis in outputs if axis not in inputs and axis not in kernel]
    batch = form == "left" or (inputs[0] == outputs[0] and inputs[0] not in kernel)
    if unknown or missing or not batch:
        raise ValueError(
            "`equation` must keep the first axis, the batch, which the kernel does not have. Each "
            "axis of the kernel must be one of input or output, and each of the output one of "
            f"input or kernel. Received: equation={equation!r}"
        )
    return form, (inputs, kernel, outputs)


def _is_one_product(inputs: str, kernel: str, outputs: str) -> bool:
    """Whether the engine computes it by one product, with the kernel's axes as they are."""
    summed = {axis for axis in inputs if axis not in outputs}
    made = {axis for axis in outputs if axis not in inputs}
    rows = kernel[: len(summed)]
    return bool(summed) and set(rows) == summed and set(kernel[len(summed) :]) == made
