"""A layer as plain data: its configuration, and its weights in files."""

from __future__ import annotations

from typing import Any, TypeVar

from pronghorn import _tree, regularizers
from pronghorn.layers import _called_with
from pronghorn.layers._losses import LossHolder

LayerT = TypeVar("LayerT", bound="StoredLayer")


class StoredLayer(LossHolder):
    """The part of a layer that turns it into plain data and back."""

    # Whether it takes a list of inputs.
    _takes_list = False
    # Whether the shape that it was built for is part of files although there are no weights.
    _tells_shape = False

    # Of a class that leaves `get_config` to this one: what it was called with, if that is plain.
    _arguments: dict[str, Any] | None = None

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        self = super().__new__(cls)
        if cls._users_own and getattr(cls.get_config, "_by_arguments", False):
            self._arguments = _called_with.plain(cls, args, kwargs)
        return self

    def __init__(self, trainable: bool) -> None:
        super().__init__(trainable)
        self._build_shape: Any = None

    def build(self, input_shape: Any) -> None:
        """Creates the weights."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data.

        For a class of your own that does not override it, these are the arguments that it was
        called with, provided that they are numbers, texts, None, or lists and dicts of them.

        Raises:
            NotImplementedError: If they are something else.

        Example:
            >>> from pronghorn.layers import Dropout
            >>> Dropout(0.5).get_config()["rate"]
            0.5
        """
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
        own = type(self).get_config
        if self._users_own and getattr(own, "_by_arguments", False):
            if self._arguments is None and getattr(self, "_from_tensors", False):
                return config  # as Keras has it
            if self._arguments is None:
                raise NotImplementedError(
                    f"Layer '{self.name}' was made with arguments that are no plain data; its "
                    f"class {type(self).__name__} must write a `get_config` (and, for layers "
                    "among the arguments, a `from_config`)."
                )
            return _called_with.accepted(
                type(self), {"name": self.name, **self._arguments, **config}
            )
        return config

    setattr(get_config, "_by_arguments", True)  # noqa: B010

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
        if isinstance(shape, dict):
            self.build({name: tuple(part) for name, part in shape.items()})
        elif shape is not None:
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
