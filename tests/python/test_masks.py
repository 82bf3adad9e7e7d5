"""Masks: made by some layers, passed on by others, read by layers of the user's own and losses."""

import copy

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import layers, ops

IDS = np.array([[1, 2, 0, 0], [3, 0, 0, 0], [1, 2, 3, 4]])
STEPS = np.array([[[0, 0], [1, 2], [0, 3]], [[1, 1], [0, 0], [0, 0]]], "float32")
KEPT = np.array([[False, True, True], [True, False, False]])
TARGETS = np.arange(6.0).reshape(2, 3, 1).astype("float32")


class MeanOfSteps(layers.Layer):
    def call(self, inputs, mask=None):
        if mask is None:
            return ops.mean(inputs, axis=1)
        kept = ops.expand_dims(ops.cast(mask, inputs.dtype), -1)
        return ops.sum(inputs * kept, axis=1) / ops.sum(kept, axis=1)


def means(table, ids):
    return np.stack([table[row[row != 0]].mean(axis=0) for row in ids])


def embedded(*middle):
    inputs = keras.Input((4,))
    x = layers.Embedding(5, 2, mask_zero=True)(inputs)
    for layer in middle:
        x = layer(x)
    return keras.Model(inputs, x)


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.table, self.pool = layers.Embedding(5, 2, mask_zero=True), MeanOfSteps()

    def call(self, inputs):
        return self.pool(self.table(inputs))


@pytest.mark.parametrize(
    "make",
    [
        lambda: embedded(MeanOfSteps()),
        lambda: embedded(layers.Dropout(0.0), layers.Activation("linear"), MeanOfSteps()),
        lambda: keras.Sequential([layers.Embedding(5, 2, mask_zero=True), MeanOfSteps()]),
        lambda: keras.Sequential([embedded(), MeanOfSteps()]),
        Subclassed,
    ],
)
def test_a_layer_reads_the_mask_of_an_earlier_one(make):
    model = make()
    found = np.asarray(model(IDS))
    expected = means(model.get_weights()[0], IDS)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    np.testing.assert_allclose(model.predict(IDS, verbose=0), expected, rtol=1e-5)
    np.testing.assert_allclose(copy.deepcopy(model)(IDS), expected, rtol=1e-5)


def test_a_reader_inside_a_model_inside():
    inputs = keras.Input((4, 2))
    inner = keras.Model(inputs, MeanOfSteps()(inputs))
    outer = embedded(inner)
    expected = means(outer.get_weights()[0], IDS)
    np.testing.assert_allclose(outer.predict(IDS, verbose=0), expected, rtol=1e-5)


def test_flatten_ends_a_mask():
    inputs = keras.Input((3, 2))
    model = keras.Model(inputs, layers.Dense(1)(layers.Flatten()(layers.Masking()(inputs))))
    assert model.run_mode == "compiled"


