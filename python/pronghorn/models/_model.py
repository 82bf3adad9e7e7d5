"""The class that users name: Model."""

from __future__ import annotations

from typing import Any

from pronghorn.models._training import TrainingModel


class Model(TrainingModel):
    """A graph of layers between given inputs and outputs.

    ``Model(inputs, outputs)`` makes a functional model; `Sequential` makes a chain.

    Args:
        inputs: Symbolic tensor from `Input`, or a list or dict of them.
        outputs: Symbolic tensor, or a list or dict of them.
        name: Given automatically if None.

    Raises:
        TypeError: If inputs or outputs are missing.
        ValueError: If the outputs do not depend on the inputs alone.

    Example:
        >>> import pronghorn as keras
        >>> x = keras.Input((4,))
        >>> model = keras.Model(x, keras.layers.Dense(2)(x))
        >>> model.output_shape
        (None, 2)
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is Model:
            from pronghorn.models._functional import Functional

            return super().__new__(Functional)
        return super().__new__(cls)

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
