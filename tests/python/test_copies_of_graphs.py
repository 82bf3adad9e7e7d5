"""Copies of graphs with operations and layers of the user's own: pickle, deepcopy, clone_model."""

import copy
import pickle

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import layers, ops

X = np.random.default_rng(4).normal(size=(6, 5)).astype("float32")


class Divided(layers.Layer):
    def call(self, inputs, by=2.0):
        return inputs / by


class Mixed(layers.Layer):
    def call(self, inputs, scale=1.0):
        a, b = inputs
        return {"sum": a + b * scale, "other": ops.exp(a) - b}


def graph(draw):
    def make():
        inputs = keras.Input((5,))
        return keras.Model(inputs, draw(inputs))

    return make


def dense(x):
    return layers.Dense(4)(x)


MODELS = {
    "sequential": lambda: keras.Sequential([keras.Input((5,)), layers.Dense(3), Divided()]),
    "by place": graph(lambda x: Divided()(dense(x), 4.0)),
    "by name": graph(lambda x: Divided()(dense(x), by=3.0)),
    "structure": graph(lambda x: Mixed()([dense(x), dense(x)], scale=3.0)),
    "operations": graph(lambda x: ops.exp(dense(x)) + 1.5),
    "items": graph(lambda x: dense(x)[:, 1:3]),
    "activation": graph(lambda x: ops.relu(dense(x))),
    "several": graph(lambda x: ops.concatenate([x, ops.sin(x)], axis=-1)),
    "einsum": graph(lambda x: ops.einsum("ab,ac->abc", x, x)),
    "array": graph(lambda x: x * np.arange(5, dtype="float32")),
}


def cloned(model):
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    return clone


@pytest.mark.parametrize(
    "way",
    [lambda model: pickle.loads(pickle.dumps(model)), copy.deepcopy, cloned],
    ids=["pickle", "deepcopy", "clone"],
)
@pytest.mark.parametrize("name", MODELS)
def test_copies_compute_the_same(name, way):
    model = MODELS[name]()
    again = way(way(model))
    expected, given = model.predict(X, verbose=0), again.predict(X, verbose=0)
    assert type(expected) is type(given)
    pairs = expected.items() if isinstance(expected, dict) else [(None, expected)]
    for key, value in pairs:
        np.testing.assert_array_equal(value, given if key is None else given[key])
    assert [layer.name for layer in model.layers] == [layer.name for layer in again.layers]
    assert not {id(v) for v in model.weights} & {id(v) for v in again.weights}


def test_a_copy_in_the_middle_of_training_goes_on_alike():
    model = MODELS["sequential"]()
    model.compile(keras.optimizers.Adam(0.01, gradient_accumulation_steps=2), "mse")
    model.train_on_batch(X, X[:, :3])
    again = pickle.loads(pickle.dumps(model))
    for _ in range(3):
        assert model.train_on_batch(X, X[:, :3]) == again.train_on_batch(X, X[:, :3])
