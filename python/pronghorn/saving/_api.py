"""The functions that users call: whole models and weights, to files and back."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, cast

if TYPE_CHECKING:
    from pronghorn.models._model import Model
    from pronghorn.utils import FeatureSpace

_LEGACY = (".h5", ".hdf5")


def save_model(
    model: Model | FeatureSpace,
    filepath: Any,
    overwrite: bool = True,
    zipped: Any = None,
    **kwargs: Any,
) -> None:
    """Writes a whole model; see ``Model.save``.

    Args:
        model: Sequential or functional, or of a class that has ``get_config``; or a FeatureSpace.
        filepath: Ends in ``.keras``, or in ``.h5`` for the older format; or a binary file.
        overwrite: Whether an existing file may be replaced.
        zipped: Must be None or True.
        **kwargs: `include_optimizer`, for ``.h5`` alone.

    Raises:
        ValueError: If the name has another ending, or a file is there and `overwrite` is false.
        TypeError: If a part of the model has no configuration.

    Example:
        >>> import io, pronghorn as keras
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
        >>> file = io.BytesIO()
        >>> keras.saving.save_model(model, file)
        >>> keras.saving.load_model(file).output_shape
        (None, 2)
    """
    from pronghorn.saving import _keras_file
    from pronghorn.saving._atomic import write_file

    include_optimizer = kwargs.pop("include_optimizer", True)
    if kwargs:
        raise TypeError(f"save_model has no arguments {sorted(kwargs)}.")
    if zipped is not None and not zipped:
        raise ValueError(f"`zipped` must be None or True: models are files. Received: {zipped!r}")
    _assert_layer(model)
    if isinstance(filepath, io.IOBase):
        _keras_file.write(model, cast("BinaryIO", filepath))
        return
    path = _path(filepath)
    if not path.endswith((".keras", *_LEGACY)):
        raise ValueError(
            "`filepath` must end in `.keras` (or in `.h5` for the older format). "
            f"Received: filepath={path!r}"
        )
    _check_overwrite(path, overwrite)
    if path.endswith(".keras"):
        write_file(path, lambda file: _keras_file.write(model, file))
        return
    from pronghorn.saving._legacy_file import write

    write_file(path, lambda file: write(model, file, include_optimizer))


def load_model(
    filepath: Any,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """Reads a whole model that this library or Keras wrote.

    No code of the file is run: it can name the library's own classes and functions, those that were
    registered with `register_keras_serializable`, and those in `custom_objects`.

    Args:
        filepath: A ``.keras`` or ``.h5`` file, or an open binary file with a ``.keras`` archive.
        custom_objects: Classes and functions of the user by name.
        compile: Whether to compile the model as it was, with the optimizer's state.
        safe_mode: Accepted as Keras does; bytecode is not run in either case.

    Returns:
        The model.

    Raises:
        ValueError: If the file is no model's, damaged or refused.
        TypeError: If it names a class or function that is not known.
        FileNotFoundError: If there is no such file.

    Example:
        >>> import os, tempfile, pronghorn as keras
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(os.path.join(folder, "m.keras"))
        ...     load_model(os.path.join(folder, "m.keras")).output_shape
        (None, 2)
    """
    from pronghorn.saving import _keras_file

    if isinstance(filepath, io.IOBase):
        return _keras_file.read(cast("BinaryIO", filepath), "The file", custom_objects, compile)
    path = _path(filepath)
    if path.endswith(_LEGACY):
        from pronghorn.saving._legacy_file import read

        with open(path, "rb") as file:
            return read(file, f"'{path}'", custom_objects, compile)
    if not path.endswith(".keras"):
        raise ValueError(
            "`filepath` must end in `.keras` (or in `.h5` for the older format). "
            f"Received: filepath={path!r}"
        )
    with open(path, "rb") as file:
        return _keras_file.read(file, f"'{path}'", custom_objects, compile)


def save_weights(
    model: Model, filepath: Any, overwrite: bool = True, max_shard_size: float | None = None
) -> None:
    """Writes a model's weights; see ``Model.save_weights``.

    Args:
        model: Built.
        filepath: Ends in ``.weights.h5``.
        overwrite: Whether an existing file may be replaced.
        max_shard_size: Must be None.

    Raises:
        ValueError: If the name has another ending, or the model is not built.

    Example:
        >>> import os, tempfile, pronghorn as keras
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_weights(model, os.path.join(folder, "m.weights.h5"))
        ...     os.listdir(folder)
        ['m.weights.h5']
    """
    from pronghorn.saving import _keras_file
    from pronghorn.saving._atomic import write_file

    path = _path(filepath)
    if max_shard_size is not None:
        raise ValueError(
            f"Weights are written to one file. Received: max_shard_size={max_shard_size!r}"
        )
    if not path.endswith(".weights.h5"):
        raise ValueError(f"`filepath` must end in `.weights.h5`. Received: filepath={path!r}")
    _assert_built(model, "saved")
    _check_overwrite(path, overwrite)
    write_file(path, lambda file: file.write(_keras_file.weights_bytes(model)))


def load_weights(model: Model, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
    """Reads weights into a model; see ``Model.load_weights``.

    Args:
        model: Built.
        filepath: A ``.weights.h5``, ``.keras`` or ``.h5`` file.
        skip_mismatch: Whether layers that do not fit are left as they are, with a warning.
        **kwargs: `by_name`, for ``.h5`` alone: to match layers by name instead of by order.

    Raises:
        ValueError: If the file does not fit the model; the model is then as it was.
        FileNotFoundError: If there is no such file.

    Example:
        >>> import os, tempfile, pronghorn as keras
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "m.weights.h5")
        ...     model.save_weights(path)
        ...     load_weights(keras.models.clone_model(model), path)
    """
    from pronghorn.saving import _keras_file

    path = _path(filepath)
    by_name = bool(kwargs.pop("by_name", False))
    if kwargs:
        raise TypeError(f"load_weights has no arguments {sorted(kwargs)}.")
    older = path.endswith(_LEGACY) and not path.endswith(".weights.h5")
    if not older and not path.endswith((".keras", ".weights.h5")):
        raise ValueError(
            f"`filepath` must end in `.weights.h5`, `.keras` or `.h5`. Received: filepath={path!r}"
        )
    if by_name and not older:
        raise ValueError("`by_name` is only for files of the older format, `.h5`.")
    _assert_built(model, "loaded")
    with open(path, "rb") as file:
        if older:
            from pronghorn.saving._legacy_file import read_weights

            read_weights(model, file, f"'{path}'", skip_mismatch, by_name)
        else:
            archived = path.endswith(".keras")
            _keras_file.read_weights(model, file, f"'{path}'", skip_mismatch, archived)


def _path(filepath: Any) -> str:
    if not isinstance(filepath, (str, os.PathLike)):
        raise TypeError(
            f"`filepath` must be a path. Received: {filepath!r} (of type {type(filepath).__name__})"
        )
    return str(os.fspath(filepath))


def _check_overwrite(path: str, overwrite: bool) -> None:
    if not overwrite and os.path.exists(path):
        raise ValueError(f"'{path}' exists, and overwrite=False.")


def _assert_layer(model: Any) -> None:
    from pronghorn.layers import Layer

    if not isinstance(model, Layer):
        raise TypeError(f"`model` must be a model. Received: {model!r}")


def _assert_built(model: Model, verb: str) -> None:
    _assert_layer(model)
    if not model.built:
        raise ValueError(
            f"The weights of model '{model.name}' cannot be {verb}: it is not built yet. Call it "
            "on data, or call `build(input_shape)`."
        )
