"""EinsumDense of equations that are no single product: values, shapes, files."""

import keras
import numpy as np
import pytest

import pronghorn

RNG = np.random.default_rng(6)
CASES = [
    ("ab,cb->ac", (7,), (6,), "c"),
    ("abc,bcd->abd", (5, 7), (5, 6), "bd"),
    ("abc,bd->abcd", (5, 6, 7), (5, 6), None),
    ("abc,cd->adb", (7, 5), (5, 6), "d"),
    ("ab...,cb->ac...", (7,), (3, 2, 4), "c"),
    ("...bc,bcd->...bd", (3, 7), (5, 3, 4), "bd"),
]


@pytest.mark.parametrize(("equation", "output_shape", "shape", "bias_axes"), CASES)
def test_einsum_dense(equation, output_shape, shape, bias_axes, tmp_path):
    models = []
    for library in (pronghorn, keras):
        layer = library.layers.EinsumDense(
            equation, output_shape, activation="tanh", bias_axes=bias_axes, name="tested"
        )
        models.append(library.Sequential([library.Input(shape), layer], name="model"))
    ours, theirs = models
    ours.set_weights([RNG.normal(size=w.shape) for w in ours.get_weights()])
    theirs.set_weights(ours.get_weights())
    x = RNG.normal(size=(3, *shape)).astype("float32")
    np.testing.assert_allclose(ours(x), np.asarray(theirs(x)), rtol=1e-5, atol=1e-6)
    assert ours.output_shape == theirs.output_shape
    for writer, reader in ((ours, keras), (theirs, pronghorn)):
        writer.save(tmp_path / "m.keras")
        twin = reader.saving.load_model(tmp_path / "m.keras")
        np.testing.assert_allclose(np.asarray(twin(x)), np.asarray(ours(x)), rtol=1e-5, atol=1e-6)
