"""Updates of variables from given gradients, by the engine's optimizer kernels."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from operator import is_
from typing import TYPE_CHECKING, Any

import numpy as np

from pronghorn import _engine
from pronghorn._autodiff import PendingTensor, Tensor
from pronghorn._autodiff._record import about_to_change
from pronghorn._engine import as_array

if TYPE_CHECKING:
    from pronghorn._engine import Node, Trainer


def make_trainer(variables: Sequence[Any], spec: Any) -> Trainer:
    """A trainer that holds `variables`, at least one, and nothing else.

    The engine updates what layers use: each variable is the kernel or bias of a layer of its own.
    """
    dtypes = sorted({variable.dtype for variable in variables})
    if len(dtypes) != 1:
        raise ValueError(f"An optimizer needs variables of one dtype. Received: {dtypes}")
    cores = [variable._core for variable in variables]
    nodes: list[Node] = []
    outputs: list[int] = []
    for index, core in enumerate(list(cores)):
        shape = core.shape
        rows = int(np.prod(shape[:-1], dtype=np.int64)) if len(shape) > 1 else 1
        inputs = {"op": "input", "name": str(index), "inputs": [], "shape": (rows,)}
        node: Any = {
            "op": "dense",
            "name": str(index),
            "inputs": [len(nodes)],
            "units": shape[-1],
            "kernel": index,
            "bias": None,
        }
        if len(shape) == 1:
            node["kernel"], node["bias"], node["frozen"] = len(cores), index, [len(cores)]
            cores.append(_engine.CoreVariable((1, shape[0]), dtypes[0]))
        nodes += [inputs, node]  # type: ignore[list-item]
        outputs.append(len(nodes) - 1)
    engine = _engine.Engine(nodes, outputs, cores, dtypes[0])
    trainer: Trainer = _engine.Trainer(engine, [None] * len(outputs), [[] for _ in outputs], spec)
    return trainer


def warn_missing(gradients: Sequence[Any], variables: Sequence[Any]) -> None:
    """Says which variables have no gradient.

    Raises:
        ValueError: If none has one.
    """
    if all(gradient is None for gradient in gradients):
        raise ValueError("No gradients provided for any variable.")
    pairs = zip(variables, gradients, strict=True)
    missing = [variable.path for variable, gradient in pairs if gradient is None]
    if missing:
        warnings.warn(
            f"Gradients do not exist for variables {missing} when minimizing the loss.",
            stacklevel=3,
        )


class Applying:
    """The part of an optimizer that updates variables outside of `fit`."""

    _held: tuple[Any, ...] = ()
    _holder: Trainer | None = None
    _holder_spec: Any = None
    _extra = 0  # variables of the trainer that stand for kernels where there is only a bias

    def build(self, variables: Sequence[Any]) -> None:
        """Makes the state for variables; `apply` does it by itself.

        Args:
            variables: The variables that will be updated, in this order.
        """
        own: Any = self
        own._choose_way(variables)
        if not own._kernel or own._is_written:
            own._begin_state(variables)
            if own._kernel:
                own._begin_rule(variables)
            return
        variables = [each for each in variables if not each.overwrite_with_gradient]
        if not variables:
            return
        spec = own._engine_spec(variables)
        trainer = make_trainer(variables, spec)
        old = own._trainer
        if old is not None:
            # By weight: an engine may have them in another order.
            held = {(name, id(own._weights[i])): value for name, i, value in old.get_slots()}
            wanted = [(name, id(variables[i]), value) for name, i, value in trainer.get_slots()]
            if set(held) != {(name, which) for name, which, _ in wanted}:
                raise ValueError(
                    f"The optimizer '{own.name}' holds the state of other variables; make a new "
                    "optimizer for these."
                )
            trainer.set_slots(
                [
                    np.ascontiguousarray(held[name, which].reshape(value.shape), value.dtype)
                    for name, which, value in wanted
                ]
            )
            trainer.set_state(old.get_state())
        own._bind(trainer, variables)
        self._held, self._holder, self._holder_spec = tuple(variables), trainer, spec
        self._extra = sum(len(variable._core.shape) == 1 for variable in variables)

    def apply(self, grads: Sequence[Any], trainable_variables: Any = None) -> None:
        """Updates variables once.

        Args:
            grads: One gradient a variable; None leaves that variable alone.
            trainable_variables: The variables; None for those of the last call.

        Raises:
            ValueError: If the numbers or shapes differ, or there is no gradient at all.

        Example:
            >>> import pronghorn as keras
            >>> w = keras.Variable([1.0, 2.0])
            >>> keras.optimizers.SGD(0.5).apply([np.ones(2)], [w])
            >>> w.numpy().tolist()
            [0.5, 1.5]
        """
        own: Any = self
        grads = list(grads)
        if not grads:
            return
        known = own._trainable_variables if own._is_written else self._held
        variables = tuple(known if trainable_variables is None else trainable_variables)
        if trainable_variables is None and not known:
            raise ValueError(
                f"The optimizer '{own.name}' is not built: pass `trainable_variables`, or call "
                "`build(variables)` before."
            )
        if len(grads) != len(variables):
            raise ValueError(
                f"`grads` must have one gradient for each of {len(variables)} variables. "
                f"Received: {len(grads)} gradients."
            )
        warn_missing(grads, variables)
        own._choose_way(variables)
        if own._is_written:
            if not own.built:
                own.build(list(variables))
            own._check_variables_are_known(variables)
            own._apply_written(grads, variables)
            return
        if any(variable.overwrite_with_gradient for variable in variables):
            grads, variables = own._overwritten(grads, variables)
            if not any(gradient is not None for gradient in grads):
                own._steps = own._steps + 1
                return
        same = len(variables) == len(self._held) and all(map(is_, variables, self._held))
        if not same or own._trainer is not self._holder or self._holder is None:
            self.build(variables)
        trainer = self._holder
        assert trainer is not None
        spec = own._engine_spec(variables)
        if spec != self._holder_spec:
            trainer.set_optimizer(spec)
            self._holder_spec = spec
        arrays: list[Any] = []
        scale = own.loss_scale_factor
        for variable, gradient in zip(variables, grads, strict=True):
            if gradient is None:
                arrays.append(None)
                continue
            pending = type(gradient) is PendingTensor and gradient.source.variable is variable
            if pending and scale is None:
                arrays.append((gradient.source.gradients, gradient.source.place))
                continue
            plain = gradient._value if type(gradient) is Tensor else np.asarray(gradient)
            array = as_array(plain, variable._mark._value.dtype)
            if scale is not None:
                array = array / array.dtype.type(scale)
            if array.shape != variable.shape:
                raise ValueError(
                    f"The gradient of '{variable.path}' must have its shape {variable.shape}. "
                    f"Received: shape {array.shape}"
                )
            arrays.append(array.reshape(variable._core.shape))
        arrays += [None] * self._extra
        fixed = own._learning_rate
        rate = fixed if type(fixed) is float else float(own._learning_rates(own._steps, 1)[0])
        about_to_change(variables)
        trainer.apply_gradients(arrays, rate)
        for variable in variables:
            if variable.constraint is not None:
                variable.assign(np.asarray(variable.constraint(variable.value)))

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Any]]) -> int:
        """As `apply`, for pairs of a gradient and its variable.

        Args:
            grads_and_vars: Such as ``zip(gradients, variables)``.

        Returns:
            The number of updates done so far.
        """
        pairs = list(grads_and_vars)
        self.apply([gradient for gradient, _ in pairs], [variable for _, variable in pairs])
        own: Any = self
        return int(own.iterations)
