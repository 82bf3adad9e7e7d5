"""clone_model, shared layers, models inside models, features of inner tensors, drawings."""

import numpy as np
import pytest
from _linear import data

import pronghorn as keras
from pronghorn import layers
from pronghorn.models import clone_model


@pytest.fixture(autouse=True)
def fresh_session():
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)


def two_inputs():
    """Inputs as a dict, a shared layer, a model inside, two outputs."""
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    shared = layers.Dense(4, "tanh", name="shared")
    inner_input = keras.Input((4,))
    inner = keras.Model(inner_input, layers.Dense(2, name="deep")(inner_input), name="inner")
    x, y = inner(shared(a)), inner(shared(b))
    outputs = {"sum": layers.Add(name="add")([x, y]), "one": layers.Dense(1, name="one")(x)}
    return keras.Model({"a": a, "b": b}, outputs, name="outer")


def chain():
    return keras.Sequential(
        [keras.Input((3,)), layers.Dense(4, "relu"), layers.Dropout(0.5), layers.Dense(2)],
        name="chain",
    )


def inputs_of(model):
    x = {"a": data(5, 3), "b": data(5, 3, seed=4)}
    return x if model.name == "outer" else x["a"]


@pytest.mark.parametrize("make", [chain, two_inputs])
def test_clones_compute_the_same_from_the_same_weights(make):
    model = make()
    clone = clone_model(model)
    assert type(clone) is type(model)
    assert clone.name == model.name
    assert [layer.name for layer in clone.layers] == [layer.name for layer in model.layers]
    assert not {id(w) for w in model.weights} & {id(w) for w in clone.weights}
    clone.set_weights(model.get_weights())
    x = inputs_of(model)
    expected, ours = model.predict(x, verbose=0), clone.predict(x, verbose=0)
    if isinstance(expected, dict):
        assert list(ours) == list(expected)
        for name, values in expected.items():
            np.testing.assert_array_equal(ours[name], values)
    else:
        np.testing.assert_array_equal(ours, expected)
    assert not clone.compiled


def test_unbuilt_chains_stay_unbuilt():
    clone = clone_model(keras.Sequential([layers.Dense(2)]))
    assert not clone.built
    assert clone(data(4, 3)).shape == (4, 2)


def test_frozen_layers_stay_frozen():
    model = chain()
    model.layers[0].trainable = False
    clone = clone_model(model)
    assert [layer.trainable for layer in clone.layers] == [False, True, True]
    model.trainable = False
    assert clone_model(model).trainable_weights == []


@pytest.mark.parametrize("whole", [True, False])
def test_layers_of_a_file_stay_frozen(whole, tmp_path):
    """A model with a frozen layer, and a frozen model with one that is not; and their optimizer."""
    inputs = keras.Input((3,))
    first, last = layers.Dense(4), layers.Dense(2)
    model = keras.Model(inputs, last(first(inputs)))
    model.trainable, first.trainable = whole, not whole
    model.compile(keras.optimizers.Adam(0.1), "mse")
    model.fit(data(8, 3), data(8, 2), verbose=0)
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    assert [again.trainable, *(layer.trainable for layer in again.layers[1:])] == (
        [True, False, True] if whole else [False, True, False]
    )
    assert len(again.trainable_weights) == (2 if whole else 0)
    for mine, theirs in zip(again.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_compiled_models_have_compiled_clones():
    model = chain()
    model.compile(keras.optimizers.SGD(0.25), "mse", metrics=["mae"])
    model.fit(data(8, 3), data(8, 2), verbose=0)
    clone = clone_model(model)
    assert float(clone.optimizer.learning_rate) == 0.25
    assert clone.optimizer.iterations == 0
    result = clone.evaluate(data(8, 3), data(8, 2), verbose=0, return_dict=True)
    assert list(result) == ["loss", "mae"]


def test_clone_functions_see_each_layer_once():
    seen = []

    def doubled(layer):
        seen.append(layer.name)
        config = layer.get_config()
        if isinstance(layer, layers.Dense) and layer.name == "shared":
            config["activation"] = "relu"
        return type(layer).from_config(config)

    clone = clone_model(two_inputs(), clone_function=doubled)
    assert sorted(seen) == ["add", "inner", "one", "shared"]
    assert clone.get_layer("shared").activation.__name__ == "relu"
    seen.clear()
    recursive = clone_model(two_inputs(), clone_function=doubled, recursive=True)
    assert sorted(seen) == ["add", "deep", "one", "shared"]
    assert recursive.output["sum"].shape == (None, 2)


def test_clones_may_share_layers():
    model = chain()
    shared = clone_model(model, clone_function=lambda layer: layer)
    x = data(4, 3)
    np.testing.assert_array_equal(shared.predict(x, verbose=0), model.predict(x, verbose=0))
    assert shared.weights[0] is model.weights[0]


@pytest.mark.parametrize("make", [chain, two_inputs])
def test_clones_on_given_inputs(make):
    model = make()
    a, b = keras.Input((3,)), keras.Input((3,))
    given = {"a": a, "b": b} if model.name == "outer" else a
    clone = clone_model(model, input_tensors=given)
    assert clone.inputs[0] is a
    with pytest.raises(ValueError, match="`input_tensors`"):
        clone_model(model, input_tensors=[a, b, a])
    with pytest.raises(ValueError, match="`input_tensors`"):
        clone_model(model, input_tensors=np.ones(3))


def test_functional_clones_on_inner_tensors():
    x = keras.Input((3,))
    model = keras.Model(x, layers.Dense(2, name="last")(layers.Dense(4)(x)))
    source = keras.Input((7,))
    start = layers.Dense(3)(source)
    clone = clone_model(model, input_tensors=start)
    # As in Keras the clone begins at an Input in the place of the inner tensor.
    assert [layer.name for layer in clone.layers] == [f"{start.name}CLONE", "dense", "last"]
    whole = keras.Model(source, clone(start))
    assert whole.predict(data(4, 7), verbose=0).shape == (4, 2)


def test_call_functions():
    called = []

    def call(layer, inputs):
        called.append(layer.name)
        return layer(inputs)

    clone_model(two_inputs(), call_function=call)
    assert sorted(called) == ["add", "inner", "inner", "one", "shared", "shared"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model": "m"}, "`model` must be a Model"),
        ({"clone_function": 3}, "`clone_function` must be callable"),
        ({"clone_function": lambda layer: None}, "`clone_function` must return a layer"),
        ({"call_function": print}, "`call_function` is for functional"),
        ({"other": 1}, "no arguments"),
    ],
)
def test_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        clone_model(**{"model": chain(), **arguments})


