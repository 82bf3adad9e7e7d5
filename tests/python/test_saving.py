"""Models to files and back: equal predictions, equal training, and nothing lost on the way."""

import copy
import io
import json
import os
import pickle
import zipfile

import h5py
import numpy as np
import pytest

import pronghorn as keras
from pronghorn import layers, losses, metrics, optimizers, saving

X = np.random.default_rng(7).standard_normal((24, 4)).astype("float32")
Y = X @ np.arange(4.0)[:, None] / 4


def chain(library=keras):
    return library.Sequential(
        [
            library.Input((4,)),
            library.layers.Dense(5, "tanh", name="hidden", kernel_regularizer="l2"),
            library.layers.Dense(1),
        ]
    )


def graph():
    """Shared layers, a nested model, two inputs and a dict of outputs."""
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    shared = layers.Dense(3, "relu", name="shared")
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(3)], name="inner")
    x = layers.Concatenate()([inner(shared(a)), shared(b)])
    return keras.Model(
        {"a": a, "b": b}, {"o": layers.Dense(1, name="o")(x), "p": layers.Dense(2)(x)}
    )


def through_file(model, **options):
    file = io.BytesIO()
    saving.save_model(model, file)
    return saving.load_model(io.BytesIO(file.getvalue()), **options)


COPIES = {
    "file": through_file,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "deepcopy": copy.deepcopy,
}
OPTIMIZERS = [
    optimizers.SGD(0.1),
    optimizers.SGD(0.1, momentum=0.9, nesterov=True),
    optimizers.RMSprop(momentum=0.9, centered=True),
    optimizers.Adam(optimizers.schedules.ExponentialDecay(0.01, 3, 0.5), amsgrad=True),
    optimizers.Nadam(0.03),
    optimizers.Adagrad(),
]


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


def test_json_makes_the_same_graph():
    model = graph()
    twin = keras.models.model_from_json(model.to_json())
    assert json.loads(twin.to_json()) == json.loads(model.to_json())


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


def test_weights_alone(tmp_path):
    model, twin = chain(), chain()
    path = tmp_path / "m.weights.h5"
    model.save_weights(path)
    twin.load_weights(path)
    np.testing.assert_array_equal(twin(X), model(X))


def test_weights_of_a_whole_model(tmp_path):
    model, twin = chain(), chain()
    model.save(tmp_path / "m.keras")
    twin.load_weights(tmp_path / "m.keras")
    np.testing.assert_array_equal(twin(X), model(X))


def test_weights_that_do_not_fit_change_nothing(tmp_path):
    model = chain()
    model.save_weights(tmp_path / "m.weights.h5")
    other = keras.Sequential([keras.Input((4,)), layers.Dense(5), layers.Dense(2)])
    before = other.get_weights()
    with pytest.raises(ValueError, match=r"shape \(5, 2\); the file has shape \(5, 1\)"):
        other.load_weights(tmp_path / "m.weights.h5")
    for now, then in zip(other.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
    with pytest.warns(UserWarning, match="Skipped"):
        other.load_weights(tmp_path / "m.weights.h5", skip_mismatch=True)
    np.testing.assert_array_equal(other.get_weights()[0], model.get_weights()[0])
    np.testing.assert_array_equal(other.get_weights()[2], before[2])


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


def test_an_existing_file_stays_if_writing_fails(tmp_path):
    path = tmp_path / "m.keras"
    path.write_bytes(b"before")
    model = chain()

    class Unwritable(keras.regularizers.L2):
        def get_config(self):
            raise RuntimeError("no configuration")

    model.layers[0].kernel_regularizer = Unwritable()
    with pytest.raises(RuntimeError, match="no configuration"):
        model.save(path)
    assert path.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["m.keras"]


def test_permissions_and_links_are_kept(tmp_path):
    target, link = tmp_path / "target.keras", tmp_path / "link.keras"
    target.write_bytes(b"")
    target.chmod(0o640)
    link.symlink_to(target)
    chain().save(link)
    assert link.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o640
    assert zipfile.is_zipfile(target)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m, p: m.save(p / "m.txt"), "must end in `.keras`"),
        (lambda m, p: m.save_weights(p / "m.h5"), "must end in `.weights.h5`"),
        (lambda m, p: m.load_weights(p / "m.txt"), "must end in"),
        (lambda m, p: saving.load_model(p / "m.txt"), "must end in `.keras`"),
        (lambda m, p: m.save(p / "m.keras", zipped=False), "zipped"),
        (lambda m, p: m.save(p / "there.keras", overwrite=False), "overwrite=False"),
        (
            lambda m, p: keras.Sequential([layers.Dense(1)]).save_weights(p / "m.weights.h5"),
            "built",
        ),
        (lambda m, p: keras.models.model_from_json("[1]"), "JSON object"),
        (lambda m, p: keras.models.model_from_json("{"), "Expecting"),
    ],
)
def test_bad_arguments(call, message, tmp_path):
    (tmp_path / "there.keras").write_bytes(b"")
    with pytest.raises(ValueError, match=message):
        call(chain(), tmp_path)


