"""An optimizer's state as a list of named arrays, in the order in which Keras keeps them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pronghorn._engine import Array, Trainer
from pronghorn.optimizers._apply import make_trainer

if TYPE_CHECKING:
    from pronghorn.models._compile import CompiledModel
    from pronghorn.optimizers._optimizer import Optimizer

Named = tuple[str, Array]


def read_state(optimizer: Optimizer, model: CompiledModel) -> list[Named]:
    """Paths and values: iterations, learning rate if it is a number, slots, further numbers."""
    count = optimizer._steps
    integer = np.int32 if count < 2**31 else np.int64
    found: list[Named] = [(f"{optimizer.name}/iteration", np.asarray(count, integer))]
    rate = optimizer._learning_rate
    if isinstance(rate, float):
        # float64 where float32 would change it, so that training goes on with the same numbers.
        exact = float(np.float32(rate)) == rate
        number = np.asarray(rate, np.float32 if exact else np.float64)
        found.append((f"{optimizer.name}/learning_rate", number))
    found += [(variable.path, variable.numpy()) for variable in _python_state(optimizer)]
    for inner in optimizer._inner():
        found += read_state(inner, model)
    trainer = optimizer._trainer
    if trainer is None:
        return found
    weights = model.trainable_weights
    placed = _placed_slots(optimizer, trainer, model)
    values = {
        (slot, k): value.reshape(optimizer._slot_shape(slot, weights[k].shape))
        for slot, k, value in placed
    }
    for slot, k in optimizer._in_written_order(list(values)):
        name = optimizer._slot_name(slot, weights[k].path)
        value = values.get((slot, k))
        if value is None:
            found.append((name, np.zeros((), np.int32)))
        else:
            found.append((f"{optimizer.name}/{name}", value))
    scalars = trainer.get_state()[: optimizer._written_scalars]
    found += [(f"{optimizer.name}/variable", np.asarray(value, np.float64)) for value in scalars]
    return found


def plan_state(
    optimizer: Optimizer, model: CompiledModel, arrays: Sequence[Array], needs_rate: bool = False
) -> Callable[[], None] | None:
    """Checks a state that was written, by this library or by Keras, and says how to take it over.

    Args:
        optimizer: Of `model`.
        model: Built.
        arrays: As `read_state` lists them.
        needs_rate: Whether a list without a learning rate, as Keras 2 has it, is not this
            optimizer's.

    Returns:
        What to call to change the optimizer; None if the state is of an optimizer that had not been
        built, or of another one. Nothing is changed before.

    Raises:
        ValueError: If an array has another shape than this optimizer's.
    """
    optimizer._choose_way(model.trainable_weights)
    if optimizer._is_written or optimizer._wraps:
        return _plan_python(optimizer, model, arrays)
    if optimizer._trainer is None and not model.trainable_weights:
        return _plan_counts(optimizer, arrays[: 1 + isinstance(optimizer._learning_rate, float)])
    trainer = optimizer._trainer or _new_trainer(optimizer, model)
    placed = _placed_slots(optimizer, trainer, model)
    order = optimizer._in_written_order([(slot, k) for slot, k, _ in placed])
    has_rate = isinstance(optimizer._learning_rate, float)
    first = 1 + has_rate
    wanted = first + len(order) + optimizer._written_scalars
    if len(arrays) == wanted - 1 and has_rate and order and not needs_rate:
        first, has_rate = 1, False  # Keras 2 has no learning rate among the variables
    elif len(arrays) == first:
        order = []  # of an optimizer that had not made a step
    elif len(arrays) != wanted:
        return None
    values = dict(zip(order, arrays[first:], strict=False))
    weights = model.trainable_weights
    for slot, k, _ in placed:
        value = values.get((slot, k))
        shape = optimizer._slot_shape(slot, weights[k].shape)
        if value is not None and value.shape != shape:
            raise ValueError(
                f"The state '{slot}' of optimizer '{optimizer.name}' for weight "
                f"'{weights[k].path}' has shape {shape}; the file has {value.shape}."
            )
    scalars = [float(array) for array in arrays[first + len(order) :]] if order else []
    count, rate = int(arrays[0]), float(arrays[1]) if has_rate else None
    if count < 0:
        raise ValueError(f"The number of iterations must be >= 0; the file has {count}.")

    def take_over() -> None:
        if order or count:
            if optimizer._trainer is not trainer:
                drawn = model._is_compiled_graph()
                optimizer._bind(trainer, model._engine_variables if drawn else weights)
            if values:
                trainer.set_slots(
                    [
                        np.ascontiguousarray(
                            values[slot, k].reshape(present.shape), dtype=present.dtype
                        )
                        for slot, k, present in placed
                    ]
                )
            if scalars:
                trainer.set_state([*scalars, *trainer.get_state()[len(scalars) :]])
        optimizer._steps = count
        if rate is not None:
            optimizer._learning_rate = rate

    return take_over


def _plan_python(
    optimizer: Optimizer, model: CompiledModel, arrays: Sequence[Array]
) -> Callable[[], None] | None:
    """As `plan_state`, for an optimizer that keeps variables of its own or wraps others.

    It is built by this, as it would be by a first step.
    """
    first = 1 + isinstance(optimizer._learning_rate, float)
    fresh = len(read_state(optimizer, model))
    if not optimizer.built:
        optimizer.build(model.trainable_weights)
        if len(arrays) == fresh and not any(array.shape for array in arrays):
            return _plan_counts(optimizer, arrays[:first])  # it had not made a step
    own = _python_state(optimizer)
    inner = optimizer._inner()
    sizes = [len(read_state(each, model)) for each in inner]
    if len(arrays) != first + len(own) + sum(sizes):
        return None
    for variable, array in zip(own, arrays[first:], strict=False):
        if array.shape != variable.shape:
            raise ValueError(
                f"The variable '{variable.path}' of optimizer '{optimizer.name}' has shape "
                f"{variable.shape}; the file has {array.shape}."
            )
    plans = [_plan_counts(optimizer, arrays[:first])]
    begin = first + len(own)
    for each, size in zip(inner, sizes, strict=True):
        plan = plan_state(each, model, arrays[begin : begin + size])
        if plan is None:
            return None
        plans.append(plan)
        begin += size

    def take_over() -> None:
        for variable, array in zip(own, arrays[first:], strict=False):
            if getattr(variable, "can_be_set", True):
                variable.assign(array)
        for plan in plans:
            plan()

    return take_over


def _python_state(optimizer: Optimizer) -> list[Any]:
    """The variables of a rule in Python: its own, and those of a built-in rule that it calls."""
    found: list[Any] = list(optimizer._own_variables)
    if optimizer._rule is not None:
        found += optimizer._slot_variables(optimizer._rule, optimizer._rule_weights)
    return found


def _plan_counts(optimizer: Optimizer, arrays: Sequence[Array]) -> Callable[[], None]:
    """How to take over the number of iterations, and the learning rate if there is one."""
    count = int(arrays[0])
    if count < 0:
        raise ValueError(f"The number of iterations must be >= 0; the file has {count}.")
    rate = float(arrays[1]) if len(arrays) > 1 else None

    def take_over() -> None:
        optimizer._steps = count
        if rate is not None:
            optimizer._learning_rate = rate

    return take_over


def _new_trainer(optimizer: Optimizer, model: CompiledModel) -> Trainer:
    """Holds the slots of the model's weights until the model itself trains."""
    if not model._is_compiled_graph():
        weights = model.trainable_weights
        return make_trainer(weights, optimizer._engine_spec(weights))
    engine = model._get_engine(current_flags=True)
    outputs = len(model.outputs)
    spec = optimizer._engine_spec(model._engine_variables)
    return Trainer(engine, [None] * outputs, [[] for _ in range(outputs)], spec)


def _placed_slots(
    optimizer: Optimizer, trainer: Trainer, model: CompiledModel
) -> list[tuple[str, int, Array]]:
    """Slot name, position of the weight among the trainable ones, value; in the engine's order."""
    weights: Sequence[Any] = model.trainable_weights
    positions = {id(weight): k for k, weight in enumerate(weights)}
    if trainer is optimizer._holder:
        weights = optimizer._held
    elif model._is_compiled_graph():
        model._get_engine()
        weights = model._engine_variables
    return [(name, positions[id(weights[i])], value) for name, i, value in trainer.get_slots()]
