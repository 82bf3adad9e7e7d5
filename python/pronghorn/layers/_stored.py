"""A layer as plain data: its configuration, and its weights in files."""

from __future__ import annotations

from typing import Any, TypeVar

from pronghorn import _tree, regularizers
from pronghorn.layers._losses import LossHolder

LayerT = TypeVar("LayerT", bound="StoredLayer")


class StoredLayer(LossHolder):
    """The part of a layer that turns it into plain data and back."""

    # Whether it takes a list of inputs.
    _takes_list = False
    # Whether the shape that it was built for is part of files although there are no weights.
    _tells_shape = False

    def __init__(self, trainable: bool) -> None:
        super().__init__(trainable)
        self._build_shape: Any = None

    def build(self, input_shape: Any) -> None:
        """Creates the weights."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        config = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": {
                "module": "keras",
                "class_name": "DTypePolicy",
                "config": {"name": self._dtype},
                "registered_name": None,
            },
        }
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        return config

    @classmethod
    def from_config(cls: type[LayerT], config: dict[str, Any]) -> LayerT:
        """Makes a layer from what `get_config` gave."""
        return cls(**config)

    def get_build_config(self) -> dict[str, Any] | None:
        """What `build_from_config` needs to create the weights; None if there is nothing to do."""
        if self._build_shape is None or not (
            self._weights or self._takes_list or self._tells_shape
        ):
            return None
        return {"input_shape": self._build_shape}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Creates the weights as `get_build_config` says."""
        shape = config.get("input_shape")
        if shape is not None:
            nested = isinstance(shape, (list, tuple)) and any(_tree.is_nested(s) for s in shape)
            self.build([tuple(part) for part in shape] if nested else tuple(shape))

    def save_own_variables(self, store: dict[str, Any]) -> None:
        """Puts the layer's own weights into `store`, named by number; may be overridden.

        Args:
            store: To be filled with arrays.
        """
        ordered = self._written_weights()
        for number, variable in enumerate(ordered):
            store[str(number)] = variable.numpy()

    def load_own_variables(self, store: dict[str, Any]) -> None:
        """Takes the layer's own weights from `store`; override it with `save_own_variables`.

        Args:
            store: Arrays by name.

        Raises:
            ValueError: If the number or a shape differs.
        """
        ordered = self._written_weights()
        if len(store) != len(ordered):
            raise ValueError(
                f"Layer '{self.name}' expected {len(ordered)} variables, but received "
                f"{len(store)} variables during loading."
            )
        for number, variable in enumerate(ordered):
            variable.assign(store[str(number)])
