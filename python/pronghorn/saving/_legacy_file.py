"""The older `.h5` format: one HDF5 file with JSON in attributes and weights by layer."""

from __future__ import annotations

import inspect
import io
import json
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from pronghorn import _tree, losses
from pronghorn._serialization import _allowance, _objects
from pronghorn._serialization._custom_objects import CustomObjectScope
from pronghorn._serialization._guard import only_clear_errors
from pronghorn._serialization._objects import serialize_keras_object
from pronghorn._serialization._older import modern
from pronghorn.layers import Normalization
from pronghorn.optimizers._state import plan_state, read_state
from pronghorn.saving import _json
from pronghorn.saving._hdf5 import Group, open_hdf5
from pronghorn.saving._keras_file import KERAS_VERSION
from pronghorn.saving._state import read_values

if TYPE_CHECKING:
    from pronghorn._engine import Array

_ATTRIBUTE_LIMIT = 64_512  # bytes that HDF5 takes in one attribute
_SHORT = ("mse", "MSE", "mae", "MAE", "mape", "MAPE", "msle", "MSLE", "bce", "BCE", "kld", "KLD")
_TOP_LEVEL = "top_level_model_weights"


def write(model: Any, file: BinaryIO, include_optimizer: bool = True) -> None:
    """Writes a whole model into an open file."""
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as target:
        config = {"class_name": type(model).__name__, "config": _json.model_config(model)["config"]}
        target.attrs["keras_version"] = KERAS_VERSION
        target.attrs["backend"] = "pronghorn"
        target.attrs["model_config"] = json.dumps(config)
        _write_layers(target.create_group("model_weights"), model)
        if include_optimizer and model.compiled and model.optimizer is not None:
            target.attrs["training_config"] = json.dumps(_training_config(model))
            state = read_state(model.optimizer, model)
            _write_arrays(target.create_group("optimizer_weights"), state)
    file.write(buffer.getvalue())


def _training_config(model: Any) -> dict[str, Any]:
    config: dict[str, Any] = model.get_compile_config()
    optimizer = config.pop("optimizer")
    kept = {key: optimizer[key] for key in ("class_name", "config")}
    loss = _tree.map_structure(_whole_name, model._request.loss)
    return {**config, "loss": serialize_keras_object(loss), "optimizer_config": kept}


def _whole_name(loss: Any) -> Any:
    """A loss by its whole name: in this format Keras does not find ``"mse"`` and the like."""
    found = losses.get(loss) if isinstance(loss, str) and loss in _SHORT else loss
    return found.__name__ if inspect.isfunction(found) and isinstance(loss, str) else loss


def _write_layers(group: Any, model: Any) -> None:
    _write_names(group, "layer_names", [layer.name for layer in model.layers])
    group.attrs["backend"], group.attrs["keras_version"] = "pronghorn", KERAS_VERSION
    for layer in sorted(model.layers, key=lambda layer: str(layer.name)):
        weights = [(variable.path, variable.numpy()) for variable in _weights(layer)]
        _write_arrays(group.create_group(layer.name), weights)
    _write_arrays(group.create_group(_TOP_LEVEL), [(v.path, v.numpy()) for v in model._weights])


def _weights(layer: Any) -> list[Any]:
    """In the order of this format: trained weights first."""
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _finish(model: Any) -> None:
    for layer in model._flatten_layers():
        if isinstance(layer, Normalization):
            layer.finalize_state()


def _write_arrays(group: Any, arrays: Sequence[tuple[str, Array]]) -> None:
    names: list[str] = []
    for path, value in arrays:
        name, number = path, 0
        while name in names:
            number += 1
            name = f"{path}_{number}"
        names.append(name)
        group.create_dataset(name, data=value)
    _write_names(group, "weight_names", names)


