"""Layers one by one: values against NumPy in float64, names, weights, configuration, errors."""

import math
import pickle

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import layers


@pytest.fixture(autouse=True)
def fresh_names():
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)


def data(*shape, dtype="float32", seed=1):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def test_names_count_by_class():
    names = [
        layers.Dense(1).name,
        layers.ReLU().name,
        layers.Dense(1).name,
        layers.LeakyReLU().name,
    ]
    assert names == ["dense", "re_lu", "dense_1", "leaky_re_lu"]
    assert layers.Dense(1, name="mine").name == "mine"
    assert layers.Dense(1).name == "dense_2"
    keras.utils.clear_session()
    assert layers.Dense(1).name == "dense"


@pytest.mark.parametrize("shape", [(5, 3), (1, 3), (4, 2, 3), (2, 3, 2, 3)])
@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dense_is_x_w_plus_b_on_the_last_axis(shape, use_bias, dtype):
    layer = layers.Dense(4, use_bias=use_bias, bias_initializer="ones", dtype=dtype)
    x = data(*shape, dtype=dtype)
    y = layer(x)
    expected = x.astype("float64") @ layer.kernel.numpy().astype("float64") + (1 if use_bias else 0)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, expected, rtol=1e-5 if dtype == "float32" else 1e-13, atol=1e-6)
    assert [w.shape for w in layer.weights] == ([(3, 4), (4,)] if use_bias else [(3, 4)])
    assert [w.path for w in layer.weights] == ["dense/kernel", "dense/bias"][: 1 + use_bias]


def test_linear_layer_of_the_textbook():
    # W is (outputs x inputs) there.
    layer = layers.Dense(2)
    layer.build((None, 4))
    layer.set_weights([np.array([[1, 2, -1, -2], [3, 4, -3, 4]]).T, [5, 6]])
    np.testing.assert_allclose(layer(np.array([[1.0, 2, 3, 4]])), [[-1, 24]])


