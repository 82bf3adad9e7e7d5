"""Data as the trainer takes them, and where they are checked before anything runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pronghorn import _data

if TYPE_CHECKING:
    from pronghorn._engine import Array, Shape
    from pronghorn.models._objective import Objective


BINARY = ("binary_crossentropy", "binary_focal_crossentropy")
HINGES = ("hinge", "squared_hinge")


@dataclass
class Feed:
    """Inputs, targets and weights, all with the same number of samples.

    Attributes:
        xs: Inputs.
        ys: Targets of each output as the engine reads them.
        sample_weights: Of each output.
        rows: How many samples.
        seen: Targets of each output as metrics in Python see them; empty if there are none such.
    """

    xs: list[Array]
    ys: list[Array | None]
    sample_weights: list[Array | None]
    rows: int
    seen: list[Array | None] = field(default_factory=list)

    def part(self, start: int, stop: int) -> Feed:
        """The samples from `start` to `stop`, as views."""
        return Feed(
            [x[start:stop] for x in self.xs],
            [None if y is None else y[start:stop] for y in self.ys],
            [None if w is None else w[start:stop] for w in self.sample_weights],
            stop - start,
            [None if y is None else y[start:stop] for y in self.seen],
        )


@dataclass
class Labels:
    """How messages call the arguments; validation data come in a tuple."""

    x: str = "x"
    y: str = "y"
    sample_weight: str = "sample_weight"


TRAINING = Labels()
VALIDATION = Labels("validation_data[0]", "validation_data[1]", "validation_data[2]")


def split_targets(
    y: Any, names: Sequence[str], keyed: bool, shapes: Sequence[Shape], label: str
) -> list[Any]:
    """The targets of each output, None where none are given."""
    if y is None:
        return [None] * len(names)
    if isinstance(y, Mapping) and y and y.keys() <= set(names):
        return [y.get(name) for name in names]  # what has no loss needs no targets
    return _data.split_structure(y, names, keyed, [len(shape) for shape in shapes], label)


def target_shapes(parts: Sequence[Any], label: str) -> list[Shape | None]:
    """Shapes of the targets, by which accuracy is resolved."""
    return [None if part is None else _data.numeric(part, label).shape for part in parts]


def convert_targets(
    parts: Sequence[Any], objective: Objective, shapes: Sequence[Shape], dtype: str, label: str
) -> list[Array | None]:
    """Targets in the form that each output's loss and metrics take.

    Raises:
        ValueError: If some are missing or do not fit.
    """
    converted: list[Array | None] = []
    for i, part in enumerate(parts):
        sparse = objective.sparse[i]
        name = objective.output_names[i]
        own = label if len(parts) == 1 else f"{label}[{name!r}]"
        user = objective.loss_names[i] or ", ".join(m.name for m in objective.metrics[i])
        if sparse is None:
            converted.append(None)
        elif part is None:
            raise ValueError(
                f"`{own}` is missing: output '{name}' has the loss or metric '{user}', which needs "
                f"targets. Received: {own}=None"
            )
        elif sparse:
            ignored = objective.ignored_class(i)
            converted.append(_data.class_labels(part, shapes[i], own, user, ignored))
        else:
            what = f"the output '{name}' of shape {tuple(shapes[i])} with '{user}'"
            _reject_class_numbers(part, objective, i, shapes[i], own)
            array = _data.targets(part, shapes[i], dtype, own, what)
            _check_range(array, objective.kernels(i), own, user)
            converted.append(array)
    return converted


def seen_targets(
    parts: Sequence[Any], objective: Objective, dtype: str, label: str
) -> list[Array | None]:
    """The targets of the outputs that metrics in Python see, as they were given.

    Raises:
        ValueError: If some are missing.
    """
    seen: list[Array | None] = [None] * len(parts)
    for i in objective.tapped:
        if parts[i] is None:
            own = label if len(parts) == 1 else f"{label}[{objective.output_names[i]!r}]"
            user = next(m.name for m in objective.metrics[i] if m.spec is None)
            raise ValueError(
                f"`{own}` is missing: output '{objective.output_names[i]}' has the metric "
                f"'{user}', which needs targets. Received: {own}=None"
            )
        seen[i] = as_given(parts[i], dtype, label)
    return seen


def as_given(value: Any, dtype: str, label: str) -> Array:
    """An array with its own axes; floats in the model's dtype."""
    array = _data.numeric(value, label)
    return array.astype(dtype) if array.dtype.kind == "f" and array.dtype != dtype else array


