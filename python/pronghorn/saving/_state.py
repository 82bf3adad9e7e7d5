"""The state of a model in an HDF5 group: weights, and what optimizers and metrics remember."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pronghorn.layers import Layer
from pronghorn.optimizers import Optimizer
from pronghorn.saving._walk import walk

if TYPE_CHECKING:
    from pronghorn._engine import Array
    from pronghorn.saving._hdf5 import Group


def own_variables(holder: Any) -> list[Any]:
    """Weights of a layer itself, those first that were made to be trained; or a metric's state."""
    if isinstance(holder, Layer):
        return holder._written_weights()
    return list(getattr(holder, "variables", []))


def write_state(root: Any, file: Any, optimizer: bool = True) -> None:
    """Writes everything that `root` holds into an open, empty h5py file.

    Args:
        root: A model or layer.
        file: Of h5py.
        optimizer: Whether to write the optimizer's state too.
    """
    for path, holder in walk(root):
        if isinstance(holder, Optimizer) and not optimizer:
            continue
        group = file.create_group(f"{path}/vars" if path else "vars")
        group.attrs["name"] = holder.name
        for key, value in _written(holder, root).items():
            group[str(key)] = value


def _written(holder: Any, root: Any) -> dict[str, Any]:
    if isinstance(holder, Optimizer):
        from pronghorn.optimizers._state import read_state

        return {str(i): value for i, (_, value) in enumerate(read_state(holder, root))}
    store: dict[str, Any] = {}
    if isinstance(holder, Layer):
        holder.save_own_variables(store)
    else:
        store = {str(i): variable.numpy() for i, variable in enumerate(own_variables(holder))}
    return {key: np.asarray(value) for key, value in store.items()}


class StateReader:
    """Reads a group into a model: first everything is checked and read, then the model changes.

    Args:
        root: A model or layer, built.
        group: Of the file.
        skip_mismatch: Whether objects that do not fit are left alone, with a warning.

    Raises:
        ValueError: If something does not fit; the model is then as it was.
    """

    def __init__(self, root: Any, group: Group, skip_mismatch: bool = False) -> None:
        self._group = group
        self._assignments: list[tuple[Any, Array]] = []
        self._actions: list[Callable[[], None]] = []
        self._own: list[tuple[Layer, dict[str, Array]]] = []
        problems: list[str] = []
        for path, holder in walk(root):
            try:
                self._read(path, holder, root)
            except ValueError as error:
                problems.append(str(error))
        if problems and not skip_mismatch:
            more = f" And {len(problems) - 1} more do not fit." if len(problems) > 1 else ""
            raise ValueError(f"{problems[0]}{more}")
        for problem in problems:
            warnings.warn(f"Skipped: {problem}", stacklevel=4)

    def _read(self, path: str, holder: Any, root: Any) -> None:
        stored = self._stored(path)
        if isinstance(holder, Optimizer):
            self._read_optimizer(holder, root, stored)
            return
        if isinstance(holder, Layer) and _has_own_format(holder):
            self._own.append((holder, {} if stored is None else _all_values(stored)))
            return
        variables = own_variables(holder)
        names = [] if stored is None else stored.names()
        if not variables and not names:
            return
        if len(names) != len(variables):
            raise ValueError(
                f"Layer '{holder.name}' expected {len(variables)} variables, but received "
                f"{len(names)} variables during loading. Expected: "
                f"{[variable.name for variable in variables]}."
            )
        assert stored is not None
        self._assignments += read_values(
            variables, [stored.dataset(str(i)) for i in range(len(names))], holder.name
        )

    def _stored(self, path: str) -> Group | None:
        found = self._group.group(f"{path}/vars" if path else "vars")
        if found is None and path.startswith("layers"):  # as Keras 2.13 wrote it
            older = path.replace("layers", "_layer_checkpoint_dependencies")
            found = self._group.group(f"{older}/vars")
        return found

    def _read_optimizer(self, optimizer: Optimizer, root: Any, stored: Group | None) -> None:
        from pronghorn.optimizers._state import plan_state

        names = [] if stored is None else stored.names()
        if stored is None or not names:
            return  # the file has weights alone
        arrays = [stored.dataset(str(i)).read() for i in range(len(names))]
        take_over = plan_state(optimizer, root, arrays)
        if take_over is None:
            warnings.warn(
                f"Skipping variable loading for optimizer '{optimizer.name}', because the file "
                f"has {len(arrays)} variables, which is another number than this optimizer's.",
                stacklevel=6,
            )
        else:
            self._actions.append(take_over)

    def apply(self) -> None:
        """Changes the model. If a layer's own way of loading fails, everything is put back."""
        before = [(v, v.numpy()) for layer, _ in self._own for v in layer.weights]
        changed = (
            [(variable, variable.numpy()) for variable, _ in self._assignments] if self._own else []
        )
        try:
            for variable, value in self._assignments:
                variable.assign(value)
            for layer, store in self._own:
                layer.load_own_variables(store)
            for action in self._actions:
                action()
        except BaseException:
            for variable, value in [*before, *changed]:
                variable.assign(value)
            raise


def _has_own_format(layer: Layer) -> bool:
    return type(layer).load_own_variables is not Layer.load_own_variables


def _all_values(group: Group) -> dict[str, Array]:
    return {name: group.dataset(name).read() for name in group.names()}


def read_values(
    variables: Sequence[Any], datasets: Sequence[Any], owner: str
) -> list[tuple[Any, Array]]:
    """Pairs of variable and value; shapes are compared before anything is read.

    Raises:
        ValueError: If one does not fit.
    """
    for variable, dataset in zip(variables, datasets, strict=True):
        if dataset.shape != tuple(variable.shape):
            raise ValueError(
                f"Weight '{variable.name}' of '{owner}' has shape {tuple(variable.shape)}; the "
                f"file has shape {dataset.shape}."
            )
    return [
        (variable, dataset.read()) for variable, dataset in zip(variables, datasets, strict=True)
    ]
