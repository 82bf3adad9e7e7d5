"""Functional models: any graph of layers, with several inputs and outputs."""

from __future__ import annotations

from pronghorn.models._model import Model


class Functional(Model):
    """What ``Model(inputs, outputs)`` makes; see `Model`."""