def _check_range(array: Array, kernels: Sequence[str], own: str, user: str) -> None:
    if kernels[0] in BINARY and ((array < 0) | (array > 1)).any():
        raise ValueError(
            f"`{own}` must lie between 0 and 1 for '{user}'. Received values from "
            f"{array.min()} to {array.max()}."
        )
    # Keras reads 0 as -1 in batches of nothing but 0 and 1: a value that depends on the batches.
    if any(kernel in HINGES for kernel in kernels) and (array == 0).any():
        wrong = (array != 0) & (array != 1)
        if wrong.any():
            raise ValueError(
                f"`{own}` must hold either -1 and 1 or 0 and 1 for a hinge loss or metric. "
                f"Received 0 together with {array[wrong][0]}."
            )


def _reject_class_numbers(
    part: Any, objective: Objective, output: int, shape: Shape, label: str
) -> None:
    """A message of its own for the commonest mistake: class numbers for one-hot targets."""
    spec = objective.losses[output]
    if spec is None or spec["name"] != "categorical_crossentropy":
        return
    given = _data.numeric(part, label).shape
    if given != shape and given[1:] in ((), (1,)):
        raise ValueError(
            f"`{label}` has shape {given}; '{objective.loss_names[output]}' takes one-hot targets "
            f"of shape (samples{''.join(f', {s}' for s in shape[1:])}). Use "
            "'sparse_categorical_crossentropy' for class numbers, or utils.to_categorical."
        )


def convert_weights(
    sample_weight: Any,
    class_weight: Any,
    y: Sequence[Any],
    names: Sequence[str],
    keyed: bool,
    shapes: Sequence[Shape] | None,
    rows: int,
    dtype: str,
    label: str,
) -> list[Array | None]:
    """One array of weights an output, or None.

    Args:
        sample_weight: As given: for samples, or for the steps of each output.
        class_weight: As given.
        y: Targets of each output.
        names: Of the outputs.
        keyed: Whether the outputs are a dict.
        shapes: Of the outputs, batch first; None if they are not known.
        rows: How many samples.
        dtype: Of the weights.
        label: Name of `sample_weight` in messages.

    Raises:
        ValueError: If both kinds of weights are given, or they do not fit.
    """
    steps = [None if shapes is None else _steps_of(shapes[i]) for i in range(len(names))]
    if class_weight is not None:
        if sample_weight is not None:
            raise ValueError(
                "`class_weight` and `sample_weight` cannot be used together; multiply them into "
                "one `sample_weight`."
            )
        if len(names) != 1:
            raise ValueError(
                "`class_weight` needs a model with one output. "
                f"Received a model with {len(names)}: {list(names)}."
            )
        if y[0] is None:
            raise ValueError("`class_weight` needs targets. Received: y=None")
        return [_data.class_to_sample_weights(class_weight, y[0], dtype)]
    if sample_weight is None:
        return [None] * len(names)
    several = isinstance(sample_weight, (list, tuple, dict)) and len(names) > 1
    if several and (isinstance(sample_weight, dict) or len(sample_weight) == len(names)):
        if isinstance(sample_weight, dict):
            sample_weight = {**dict.fromkeys(names), **sample_weight}
        parts = _data.split_structure(sample_weight, names, keyed, [1] * len(names), label)
    else:
        parts = _data.split_structure(sample_weight, ["weights"], False, [1], label) * len(names)
        if len(names) > 1:  # one weight for a sample of all outputs, whatever their steps
            steps = [()] * len(names)
    return [
        None if part is None else _data.sample_weights(part, rows, dtype, label, each)
        for part, each in zip(parts, steps, strict=True)
    ]


def _steps_of(shape: Shape) -> tuple[int, ...] | None:
    """Sizes of the axes between the samples and the last axis; None if one is not known."""
    sizes = tuple(size for size in shape[1:-1] if size is not None)
    return sizes if len(sizes) == max(len(shape) - 2, 0) else None
