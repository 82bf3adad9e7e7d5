"""Graphs with operations go to files and back; files of Keras 2 in forms written by hand."""

import io
import json
import zipfile

import h5py
import numpy as np
import pytest

import pronghorn as keras
from pronghorn import layers, ops, saving

X = np.random.default_rng(0).normal(size=(5, 6)).astype("float32")
EYE = np.eye(4, dtype="float32") * 2
OPERATIONS = {
    "arithmetic": lambda h: (1 / (ops.abs(h) + 1) - h**2) * 3,
    "comparison": lambda h: ops.where(h > 0, h, 0.5 * h),
    "parts": lambda h: ops.stack([h[:, 0], h[:, -1]], axis=1)[:, ::-1],
    "sums": lambda h: ops.mean(h, axis=-1, keepdims=True) + ops.norm(h, axis=1, keepdims=True),
    "products": lambda h: ops.einsum("ab,bc->ac", h @ EYE, EYE) + ops.matmul(h, EYE),
    "shapes": lambda h: ops.reshape(ops.transpose(ops.expand_dims(h, 1), (0, 2, 1)), (-1, 4)),
    "ranges": lambda h: ops.clip(ops.maximum(h, -0.5), -1, 1),
    "joined": lambda h: ops.concatenate([ops.exp(h), ops.softmax(h, axis=-1)], axis=-1),
    "activations": lambda h: (
        ops.relu(h)
        + ops.gelu(h, approximate=False)
        + keras.activations.gelu(h, approximate=True)
        + ops.leaky_relu(h, 0.3)
        + ops.celu(h, 0.7)
        + ops.elu(h, 0.6)
        + keras.activations.relu(h, negative_slope=0.1, max_value=0.4, threshold=0.1)
        + ops.silu(h)
    ),
}


def model(function):
    inputs = keras.Input((6,))
    return keras.Model(inputs, layers.Dense(2)(function(layers.Dense(4)(inputs))))


def reread(made, change=lambda config: None):
    """The model of its file, whose configuration `change` may have changed."""
    source, target = io.BytesIO(), io.BytesIO()
    saving.save_model(made, source)
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                config = json.loads(content)
                change(config)
                content = json.dumps(config).encode()
            new.writestr(name, content)
    return saving.load_model(target)


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_come_back(name):
    made = model(OPERATIONS[name])
    np.testing.assert_array_equal(reread(made)(X), made(X))


def test_layers_of_ones_own_keep_their_arguments():
    @saving.register_keras_serializable("tests")
    class Scaled(layers.Layer):
        def call(self, inputs, other=None, factor=1.0):
            return ops.exp(inputs) * factor + (0 if other is None else other)

    made = model(lambda h: Scaled()(h, layers.Dense(4)(h), factor=3.0))
    np.testing.assert_array_equal(reread(made)(X), made(X))
    alone = model(lambda h: Scaled()(h))
    np.testing.assert_array_equal(reread(alone)(X), alone(X))


def test_training_goes_on_with_operations():
    y = np.ones((5, 2))
    made = model(OPERATIONS["arithmetic"])
    made.compile("adam", "mse")
    made.fit(X, y, epochs=2, verbose=0)
    twin = reread(made)
    for each in (made, twin):
        each.fit(X, y, epochs=2, shuffle=False, verbose=0)
    np.testing.assert_array_equal(twin(X), made(X))


def changed_operation(**changes):
    def change(config):
        entry = next(e for e in config["config"]["layers"] if e["class_name"] == "Exp")
        for key, value in changes.items():
            if key == "args":
                entry["inbound_nodes"][0]["args"][1:] = value
            else:
                entry[key] = value

    return change


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"class_name": "Tile"}, TypeError, "Tile"),
        ({"class_name": "Zeros"}, TypeError, "Zeros"),
        ({"class_name": "__import__"}, TypeError, "__import__"),
        ({"module": "keras.src.ops.core", "class_name": "VectorizedMap"}, TypeError, "Vectorized"),
        ({"config": {"axis": 3}}, ValueError, "exp"),
        ({"args": [1, 2]}, ValueError, "exp"),
        ({"class_name": "GetItem", "args": [["a"]]}, ValueError, "index"),
        ({"class_name": "GetItem", "args": [[7, 7, 7]]}, ValueError, "index"),
        ({"class_name": "Mean", "config": {"axis": 9}}, ValueError, "axis"),
    ],
)
def test_operations_that_are_refused(changes, error, message):
    with pytest.raises(error, match=message):
        reread(model(ops.exp), changed_operation(**changes))