def test_features_of_inner_tensors():
    model = keras.Sequential(
        [keras.Input((3,)), layers.Dense(4, "tanh", name="h"), layers.Dense(2)]
    )
    x = data(5, 3)
    kernel, bias = (w.astype("float64") for w in model.get_weights()[:2])
    features = keras.Model(model.inputs, model.get_layer("h").output)
    np.testing.assert_allclose(
        features.predict(x, verbose=0), np.tanh(x @ kernel + bias), atol=1e-6
    )
    both = keras.Model(model.inputs, [layer.output for layer in model.layers])
    assert [part.shape for part in both.predict(x, verbose=0)] == [(5, 4), (5, 2)]


def test_freezing_a_model_inside_another():
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(4, name="inner")])
    x = keras.Input((3,))
    model = keras.Model(x, layers.Dense(1, name="outer")(inner(x)))
    inner.trainable = False
    assert [w.path.split("/")[-2] for w in model.trainable_weights] == ["outer", "outer"]
    assert len(model.non_trainable_weights) == 2
    model.compile("sgd", "mse")
    before = [w.numpy() for w in inner.weights]
    last = model.get_layer("outer").get_weights()[0]
    model.fit(data(20, 3), data(20, 1), verbose=0)
    for old, weight in zip(before, inner.weights, strict=True):
        np.testing.assert_array_equal(weight.numpy(), old)
    assert (model.get_layer("outer").get_weights()[0] != last).any()
    inner.trainable = True
    assert len(model.trainable_weights) == 4


def edges(dot):
    graphs = [dot, *dot.get_subgraphs()]
    return sum(len(graph.get_edges()) for graph in graphs)


def test_drawings(tmp_path):
    pytest.importorskip("pydot")
    model = two_inputs()
    dot = keras.utils.model_to_dot(model, show_shapes=True, show_dtype=True)
    # a, b, shared, inner, add, one.
    assert len([n for n in dot.get_nodes() if n.get_name() != "node"]) == 6
    assert edges(dot) == 5
    text = dot.to_string()
    for part in ("Output shape: <b>(None, 4)</b>", "Output dtype: <b>float32</b>", "<b>shared</b>"):
        assert part in text
    nested = keras.utils.model_to_dot(model, expand_nested=True)
    assert [cluster.get_label() for cluster in nested.get_subgraphs()] == ["inner"]
    assert "deep" in nested.to_string()
    keras.utils.plot_model(model, tmp_path / "m.dot", rankdir="LR")
    assert "rankdir=LR" in (tmp_path / "m.dot").read_text()
    with pytest.raises(ValueError, match="not built"):
        keras.utils.model_to_dot(keras.Sequential([layers.Dense(1)]))
    with pytest.raises(ValueError, match="no arguments"):
        keras.utils.model_to_dot(model, layer_range=1)


def test_one_input_twice_takes_the_last_array():
    x = keras.Input((3,), name="x")
    model = keras.Model([x, x], layers.Activation("linear")(x))
    first, last = data(4, 3), data(4, 3, seed=9)
    np.testing.assert_array_equal(model.predict([first, last], verbose=0), last)


def test_paths_and_dtypes_of_layers():
    layer = layers.Dense(2, name="d", dtype="float64")
    assert layer.path == "d"
    model = keras.Sequential([keras.Input((3,), dtype="float64"), layer], name="m")
    assert (layer.path, model.path) == ("m/d", "m")
    assert layer.weights[0].path == f"{layer.path}/kernel"
    assert layer.dtype_policy == keras.DTypePolicy("float64")
    model.compile("sgd", "mse", run_eagerly=True)
    assert model.run_eagerly is True


def test_output_specs_leave_the_layer_as_it_was():
    layer = layers.Dense(2)
    tensor = keras.KerasTensor((None, 5, 3))
    assert layer.compute_output_spec(tensor).shape == (None, 5, 2)
    assert not layer.built
    assert chain().compute_output_spec(keras.KerasTensor((7, 3))).shape == (7, 2)
    with pytest.raises(ValueError, match="shape"):
        layers.Add().compute_output_spec([tensor, keras.KerasTensor((None, 4))])
