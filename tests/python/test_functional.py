"""Functional models: any graph, against the same sums written in NumPy."""

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import layers


@pytest.fixture(autouse=True)
def fresh_names():
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)


def data(*shape, seed=1):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def dense(x, layer):
    return x.astype("float64") @ layer.kernel.numpy().astype("float64") + layer.bias.numpy()


def test_residual_model():
    hidden = layers.Dense(4, activation="tanh")
    x = keras.Input((4,))
    model = keras.Model(x, hidden(x) + x)
    value = data(6, 4)
    expected = np.tanh(dense(value, hidden)) + value
    np.testing.assert_allclose(model.predict(value, verbose=0), expected, atol=1e-6)
    np.testing.assert_allclose(model(value), expected, atol=1e-6)
    assert [layer.name for layer in model.layers] == ["input_layer", "dense"]


def test_densely_connected_model():
    x = keras.Input((3,))
    first, second = layers.Dense(4, "relu"), layers.Dense(2)
    a = first(x)
    model = keras.Model(x, second(layers.concatenate([x, a])))
    value = data(5, 3)
    hidden = np.maximum(dense(value, first), 0)
    expected = dense(np.concatenate([value, hidden], 1), second)
    np.testing.assert_allclose(model(value), expected, atol=1e-6)


def test_shared_layer_counts_once():
    a, b = keras.Input((3,)), keras.Input((3,))
    shared = layers.Dense(2)
    model = keras.Model([a, b], layers.add([shared(a), shared(b)]))
    u, v = data(4, 3), data(4, 3, seed=2)
    np.testing.assert_allclose(model([u, v]), dense(u, shared) + dense(v, shared), atol=1e-6)
    assert model.count_params() == 8
    assert len(model.weights) == 2


def test_shared_dropout_draws_anew_at_each_use():
    x = keras.Input((64,))
    dropout = layers.Dropout(0.5, seed=1)
    model = keras.Model(x, [dropout(x), dropout(x)])
    first, second = model(np.ones((1, 64), "float32"), training=True)
    assert (first != second).any()


def test_sum_of_tensors():
    xs = [keras.Input((2,)) for _ in range(3)]
    model = keras.Model(xs, sum(xs))
    values = [data(3, 2, seed=i) for i in range(3)]
    np.testing.assert_allclose(model(values), np.sum(values, 0), atol=1e-6)


def two_by_two():
    a, b = keras.Input((4,), name="a"), keras.Input((3,), name="b")
    joined = layers.Concatenate()([layers.Dense(5, name="d")(a), b])
    return a, b, layers.Dense(2, name="v")(joined), layers.Dense(1, name="w")(joined + joined)


def test_order_of_layers_is_keras_s():
    a, b, v, w = two_by_two()
    model = keras.Model([a, b], [v, w])
    # As real Keras 3.15.1 lists the same graph.
    assert [layer.name for layer in model.layers] == ["a", "d", "b", "concatenate", "v", "w"]
    assert model.output_names == ["v", "w"]
    assert model.input_shape == [(None, 4), (None, 3)]
    assert model.output_shape == [(None, 2), (None, 1)]


def test_lists_and_dicts_give_the_same():
    a, b, v, w = two_by_two()
    xa, xb = data(5, 4), data(5, 3)
    by_list = keras.Model([a, b], [v, w])
    by_dict = keras.Model({"b": b, "a": a}, {"second": w, "first": v})
    mixed = keras.Model([a, b], {"first": v, "second": w})
    first, second = by_list.predict([xa, xb], verbose=0)
    for result in (
        by_dict.predict({"a": xa, "b": xb}, verbose=0),
        mixed.predict([xa, xb], verbose=0),
        mixed.predict({"b": xb, "a": xa}, verbose=0),
        mixed((xa, xb)),
    ):
        np.testing.assert_array_equal(result["first"], first)
        np.testing.assert_array_equal(result["second"], second)
    assert by_list.predict({"a": xa, "b": xb}, verbose=0)[1].shape == (5, 1)


def test_models_inside_models():
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(4, "tanh"), layers.Dense(3)])
    x = keras.Input((3,))
    middle = keras.Model(x, inner(x) + x)
    y = keras.Input((3,))
    outer = keras.Model(y, layers.Dense(1)(middle(inner(y))))
    value = data(6, 3)

    def run(u):
        hidden, last = inner.layers
        return dense(np.tanh(dense(u, hidden)), last)

    once = run(value)
    expected = dense(run(once) + once, outer.layers[-1])
    np.testing.assert_allclose(outer(value), expected, atol=1e-5)
    assert outer.count_params() == inner.count_params() + 4
    assert [w.path for w in inner.weights][:1] == ["sequential/dense/kernel"]