def test_huge_results_are_refused_before_they_are_made():
    inputs = keras.Input((1, 3))
    other = keras.Input((3, 1))
    made = keras.Model([inputs, other], ops.logaddexp(inputs, other))

    def widen(config):
        text = json.dumps(config).replace("1, 3]", f"1, {10**7}]").replace("3, 1]", f"{10**7}, 1]")
        config.clear()
        config.update(json.loads(text))

    with pytest.raises(ValueError, match="would make"):
        reread(made, widen)


def older_file(path):
    """A model as Keras 2.12 writes it to `.h5`: x -> tanh(x W + b) * 2 + 1, of its first column."""
    w, b = np.arange(12.0).reshape(6, 2) / 10 - 0.5, np.array([0.1, -0.2])
    dense = {"name": "dense", "trainable": True, "dtype": "float32", "units": 2}
    dense |= {"activation": "tanh", "use_bias": True}
    for part, name in (("kernel", "GlorotUniform"), ("bias", "Zeros")):
        dense[f"{part}_initializer"] = {"class_name": name, "config": {}}
    spec = [{"start": None, "stop": None, "step": None}, {"start": 0, "stop": 1, "step": None}]
    nodes = [
        ("InputLayer", "x", {"batch_input_shape": [None, 6], "dtype": "float32"}, []),
        ("Dense", "dense", dense, [[["x", 0, 0, {}]]]),
        ("TFOpLambda", "tf.math.multiply", {"function": "math.multiply"},
         [["dense", 0, 0, {"y": 2.0, "name": None}]]),
        ("TFOpLambda", "tf.math.add", {"function": "math.add"},
         [["_CONSTANT_VALUE", -1, 1.0, {"y": ["tf.math.multiply", 0, 0], "name": None}]]),
        ("SlicingOpLambda", "tf.slice", {"function": "__operators__.getitem"},
         [["tf.math.add", 0, 0, {"slice_spec": spec}]]),
    ]  # fmt: skip
    entries = [
        {"class_name": kind, "name": name, "config": {"name": name, **config}, "inbound_nodes": n}
        for kind, name, config, n in nodes
    ]
    config = {"name": "model", "trainable": True, "layers": entries}
    config |= {"input_layers": [["x", 0, 0]], "output_layers": [["tf.slice", 0, 0]]}
    metric = {"name": "mae", "dtype": "float32", "fn": "mean_absolute_error"}
    training = {
        "loss": "mse",
        "metrics": [[{"class_name": "MeanMetricWrapper", "config": metric}]],
        "weighted_metrics": None,
        "loss_weights": None,
        "optimizer_config": {
            "class_name": "Custom>RMSprop",
            "config": {
                "name": "RMSprop",
                "learning_rate": 0.25,
                "use_ema": False,
                "ema_overwrite_frequency": 100,
                "jit_compile": False,
                "is_legacy_optimizer": False,
            },
        },
    }
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = "2.12.0"
        file.attrs["model_config"] = json.dumps({"class_name": "Functional", "config": config})
        file.attrs["training_config"] = json.dumps(training)
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [name.encode() for _, name, _, _ in nodes]
        for _, name, _, _ in nodes:
            group.create_group(name).attrs["weight_names"] = np.array([], "S1")
        group["dense"].attrs["weight_names"] = [b"dense/kernel:0", b"dense/bias:0"]
        group["dense/dense/kernel:0"], group["dense/dense/bias:0"] = w, b
        state = file.create_group("optimizer_weights")
        names = ["iteration:0", "RMSprop/velocity/dense/kernel:0", "RMSprop/velocity/dense/bias:0"]
        state.attrs["weight_names"] = [name.encode() for name in names]
        for name, value in zip(names, (3, np.full((6, 2), 0.5), np.full(2, 0.25)), strict=True):
            state[name] = value
    return w, b


def test_a_model_of_keras_2(tmp_path):
    w, b = older_file(tmp_path / "m.h5")
    made = saving.load_model(tmp_path / "m.h5")
    expected = (np.tanh(X @ w + b) * 2 + 1)[:, :1]
    np.testing.assert_allclose(made(X), expected, rtol=1e-5, atol=1e-6)
    y = np.zeros((5, 1))
    result = made.evaluate(X, y, verbose=0, return_dict=True)
    assert result["mae"] == pytest.approx(np.abs(expected).mean(), rel=1e-5)
    made.fit(X, y, batch_size=5, verbose=0)
    assert made.optimizer.iterations == 4
    # One step of RMSprop from the velocity in the file.
    dz = np.zeros((5, 2))
    dz[:, :1] = 2 * expected / 5 * 2
    dz *= 1 - np.tanh(X @ w + b) ** 2
    gradient = X.T @ dz
    velocity = 0.9 * 0.5 + 0.1 * gradient**2
    new = w - 0.25 * gradient / np.sqrt(velocity + 1e-7)
    np.testing.assert_allclose(made.layers[1].kernel.numpy(), new, rtol=1e-4, atol=1e-5)
