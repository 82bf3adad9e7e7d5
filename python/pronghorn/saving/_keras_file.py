"""`.keras` files: an archive of configuration, metadata, weights and further files."""

from __future__ import annotations

import datetime
import io
import json
import warnings
import zipfile
from collections.abc import Mapping
from typing import Any, BinaryIO

from pronghorn._serialization import _allowance
from pronghorn._serialization._guard import only_clear_errors
from pronghorn.saving import _json
from pronghorn.saving._archive import CONFIG, METADATA, WEIGHTS, Archive
from pronghorn.saving._assets import read_assets, written_assets
from pronghorn.saving._hdf5 import open_hdf5
from pronghorn.saving._state import StateReader, write_state

# The version of Keras whose form the files have.
KERAS_VERSION = "3.15.1"


def write(model: Any, file: BinaryIO) -> None:
    """Writes the archive into an open file."""
    if not model.built:
        warnings.warn(
            f"Model '{model.name}' is not built yet: the file will have no weights.", stacklevel=4
        )
    config = json.dumps(_json.model_config(model))
    date = datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    with zipfile.ZipFile(file, "w") as archive:
        metadata = {"keras_version": KERAS_VERSION, "date_saved": date}
        archive.writestr(METADATA, json.dumps(metadata))
        archive.writestr(CONFIG, config)
        archive.writestr(WEIGHTS, weights_bytes(model))
        for name, text in written_assets(model).items():
            archive.writestr(name, text)


def weights_bytes(model: Any, optimizer: bool = True) -> bytes:
    """The HDF5 file of a model's state."""
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        write_state(model, file, optimizer)
    return buffer.getvalue()


def read(
    file: BinaryIO, label: str, custom_objects: Mapping[str, Any] | None, compile: bool
) -> Any:
    """The model of an archive.

    Raises:
        ValueError: If the archive, the configuration or the weights are not in order.
        TypeError: If the configuration names something that is not known.
    """
    with only_clear_errors(label):
        archive = Archive(file, label)
        config = _json.parse(archive.read(CONFIG))
        if not compile:
            config["compile_config"] = None
        if WEIGHTS not in archive.names():
            raise ValueError(f"{label} has no member '{WEIGHTS}'.")
        with open_hdf5(io.BytesIO(archive.read(WEIGHTS)), label) as group:
            with _allowance.only_shapes(group.shapes()):
                model = _json.model_from_config(config, custom_objects)
            if model.built or _is_whole(model):
                take_assets = read_assets(model, archive)
                StateReader(model, group).apply()
                take_assets()
            elif group.shapes():
                warnings.warn(
                    f"The weights of {label} were not read: model '{model.name}' has none before "
                    "it is called. Call it on data, and read them with `load_weights`.",
                    stacklevel=4,
                )
        return model


def _is_whole(model: Any) -> bool:
    """Whether a model without a `call`, which nothing builds, has all its weights."""
    return model._callless and all(layer.built for layer in model.layers)


def read_weights(
    model: Any, file: BinaryIO, label: str, skip_mismatch: bool, archived: bool
) -> None:
    """Reads the weights of a `.keras` or `.weights.h5` file into a model.

    Raises:
        ValueError: If they do not fit; the model is then as it was.
    """
    with only_clear_errors(label):
        if archived:
            file = io.BytesIO(Archive(file, label).read(WEIGHTS))
        with open_hdf5(file, label) as group:
            StateReader(model, group, skip_mismatch).apply()