def test_inner_and_outer_models_share_training():
    inner = keras.Sequential([keras.Input((2,)), layers.Dense(2)])
    x = keras.Input((2,))
    outer = keras.Model(x, layers.Dense(1)(inner(x)))
    outer.compile("sgd", "mse")
    before = inner.predict(np.ones((1, 2)), verbose=0)
    outer.fit(data(32, 2), data(32, 1), verbose=0)
    assert (inner.predict(np.ones((1, 2)), verbose=0) != before).any()


def test_intermediate_tensors_make_models():
    x = keras.Input((3,))
    hidden = layers.Dense(4, "relu")(x)
    full = keras.Model(x, layers.Dense(2)(hidden))
    features = keras.Model(full.input, full.layers[1].output)
    head = keras.Model(hidden, full.output)
    value = data(5, 3)
    np.testing.assert_allclose(head(features(value)), full(value), atol=1e-6)


def test_an_output_may_feed_another():
    x = keras.Input((3,))
    a = layers.Dense(2, name="a")
    b = layers.Dense(1, name="b")
    t = a(x)
    model = keras.Model(x, [t, b(t)])
    value = data(4, 3)
    first, second = model(value)
    np.testing.assert_allclose(first, dense(value, a), atol=1e-6)
    np.testing.assert_allclose(second, dense(dense(value, a), b), atol=1e-6)


def test_flatten_and_reshape_in_a_graph():
    x = keras.Input((4, 3))
    flat = layers.Flatten()(x)
    model = keras.Model(x, [flat, layers.Reshape((3, 4))(flat)])
    value = data(5, 4, 3)
    first, second = model(value)
    np.testing.assert_array_equal(first, value.reshape(5, 12))
    np.testing.assert_array_equal(second, value.reshape(5, 3, 4))


def test_functions_apply_to_symbolic_tensors():
    x = keras.Input((4,))
    model = keras.Model(x, keras.activations.relu(x, negative_slope=0.5))
    value = data(3, 4)
    np.testing.assert_allclose(model(value), np.where(value > 0, value, value / 2), atol=1e-7)


def test_deep_chain_needs_no_deep_recursion():
    x = y = keras.Input((2,))
    for _ in range(3000):
        y = layers.ReLU()(y)
    model = keras.Model(x, y)
    np.testing.assert_array_equal(model(np.ones((1, 2), "float32")), [[1, 1]])


def test_scalar_inputs():
    x = keras.Input(())
    model = keras.Model(x, layers.Dense(1, use_bias=False)(layers.Reshape((1,))(x)))
    model.set_weights([[[2.0]]])
    np.testing.assert_allclose(model.predict(np.arange(3.0), verbose=0), [[0], [2], [4]])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda a, b: keras.Model(a, layers.add([a, b])), ValueError, "not among the model's"),
        (lambda a, b: keras.Model(a), TypeError, "`outputs`"),
        (lambda a, b: keras.Model(inputs=a), TypeError, "`outputs`"),
        (lambda a, b: keras.Model(np.ones(3), a), TypeError, "symbolic"),
        (lambda a, b: keras.Model([], a), ValueError, "empty"),
        (lambda a, b: keras.Model([a, [b]], a), ValueError, "nesting"),
        (lambda a, b: keras.Model(a, 3), TypeError, "symbolic"),
        (lambda a, b: a + "1", TypeError, "take arrays, tensors and numbers"),
        (lambda a, b: bool(a), TypeError, "truth"),
        (lambda a, b: list(a), TypeError, "iterated"),
        (lambda a, b: np.asarray(a), TypeError, "symbolic"),
        (lambda a, b: layers.add([a, np.ones((2, 3))]), TypeError, "together with"),
        (lambda a, b: layers.Dropout(0.5)(a, training=True), ValueError, "training"),
        (lambda a, b: layers.Dense(1).output, AttributeError, "never been called"),
    ],
)
def test_mistakes_in_graphs(make, error, message):
    with pytest.raises(error, match=message):
        make(keras.Input((3,)), keras.Input((3,)))


def test_names_must_differ():
    x = keras.Input((3,))
    y = layers.Dense(3, name="same")(layers.Dense(3, name="same")(x))
    with pytest.raises(ValueError, match="'same' belongs to more than one"):
        keras.Model(x, y)


def test_mixed_dtypes_are_refused():
    x = keras.Input((3,))
    model = keras.Model(x, layers.Dense(1, dtype="float64")(layers.Dense(2)(x)))
    with pytest.raises(ValueError, match=r"mixes dtypes.*float32.*float64"):
        model(np.ones((1, 3)))


def test_unknown_dimensions_are_refused_when_it_runs():
    x = keras.Input((None, 3))
    model = keras.Model(x, layers.Dense(2)(x))
    assert model.output_shape == (None, None, 2)
    with pytest.raises(ValueError, match="must be known"):
        model(np.ones((2, 5, 3)))