def test_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        saving.load_model(tmp_path / "m.keras")


def test_the_layout_is_keras_own():
    model = chain()
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    file = io.BytesIO()
    saving.save_model(model, file)
    with zipfile.ZipFile(file) as archive:
        assert archive.namelist() == ["metadata.json", "config.json", "model.weights.h5"]
        weights = h5py.File(io.BytesIO(archive.read("model.weights.h5")))
    found = {}
    weights.visititems(lambda name, item: found.update({name: getattr(item, "shape", None)}))
    assert found["layers/dense/vars/0"] == (4, 5)
    assert found["layers/dense_1/vars/1"] == (1,)
    assert weights["layers/dense/vars"].attrs["name"] == "hidden"
    # iterations, learning rate, then two slots a weight
    assert [found[f"optimizer/vars/{i}"] for i in range(4)] == [(), (), (4, 5), (4, 5)]
    assert "optimizer/vars/10" not in found


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: type(o).__name__)
def test_the_older_format(optimizer, tmp_path):
    model = chain()
    model.compile(copy.deepcopy(optimizer), losses.Huber(0.5), metrics=["mae"])
    model.fit(X, Y, epochs=2, batch_size=8, verbose=0)
    model.save(tmp_path / "m.h5")
    twin = saving.load_model(tmp_path / "m.h5")
    options = {"batch_size": 8, "shuffle": False, "verbose": 0}
    assert twin.fit(X, Y, **options).history == model.fit(X, Y, **options).history
    np.testing.assert_array_equal(twin(X), model(X))


def test_weights_by_name_in_the_older_format(tmp_path):
    model = chain()
    model.save(tmp_path / "m.h5")
    other = keras.Sequential(
        [keras.Input((4,)), layers.Dense(5, "tanh", name="hidden"), layers.Dense(3, name="new")]
    )
    before = other.get_weights()
    with pytest.raises(ValueError, match="shape"):
        other.load_weights(tmp_path / "m.h5")
    other.load_weights(tmp_path / "m.h5", by_name=True)
    np.testing.assert_array_equal(other.get_weights()[0], model.get_weights()[0])
    np.testing.assert_array_equal(other.get_weights()[2], before[2])


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


def test_every_part_of_nested_models_is_written(tmp_path):
    """Whatever the addresses of the lists that are made while the parts are listed."""
    x = keras.Input((3,))
    y = x
    for number in range(6):
        kind = [layers.Dense(3, name=f"d{number}")]
        inner = keras.Sequential([keras.Input((3,)), *kind], name=f"chain{number}")
        start = keras.Input((3,))
        graph = keras.Model(start, layers.Dense(3)(inner(start)), name=f"graph{number}")
        y = graph(y)
    model = keras.Model(x, y)
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    assert len(model.weights) == 24
    for ours, read in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(read, ours)