def _write_names(group: Any, attribute: str, names: Sequence[str]) -> None:
    array = np.array([name.encode("utf-8") for name in names], dtype="S" if names else "S1")
    parts = -(-array.nbytes // _ATTRIBUTE_LIMIT)
    if parts <= 1:
        group.attrs[attribute] = array
        return
    for number, part in enumerate(np.array_split(array, parts + 1)):
        group.attrs[f"{attribute}{number}"] = part


def read(
    file: BinaryIO, label: str, custom_objects: Mapping[str, Any] | None, compile: bool
) -> Any:
    """The model of a file.

    Raises:
        ValueError: If the file is no model's, damaged or refused.
        TypeError: If it names something that is not known.
    """
    with only_clear_errors(label), open_hdf5(file, label) as root:
        config = _text(root.attribute("model_config"))
        weights = root.group("model_weights")
        if config is None or weights is None:
            raise ValueError(f"{label} has no configuration of a model; it may hold weights alone.")
        shapes = weights.shapes()
        with CustomObjectScope(custom_objects):
            with _allowance.only_shapes(shapes), _objects.sharing_scope():
                model = _model(_json.parse(config))
            for variable, value in _assignments(model, weights):
                variable.assign(value)
            _finish(model)
            training = _text(root.attribute("training_config"))
            if compile and training is not None:
                model.compile(**_compile_arguments(_json.parse(training)))
                _read_optimizer(model, root)
        return model


def _model(config: Mapping[str, Any]) -> Any:
    from pronghorn.models import Functional, Model

    config = dict(config)
    if isinstance(config.get("config"), list):  # a Sequential model of long ago
        config["config"] = {"name": "sequential", "layers": config["config"]}
    if config.get("class_name") == "Model":
        model = Functional.from_config(config["config"])
    else:
        model = _objects.deserialize_keras_object({"module": "keras.models", **config})
    if not isinstance(model, Model):
        raise ValueError(f"The configuration is that of a {type(model).__name__}, not of a model.")
    return model


def _compile_arguments(config: Mapping[str, Any]) -> dict[str, Any]:
    def read_part(part: Any, home: str) -> Any:
        if isinstance(part, Mapping) and "class_name" not in part:
            return {key: read_part(value, home) for key, value in part.items()}
        if isinstance(part, (list, tuple)):
            return [read_part(item, home) for item in part]
        return _objects.deserialize_keras_object(modern(part, home))

    return {
        "optimizer": read_part(config.get("optimizer_config"), "optimizers"),
        "loss": read_part(config.get("loss"), "losses"),
        "metrics": read_part(config.get("metrics"), "metrics"),
        "weighted_metrics": read_part(config.get("weighted_metrics"), "metrics"),
        "loss_weights": config.get("loss_weights"),
    }


def _read_optimizer(model: Any, root: Group) -> None:
    stored = root.group("optimizer_weights")
    if stored is None or not model.built:
        return
    names = _names(stored, "weight_names")
    take_over = None
    try:
        arrays = [stored.dataset(name).read() for name in names]
        older = (_text(root.attribute("keras_version")) or "").startswith("2.")
        take_over = plan_state(model.optimizer, model, arrays, needs_rate=not older)
    except ValueError as error:
        warnings.warn(f"The state of the optimizer begins anew: {error}", stacklevel=6)
        return
    if take_over is not None:
        take_over()
    elif names:
        warnings.warn(
            f"The state of optimizer '{model.optimizer.name}' begins anew: the file has "
            f"{len(names)} variables, which is another number than this optimizer's.",
            stacklevel=6,
        )


def read_weights(
    model: Any, file: BinaryIO, label: str, skip_mismatch: bool, by_name: bool
) -> None:
    """Reads the weights of a file, of a whole model or not, into a model.

    Raises:
        ValueError: If they do not fit; the model is then as it was.
    """
    with only_clear_errors(label), open_hdf5(file, label) as root:
        group = root.group("model_weights") or root
        for variable, value in _assignments(model, group, skip_mismatch, by_name):
            variable.assign(value)
        _finish(model)


def _assignments(
    model: Any, group: Group, skip_mismatch: bool = False, by_name: bool = False
) -> list[tuple[Any, Array]]:
    """Pairs of variable and value; everything is checked and read before they are given."""
    names = [name for name in _names(group, "layer_names") if _weight_names(group, name)]
    layers = [layer for layer in model.layers if _weights(layer)]
    if by_name:
        known = {layer.name: layer for layer in layers}
        pairs = [(known[name], name) for name in names if name in known]
    elif len(names) != len(layers):
        raise ValueError(
            f"The model has {len(layers)} layers with weights; the file has {len(names)}: {names}."
        )
    else:
        pairs = list(zip(layers, names, strict=True))
    found: list[tuple[Any, Array]] = []
    for layer, name in pairs:
        try:
            found += _layer_assignments(_weights(layer), layer.name, group, name)
        except ValueError as error:
            if not skip_mismatch:
                raise
            warnings.warn(f"Skipped: {error}", stacklevel=5)
    if not by_name and group.group(_TOP_LEVEL) is not None:
        found += _layer_assignments(list(model._weights), model.name, group, _TOP_LEVEL)
    return found


def _layer_assignments(
    variables: list[Any], owner: str, group: Group, name: str
) -> list[tuple[Any, Array]]:
    names = _weight_names(group, name)
    if len(names) != len(variables):
        raise ValueError(
            f"Layer '{owner}' has {len(variables)} weights; the file has {len(names)} for it."
        )
    stored = group.group(name)
    if stored is None:
        return []
    return read_values(variables, [stored.dataset(path) for path in names], owner)


def _weight_names(group: Group, name: str) -> list[str]:
    layer = group.group(name)
    if layer is None:
        raise ValueError(f"The file lists a layer '{name}' that it does not have.")
    return _names(layer, "weight_names")


def _names(group: Group, attribute: str) -> list[str]:
    """A list of names, which may be spread over several attributes."""
    whole = group.attribute(attribute)
    if whole is not None:
        return _texts(whole)
    found: list[str] = []
    number = 0
    while (part := group.attribute(f"{attribute}{number}")) is not None:
        found += _texts(part)
        number += 1
    return found


def _texts(array: Any) -> list[str]:
    texts = [_text(item) for item in np.asarray(array).ravel().tolist()]
    if None in texts:
        raise ValueError("A list of names in the file holds something else than text.")
    return [text for text in texts if text is not None]


def _text(value: Any) -> str | None:
    if isinstance(value, bytes):
        return value.decode("utf-8")
    return str(value) if isinstance(value, str) else None
