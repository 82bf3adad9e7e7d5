"""SpectralNormalization: equal calls and files; the backends of Keras train it differently."""

import keras
import numpy as np
import pytest

import pronghorn

RNG = np.random.default_rng(8)
X = RNG.normal(size=(6, 4)).astype("float32")


def made(library, steps):
    layer = library.layers.SpectralNormalization(
        library.layers.Dense(3, activation="tanh", name="inner"), power_iterations=steps, name="sn"
    )
    return library.Sequential([library.Input((4,)), layer], name="model"), layer


def assert_equal(ours, theirs):
    for training in (False, True, True, False):
        a, b = (np.asarray(each(X, training=training)) for each in (ours, theirs))
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("steps", [1, 3])
def test_calls(steps):
    ours, theirs = (made(library, steps)[0] for library in (pronghorn, keras))
    ours.set_weights(theirs.get_weights())
    assert_equal(ours, theirs)
    assert [v.path.split("/", 1)[1] for v in ours.weights] == [
        v.path.split("/", 1)[1] for v in theirs.weights
    ]


@pytest.mark.parametrize("writer", [pronghorn, keras], ids=["ours", "theirs"])
def test_files(writer, tmp_path):
    model = made(writer, 2)[0]
    model(X, training=True)
    model.save(tmp_path / "m.keras")
    twin = (keras if writer is pronghorn else pronghorn).saving.load_model(tmp_path / "m.keras")
    ours, theirs = (model, twin) if writer is pronghorn else (twin, model)
    assert_equal(ours, theirs)
    inner = [each.layers[0].get_config() for each in (ours, theirs)]
    for config in inner:
        config["layer"].pop("build_config", None)
    assert inner[0] == inner[1]
