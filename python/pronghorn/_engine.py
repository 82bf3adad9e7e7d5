"""The one module that imports the compiled core.

Everything else reaches C++ through the names below, so that a missing or broken core gives one
clear message and the boundary between Python and C++ stays in one place.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pronghorn._blas_threads import one_blas_thread
from pronghorn._joining import joined

try:
    with one_blas_thread():
        from pronghorn import _core
except ImportError as error:
    raise ImportError(
        "pronghorn's compiled core (pronghorn._core) could not be loaded: "
        f"{error}. Install the package with `pip install .` from its source directory (a C++17 "
        "compiler is needed), and do not import it from inside the source tree's python/ folder."
    ) from error

if TYPE_CHECKING:
    from pronghorn._core import (
        Activation,
        Constraint,
        DType,
        LossSpec,
        MetricSpec,
        Node,
        OptimizerSpec,
        Results,
    )

Array = NDArray[Any]
Shape = tuple[int | None, ...]

Engine = _core.Engine
Run = _core.Run
Gradients = _core.Gradients
Tape = _core.Tape
Trainer = _core.Trainer
CoreVariable = _core.Variable

activate = _core.activate
activation_gradient = _core.activation_gradient
activation_names = _core.activations
get_num_threads = _core.get_num_threads
info = _core.info
matmul = _core.matmul
peak_flops = _core.peak_flops
plain_data = _core.plain_data
profile_lines = _core.profile_lines
set_num_threads = _core.set_num_threads
start_profiling = _core.start_profiling
stop_profiling = _core.stop_profiling
stream_bandwidth = _core.stream_bandwidth

__all__ = [
    "Activation",
    "Array",
    "Constraint",
    "CoreVariable",
    "DType",
    "Engine",
    "EngineGraph",
    "LossSpec",
    "MetricSpec",
    "Node",
    "OptimizerSpec",
    "Results",
    "Run",
    "Shape",
    "Gradients",
    "Tape",
    "Trainer",
    "activate",
    "activation_gradient",
    "activation_names",
    "get_num_threads",
    "info",
    "is_sparse",
    "loss_names",
    "matmul",
    "peak_flops",
    "plain_data",
    "profile_lines",
    "optimizer_hyper",
    "set_num_threads",
    "start_profiling",
    "stop_profiling",
    "stream_bandwidth",
]


@functools.cache
def _losses() -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in _core.losses()}


def loss_names() -> list[str]:
    """Names of the losses and metrics that the engine computes."""
    return [name for name in _losses() if not name.endswith("_logits")]


def is_sparse(name: str) -> bool:
    """Whether the loss or metric `name` takes integer class labels."""
    row = _losses().get(name)
    return bool(row and row["sparse"])


@functools.cache
def optimizer_hyper() -> dict[str, list[str]]:
    """Hyperparameter names of each optimizer of the engine."""
    return {row["name"]: list(row["hyper"]) for row in _core.optimizers()}


class EngineGraph:
    """Collects the nodes, shapes and variables of which an engine is made.

    Layers append to it (``Layer._lower``). Shapes are per sample, without the batch dimension.
    """

    def __init__(self, dtype: DType) -> None:
        self.dtype = dtype
        self.nodes: list[Node] = []
        self.shapes: list[tuple[int, ...]] = []
        self.variables: list[Any] = []
        self.written: list[Node] = []  # nodes of products and sums that users wrote
        self._variable_index: dict[int, int] = {}

    def append(self, node: Node, shape: Sequence[int | None]) -> int:
        """Adds a node whose output has the given shape per sample; returns its index."""
        known = tuple(size for size in shape if size is not None)
        if len(known) != len(shape):
            raise ValueError(
                f'Layer "{node.get("name")}" has the output shape {(None, *shape)}. Every '
                "dimension but the first (the batch) must be known before the model can run; "
                "give Input a shape without None."
            )
        self.nodes.append(node)
        self.shapes.append(known)
        return len(self.nodes) - 1

    def variable(self, variable: Any) -> int:
        """Index of a `Variable`, added at its first use (shared layers use one index)."""
        index = self._variable_index.get(id(variable))
        if index is None:
            index = len(self.variables)
            self._variable_index[id(variable)] = index
            self.variables.append(variable)
        return index

    def engine(self, outputs: Sequence[int]) -> _core.Engine:
        """Builds the engine; outputs are indices of nodes."""
        variables = [variable._core for variable in self.variables]
        nodes, places = self.nodes, list(outputs)
        if self.written:
            nodes, places = joined(nodes, self.written, places)
        return _core.Engine(nodes, places, variables, self.dtype)


def as_array(value: Any, dtype: Any) -> Array:
    """An array the core can read in place: C order, aligned, native byte order, of `dtype`.

    Returns `value` itself if it is one already.
    """
    array = np.asarray(value)
    if array.dtype != dtype or not (array.flags.c_contiguous and array.flags.aligned):
        if array.dtype.kind in "iu" and array.itemsize <= 8:  # never a warning
            return np.array(array, dtype=dtype, order="C", copy=True)
        with np.errstate(over="ignore", invalid="ignore"):
            array = np.array(array, dtype=dtype, order="C", copy=True)
    return array
