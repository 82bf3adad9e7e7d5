"""Models as layers with a graph or a `call` of the user's own, which is traced for one."""

from __future__ import annotations

from typing import Any

import numpy as np

from pronghorn import _columns, _tree
from pronghorn._autodiff import _record
from pronghorn._graph import KerasTensor
from pronghorn.layers import InputLayer, _call_context, _custom, _tracing
from pronghorn.layers._input_spec import check_inputs
from pronghorn.models._graph_calls import CalledModel
from pronghorn.models._replay import recorded_calls, replayed_calls


class GraphModel(CalledModel):
    """What Sequential, functional and subclassed models share."""

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Applies the model.

        Args:
            inputs: Symbolic tensors, or arrays or tensors with the batch first, in the structure
                of the model's inputs.
            *args: `training`, which says whether dropout acts (for arrays and tensors only), or
                what the model's own `call` takes.
            **kwargs: Likewise.

        Returns:
            Symbolic tensors, arrays or tensors in the structure of the model's outputs.
        """
        if self._given_spec is not None:
            check_inputs(self._given_spec, inputs, self.name, self._dtype)
        if not (args or kwargs or (_record._open and _record._state.depth)):
            plain = self._plain_predict(inputs)
            if plain is not None:
                return plain
        if self._own_call:
            return self._call_own(inputs, args, kwargs)
        return self._call_built_in(inputs, *args, **kwargs)

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """What the model computes; a subclass overrides it, and writes it with layers and `ops`.

        Args:
            inputs: A tensor, or a structure of them.
            *args: Further arguments.
            **kwargs: Further arguments, such as `training`.
        """
        if self._callless:
            raise NotImplementedError(
                f"Model '{self.name}' cannot be called: its class {type(self).__name__} does not "
                "write a `call`."
            )
        return self._call_built_in(inputs, *args, **kwargs)

    setattr(call, "_built_in", True)  # noqa: B010

    def _call_own(self, inputs: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        leaves = _tree.flatten(inputs)
        symbolic = any(isinstance(leaf, KerasTensor) for leaf in leaves)
        if (
            symbolic
            and not self.built
            and any(getattr(leaf, "dtype", None) == "string" for leaf in leaves)
        ):
            self._seen_inputs = _tree.map_structure(
                lambda leaf: KerasTensor(leaf.shape, leaf.dtype), inputs
            )
        if not symbolic and not args and not kwargs.keys() - {"training"}:
            self._try_trace(inputs)
            if self._layer_graph is not None:
                return self._call_built_in(inputs, **kwargs)
        return _custom.call(self, inputs, args, kwargs)

    def _try_trace(self, inputs: Any) -> None:
        """Finds the graph that `call` draws, if it draws one that the engine runs."""
        if self._layer_graph is not None or self._untraceable or self._traces:
            return
        self._remember_shapes(_tree.map_structure(lambda leaf: tuple(np.shape(leaf)), inputs))
        self._traces = True
        try:
            count = iter(range(10**6))
            specs = _tree.map_structure(
                lambda leaf: (
                    InputLayer(
                        shape=tuple(np.shape(leaf))[1:],
                        dtype="string" if _columns.is_text(leaf) else None,
                        name=f"{self.name}_input_{next(count)}",
                    )
                    ._inbound_nodes[0]
                    .outputs[0]
                ),
                inputs,
            )
            _tracing.traced(self, specs)
            with _call_context.trace(False), _record.paused():
                outputs = _custom.call(self, specs, (), {})
            self._set_graph(specs, outputs)
            if not self._is_compiled_graph():
                raise _call_context.NotCompilable(self.name)
        except (_call_context.NotCompilable, ValueError, TypeError):
            self._untraceable = True
            GraphModel._drop_graph(self)
            # What was built while tracing stays so.
            self.built = bool(self.weights)
        finally:
            self._traces = False

    def _remember_shapes(self, shapes: Any) -> None:
        """Keeps the shapes of the first inputs for the model's file; another batch may follow."""
        if self._build_shape is None:
            leaves, inside = _custom.shape_leaves(shapes)
            if all(leaves):
                batched = [(None, *shape[1:]) for shape in leaves]
                self._build_shape = _tree.pack_as(inside, batched)

    def _trace_again(self) -> None:
        """Looks anew at what the user's own calls do, if the engine runs what they did once."""
        parts: list[Any] = self._flatten_layers()
        if self._layer_graph is None or not any(each._own_call for each in parts):
            return
        inputs = self._inputs_struct
        if not self._own_call:
            self._drop_engine()
            self._lowers = None
            return
        GraphModel._drop_graph(self)
        self._try_trace(_tree.map_structure(_sample, inputs))

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights.

        Args:
            input_shape: Shape of the input, batch first, or a structure of shapes.
        """
        if self._own_call and not self._traces and input_shape is not None:
            self._remember_shapes(input_shape)
        waits = self._own_call and not self._callless and not self._traces and not self.built
        if waits and input_shape is not None:
            sample: Any
            if self._seen_inputs is not None:
                sample = _tree.map_structure(_sample, self._seen_inputs)
            else:
                leaves, inside = _custom.shape_leaves(input_shape)
                rows = [np.zeros((1, *(size or 1 for size in s[1:])), self._dtype) for s in leaves]
                sample = _tree.pack_as(inside, rows)
            self._try_trace(sample)
            if self._layer_graph is None:
                self.built = True  # or the call would build it again
                try:
                    with _record.paused(), _record.rehearsed():
                        _custom.call(self, sample, (), {})
                except BaseException:
                    self.built = False
                    raise
        self.built = True

    def __getstate__(self) -> dict[str, Any]:
        """For pickle and copy: layers with their weights, and the calls as plain data."""
        state = super().__getstate__()
        for name in _OF_THE_GRAPH:
            state.pop(name, None)
        if self._layer_graph is not None:
            state["_calls"] = recorded_calls(
                self._layer_graph, self._inputs_struct, self._outputs_struct
            )
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        calls = state.pop("_calls", None)
        self.__dict__.update(state)
        GraphModel._drop_graph(self)
        self._inputs, self._outputs = [], []
        self._engine_flags, self._engine_variables = (), []
        if calls is not None:
            self._set_graph(*replayed_calls(calls))


# Made anew after pickling and copying.
_OF_THE_GRAPH = (
    "_flat_layers",
    "_engine",
    "_engine_flags",
    "_engine_variables",
    "_inputs",
    "_inputs_struct",
    "_layer_graph",
    "_outputs",
    "_outputs_struct",
    "_plain_input",
    "_plain_predict",
    "_preparation",
)


def _sample(spec: KerasTensor) -> Any:
    """Data of one row for a symbolic input."""
    shape = (1, *(size or 1 for size in spec.shape[1:]))
    return np.full(shape, "", object) if spec.dtype == "string" else np.zeros(shape)
