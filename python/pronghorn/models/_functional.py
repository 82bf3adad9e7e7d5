"""Functional models: any graph of layers, with several inputs and outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pronghorn._serialization._custom_objects import CustomObjectScope
from pronghorn.models._model import Model


class Functional(Model):
    """What ``Model(inputs, outputs)`` makes; see `Model`."""

    def get_config(self) -> dict[str, Any]:
        """Layers and how they are connected, as plain data."""
        from pronghorn.models._graph_config import graph_config

        return {"name": self.name, "trainable": self.trainable, **graph_config(self)}

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
        """
        from pronghorn.models._graph_config import GraphReader

        with CustomObjectScope(custom_objects):
            graph = GraphReader(config)
            rest = {key: config[key] for key in config if key not in _GRAPH}
            return cls(inputs=graph.inputs, outputs=graph.outputs, **rest)


_GRAPH = ("layers", "input_layers", "output_layers", "dtype")
