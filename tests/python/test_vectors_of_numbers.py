"""Samples of one number: `Input(())`, and layers that give each of them a vector."""

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import layers, ops

IDS = np.array([2, 0, 3, 1])
TABLE = np.arange(12.0).reshape(4, 3)


def embedding():
    return layers.Embedding(4, 3, weights=TABLE)


def test_embedding_called_on_a_vector():
    layer = embedding()
    np.testing.assert_array_equal(layer(IDS), TABLE[IDS])
    with keras.GradientTape() as tape:
        rows = layer(IDS)
        total = ops.sum(rows * np.array([1.0, 2.0, 3.0]))
    assert rows.shape == (4, 3)
    np.testing.assert_allclose(tape.gradient(total, layer.embeddings), np.tile([1, 2, 3], (4, 1)))


def test_embedding_in_a_graph():
    ids = keras.Input((), dtype="int32")
    rows = embedding()(ids)
    assert rows.shape == (None, 3)
    dense = layers.Dense(2, kernel_initializer="ones")
    model = keras.Model(ids, dense(rows))
    assert model.run_mode == "compiled"
    expected = TABLE[IDS].sum(axis=1)[:, None].repeat(2, axis=1)
    np.testing.assert_allclose(model.predict(IDS, verbose=0), expected)
    np.testing.assert_allclose(model(IDS), expected)
    np.testing.assert_allclose(keras.Model(ids, rows)(IDS), TABLE[IDS])


def test_two_embeddings_that_meet_train():
    users, items = keras.Input((), name="users"), keras.Input((), name="items")
    score = layers.Dot(axes=1)([embedding()(users), embedding()(items)])
    model = keras.Model([users, items], score)
    np.testing.assert_allclose(
        model.predict([IDS, IDS[::-1]], verbose=0)[:, 0], (TABLE[IDS] * TABLE[IDS[::-1]]).sum(1)
    )
    model.compile(keras.optimizers.SGD(1e-3), "mse")
    losses = model.fit([IDS, IDS[::-1]], np.ones(4), epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("traced", [True, False])
def test_in_a_call_of_ones_own(traced):
    class Pair(keras.Model):
        def __init__(self):
            super().__init__()
            self.table = embedding()

        def call(self, x):
            found = self.table(x[:, 0]) if not traced else self.table(x)[:, 0]
            assert found.shape[1:] == (3,)
            return found * ops.cast(x[:, 1:], "float32")

    x = np.stack([IDS, IDS + 1], axis=1)
    np.testing.assert_allclose(Pair()(x), TABLE[IDS] * (IDS + 1)[:, None])


def test_from_words_without_an_axis():
    words = keras.Input((), dtype="string")
    places = layers.StringLookup(vocabulary=["a", "b", "c"])(words)
    model = keras.Model(words, embedding()(places))
    np.testing.assert_allclose(
        model.predict(np.array(["c", "z", "a"], object), verbose=0), TABLE[[3, 0, 1]]
    )
