"""Models on disk: what files hold, how they are replaced, and what is refused."""

import copy
import io
import os
import zipfile

import h5py
import numpy as np
import pytest
from _saved import OPTIMIZERS, X, Y, chain

import pronghorn as keras
from pronghorn import layers, losses, saving


def test_weights_alone(tmp_path):
    model, twin = chain(), chain()
    path = tmp_path / "m.weights.h5"
    model.save_weights(path)
    twin.load_weights(path)
    np.testing.assert_array_equal(twin(X), model(X))


def test_weights_of_a_whole_model(tmp_path):
    model, twin = chain(), chain()
    model.save(tmp_path / "m.keras")
    twin.load_weights(tmp_path / "m.keras")
    np.testing.assert_array_equal(twin(X), model(X))


def test_weights_that_do_not_fit_change_nothing(tmp_path):
    model = chain()
    model.save_weights(tmp_path / "m.weights.h5")
    other = keras.Sequential([keras.Input((4,)), layers.Dense(5), layers.Dense(2)])
    before = other.get_weights()
    with pytest.raises(ValueError, match=r"shape \(5, 2\); the file has shape \(5, 1\)"):
        other.load_weights(tmp_path / "m.weights.h5")
    for now, then in zip(other.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
    with pytest.warns(UserWarning, match="Skipped"):
        other.load_weights(tmp_path / "m.weights.h5", skip_mismatch=True)
    np.testing.assert_array_equal(other.get_weights()[0], model.get_weights()[0])
    np.testing.assert_array_equal(other.get_weights()[2], before[2])


def test_an_existing_file_stays_if_writing_fails(tmp_path):
    path = tmp_path / "m.keras"
    path.write_bytes(b"before")
    model = chain()

    class Unwritable(keras.regularizers.L2):
        def get_config(self):
            raise RuntimeError("no configuration")

    model.layers[0].kernel_regularizer = Unwritable()
    with pytest.raises(RuntimeError, match="no configuration"):
        model.save(path)
    assert path.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["m.keras"]


def test_permissions_and_links_are_kept(tmp_path):
    target, link = tmp_path / "target.keras", tmp_path / "link.keras"
    target.write_bytes(b"")
    target.chmod(0o640)
    link.symlink_to(target)
    chain().save(link)
    assert link.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o640
    assert zipfile.is_zipfile(target)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m, p: m.save(p / "m.txt"), "must end in `.keras`"),
        (lambda m, p: m.save_weights(p / "m.h5"), "must end in `.weights.h5`"),
        (lambda m, p: m.load_weights(p / "m.txt"), "must end in"),
        (lambda m, p: saving.load_model(p / "m.txt"), "must end in `.keras`"),
        (lambda m, p: m.save(p / "m.keras", zipped=False), "zipped"),
        (lambda m, p: m.save(p / "there.keras", overwrite=False), "overwrite=False"),
        (
            lambda m, p: keras.Sequential([layers.Dense(1)]).save_weights(p / "m.weights.h5"),
            "built",
        ),
        (lambda m, p: keras.models.model_from_json("[1]"), "JSON object"),
        (lambda m, p: keras.models.model_from_json("{"), "Expecting"),
    ],
)
def test_bad_arguments(call, message, tmp_path):
    (tmp_path / "there.keras").write_bytes(b"")
    with pytest.raises(ValueError, match=message):
        call(chain(), tmp_path)


def test_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        saving.load_model(tmp_path / "m.keras")


def test_the_layout_is_keras_own():
    model = chain()
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    file = io.BytesIO()
    saving.save_model(model, file)
    with zipfile.ZipFile(file) as archive:
        assert archive.namelist() == ["metadata.json", "config.json", "model.weights.h5"]
        weights = h5py.File(io.BytesIO(archive.read("model.weights.h5")))
    found = {}
    weights.visititems(lambda name, item: found.update({name: getattr(item, "shape", None)}))
    assert found["layers/dense/vars/0"] == (4, 5)
    assert found["layers/dense_1/vars/1"] == (1,)
    assert weights["layers/dense/vars"].attrs["name"] == "hidden"
    # iterations, learning rate, then two slots a weight
    assert [found[f"optimizer/vars/{i}"] for i in range(4)] == [(), (), (4, 5), (4, 5)]
    assert "optimizer/vars/10" not in found


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: type(o).__name__)
def test_the_older_format(optimizer, tmp_path):
    model = chain()
    model.compile(copy.deepcopy(optimizer), losses.Huber(0.5), metrics=["mae"])
    model.fit(X, Y, epochs=2, batch_size=8, verbose=0)
    model.save(tmp_path / "m.h5")
    twin = saving.load_model(tmp_path / "m.h5")
    options = {"batch_size": 8, "shuffle": False, "verbose": 0}
    assert twin.fit(X, Y, **options).history == model.fit(X, Y, **options).history
    np.testing.assert_array_equal(twin(X), model(X))


def test_weights_by_name_in_the_older_format(tmp_path):
    model = chain()
    model.save(tmp_path / "m.h5")
    other = keras.Sequential(
        [keras.Input((4,)), layers.Dense(5, "tanh", name="hidden"), layers.Dense(3, name="new")]
    )
    before = other.get_weights()
    with pytest.raises(ValueError, match="shape"):
        other.load_weights(tmp_path / "m.h5")
    other.load_weights(tmp_path / "m.h5", by_name=True)
    np.testing.assert_array_equal(other.get_weights()[0], model.get_weights()[0])
    np.testing.assert_array_equal(other.get_weights()[2], before[2])


def test_every_part_of_nested_models_is_written(tmp_path):
    """Whatever the addresses of the lists that are made while the parts are listed."""
    x = keras.Input((3,))
    y = x
    for number in range(6):
        kind = [layers.Dense(3, name=f"d{number}")]
        inner = keras.Sequential([keras.Input((3,)), *kind], name=f"chain{number}")
        start = keras.Input((3,))
        graph = keras.Model(start, layers.Dense(3)(inner(start)), name=f"graph{number}")
        y = graph(y)
    model = keras.Model(x, y)
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    assert len(model.weights) == 24
    for ours, read in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(read, ours)
