"""What a model can do with files and plain data; the work is done in `pronghorn.saving`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pronghorn.models._model import Model


class ModelFiles:
    """Saving, loading and configurations, for `Model` to inherit."""

    if TYPE_CHECKING:
        name: str
        compiled: bool
        optimizer: Any
        steps_per_execution: int
        _request: Any
        _compile_options: dict[str, Any]

        def compile(self, *args: Any, **kwargs: Any) -> None: ...

    def save(
        self: Any, filepath: Any, overwrite: bool = True, zipped: Any = None, **kwargs: Any
    ) -> None:
        """Writes the whole model: configuration, weights, compilation and optimizer state.

        The file is written beside its place and moved there at the end: what was there before stays
        whole until then.

        Args:
            filepath: Ends in ``.keras``; or in ``.h5`` for the older format.
            overwrite: Whether an existing file may be replaced.
            zipped: Must be None or True.
            **kwargs: `include_optimizer`, for ``.h5`` alone.

        Raises:
            ValueError: If the name has another ending, or a file is there and `overwrite` is false.
            TypeError: If a part of the model has no configuration.

        Example:
            >>> import os, tempfile, pronghorn as keras
            >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     model.save(os.path.join(folder, "m.keras"))
            ...     keras.saving.load_model(os.path.join(folder, "m.keras")).count_params()
            10
        """
        from pronghorn.saving import _api

        _api.save_model(self, filepath, overwrite, zipped, **kwargs)

    def save_weights(
        self: Any, filepath: Any, overwrite: bool = True, max_shard_size: float | None = None
    ) -> None:
        """Writes the weights, and the optimizer's state if there is one.

        Args:
            filepath: Ends in ``.weights.h5``.
            overwrite: Whether an existing file may be replaced.
            max_shard_size: Must be None.

        Raises:
            ValueError: If the name has another ending, or the model is not built.
        """
        from pronghorn.saving import _api

        _api.save_weights(self, filepath, overwrite, max_shard_size)

    def load_weights(self: Any, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
        """Reads weights into the model, and the optimizer's state if both have one.

        Args:
            filepath: A ``.weights.h5``, ``.keras`` or ``.h5`` file.
            skip_mismatch: Whether layers that do not fit are left as they are, with a warning.
            **kwargs: `by_name`, for ``.h5`` alone.

        Raises:
            ValueError: If the file does not fit the model; the model is then as it was.
            OSError: If the file cannot be read.
        """
        from pronghorn.saving import _api

        _api.load_weights(self, filepath, skip_mismatch, **kwargs)

    def to_json(self: Any, **kwargs: Any) -> str:
        """The configuration as JSON, for ``models.model_from_json``.

        Args:
            **kwargs: Of ``json.dumps``.

        Example:
            >>> import pronghorn as keras
            >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
            >>> keras.models.model_from_json(model.to_json()).output_shape
            (None, 2)
        """
        from pronghorn.saving import _json

        return _json.to_json(self, **kwargs)

    def get_compile_config(self) -> dict[str, Any]:
        """The arguments of `compile`, as plain data; empty if the model is not compiled."""
        from pronghorn._serialization._objects import serialize_keras_object

        if not self.compiled:
            return {}
        request = self._request
        arguments = {
            "optimizer": self.optimizer,
            "loss": request.loss,
            "loss_weights": request.loss_weights,
            "metrics": request.metrics,
            "weighted_metrics": request.weighted_metrics,
            **self._compile_options,
        }
        return {key: serialize_keras_object(value) for key, value in arguments.items()}

    def compile_from_config(self, config: Mapping[str, Any]) -> None:
        """Compiles the model as `get_compile_config` says."""
        from pronghorn._serialization._objects import deserialize_keras_object
        from pronghorn._serialization._older import modern

        given = {key: value for key, value in config.items() if value is not None}
        arguments = {**given, "optimizer": modern(config.get("optimizer"), "optimizers")}
        self.compile(**deserialize_keras_object(arguments))


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Model:
    """Makes a model, with new weights, from what ``model.to_json()`` gave.

    Args:
        json_string: The JSON.
        custom_objects: Classes and functions of the user by name.

    Raises:
        ValueError: If it is no JSON, or no configuration of a model.
        TypeError: If it names something that is not known.

    Example:
        >>> import pronghorn as keras
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
        >>> model_from_json(model.to_json()).count_params()
        10
    """
    from pronghorn.saving import _json

    model: Model = _json.model_from_json(json_string, custom_objects)
    return model
