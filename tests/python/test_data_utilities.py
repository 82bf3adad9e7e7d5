"""split_dataset, normalize, pad_sequences, packing of batches, limits of the session."""

import numpy as np
import pytest
from _linear import data, linear_model

import pronghorn as keras
from pronghorn import config, dtype_policies, layers, utils


def test_split_dataset():
    x, y = np.arange(20).reshape(10, 2), np.arange(10)
    left, right = utils.split_dataset((x, y), left_size=0.8)
    assert isinstance(left, tuple)
    np.testing.assert_array_equal(left[0], x[:8])
    np.testing.assert_array_equal(right[1], y[8:])
    left, right = utils.split_dataset({"a": x, "b": y}, left_size=2, right_size=3)
    assert left["b"].tolist() == [0, 1]
    assert right["b"].tolist() == [7, 8, 9]
    left, right = utils.split_dataset(x, right_size=0.25, shuffle=True, seed=1)
    assert (len(left), len(right)) == (8, 2)
    both = np.concatenate([left, right])
    assert (both != x).any()
    np.testing.assert_array_equal(np.sort(both, 0), x)
    np.testing.assert_array_equal(
        utils.split_dataset(x, 0.5, shuffle=True, seed=1)[0],
        utils.split_dataset(x, 0.5, shuffle=True, seed=1)[0],
    )


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"dataset": [1, 2]}, ValueError, "At least one of"),
        ({"dataset": [1, 2], "left_size": 3}, ValueError, "cannot be cut"),
        ({"dataset": [1, 2], "left_size": 1.5}, ValueError, "`left_size`"),
        ({"dataset": "ab", "left_size": 1}, TypeError, "`dataset`"),
        ({"dataset": (np.ones(2), np.ones(3)), "left_size": 1}, ValueError, "one length"),
        ({"dataset": [1, 2], "left_size": 1, "preferred_backend": "torch"}, ValueError, "`pref"),
    ],
)
def test_split_dataset_refuses(arguments, error, message):
    with pytest.raises(error, match=message):
        utils.split_dataset(**arguments)


@pytest.mark.parametrize("order", [1, 2, 3, np.inf])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_normalize(axis, order):
    x = data(4, 5)
    x[:, 2] = 0
    result = utils.normalize(x, axis, order)
    norms = np.linalg.norm(result, order, axis)
    np.testing.assert_allclose(norms[norms > 0], 1, rtol=1e-6)
    assert result.shape == x.shape
    assert (result[:, 2] == 0).all()


def test_packing():
    for parts in ((1,), (1, 2), (1, 2, 3)):
        packed = utils.pack_x_y_sample_weight(*parts)
        assert utils.unpack_x_y_sample_weight(packed) == (*parts, None, None)[:3]
    assert utils.pack_x_y_sample_weight([1, 2]) == ([1, 2],)
    with pytest.raises(ValueError, match="tuple of 4"):
        utils.unpack_x_y_sample_weight((1, 2, 3, 4))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sequences": [1]}, "position 0"),
        ({"sequences": [[1]], "padding": "left"}, "`padding`"),
        ({"sequences": [[1]], "truncating": "left"}, "`truncating`"),
        ({"sequences": [[[1]], [[1, 2]]]}, "one shape"),
    ],
)
def test_pad_sequences_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        utils.pad_sequences(**arguments)


def test_limits_of_the_session():
    model = linear_model()
    config.set_max_epochs(2)
    config.set_max_steps_per_epoch(3)
    try:
        history = model.fit(data(100, 3), data(100, 1), batch_size=10, epochs=5, verbose=0)
        assert len(history.epoch) == 2
        assert model.optimizer.iterations == 6
        assert len(model.predict(data(100, 3), batch_size=10, verbose=0)) == 30
    finally:
        config.set_max_epochs(None)
        config.set_max_steps_per_epoch(None)
    with pytest.raises(ValueError, match="max_epochs"):
        config.set_max_epochs(0)


def test_dtype_policies():
    assert layers.Dense(1, dtype=keras.DTypePolicy("float64")).dtype == "float64"
    config.set_dtype_policy("float64")
    try:
        assert layers.Dense(1).dtype == "float64"
        assert config.dtype_policy() == dtype_policies.get("float64")
    finally:
        config.set_dtype_policy("float32")
    policy = dtype_policies.deserialize(dtype_policies.serialize(keras.DTypePolicy("float64")))
    assert policy.name == "float64"
    for name in ("mixed_float16", "bfloat16", "int8_from_float32", 3):
        with pytest.raises(ValueError, match="dtype polic"):
            dtype_policies.get(name)


def test_backend():
    assert keras.backend.backend() == config.backend() == "pronghorn"
    config.set_backend("pronghorn")
    with pytest.raises(ValueError, match="The one backend"):
        config.set_backend("jax")
    config.set_image_data_format("channels_first")
    assert keras.backend.image_data_format() == "channels_first"
    config.set_image_data_format("channels_last")
    with pytest.raises(ValueError, match="data_format"):
        config.set_image_data_format("last")
