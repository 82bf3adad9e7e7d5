"""Files of Keras 2, written by it (the package tf_keras), and graphs of operations of Keras 3."""

import os
import zipfile

import keras
import numpy as np
import pytest

import pronghorn
from pronghorn import saving

RNG = np.random.default_rng(2)
X = RNG.normal(size=(16, 6)).astype("float32")
Y = RNG.normal(size=(16, 2)).astype("float32")
EYE = np.eye(4, dtype="float32")


@pytest.fixture(scope="module")
def older():
    pytest.importorskip("tensorflow")
    return pytest.importorskip("tf_keras")


def sequential(k):
    layers = k.layers
    return k.Sequential(
        [
            k.Input((6,)),
            layers.Dense(5, activation="relu", kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.LayerNormalization(),
            layers.LeakyReLU(alpha=0.2),
            layers.PReLU(),
            layers.ELU(),
            layers.ReLU(max_value=3.0),
            layers.Dropout(0.0),
            layers.Dense(2, kernel_constraint=k.constraints.MaxNorm(2.0)),
        ]
    )


def branched(k):
    layers = k.layers
    inputs = k.Input((6,))
    shared = layers.Dense(4, activation="tanh")
    u, v = shared(inputs), shared(layers.Dense(6)(inputs))
    merged = [made()([u, v]) for made in (layers.Add, layers.Multiply, layers.Average)]
    merged += [layers.Dot(axes=1)([u, v]), layers.RepeatVector(2)(u)[:, 0, :] * 2.0 + 1.0]
    return k.Model(inputs, layers.Dense(2)(layers.Concatenate()(merged)))


def nested(k):
    inner = k.Sequential([k.Input((4,)), k.layers.Dense(3), k.layers.Activation("gelu")])
    inputs = k.Input((6,))
    return k.Model(inputs, k.layers.Dense(2)(inner(k.layers.Dense(4, use_bias=False)(inputs))))


def prepared(k):
    layers = k.layers
    inputs = k.Input((6,))
    scaled = layers.Normalization()
    scaled.adapt(X * 3 + 1)
    h = layers.Reshape((2, 3))(layers.Rescaling(2.0, 1.0)(scaled(inputs)))
    h = layers.EinsumDense("abc,cd->abd", output_shape=(None, 4), bias_axes="d")(h)
    h = layers.Flatten()(layers.Permute((2, 1))(layers.GroupNormalization(2)(h)))
    return k.Model(inputs, layers.Dense(2)(layers.Activation("swish")(h)))


MODELS = {
    "sequential": (sequential, lambda k: "adam"),
    "branched": (branched, lambda k: k.optimizers.SGD(0.1, momentum=0.9)),
    "nested": (nested, lambda k: k.optimizers.RMSprop(0.01, centered=True, momentum=0.1)),
    "prepared": (
        prepared,
        lambda k: k.optimizers.Adagrad(k.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)),
    ),
}


def as_keras(path):
    """The archive with the names of modules that the package keras 2.13 to 2.15 writes."""
    changed = path.with_name("renamed.keras")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'"tf_keras.', b'"keras.'))
    return changed


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", MODELS)
def test_keras_2(older, name, tmp_path):
    make, optimizer = MODELS[name]
    model = make(older)
    model.compile(optimizer(older), "mse", metrics=["mae"], run_eagerly=True)
    model.fit(X, Y, batch_size=8, epochs=1, verbose=0)
    for file in ("m.keras", "m.h5", "m.weights.h5", "w.h5"):
        (model.save_weights if file[0] == "w" or "weights" in file else model.save)(
            os.fspath(tmp_path / file)
        )
    expected = model(X).numpy()
    twins = [
        saving.load_model(tmp_path / "m.keras"),
        saving.load_model(as_keras(tmp_path / "m.keras")),
        saving.load_model(tmp_path / "m.h5"),
    ]
    for twin in twins:
        np.testing.assert_allclose(np.asarray(twin(X)), expected, rtol=1e-5, atol=1e-6)
    for file in ("m.weights.h5", "w.h5"):
        for variable in twins[0].weights:
            variable.assign(np.zeros(variable.shape))
        twins[0].load_weights(tmp_path / file)
        np.testing.assert_allclose(np.asarray(twins[0](X)), expected, rtol=1e-5, atol=1e-6)
    model.fit(X, Y, batch_size=16, epochs=1, verbose=0)
    expected = model(X).numpy()
    for twin in twins:
        twin.fit(X, Y, batch_size=16, epochs=1, verbose=0)
        np.testing.assert_allclose(np.asarray(twin(X)), expected, rtol=2e-4, atol=2e-5)


def operations(k):
    ops = k.ops
    inputs = k.Input((6,))
    h = k.layers.Dense(4)(inputs)
    parts = [
        ops.relu(h) * 2 + 1,
        ops.exp(-h),
        h[:, :2],
        ops.mean(h, axis=-1, keepdims=True),
        ops.maximum(h, 0.0),
        ops.reshape(h, (-1, 2, 2))[:, 0],
        ops.expand_dims(h[:, 0], -1),
        ops.clip(h, -1, 1),
        ops.einsum("ab,ab->ab", h, h),
        ops.where(h > 0, h, 0.0 * h),
        ops.softmax(h),
        ops.stack([h, h], axis=1)[:, 0],
        1 / (ops.abs(h) + 1),
        h**2,
        h @ EYE,
        ops.matmul(h, EYE),
        ops.std(h, axis=1, keepdims=True),
        ops.logsumexp(h, axis=1, keepdims=True),
        k.activations.gelu(h),
        k.activations.relu(h, negative_slope=0.1),
    ]
    return k.Model(inputs, k.layers.Dense(2)(ops.concatenate(parts, axis=-1)))


@pytest.mark.parametrize("writer", [pronghorn, keras], ids=["ours", "theirs"])
def test_operations_of_keras_3(writer, tmp_path):
    model = operations(writer)
    model.save(tmp_path / "m.keras")
    twin = (keras if writer is pronghorn else pronghorn).saving.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(np.asarray(twin(X)), np.asarray(model(X)), rtol=1e-5, atol=1e-6)


@pytest.mark.filterwarnings("ignore")
def test_tables_of_keras_2(older, tmp_path):
    """Layers for categories in a graph, with a vocabulary that was learnt."""
    layers = older.layers
    text = older.Input((1,), dtype="string", name="text")
    size, zone = older.Input((1,)), older.Input((1,), dtype="int64")
    learnt = layers.StringLookup(output_mode="one_hot")
    learnt.adapt(["a", "b", "a"])
    places = layers.StringLookup(vocabulary=["a", "b"])(text)
    bins = layers.Discretization([0.0, 1.0])(size)
    parts = [
        learnt(text),
        layers.Flatten()(layers.Embedding(4, 2)(places)),
        layers.CategoryEncoding(3, output_mode="one_hot")(bins),
        layers.IntegerLookup(vocabulary=[3, 4], output_mode="one_hot")(zone),
        layers.Hashing(4, output_mode="one_hot")(text),
        layers.HashedCrossing(5, output_mode="one_hot")((text, zone)),
        layers.Normalization(mean=1.0, variance=2.0)(size),
    ]
    model = older.Model([text, size, zone], layers.Dense(1)(layers.concatenate(parts)))
    model.save(os.fspath(tmp_path / "m.keras"))
    data = [
        np.array([["a"], ["b"], ["other"]]),
        np.array([[-1.0], [0.5], [3.0]], "float32"),
        np.array([[3], [4], [5]]),
    ]
    twin = saving.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(twin.predict(data, verbose=0), model(data), rtol=1e-5, atol=1e-6)
