"""Functional models: any graph of layers, with several inputs and outputs."""

from __future__ import annotations

import inspect
from typing import Any

from pronghorn.layers import InputSpec
from pronghorn.models._model import Model


class Functional(Model):
    """What ``Model(inputs, outputs)`` makes; see `Model`.

    Example:
        >>> import pronghorn as keras
        >>> x = keras.Input((4,))
        >>> isinstance(keras.Model(x, keras.layers.Dense(2)(x)), keras.models.Functional)
        True
    """

    def _own_input_spec(self) -> list[InputSpec]:
        names = self.input_names
        return [
            InputSpec(shape=(None, *tensor.shape[1:]), name=name)
            for name, tensor in zip(names, self.inputs, strict=True)
        ]


def made_of_tensors(cls: type[Any]) -> bool:
    """Whether ``cls(inputs, outputs, name, trainable)`` is all that makes such a model.

    So it is for a subclass of Model that has methods of its own but no arguments of its own.
    """
    names = inspect.signature(cls.__init__).parameters.values()
    variadic = any(p.kind is p.VAR_KEYWORD for p in names)
    named = {p.name for p in names if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}
    return named <= _ARGUMENTS and (variadic or {"inputs", "outputs"} <= named)


_ARGUMENTS = set(inspect.signature(Model.__init__).parameters)