def test_losses_leave_out_masked_steps():
    inputs = keras.Input((3, 2))
    dense = layers.Dense(1, kernel_initializer="ones")
    model = keras.Model(inputs, dense(layers.Masking()(inputs)))
    model.compile(keras.optimizers.SGD(0.1), "mse", metrics=["mae"], weighted_metrics=["mse"])
    error = (STEPS * KEPT[..., None]).sum(axis=-1) - TARGETS[..., 0]
    logs = model.evaluate(STEPS, TARGETS, verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx((error[KEPT] ** 2).mean(), rel=1e-5)
    assert logs["mae"] == pytest.approx(np.abs(error[KEPT]).mean(), rel=1e-5)
    model.fit(STEPS, TARGETS, verbose=0)
    # dJ/dw = mean over the kept steps of 2 e x.
    slope = 2 * (error[..., None] * STEPS)[KEPT].mean(axis=0)
    np.testing.assert_allclose(dense.kernel.numpy()[:, 0], 1 - 0.1 * slope, rtol=1e-5)
    weights = np.array([1.0, 2.0])
    value = model.evaluate(STEPS, TARGETS, sample_weight=weights, verbose=0, return_dict=True)
    error = (model.predict(STEPS, verbose=0) - TARGETS)[..., 0] ** 2
    both = KEPT * weights[:, None]
    assert value["loss"] == pytest.approx((error * both).sum() / KEPT.sum(), rel=1e-5)
    assert value["mse"] == pytest.approx((error * both).sum() / both.sum(), rel=1e-5)


def test_masks_that_layers_compute():
    assert layers.Embedding(5, 2).compute_mask(IDS) is None
    table = layers.Embedding(5, 2, mask_zero=True)
    np.testing.assert_array_equal(table.compute_mask(IDS), IDS != 0)
    assert table.get_config()["mask_zero"] is True
    np.testing.assert_array_equal(layers.Masking().compute_mask(STEPS), KEPT)
    assert layers.Dense(1).compute_mask(STEPS, KEPT) is KEPT
    assert layers.Add().compute_mask([STEPS, STEPS], [KEPT, None]) is None
    np.testing.assert_array_equal(
        layers.Add().compute_mask([STEPS, STEPS], [KEPT, ~KEPT]), np.ones((2, 3), bool)
    )
    joined = layers.Concatenate(axis=1).compute_mask([STEPS, STEPS], [KEPT, None])
    np.testing.assert_array_equal(joined, np.concatenate([KEPT, np.ones((2, 3), bool)], axis=1))
    assert layers.Dot(2).compute_mask([STEPS, STEPS], [KEPT, KEPT]) is None
    marked = layers.Lambda(lambda x: x, mask=lambda x, mask: mask)
    assert marked.compute_mask(STEPS, KEPT) is KEPT


def test_a_layer_of_ones_own_makes_a_mask():
    class Positive(layers.Layer):
        def call(self, inputs):
            return inputs * 1.0

        def compute_mask(self, inputs, mask=None):
            return ops.any(ops.greater(inputs, 0), axis=-1)

    inputs = keras.Input((3, 2))
    model = keras.Model(inputs, MeanOfSteps()(Positive()(inputs)))
    assert Positive().supports_masking
    expected = [STEPS[i][KEPT[i]].mean(axis=0) for i in range(2)]
    np.testing.assert_allclose(model.predict(STEPS, verbose=0), expected, rtol=1e-6)


def test_a_mask_that_is_given_goes_before():
    given = np.array([[True, False, True], [True, True, True]])
    expected = [STEPS[i][given[i]].mean(axis=0) for i in range(2)]
    np.testing.assert_allclose(MeanOfSteps()(STEPS, mask=given), expected, rtol=1e-6)


def test_files_keep_what_makes_masks(tmp_path):
    model = embedded(MeanOfSteps())
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(
        tmp_path / "model.keras", custom_objects={"MeanOfSteps": MeanOfSteps}
    )
    expected = model.predict(IDS, verbose=0)
    np.testing.assert_array_equal(again.predict(IDS, verbose=0), expected)


MERGED = {
    # Of a value and a masked one the value alone counts; of two masked ones nothing or the first.
    "Multiply": lambda a, b, p, q: np.where(p, a, 1) * np.where(q, b, 1) * (p | q),
    "Maximum": lambda a, b, p, q: np.where(p & q, np.maximum(a, b), np.where(q & ~p, b, a)),
    "Minimum": lambda a, b, p, q: np.where(p & q, np.minimum(a, b), np.where(q & ~p, b, a)),
}


@pytest.mark.parametrize("name", MERGED)
@pytest.mark.parametrize("inside", [False, True])
def test_merging_what_is_masked(name, inside):
    a, b = STEPS, STEPS[:, ::-1] - 1.5 * (STEPS[:, ::-1] != 0)
    inputs = [keras.Input((3, 2)), keras.Input((3, 2))]
    parts = [layers.Dense(2, use_bias=True)(layers.Masking()(x)) for x in inputs]
    merge = getattr(layers, name)()
    if inside:
        again = [keras.Input((3, 2)), keras.Input((3, 2))]
        merge = keras.Model(again, merge(again))
    model = keras.Model(inputs, layers.Flatten()(merge(parts)))
    weights = [np.eye(2), np.array([0.5, -0.25]), np.eye(2), np.array([-1.0, 2.0])]
    model.set_weights(weights)
    kept = [(x != 0).any(axis=-1, keepdims=True) for x in (a, b)]
    expected = MERGED[name](a + weights[1], b + weights[3], *kept).reshape(2, 6)
    np.testing.assert_allclose(model.predict([a, b], verbose=0), expected, rtol=1e-6, atol=1e-6)
    model.compile(keras.optimizers.SGD(0.0), "mse")
    loss = model.fit([a, b], np.zeros((2, 6)), verbose=0).history["loss"][0]
    assert loss == pytest.approx((expected**2).mean(), rel=1e-5)


@pytest.mark.parametrize("operation", [ops.multiply, ops.add, ops.maximum])
def test_operations_end_masks(operation, tmp_path):
    inputs = keras.Input((3, 2))
    masked = layers.Masking()(inputs)
    dense = layers.Dense(2, kernel_initializer="identity", bias_initializer="ones")
    model = keras.Model(inputs, dense(operation(masked, masked)))
    model.compile("sgd", "mse")
    model.save(tmp_path / "model.keras")
    expected = ((np.asarray(operation(STEPS, STEPS)) + 1) ** 2).mean()
    for each in (model, keras.models.load_model(tmp_path / "model.keras")):
        loss = each.evaluate(STEPS, 0 * STEPS, verbose=0)
        assert loss == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("operation", [ops.tanh, ops.relu, keras.activations.silu])
def test_activations_as_functions_end_masks(operation, tmp_path):
    inputs = keras.Input((3, 2))
    model = keras.Model(inputs, operation(layers.Masking()(inputs)))
    model.compile("sgd", "mse")
    model.save(tmp_path / "model.keras")
    expected = (np.asarray(operation(STEPS)) ** 2).mean()
    for each in (model, keras.models.load_model(tmp_path / "model.keras")):
        assert each.run_mode == "compiled"
        loss = each.evaluate(STEPS, 0 * STEPS, verbose=0)
        assert loss == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("numbers", [{}, {"negative_slope": 0.1, "max_value": 1.5}])
def test_files_of_functions_on_what_is_masked(numbers, tmp_path):
    inputs = keras.Input((3, 2))
    x = keras.activations.relu(layers.Masking()(inputs), **numbers)
    model = keras.Model(inputs, x)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert not again.output._masked
    data = 2 * STEPS - 1.5
    np.testing.assert_array_equal(again(data), model(data))


def test_a_function_that_no_file_knows_is_named():
    inputs = keras.Input((3, 2))
    model = keras.Model(inputs, keras.activations.soft_shrink(layers.Masking()(inputs)))
    with pytest.raises(ValueError, match="soft_shrink"):
        model.get_config()


def test_normalisation_leaves_out_what_is_masked():
    layer = layers.BatchNormalization(momentum=0.5, epsilon=0.0)
    values = STEPS * 1.5 - 1
    kept = values[KEPT].astype(np.float64)
    found = layer(values, training=True, mask=KEPT)
    # Keras adds its epsilon of 1e-7 to the count.
    mean, variance = kept.mean(axis=0), kept.var(axis=0)
    np.testing.assert_allclose(found, (values - mean) / np.sqrt(variance), rtol=1e-5)
    np.testing.assert_allclose(layer.moving_mean.numpy(), 0.5 * mean, rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance.numpy(), 0.5 + 0.5 * variance, rtol=1e-5)
    plain = layer(values, mask=KEPT)
    np.testing.assert_array_equal(plain, layer(values))
    with pytest.raises(ValueError, match="one axis less"):
        layer(values, training=True, mask=KEPT[0])


def test_the_gradient_of_masked_normalisation():
    values = (STEPS * 1.5 - 1).astype("float64")
    layer = layers.BatchNormalization(epsilon=0.1, dtype="float64")
    factors = np.random.default_rng(0).normal(size=values.shape)

    def total(array):
        return float((np.asarray(layer(array, training=True, mask=KEPT)) * factors).sum())

    with keras.ops.GradientTape() as tape:
        x = ops.convert_to_tensor(values)
        tape.watch(x)
        result = ops.sum(layer(x, training=True, mask=KEPT) * factors)
    slopes = np.asarray(tape.gradient(result, x))
    for place in np.ndindex(values.shape):
        step = np.zeros_like(values)
        step[place] = 1e-6
        expected = (total(values + step) - total(values - step)) / 2e-6
        assert slopes[place] == pytest.approx(expected, rel=1e-5, abs=1e-7)


def test_arrays_carry_masks_from_call_to_call():
    steps = layers.Masking()(STEPS)
    assert isinstance(steps, np.ndarray)
    np.testing.assert_array_equal(steps._keras_mask, KEPT)
    again = layers.Dense(2)(steps)
    np.testing.assert_array_equal(again._keras_mask, KEPT)
    assert (again * 2)._keras_mask is None
    np.testing.assert_allclose(
        MeanOfSteps()(steps), [STEPS[i][KEPT[i]].mean(axis=0) for i in range(2)], rtol=1e-6
    )
    error = (np.asarray(again).sum(axis=-1, keepdims=True) - TARGETS)[..., 0]
    loss = keras.losses.MeanAbsoluteError()(
        TARGETS, layers.Dense(1, kernel_initializer="ones")(again)
    )
    assert float(loss) == pytest.approx(np.abs(error[KEPT]).mean(), rel=1e-5)
    assert layers.Flatten()(again).shape == (2, 6)


def test_softmax_leaves_out_what_is_masked():
    scores = np.array([[1.0, 2.0, 3.0], [0.5, -1.0, 4.0]])
    kept = np.array([[True, True, False], [False, True, True]])
    powers = np.exp(scores) * kept
    expected = powers / powers.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(layers.Softmax()(scores, mask=kept), expected, rtol=1e-6, atol=1e-12)
    with pytest.raises(ValueError, match="broadcastable"):
        layers.Softmax()(scores, mask=kept[:, :2])


def test_masks_as_arguments_of_models():
    inputs = keras.Input((3, 2))
    model = keras.Model(inputs, MeanOfSteps()(layers.Activation("linear")(inputs)))
    expected = [STEPS[i][KEPT[i]].mean(axis=0) for i in range(2)]
    np.testing.assert_allclose(model(STEPS, mask=KEPT), expected, rtol=1e-6)
    with pytest.raises(ValueError, match="one entry for each input"):
        model(STEPS, mask=[KEPT, KEPT])


def test_lambdas_that_read_masks():
    mean = layers.Lambda(
        lambda x, mask: ops.sum(x * ops.cast(mask, x.dtype)[..., None], axis=1), output_shape=(2,)
    )
    inputs = keras.Input((3, 2))
    model = keras.Model(inputs, mean(layers.Masking()(inputs)))
    np.testing.assert_allclose(model.predict(STEPS, verbose=0), STEPS.sum(axis=1), rtol=1e-6)
