"""The engine of a graph of layers, and data as it takes and gives them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from pronghorn import _columns, _data, _tree
from pronghorn._engine import Array, Engine, EngineGraph, Shape, as_array
from pronghorn._graph import KerasTensor
from pronghorn.layers import InputLayer, _call_context
from pronghorn.layers._tables._table_layer import TableLayer
from pronghorn.models import _column_run
from pronghorn.models._graph_holder import GraphHolder, _alone, _never
from pronghorn.models._preparation import has_tables

if TYPE_CHECKING:
    from pronghorn._engine import DType


class EngineModel(GraphHolder):
    """A graph of layers that the engine runs, if it can."""

    def _model_dtype(self) -> DType:
        """The one dtype of all layers.

        Raises:
            ValueError: If layers have different ones.
        """
        if self._graph_dtype is not None:
            return self._graph_dtype
        found: dict[str, str] = {}
        for layer in self._flatten_layers():
            if not isinstance(layer, (InputLayer, GraphHolder, TableLayer)):
                found.setdefault(layer._dtype, layer.name)
        if len(found) > 1:
            raise ValueError(
                f"Model '{self.name}' mixes dtypes, which the engine cannot: "
                f"{', '.join(f'{dtype} (layer {name!r})' for dtype, name in found.items())}."
            )
        dtype = cast("DType", next(iter(found), self._dtype))
        if self._layer_graph is not None:
            self._graph_dtype = dtype
        return dtype

    def _trainable_flags(self) -> tuple[bool, ...]:
        flags: list[bool] = []
        for layer in self._flatten_layers():
            flags.append(layer.trainable)
            flags += [variable.trainable for variable in layer._own_weights()]
        return tuple(flags)

    def _get_engine(self, current_flags: bool = False) -> Engine:
        """The engine of this graph; with `current_flags` as trainable as the layers are now."""
        flags = self._trainable_flags() if current_flags else self._engine_flags
        if self._engine is None or flags != self._engine_flags:
            graph = EngineGraph(self._model_dtype())
            inputs = []
            prepared = self._preparation
            if prepared is not None:
                prepared.check_rest()
            for tensor in self._inputs if prepared is None else prepared.feeds:
                # The engine's samples have at least one axis.
                shape = tensor.shape[1:] or (1,)
                index = graph.append({"op": "input", "name": tensor.name, "inputs": []}, shape)
                graph.nodes[index]["shape"] = graph.shapes[index]
                inputs.append(index)
            self._engine_flags = self._trainable_flags()
            lower = self._lower if prepared is None else prepared.lower
            outputs = lower(graph, inputs)
            if not self._trainable:  # whatever the layers inside say, as `trainable_weights` does
                for node in graph.nodes:
                    node["trainable"] = False
            self._engine = graph.engine(outputs)
            self._engine_variables = graph.variables
            self._plain_predict = self._make_plain_predict(self._engine)
        return self._engine

    def _own_predict_step(self) -> bool:
        """Whether a subclass says how a batch is predicted."""
        return False

    def _make_plain_predict(self, engine: Engine) -> Callable[[Any], Array | None]:
        if self._own_predict_step() or self._preparation is not None or self._has_masks:
            return _never
        out = self._outputs_struct
        keyed = isinstance(self._inputs_struct, dict)
        if keyed or not isinstance(out, KerasTensor) or out.ndim < 2 or self._inputs[0].ndim < 2:
            return _never
        return engine.plain_predictor() or _never

    def _settle(self, x: Any, argument: str) -> None:
        """Builds a chain that waits for data, if layers of the user's own decide how it runs."""
        waits = self._layer_graph is None and not self._own_call
        if waits and any(layer._own_call or layer._makes_mask for layer in self._sublayers()):
            arrays = self._input_arrays(x, argument)
            self._peek_output_shapes([(None, *array.shape[1:]) for array in arrays])
            self._build_from(arrays)

    def _is_compiled_graph(self) -> bool:
        """Whether the model's graph is one that the engine runs; an unknown graph counts as one."""
        if self._layer_graph is None:
            return not self._own_call
        if self._lowers is None:
            try:
                self._get_engine()
                self._lowers = True
            except _call_context.NotCompilable:
                self._lowers = False
        return self._lowers

    # Data.

    def _peek_output_shapes(self, input_shapes: Sequence[Shape]) -> list[Shape]:
        """Shapes of the outputs for such inputs, without building anything."""
        return [tensor.shape for tensor in self.outputs]

    def _build_from(self, arrays: Sequence[Array]) -> None:
        """Builds the model for such inputs if it is not built."""
        self._graph()

    def _input_arrays(self, x: Any, argument: str = "x") -> list[Array]:
        """Data for all inputs, as the engine reads them; nothing is built."""
        plain = self._plain_input
        if plain is not None and type(x) is np.ndarray and x.shape[1:] == plain[0]:
            flags = x.flags
            if x.dtype == plain[1] and flags.c_contiguous and flags.aligned and x.size:
                return [x]
        dtype = self._model_dtype()
        if self._layer_graph is None:
            if has_tables(self):
                what = f"model '{self.name}'"
                self._build_on(_columns.column(x, None, None, argument, what))
                return self._input_arrays(x, argument)
            array = _data.numeric(self._only_input(x, argument), argument)
            array = array[:, None] if array.ndim == 1 else array
            return [_data.features(array, (None, *array.shape[1:]), dtype, argument, "the model")]
        if self._preparation is not None:
            return self._prepared(self._columns(x, argument))
        names, parts = self.input_names, self._parts(x, argument)
        arrays = []
        for part, name, tensor in zip(parts, names, self._inputs, strict=True):
            label = argument if len(names) == 1 else f"{argument}[{name!r}]"
            what = f"the input '{name}' of model '{self.name}'"
            arrays.append(_data.features(part, tensor.shape, dtype, label, what))
        _data.check_lengths([(argument, arrays)])
        keyed = isinstance(self._inputs_struct, dict)
        known = self._inputs[0].ndim > 1 and None not in self._inputs[0].shape[1:]
        if len(arrays) == 1 and known and not keyed:
            self._plain_input = (self._inputs[0].shape[1:], arrays[0].dtype)
        return [array if array.ndim > 1 else array[:, None] for array in arrays]

    def _parts(self, x: Any, argument: str) -> list[Any]:
        """The data of each input; as in Keras a dict may have more for inputs that are a list."""
        names, keyed = self.input_names, isinstance(self._inputs_struct, dict)
        if isinstance(x, Mapping) and not keyed and x.keys() > set(names):
            x = {name: x[name] for name in names}
        ranks = [tensor.ndim for tensor in self._inputs]
        return _data.split_structure(x, names, keyed, ranks, argument)

    def _columns(self, x: Any, argument: str) -> list[Array]:
        """Data for all inputs as they are, text too: what layers for categories take."""
        names = self.input_names
        arrays = []
        for part, name, tensor in zip(self._parts(x, argument), names, self._inputs, strict=True):
            label = argument if len(names) == 1 else f"{argument}[{name!r}]"
            what = f"the input '{name}' of model '{self.name}'"
            # The type of a traced input is that of the first data seen.
            dtype = None if self._own_call and tensor.dtype != "string" else tensor.dtype
            arrays.append(_columns.column(part, tensor.shape, dtype, label, what))
        _data.check_lengths([(argument, arrays)])
        return arrays

    def _prepared(self, columns: Sequence[Array]) -> list[Array]:
        """What the engine gets for data that `_columns` gave."""
        assert self._preparation is not None
        dtype = np.dtype(self._model_dtype())
        arrays = [as_array(array, dtype) for array in self._preparation.run(columns)]
        return [array if array.ndim > 1 else array[:, None] for array in arrays]

    def _run_inputs(self, x: Any, argument: str = "x") -> list[Array]:
        """As `_input_arrays`; `Columns` as they came if, prepared, they would take much memory."""
        if self._preparation is None:
            return self._input_arrays(x, argument)
        columns = self._columns(x, argument)
        if len(columns[0]) * self._bytes_a_row() > _column_run.MOST_BYTES:
            return _column_run.Columns(columns)
        return self._prepared(columns)

    def _bytes_a_row(self) -> int:
        """What prepared columns take for each row."""
        assert self._preparation is not None
        sizes = (math.prod(size or 1 for size in f.shape[1:]) for f in self._preparation.feeds)
        return sum(sizes) * np.dtype(self._model_dtype()).itemsize

    def _build_on(self, array: Array) -> None:
        """Builds a model of layers for categories on the first data, whose type counts."""
        self._build_from([array])

    def _only_input(self, x: Any, argument: str) -> Any:
        if isinstance(x, dict) and len(x) == 1:
            return next(iter(x.values()))
        wrapped = isinstance(x, (list, tuple)) and len(x) == 1 and isinstance(x[0], np.ndarray)
        return x[0] if wrapped and x[0].ndim > 1 else x

    def _pack_outputs(self, arrays: Sequence[Array]) -> Any:
        if isinstance(self._outputs_struct, KerasTensor) and self._outputs_struct.ndim > 1:
            return arrays[0]
        shaped = [
            array[:, 0] if tensor.ndim == 1 < array.ndim else array
            for array, tensor in zip(arrays, self._outputs, strict=True)
        ]
        return _tree.pack_as(_alone(self._outputs_struct), shaped)