def test_get_layer():
    a, b, v, w = two_by_two()
    model = keras.Model([a, b], [v, w])
    assert model.get_layer("v").name == "v"
    assert model.get_layer(index=0).name == "a"
    with pytest.raises(ValueError, match=r"Unknown layer 'concat'.*'concatenate'"):
        model.get_layer("concat")
    with pytest.raises(ValueError, match="6 layers"):
        model.get_layer(index=7)
    with pytest.raises(ValueError, match="either `name` or `index`"):
        model.get_layer()


def test_trainable_reaches_all_layers_inside():
    inner = keras.Sequential([keras.Input((2,)), layers.Dense(2)])
    x = keras.Input((2,))
    model = keras.Model(x, layers.Dense(1)(inner(x)))
    inner.trainable = False
    assert [w.path.split("/")[-2] for w in model.trainable_weights] == ["dense_1", "dense_1"]
    model.trainable = False
    assert model.trainable_weights == []
    assert len(model.non_trainable_weights) == 4


def test_a_frozen_model_trains_nothing_whatever_its_layers_say():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(4), layers.Dense(1)])
    model.trainable = False
    model.layers[-1].trainable = True
    assert model.trainable_weights == []
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(np.ones((8, 3)), np.zeros((8, 1)), verbose=0)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_one_tensor_may_be_two_outputs():
    """Its gradient is that of the sum of both losses."""
    x = keras.Input((2,))
    y = layers.Dense(1, use_bias=False, kernel_initializer="zeros", name="y")(x)
    model = keras.Model(x, {"a": y, "b": y})
    model.compile(keras.optimizers.SGD(0.1), {"a": "mse", "b": "mae"}, {"a": 1.0, "b": 3.0})
    rows, ones = np.array([[1.0, 0.0]]), np.ones((1, 1))
    logs = model.train_on_batch(rows, {"a": ones, "b": 2 * ones}, return_dict=True)
    assert logs == {"a_loss": 1.0, "b_loss": 2.0, "loss": 7.0}
    # d(y - 1)^2/dy = -2 and d(3 |y - 2|)/dy = -3 at y = 0.
    np.testing.assert_allclose(model.get_weights()[0], [[0.5], [0.0]], rtol=1e-6)
    outputs = model.predict(rows, verbose=0)
    np.testing.assert_array_equal(outputs["a"], outputs["b"])
    twice = keras.Model(x, [x, x]).predict(rows, verbose=0)
    np.testing.assert_array_equal(twice[0], twice[1])


def test_a_single_frozen_weight_stays():
    """`trainable` of one weight counts in training, until the layer's is set again."""
    layer = layers.Dense(1, kernel_regularizer="l2")
    model = keras.Sequential([keras.Input((3,)), layer])
    for frozen in (layer.kernel, layer.bias):
        layer.trainable = True
        frozen.trainable = False
        model.compile("sgd", "mse")
        before = model.get_weights()
        model.fit(np.ones((8, 3)), np.full((8, 1), 5.0), verbose=0)
        same = [np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]
        assert same == [frozen is layer.kernel, frozen is layer.bias]
        assert [w is frozen for w in model.non_trainable_weights] == [True]


def test_lambda_of_two_inputs_with_an_output_shape():
    left, right = keras.Input((3,)), keras.Input((3,))
    distance = layers.Lambda(
        lambda pair: keras.ops.sum(keras.ops.abs(pair[0] - pair[1]), axis=1, keepdims=True),
        output_shape=(1,),
    )([left, right])
    assert distance.shape == (None, 1)
    a, b = np.arange(6.0).reshape(2, 3), np.ones((2, 3))
    found = keras.Model([left, right], distance).predict([a, b], verbose=0)
    np.testing.assert_allclose(found, np.abs(a - b).sum(axis=1, keepdims=True))


def test_operations_have_keras_names_and_are_no_layers():
    keras.utils.clear_session()
    keras.Sequential([keras.Input((3,)), layers.Dense(2)])  # takes the name "functional"

    class Doubled(layers.Layer):
        def call(self, x):
            return keras.ops.square(x) * 2.0

    x = keras.Input((3,))
    y = layers.Dense(3, name="last")(Doubled()(x) * 2.0 / 3.0)
    y = keras.ops.square(y) + keras.activations.gelu(y, approximate=True)
    model = keras.Model(x, y)
    model.predict(data(2, 3), verbose=0)
    names = [layer.name for layer in model._sublayers()]
    assert names[2:] == ["multiply", "true_divide", "last", "square", "gelu", "add"]
    assert model.name == "functional_1"
    assert [layer.name for layer in model.layers][1:] == ["doubled", "last"]
    assert model.get_layer(index=-1).name == "last"
