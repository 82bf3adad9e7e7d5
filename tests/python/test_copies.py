"""Models through files, pickles and copies: equal predictions, equal training, nothing lost."""

import copy
import io
import pickle

import numpy as np
import pytest
from _saved import OPTIMIZERS, X, Y, chain, graph

import pronghorn as keras
from pronghorn import layers, losses, metrics, optimizers, saving


def through_file(model, **options):
    file = io.BytesIO()
    saving.save_model(model, file)
    return saving.load_model(io.BytesIO(file.getvalue()), **options)


COPIES = {
    "file": through_file,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: type(o).__name__)
def test_training_goes_on_with_the_same_numbers(way, optimizer):
    model = chain()
    model.compile(copy.deepcopy(optimizer), "mse", metrics=["mae", metrics.RootMeanSquaredError()])
    model.fit(X, Y, epochs=2, batch_size=8, verbose=0)
    twin = COPIES[way](model)
    assert twin.optimizer.iterations == model.optimizer.iterations == 6
    expected = model.fit(X, Y, batch_size=8, shuffle=False, verbose=0).history
    actual = twin.fit(X, Y, batch_size=8, shuffle=False, verbose=0).history
    assert actual == expected
    for ours, theirs in zip(twin.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("way", COPIES)
def test_graphs(way):
    model = graph()
    twin = COPIES[way](model)
    data = {"a": X, "b": -X}
    expected, actual = model.predict(data, verbose=0), twin.predict(data, verbose=0)
    for key in ("o", "p"):
        np.testing.assert_array_equal(actual[key], expected[key])
    assert [layer.name for layer in twin.layers] == [layer.name for layer in model.layers]
    assert twin.count_params() == model.count_params()
    assert twin.get_layer("shared") is not model.get_layer("shared")
    assert twin.get_config() == model.get_config()


def test_a_layer_in_two_models_inside_stays_one():
    shared = layers.Dense(4)
    first = keras.Sequential([keras.Input((4,)), shared])
    second = keras.Sequential([keras.Input((4,)), layers.ReLU(), shared])
    x = keras.Input((4,))
    model = keras.Model(x, layers.Add()([first(x), second(x)]))
    twin = through_file(model)
    assert twin.count_params() == model.count_params() == 20
    np.testing.assert_array_equal(twin(X), model(X))


def test_compiled_arguments_come_back():
    model = chain()
    model.compile("adam", losses.Huber(delta=0.3), metrics=["mse", "mae"], weighted_metrics=["mae"])
    twin = through_file(model)
    assert twin.compiled
    assert type(twin.optimizer) is optimizers.Adam
    assert twin.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)
    assert not through_file(model, compile=False).compiled


@pytest.mark.parametrize("way", COPIES)
def test_moving_statistics_never_become_trainable(way):
    model = keras.Sequential([keras.Input((4,)), layers.BatchNormalization(), layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(X, Y, batch_size=8, verbose=0)
    twin = COPIES[way](model)
    twin.trainable = False
    twin.trainable = True
    assert len(twin.trainable_weights) == 4
    assert len(twin.non_trainable_weights) == 2
    np.testing.assert_array_equal(twin(X), model(X))


class Stepped(keras.Model):
    """A functional model with a step of its own, and no arguments of its own."""

    def train_step(self, data):
        return super().train_step(data)


@pytest.mark.parametrize("cls", [keras.Model, Stepped])
def test_functional_models_of_any_class(cls, tmp_path):
    x = keras.Input((4,))
    model = cls(x, layers.Dense(2)(layers.Dense(3, "tanh")(x)), name="made")
    again = cls.from_config(model.get_config())
    assert isinstance(again, cls)
    assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]
    model.save(tmp_path / "m.keras")
    model.save_weights(tmp_path / "m.weights.h5")
    loaded = saving.load_model(tmp_path / "m.keras", custom_objects={"Stepped": Stepped})
    again.load_weights(tmp_path / "m.weights.h5")
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    for other in (loaded, again, clone):
        assert isinstance(other, cls)
        np.testing.assert_array_equal(other.predict(X, verbose=0), model.predict(X, verbose=0))


def test_layers_keep_their_weights_when_copied():
    layer = layers.Dense(3)
    expected = layer(X)
    for twin in (pickle.loads(pickle.dumps(layer)), copy.deepcopy(layer)):
        np.testing.assert_array_equal(twin(X), expected)
        assert twin.kernel is not layer.kernel


def test_metrics_keep_their_state_when_copied():
    metric = metrics.MeanSquaredError()
    metric.update_state([0.0, 0.0], [1.0, 3.0])
    assert copy.deepcopy(metric).result() == pickle.loads(pickle.dumps(metric)).result() == 5.0