def test_sigmoid_layer_of_the_textbook():
    layer = layers.Dense(4, activation="sigmoid", bias_initializer="ones")
    layer.build((None, 3))
    w = np.array([[-1, 1, 1], [1, -1, 1], [1, 1, -1], [-1, -1, -1]]).T
    layer.set_weights([w, np.ones(4)])
    expected = [[0.5, 0.98201379, 0.5, 0.5]]
    np.testing.assert_allclose(layer(np.array([[1.0, -1, 1]])), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("layer", "function"),
    [
        (layers.Activation("tanh"), np.tanh),
        (layers.Activation("linear"), lambda x: x),
        (layers.ReLU(), lambda x: np.maximum(x, 0)),
        (
            layers.ReLU(max_value=1.5, negative_slope=0.1, threshold=0.5),
            lambda x: np.where(x >= 1.5, 1.5, np.where(x >= 0.5, x, 0.1 * (x - 0.5))),
        ),
        (layers.LeakyReLU(), lambda x: np.where(x >= 0, x, 0.3 * x)),
        (layers.LeakyReLU(negative_slope=0.01), lambda x: np.where(x >= 0, x, 0.01 * x)),
        (layers.ELU(), lambda x: np.where(x >= 0, x, np.expm1(x))),
        (layers.ELU(alpha=0.5), lambda x: np.where(x >= 0, x, 0.5 * np.expm1(x))),
        (layers.Softmax(), lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True)),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
@pytest.mark.parametrize("shape", [(7,), (3, 5), (2, 3, 4)])
def test_activation_layers(layer, function, shape):
    x = data(*shape) * 2
    np.testing.assert_allclose(layer(x), function(x.astype("float64")), rtol=2e-6, atol=1e-7)


def test_dropout_is_the_identity_in_inference():
    x = data(4, 6)
    np.testing.assert_array_equal(layers.Dropout(0.9)(x), x)
    np.testing.assert_array_equal(layers.Dropout(0.9)(x, training=False), x)


@pytest.mark.parametrize("make", [lambda: layers.Dropout(0.5), layers.BatchNormalization])
def test_a_fixed_inference_mode_gives_way_to_training(make):
    # As Keras's own functional models, whose files carry this argument.
    inputs = keras.Input((4,))
    model = keras.Model(inputs, make()(inputs, training=False))
    x = data(6, 4)
    np.testing.assert_allclose(model.predict(x, verbose=0), x, rtol=1e-3)
    assert np.abs(model(x, training=True) - x).max() > 0.1


def test_dropout_keeps_the_mean_and_the_rate():
    rate, n = 0.3, 200_000
    y = layers.Dropout(rate, seed=5)(np.ones((n // 100, 100), "float32"), training=True)
    dropped = (y == 0).mean()
    # Five standard deviations of a binomial share.
    assert abs(dropped - rate) < 5 * math.sqrt(rate * (1 - rate) / n)
    np.testing.assert_allclose(np.unique(y), [0, 1 / (1 - rate)], rtol=1e-6)


def test_dropout_masks_follow_the_seed_and_change_from_call_to_call():
    x = np.ones((8, 16), "float32")
    a, b, c = layers.Dropout(0.5, seed=7), layers.Dropout(0.5, seed=7), layers.Dropout(0.5, seed=8)
    first = a(x, training=True)
    np.testing.assert_array_equal(first, b(x, training=True))
    assert (first != c(x, training=True)).any()
    assert (first != a(x, training=True)).any()


@pytest.mark.parametrize("rate", [-0.1, 1.1, "half", True, float("nan")])
def test_dropout_rejects_rates(rate):
    with pytest.raises(ValueError, match="`rate` must be a number between 0 and 1"):
        layers.Dropout(rate)


def test_flatten_and_reshape():
    x = data(2, 3, 4)
    np.testing.assert_array_equal(layers.Flatten()(x), x.reshape(2, 12))
    np.testing.assert_array_equal(layers.Flatten()(np.arange(3.0)), np.arange(3.0)[:, None])
    np.testing.assert_array_equal(layers.Reshape((6, -1))(x), x.reshape(2, 6, 2))
    np.testing.assert_array_equal(layers.Reshape((4, 3))(x), x.reshape(2, 4, 3))
    assert layers.Reshape((-1,))(keras.Input((3, 4))).shape == (None, 12)
    with pytest.raises(ValueError, match=r"cannot make shape \(5,\) of samples of shape \(3, 4\)"):
        layers.Reshape((5,))(x)
    with pytest.raises(ValueError, match="`target_shape`"):
        layers.Reshape((-1, -1))


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_add(count):
    xs = [data(4, 3, seed=i) for i in range(count)]
    np.testing.assert_allclose(layers.add(xs), np.sum(xs, axis=0), rtol=1e-6)


@pytest.mark.parametrize("axis", [1, 2, 3, -1, -2, -3])
def test_concatenate_on_every_axis(axis):
    shapes = [[5, 2, 3, 4], [5, 2, 3, 4], [5, 2, 3, 4]]
    for i, shape in enumerate(shapes):
        shape[axis] += i
    xs = [data(*shape, seed=i) for i, shape in enumerate(shapes)]
    expected = np.concatenate(xs, axis)
    np.testing.assert_array_equal(layers.concatenate(xs, axis=axis), expected)
    symbolic = layers.Concatenate(axis)([keras.Input(shape[1:]) for shape in shapes])
    assert symbolic.shape == (None, *expected.shape[1:])


@pytest.mark.parametrize(
    "call",
    [
        lambda: layers.Add()([np.ones((2, 3)), np.ones((2, 4))]),
        lambda: layers.Add()(np.ones((2, 3))),
        lambda: layers.Add()([]),
        lambda: layers.Add()([np.ones((2, 3)), np.ones((3, 3))]),
        lambda: layers.Concatenate(axis=0)([np.ones((2, 3)), np.ones((2, 3))]),
        lambda: layers.Concatenate()([np.ones((2, 3, 2)), np.ones((2, 4, 2))]),
        lambda: layers.Concatenate(axis="x"),
        lambda: layers.Dense(3)(np.ones(4)),
        lambda: layers.Dense(3)(np.array([["a", "b"]])),
        lambda: layers.Dense(0),
        lambda: layers.Dense(2.5),
        lambda: layers.Dense(True),
        lambda: layers.Dense(3, dtype="float16"),
        lambda: layers.Dense(3, trainable="yes"),
        lambda: layers.Dense(3, name="a/b"),
        lambda: layers.Dense(3, nonsense=1),
        lambda: layers.Dense(3, kernel_constraint="max_nrom"),
        lambda: layers.Multiply()([np.ones((2, 3)), np.ones((2, 4))]),
        lambda: layers.Subtract()([np.ones((2, 3))] * 3),
        lambda: layers.Dot(axes=1)([np.ones((2, 3)), np.ones((2, 4))]),
        lambda: layers.Dot(axes=0)([np.ones((2, 3)), np.ones((2, 3))]),
        lambda: layers.Dot(axes=(1, 1, 1)),
        lambda: layers.BatchNormalization(renorm=True),
        lambda: layers.BatchNormalization(momentum=1.5),
        lambda: layers.BatchNormalization(axis=0)(np.ones((2, 3))),
        lambda: layers.BatchNormalization()(keras.Input((3,)), training=True),
        lambda: layers.LayerNormalization(axis=3)(np.ones((2, 3))),
        lambda: layers.LayerNormalization(epsilon=-1.0),
        lambda: layers.GroupNormalization(groups=2)(np.ones((2, 3))),
        lambda: layers.GroupNormalization(groups=0),
        lambda: layers.GaussianNoise(-0.1),
        lambda: layers.GaussianDropout(1.0),
        lambda: layers.AlphaDropout(0.5, noise_shape=(0,)),
        lambda: layers.Embedding(0, 3),
        lambda: layers.PReLU(shared_axes=[0]),
        lambda: layers.Permute((1, 3)),
        lambda: layers.Permute((2, 1))(np.ones((2, 3))),
        lambda: layers.RepeatVector(0),
        lambda: layers.RepeatVector(2)(np.ones((2, 3, 4))),
        lambda: layers.Rescaling("a"),
        lambda: layers.Rescaling([1.0, 2.0])(np.ones((2, 3))),
        lambda: layers.ActivityRegularization(l1=-1.0),
        lambda: layers.Dense(3, lora_rank=2),
        lambda: layers.Dropout(0.5, noise_shape=(0,)),
        lambda: layers.Softmax(axis=3)(np.ones((2, 3, 4))),
        lambda: layers.EinsumDense("ab,bc->bc", 3),
        lambda: layers.EinsumDense("ab,bc->ca", 3),
        lambda: layers.EinsumDense("ab,bcd->ac", 3),
        lambda: layers.EinsumDense("ab,bc->acd", (3, 2)),
        lambda: layers.EinsumDense("ab,bc->acc", (3, 3)),
        lambda: layers.EinsumDense("ab,ac->abc", (4, 3)),
        lambda: layers.EinsumDense("abc,bcd->abd", (5, 3))(np.ones((2, 3, 4))),
        lambda: layers.EinsumDense("ab,bc->ac", 3)(np.ones((2, 3, 4))),
        lambda: layers.EinsumDense("abc,cd->abd", (5, 3))(np.ones((2, 3, 4))),
        lambda: layers.ReLU(max_value=-1),
        lambda: layers.LeakyReLU(negative_slope=-1),
        lambda: layers.Flatten(data_format="channels_first"),
        lambda: keras.Input(),
        lambda: keras.Input(4),
        lambda: keras.Input((4,), batch_shape=(None, 4)),
        lambda: keras.Input((0,)),
        lambda: keras.Input((4,), dtype="text"),
    ],
)
def test_mistakes_raise_value_errors(call):
    with pytest.raises(ValueError):
        call()


def test_unknown_activation_suggests_the_nearest():
    with pytest.raises(ValueError, match="'relu'"):
        layers.Dense(3, activation="rleu")


def test_changed_feature_count_is_named():
    layer = layers.Dense(3)
    layer(np.ones((2, 4)))
    with pytest.raises(ValueError, match=r"expected 4 features.*received shape \(2, 5\)"):
        layer(np.ones((2, 5)))


@pytest.mark.parametrize(
    "layer",
    [
        layers.Dense(3, "gelu", kernel_regularizer=keras.regularizers.L1L2(0.1, 0.2), name="d"),
        layers.Dense(2, use_bias=False, trainable=False, dtype="float64"),
        layers.Activation("selu"),
        layers.ReLU(max_value=6.0, negative_slope=0.1, threshold=0.2),
        layers.LeakyReLU(negative_slope=0.05),
        layers.ELU(alpha=2.0),
        layers.Softmax(),
        layers.Dropout(0.25, seed=3),
        layers.Flatten(),
        layers.Reshape((2, -1)),
        layers.Add(),
        layers.Concatenate(axis=1),
        layers.InputLayer((3, 2), name="i"),
    ],
    ids=lambda layer: layer.name,
)
def test_configuration_makes_an_equal_layer(layer):
    config = layer.get_config()
    again = type(layer).from_config(config)
    assert again.get_config() == config
    assert again.trainable == layer.trainable
    assert again.dtype == layer.dtype


def test_configuration_of_dense_is_keras_s():
    # Written down from real Keras 3.15.1.
    assert layers.Dense(8, name="dense").get_config() == {
        "name": "dense",
        "trainable": True,
        "dtype": {
            "module": "keras",
            "class_name": "DTypePolicy",
            "config": {"name": "float32"},
            "registered_name": None,
        },
        "units": 8,
        "activation": "linear",
        "use_bias": True,
        "kernel_initializer": {
            "module": "keras.initializers",
            "class_name": "GlorotUniform",
            "config": {"seed": None, "input_axes": None, "output_axes": None},
            "registered_name": None,
        },
        "bias_initializer": {
            "module": "keras.initializers",
            "class_name": "Zeros",
            "config": {},
            "registered_name": None,
        },
        "kernel_regularizer": None,
        "bias_regularizer": None,
        "kernel_constraint": None,
        "bias_constraint": None,
        "quantization_config": None,
    }


def test_weights_can_be_read_and_set():
    layer = layers.Dense(2)
    with pytest.raises(ValueError, match="not built"):
        layer.count_params()
    with pytest.raises(AttributeError, match="not built"):
        _ = layer.kernel
    layer.build((None, 3))
    assert layer.count_params() == 8
    layer.set_weights([np.arange(6).reshape(3, 2), [1, 2]])
    kernel, bias = layer.get_weights()
    np.testing.assert_array_equal(kernel, np.arange(6).reshape(3, 2))
    np.testing.assert_array_equal(bias, [1, 2])
    kernel[:] = 9
    assert layer.kernel.numpy()[0, 0] == 0


@pytest.mark.parametrize(
    "weights",
    [[], [np.ones((3, 2))], [np.ones((2, 3)), np.ones(2)], [np.ones((3, 2)), np.ones(3)],
     [np.ones((3, 2)), np.array(["a", "b"])]],
)  # fmt: skip
def test_wrong_weights_change_nothing(weights):
    layer = layers.Dense(2)
    layer.build((None, 3))
    before = layer.get_weights()
    with pytest.raises(ValueError, match="weights"):
        layer.set_weights(weights)
    for a, b in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_trainable_weights():
    layer = layers.Dense(2)
    layer.build((None, 3))
    assert len(layer.trainable_variables) == 2
    layer.trainable = False
    assert layer.trainable_weights == []
    assert [w.name for w in layer.non_trainable_weights] == ["kernel", "bias"]


def test_floatx_sets_the_dtype_of_new_layers():
    keras.config.set_floatx("float64")
    try:
        layer = layers.Dense(2)
        assert layer(np.ones((1, 3))).dtype == np.float64
        assert keras.Input((3,)).dtype == "float64"
    finally:
        keras.config.set_floatx("float32")


def test_variable_behaves_as_an_array():
    v = keras.Variable(np.arange(6, dtype="float32").reshape(2, 3), name="v")
    np.testing.assert_array_equal(v + 1, v.numpy() + 1)
    np.testing.assert_array_equal(2 * v, 2 * v.numpy())
    np.testing.assert_array_equal(np.asarray(v, dtype="float64"), v.numpy())
    np.testing.assert_array_equal(v[1], [3, 4, 5])
    assert (v.shape, v.ndim, v.size, v.dtype, v.path, len(v)) == ((2, 3), 2, 6, "float32", "v", 2)
    v.assign(v - v)
    assert not v.numpy().any()
    with pytest.raises(ValueError, match=r"has shape \(2, 3\).*\(3,\)"):
        v.assign(np.ones(3))
    with pytest.raises(ValueError, match="real numbers"):
        v.assign(np.full((2, 3), "a"))
    with pytest.raises(ValueError, match="`dtype`"):
        keras.Variable(np.ones(2), dtype="float16")
    assert len({v, v}) == 1


def test_variables_that_count():
    count = keras.Variable(3, name="count")
    assert (count.dtype, count.shape, int(count.numpy())) == ("int32", (), 3)
    count.assign_add(2)
    assert (count + 1, count.numpy().dtype) == (6, np.int32)
    assert pickle.loads(pickle.dumps(count)).numpy() == 5
    assert [keras.Variable(v).dtype for v in ([1.0, 2.0], 0.5, np.ones(2))] == [
        "float32", "float32", "float64"
    ]  # fmt: skip
    flags = keras.Variable(keras.initializers.Zeros(), shape=(2,), dtype="bool", aggregation="sum")
    flags.assign([True, False])
    assert flags.numpy().tolist() == [True, False]
    with pytest.raises(ValueError, match="`aggregation` must be one of"):
        keras.Variable(1.0, aggregation="median")


def test_walks_over_layers_notice_every_change():
    class Part(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = layers.Dense(2)
            self.more = [layers.Dense(3)]

        def call(self, inputs):
            return self.inner(inputs)

    class Whole(keras.Model):
        def __init__(self):
            super().__init__()
            self.part = Part()
            self.parts = []

        def call(self, inputs):
            return self.part(inputs)

    model = Whole()

    def count():
        first = len(model._flatten_layers())
        assert len(model._flatten_layers()) == first  # from memory
        return first

    assert count() == 4
    model.parts.append(layers.Dense(1))
    assert count() == 5
    model.part.more.append(Part())
    assert count() == 8
    model.part.more[-1].inner = None
    assert count() == 7
    model.part.chain = keras.Sequential([layers.Dense(1)])
    assert count() == 9
    model.part.chain.add(layers.Dense(3))
    assert count() == 10
    del model.part.chain
    assert count() == 7
    model.part.more[-1].other = Part()
    model.part.more[-1]._attributes()  # somebody else looks at them in between
    assert count() == 10
    assert all(isinstance(weight, keras.Variable) for weight in model.weights)
    model.part.scale = keras.Variable(1.0)
    assert any(weight is model.part.scale for weight in model.trainable_weights)
