"""Configurations: plain data that makes equal objects, also of own classes and of older Keras."""

import copy
import json
import pickle

import numpy as np
import pytest
from _saved import X, graph

import pronghorn as keras
from pronghorn import layers, losses, metrics, optimizers, saving


def test_json_makes_the_same_graph():
    model = graph()
    twin = keras.models.model_from_json(model.to_json())
    assert json.loads(twin.to_json()) == json.loads(model.to_json())


@pytest.mark.parametrize(
    "thing",
    [
        losses.Huber(delta=2.0),
        losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics.BinaryAccuracy(threshold=0.3),
        metrics.MeanMetricWrapper(metrics.mean_squared_error, name="wrapped"),
        optimizers.Adam(optimizers.schedules.CosineDecay(0.1, 10)),
        keras.initializers.RandomNormal(stddev=2.0),
        keras.regularizers.L1L2(0.1, 0.2),
        layers.Dense(3, kernel_initializer="he_normal", bias_regularizer="l1"),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_objects(thing):
    config = json.loads(json.dumps(saving.serialize_keras_object(thing)))
    again = saving.deserialize_keras_object(config)
    assert type(again) is type(thing)
    assert again.get_config() == thing.get_config()
    for twin in (pickle.loads(pickle.dumps(thing)), copy.deepcopy(thing)):
        assert twin.get_config() == thing.get_config()


def test_plain_data():
    data = {"a": (1, 2.5, None), "b": [True, "text"], "c": slice(1, None, 2), "d": b"bytes"}
    assert saving.deserialize_keras_object(saving.serialize_keras_object(data)) == {
        **data,
        "a": [1, 2.5, None],
    }
    array = np.arange(6.0).reshape(2, 3)
    back = saving.deserialize_keras_object(saving.serialize_keras_object(array))
    np.testing.assert_array_equal(back, array)


class Halved(keras.initializers.Initializer):
    def __init__(self, factor=0.5):
        self.factor = factor

    def __call__(self, shape, dtype=None):
        return np.full(shape, self.factor, dtype)

    def get_config(self):
        return {"factor": self.factor}


def test_own_classes_are_found_when_handed_over():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1, kernel_initializer=Halved(0.25))])
    text = model.to_json()
    with pytest.raises(TypeError, match="Could not locate the class 'Halved'"):
        keras.models.model_from_json(text)
    expected = [[X[0].sum() / 4]]
    twin = keras.models.model_from_json(text, {"Halved": Halved})
    np.testing.assert_allclose(twin(X[:1]), expected, rtol=1e-5)
    with saving.custom_object_scope({"Halved": Halved}):
        twin = keras.models.model_from_json(text)
    np.testing.assert_allclose(twin(X[:1]), expected, rtol=1e-5)


def test_registered_classes_are_found():
    table = saving.get_custom_objects()
    try:
        saving.register_keras_serializable("tests")(Halved)
        assert saving.get_registered_name(Halved) == "tests>Halved"
        assert saving.get_registered_object("tests>Halved") is Halved
        model = keras.Sequential([keras.Input((4,)), layers.Dense(1, kernel_initializer=Halved())])
        assert '"tests>Halved"' in model.to_json()
        twin = keras.models.model_from_json(model.to_json())
        assert type(twin.layers[0].kernel_initializer) is Halved
    finally:
        table.pop("tests>Halved")
    with pytest.raises(ValueError, match="get_config"):
        saving.register_keras_serializable()(int)


def test_what_keras_2_wrote_into_configurations():
    """Inputs by `batch_input_shape`, nodes as lists, plain dtypes, an optimizer's old options."""
    dense = {"name": "dense", "trainable": True, "dtype": "float32", "units": 2, "use_bias": True}
    config = {
        "module": "keras.src.engine.functional",
        "class_name": "Functional",
        "config": {
            "name": "model",
            "trainable": True,
            "layers": [
                {
                    "module": "keras.layers",
                    "class_name": "InputLayer",
                    "config": {
                        "batch_input_shape": [None, 4],
                        "dtype": "float32",
                        "sparse": False,
                        "ragged": False,
                        "name": "input_1",
                    },
                    "registered_name": None,
                    "name": "input_1",
                    "inbound_nodes": [],
                },
                {
                    "module": "keras.layers",
                    "class_name": "Dense",
                    "config": dense,
                    "registered_name": None,
                    "build_config": {"input_shape": [None, 4]},
                    "name": "dense",
                    "inbound_nodes": [[["input_1", 0, 0, {}]]],
                },
            ],
            "input_layers": [["input_1", 0, 0]],
            "output_layers": [["dense", 0, 0]],
        },
        "registered_name": "Functional",
        "compile_config": {
            "optimizer": {
                "module": "keras.optimizers",
                "class_name": "Adam",
                "config": {
                    "name": "Adam",
                    "weight_decay": None,
                    "jit_compile": True,
                    "is_legacy_optimizer": False,
                    "learning_rate": 0.5,
                },
                "registered_name": None,
            },
            "loss": "mse",
            "metrics": None,
            "loss_weights": None,
            "weighted_metrics": None,
            "run_eagerly": None,
            "steps_per_execution": None,
            "jit_compile": None,
        },
    }
    model = keras.models.model_from_json(json.dumps(config))
    assert model.input_shape == (None, 4)
    assert model.optimizer.learning_rate == 0.5
    assert model.steps_per_execution == 1


def test_a_model_with_arguments_of_its_own_needs_its_own_configuration():
    class Scaled(keras.Model):
        def __init__(self, inputs, outputs, factor):
            super().__init__(inputs, outputs)
            self.factor = factor

    x = keras.Input((4,))
    assert "layers" not in Scaled(x, layers.Dense(2)(x), 2).get_config()


def operation(class_name, sources, **options):
    """A node of `keras.ops`, as Keras writes it."""
    tensors = [
        {
            "class_name": "__keras_tensor__",
            "config": {"shape": [None, 4], "dtype": "float32", "keras_history": [s, 0, 0]},
        }
        if isinstance(s, str)
        else s
        for s in sources
    ]
    return {
        "module": "keras.src.ops.numpy",
        "class_name": class_name,
        "config": {"name": class_name.lower(), **options},
        "registered_name": class_name,
        "name": class_name.lower(),
        "inbound_nodes": [{"args": tensors, "kwargs": {}}],
    }


def with_operations(*nodes):
    x = keras.Input((4,), name="x")
    config = keras.Model(x, layers.Dense(4, name="y")(x)).get_config()
    config["layers"] += nodes
    config["output_layers"] = [nodes[-1]["name"], 0, 0]
    return keras.Model.from_config(config)


def test_operations_that_keras_wrote_between_layers():
    model = with_operations(
        operation("Multiply", ["y", 0.5]),
        operation("Add", ["multiply", "x"]),
        operation("Mean", ["add"], axis=-1, keepdims=True),
    )
    kernel, bias = model.get_weights()
    expected = ((X @ kernel + bias) * 0.5 + X).mean(axis=-1, keepdims=True)
    np.testing.assert_allclose(model.predict(X, verbose=0), expected, rtol=1e-5, atol=1e-6)
    assert [layer.name for layer in model.layers] == ["x", "y"]


@pytest.mark.parametrize("name", ["Evaluate", "GetItems", "__import__"])
def test_operations_that_do_not_exist(name):
    with pytest.raises(TypeError, match="operation"):
        with_operations(operation(name, ["y"]))
