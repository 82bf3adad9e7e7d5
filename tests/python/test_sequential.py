"""Sequential models: building now or later, adding and removing layers."""

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import layers


@pytest.fixture(autouse=True)
def fresh_names():
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)


def test_grows_layer_by_layer():
    model = keras.Sequential(name="net")
    model.add(keras.Input((4,)))
    model.add(layers.Dense(3))
    assert len(model.weights) == 2
    model.add(layers.Dense(2))
    assert len(model.weights) == 4
    assert model.output_shape == (None, 2)
    assert [layer.name for layer in model.layers] == ["dense", "dense_1"]
    assert [w.path for w in model.weights][-1] == "net/dense_1/bias"


def test_pop_keeps_the_rest():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(2)])
    kept = model.layers[0].get_weights()
    assert model.pop().name == "dense_1"
    assert model.output_shape == (None, 3)
    for a, b in zip(kept, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    model.pop()
    with pytest.raises(ValueError, match="no layers to remove"):
        model.pop()


@pytest.mark.parametrize(
    "first_use", ["call", "predict", "fit", "evaluate", "train", "test", "build"]
)
def test_is_built_by_the_first_data(first_use):
    model = keras.Sequential([layers.Dense(3), layers.Dense(1)])
    model.compile("sgd", "mse")
    x, y = np.ones((8, 5), "float32"), np.zeros((8, 1), "float32")
    assert not model.built
    assert model.weights == []
    with pytest.raises(AttributeError, match="not built"):
        _ = model.inputs
    assert not hasattr(model, "output_shape")
    with pytest.raises(ValueError, match="not built"):
        model.count_params()
    {
        "call": lambda: model(x),
        "predict": lambda: model.predict(x, verbose=0),
        "fit": lambda: model.fit(x, y, verbose=0),
        "evaluate": lambda: model.evaluate(x, y, verbose=0),
        "train": lambda: model.train_on_batch(x, y),
        "test": lambda: model.test_on_batch(x, y),
        "build": lambda: model.build((None, 5)),
    }[first_use]()
    assert model.built
    assert model.input_shape == (None, 5)
    assert model.count_params() == 5 * 3 + 3 + 3 + 1
    assert len(model.layers) == 2


def test_bad_data_do_not_build_it():
    model = keras.Sequential([layers.Dense(3), layers.Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    for x, y in [
        (np.ones((8, 5)), np.full(8, 2)),
        (np.ones((8, 5)), np.zeros(7)),
        (np.ones((8, 5)), None),
        (np.full((8, 5), "a"), np.zeros(8)),
    ]:
        with pytest.raises((ValueError, TypeError)):
            model.fit(x, y, verbose=0)
        assert not model.built
        assert model.weights == []


def test_vectors_are_one_column():
    model = keras.Sequential([layers.Dense(1)])
    assert model.predict(np.arange(3.0), verbose=0).shape == (3, 1)
    assert model.input_shape == (None, 1)


def test_adding_after_building_by_data():
    model = keras.Sequential([layers.Dense(3)])
    model.build((None, 4))
    model.add(layers.Dense(2))
    assert model.output_shape == (None, 2)
    assert model.predict(np.ones((1, 4)), verbose=0).shape == (1, 2)


def test_adding_a_layer_after_training():
    model = keras.Sequential([keras.Input((2,)), layers.Dense(2)])
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 2)), np.ones((4, 2)), verbose=0)
    model.add(layers.Dense(1))
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0)
    assert model.predict(np.ones((4, 2)), verbose=0).shape == (4, 1)


def test_a_model_can_come_first():
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    model = keras.Sequential([inner, layers.Dense(1)])
    assert model.built
    assert model.predict(np.ones((2, 3)), verbose=0).shape == (2, 1)


def test_input_shape_of_older_scripts():
    with pytest.warns(UserWarning, match="input_shape"):
        model = keras.Sequential([layers.Dense(2, input_shape=(3,))])
    assert model.input_shape == (None, 3)
    with pytest.warns(UserWarning, match="input_dim"):
        model = keras.Sequential([layers.Dense(2, input_dim=3)])
    assert model.count_params() == 8


def test_a_failed_add_changes_nothing():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
    weights = model.get_weights()
    for bad in (layers.Reshape((7,)), "dense", keras.Input((3,)), layers.Dense(1, name="dense")):
        with pytest.raises((ValueError, TypeError)):
            model.add(bad)
        assert [layer.name for layer in model.layers] == ["dense"]
        assert model.output_shape == (None, 3)
        np.testing.assert_array_equal(model.get_weights()[0], weights[0])
        assert model.predict(np.ones((1, 4)), verbose=0).shape == (1, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: keras.Sequential().build((None, 3)), "no layers"),
        (lambda: keras.Sequential([layers.Dense(1)]).build(), "input_shape"),
        (lambda: keras.Sequential([keras.Input((3,)), layers.Dense(1)]).build((None, 4)), "Input"),
        (lambda: keras.Sequential().predict(np.ones((2, 2)), verbose=0), "no layers"),
        (lambda: keras.Sequential([layers.Dense(1), keras.Input((3,))]), "come first"),
    ],
)
def test_mistakes(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_same_layer_in_two_models():
    shared = layers.Dense(2)
    a = keras.Sequential([keras.Input((3,)), shared])
    b = keras.Sequential([keras.Input((3,)), shared, layers.ReLU()])
    x = np.random.default_rng(0).normal(size=(4, 3))
    np.testing.assert_allclose(b(x), np.maximum(a(x), 0))
