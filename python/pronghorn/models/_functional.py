"""Functional models: any graph of layers, with several inputs and outputs."""

from __future__ import annotations

import inspect
from typing import Any

from pronghorn.models._model import Model


class Functional(Model):
    """What ``Model(inputs, outputs)`` makes; see `Model`."""


def made_of_tensors(cls: type[Any]) -> bool:
    """Whether ``cls(inputs, outputs, name, trainable)`` is all that makes such a model.

    So it is for a subclass of Model that has methods of its own but no arguments of its own.
    """
    names = inspect.signature(cls.__init__).parameters.values()
    variadic = any(p.kind is p.VAR_KEYWORD for p in names)
    named = {p.name for p in names if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}
    return named <= _ARGUMENTS and (variadic or {"inputs", "outputs"} <= named)


_ARGUMENTS = set(inspect.signature(Model.__init__).parameters)
