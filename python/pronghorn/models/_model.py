"""The class that users name: Model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pronghorn import _tree
from pronghorn._graph import KerasTensor
from pronghorn._serialization._custom_objects import CustomObjectScope
from pronghorn.models._files import ModelFiles
from pronghorn.models._replay import begun_at_inputs
from pronghorn.models._training import TrainingModel


class Model(ModelFiles, TrainingModel):
    """A graph of layers between given inputs and outputs.

    ``Model(inputs, outputs)`` makes a functional model; `Sequential` makes a chain.

    Args:
        inputs: Symbolic tensor from `Input`, or a list or dict of them.
        outputs: Symbolic tensor, or a list or dict of them.
        name: Given automatically if None.
        trainable: Whether training changes the weights; None leaves it to the layers.
        dtype: What a `call` of your own converts its inputs to: "float32", "float64" or None.

    Raises:
        TypeError: If inputs or outputs are missing or no symbolic tensors.
        ValueError: If the outputs do not depend on the inputs alone.

    Example:
        >>> import pronghorn as keras
        >>> x = keras.Input((4,))
        >>> model = keras.Model(x, keras.layers.Dense(2)(x))
        >>> model.output_shape
        (None, 2)
    """

    # Whether a model without inputs and outputs is in order, as its graph comes later.
    _graph_comes_later = False
    # Whether it was made of inputs and outputs, and not of layers or a `call`.
    _from_tensors = False

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is Model:
            from pronghorn.models._functional import Functional

            return super().__new__(Functional)
        return super().__new__(cls, *args, **kwargs)

    def __init__(
        self,
        inputs: Any = None,
        outputs: Any = None,
        name: str | None = None,
        trainable: bool | None = None,
        dtype: Any = None,
    ) -> None:
        if self._users_own and not self._graph_comes_later and inputs is None and outputs is None:
            # Layers are attributes; without a `call` the steps say what is done with them.
            self._own_call = True
        later = self._graph_comes_later or (self._own_call and inputs is None and outputs is None)
        if not later:
            _check_tensors("inputs", inputs)
            _check_tensors("outputs", outputs)
        super().__init__(name=name, dtype=dtype)
        self._callless = self._own_call and getattr(type(self).call, "_built_in", False)
        self._untraceable = self._callless
        self._from_tensors = inputs is not None
        if inputs is not None:
            self._set_graph(*begun_at_inputs(inputs, outputs))
        if trainable is not None:
            self._trainable = bool(trainable)  # as in Keras, the layers keep what they say

    def get_config(self) -> dict[str, Any]:
        """What `from_config` needs: of a functional model the layers and how they are connected."""
        from pronghorn.models._functional import made_of_tensors
        from pronghorn.models._graph_config import graph_config

        if not (self._from_tensors and made_of_tensors(type(self))):
            return super().get_config()
        return {"name": self.name, "trainable": self.trainable, **graph_config(self)}

    setattr(get_config, "_by_arguments", True)  # noqa: B010

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Any:
        """Makes a model from what `get_config` gave.

        Args:
            config: The configuration.
            custom_objects: Classes and functions of the user by name.

        Raises:
            ValueError: If it is malformed.
            TypeError: If it names something that is not known.

        Example:
            >>> import pronghorn as keras
            >>> x = keras.Input((4,))
            >>> model = keras.Model(x, keras.layers.Dense(2)(x))
            >>> keras.Model.from_config(model.get_config()).output_shape
            (None, 2)
        """
        from pronghorn.models._functional import made_of_tensors
        from pronghorn.models._graph_config import GRAPH_KEYS, GraphReader

        with CustomObjectScope(custom_objects):
            functional = cls.__name__ == "Functional" or config.keys() >= GRAPH_KEYS
            if not (functional and made_of_tensors(cls)):
                return super().from_config(dict(config))
            graph = GraphReader(config)
            rest = {key: config[key] for key in config.keys() - GRAPH_KEYS - {"dtype"}}
            return cls(inputs=graph.inputs, outputs=graph.outputs, **rest)

    def summary(
        self,
        line_length: int | None = None,
        positions: Any = None,
        print_fn: Any = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Any = None,
    ) -> None:
        """Prints a table of the layers, their shapes and numbers of parameters.

        Args:
            line_length: Width of the table; None fits the terminal.
            positions: Ends of the columns as fractions of the width.
            print_fn: Called with the whole text instead of printing it.
            expand_nested: Whether to list the layers of models inside.
            show_trainable: Whether to add a column that tells which layers train.
            layer_range: Names (or patterns) of the first and the last layer to list.

        Raises:
            ValueError: If the table cannot be that narrow or a name matches no layer.
        """
        from pronghorn.models import _summary

        _summary.print_summary(
            self, line_length, positions, print_fn, expand_nested, show_trainable, layer_range
        )


def _check_tensors(argument: str, value: Any) -> None:
    if value is None:
        raise TypeError(
            f"Model(inputs, outputs) needs `{argument}`. Received: {argument}=None. To write a "
            "model layer by layer, use Sequential, or subclass Model and write its `call`."
        )
    leaves = _tree.flatten(value)
    if not leaves:
        raise ValueError(f"`{argument}` must not be empty. Received: {argument}={value!r}")
    parts = list(value.values()) if isinstance(value, dict) else value
    if _tree.is_nested(value) and any(_tree.is_nested(part) for part in parts):
        raise ValueError(
            f"`{argument}` must be one tensor, or a list or dict of tensors without nesting. "
            f"Received: {argument}={value!r}"
        )
    for leaf in leaves:
        if not isinstance(leaf, KerasTensor):
            raise TypeError(
                f"`{argument}` must be symbolic tensors, from Input or from calling layers. "
                f"Received: {leaf!r} (of type {type(leaf).__name__})"
            )
