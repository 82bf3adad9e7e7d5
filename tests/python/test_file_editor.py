"""Editing files of weights, and refusing what a file must not hold."""

import copy
import json
import pickle

import h5py
import numpy as np
import pytest

import pronghorn as keras
from pronghorn import layers
from pronghorn.saving import KerasFileEditor
from pronghorn.utils import Config


def _model(optimizer=None):
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(2, name="deep")], name="inner")
    model = keras.Sequential([keras.Input((3,)), inner, layers.Dropout(0.1), layers.Dense(1)])
    if optimizer is not None:
        model.compile(optimizer, "mse")
        model.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0)
    return model


def test_models_in_models_and_optimizers_are_kept_whole(tmp_path, capsys):
    scaled = keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.1))
    model = _model(scaled)
    model.save(tmp_path / "a.keras")
    editor = KerasFileEditor(str(tmp_path / "a.keras"))
    assert editor.config["class_name"] == "Sequential"
    assert editor.metadata["keras_version"] in capsys.readouterr().out
    assert sorted(editor.weights_dict) == ["layers", "optimizer"]
    assert "inner_optimizer" in editor.weights_dict["optimizer"]
    result = editor.compare(model)
    assert result["status"] == "success", capsys.readouterr().out
    assert result["match_count"] == 4 + len(scaled.variables) + len(
        scaled.inner_optimizer.variables
    )
    editor.summary()
    assert "└─ dense ('deep')" in capsys.readouterr().out
    editor.save(tmp_path / "b.weights.h5")
    again = _model(keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.1)))
    again.load_weights(tmp_path / "b.weights.h5")
    pairs = [*zip(again.weights, model.weights, strict=True)]
    pairs += zip(again.optimizer.variables, scaled.variables, strict=True)
    for mine, theirs in pairs:
        np.testing.assert_array_equal(mine.numpy(), theirs.numpy())


def test_objects_by_name(tmp_path, capsys):
    _model().save_weights(tmp_path / "a.weights.h5")
    editor = KerasFileEditor(tmp_path / "a.weights.h5")
    with pytest.raises(ValueError, match=r"more than once.*layers/dense"):
        editor.delete_object("dense")
    with pytest.raises(ValueError, match="Did you mean 'sequential'"):
        editor.delete_object("sequentiel")
    with pytest.raises(ValueError, match="There is a 'dense' beside 'layers/sequential' already"):
        editor.rename_object("sequential", "dense")
    with pytest.raises(ValueError, match=r"`new_name` must have plain names"):
        editor.rename_object("sequential", "a/b")
    with pytest.raises(ValueError, match="There is an object at 'layers/dense' already"):
        editor.add_object("layers/dense", {})
    with pytest.raises(ValueError, match=r"must be an array of numbers.*<U1"):
        editor.add_weights("sequential", {"0": "a"})
    editor.rename_object("sequential", "body")
    assert editor.object_metadata["layers/body/layers/dense"] == "deep"
    editor.delete_object("body")
    assert list(editor.weights_dict["layers"]) == ["dense"]
    assert not any("body" in path for path in editor.object_metadata)
    capsys.readouterr()
    assert editor.compare(_model())["error_count"] == 1
    out = capsys.readouterr().out
    assert "Object /layers/sequential present in reference model, missing from saved file" in out


def _hdf5(path, fill):
    with h5py.File(path, "w") as file:
        fill(file)


@pytest.mark.parametrize(
    ("fill", "reason"),
    [
        (lambda f: f.__setitem__("a", h5py.ExternalLink("other.h5", "/x")), "is a link"),
        (lambda f: f.__setitem__("vars", h5py.SoftLink("/x")), "is a link"),
        (lambda f: f.__setitem__("a/vars/0", "text"), "does not hold numbers"),
        (lambda f: f.create_dataset("a/vars/0", (10**6, 10**6), "f4", chunks=True), "claims"),
        (lambda f: f.create_group("a").__setitem__("a", f["a"]), "lies too deep"),
    ],
)
def test_files_that_lead_elsewhere_are_refused(fill, reason, tmp_path):
    path = tmp_path / "bad.weights.h5"
    _hdf5(path, fill)
    with pytest.raises(ValueError, match=reason):
        KerasFileEditor(path)


def test_other_files_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"must end in `\.keras` or `\.weights\.h5`"):
        KerasFileEditor("model.h5")
    path = tmp_path / "a.keras"
    path.write_bytes(b"PK")
    with pytest.raises(ValueError, match=r"is not a \.keras archive"):
        KerasFileEditor(path)


def test_a_config_is_copied_and_pickled():
    config = Config(a=1)
    config.freeze()
    for twin in (copy.deepcopy(config), pickle.loads(pickle.dumps(config))):
        assert twin.frozen
        assert json.loads(twin.to_json()) == {"a": 1}
        twin.unfreeze()
        twin.a = 2
    assert config.a == 1
