"""Weights of samples and classes in fit, evaluate and their one-batch forms."""

import numpy as np
import pytest
from _linear import Linear, data, linear_model

import pronghorn as keras
from pronghorn import layers


@pytest.fixture(autouse=True)
def fresh_session():
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)


def test_sample_weights_scale_each_sample():
    x, y = data(20, 3), data(20, 1, seed=2)
    weights = np.random.default_rng(3).uniform(0, 2, 20)
    model = linear_model(
        optimizer=keras.optimizers.SGD(0.1), metrics=["mae"], weighted_metrics=["mae"]
    )
    reference = Linear(model.get_weights())
    error = np.abs(x @ reference.w + reference.b - y)[:, 0]
    loss = reference.step(x, y, 0.1, weights)
    history = model.fit(
        x, y, batch_size=20, shuffle=False, sample_weight=weights[:, None], verbose=0
    ).history
    assert list(history) == ["loss", "mae", "weighted_mae"]
    assert history["loss"] == pytest.approx([loss], rel=1e-5)
    assert history["mae"] == pytest.approx([error.mean()], rel=1e-5)
    assert history["weighted_mae"] == pytest.approx([np.average(error, weights=weights)], rel=1e-5)
    np.testing.assert_allclose(model.get_weights()[0], reference.w, rtol=1e-4, atol=1e-6)


def classifier():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="softmax")])
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    return model


def test_class_weights_are_sample_weights():
    x, y = data(30, 4), np.arange(30) % 3
    start = classifier().get_weights()
    results = []
    for arguments in (
        {"class_weight": {0: 2.0, 2: 0.5}},
        {"sample_weight": np.choose(y, [2.0, 1.0, 0.5])},
    ):
        model = classifier()
        model.set_weights(start)
        model.fit(x, y, shuffle=False, verbose=0, **arguments)
        results.append(model.get_weights())
        model.train_on_batch(x, y, **arguments)
        results.append(model.get_weights())
    np.testing.assert_array_equal(results[0][0], results[2][0])
    np.testing.assert_array_equal(results[1][0], results[3][0])
    one_hot = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="softmax")])
    one_hot.compile(keras.optimizers.SGD(0.1), "categorical_crossentropy")
    one_hot.set_weights(start)
    one_hot.fit(x, np.eye(3)[y], shuffle=False, verbose=0, class_weight={0: 2.0, 2: 0.5})
    np.testing.assert_allclose(one_hot.get_weights()[0], results[0][0], atol=1e-6)


def test_class_weights_are_for_training_alone():
    x, y = data(30, 4), np.arange(30) % 3
    model = classifier()
    history = model.fit(
        x, y, validation_split=0.5, class_weight={0: 9.0}, shuffle=False, verbose=0
    ).history
    assert history["val_loss"] == pytest.approx([model.evaluate(x[15:], y[15:], verbose=0)])


def test_sample_weights_by_output():
    x = keras.Input((4,))
    model = keras.Model(x, [layers.Dense(1, name="p")(x), layers.Dense(1, name="q")(x)])
    model.compile("sgd", "mse")
    value, y = data(20, 4), [data(20, 1), data(20, 1, seed=4)]
    u, v = np.random.default_rng(5).uniform(size=(2, 20))
    p, q = model.predict(value, verbose=0)
    losses = [((p - y[0]) ** 2)[:, 0], ((q - y[1]) ** 2)[:, 0]]
    for weights, expected in [
        ([u, v], [(u * losses[0]).mean(), (v * losses[1]).mean()]),
        ({"p": u, "q": v}, [(u * losses[0]).mean(), (v * losses[1]).mean()]),
        (u, [(u * losses[0]).mean(), (u * losses[1]).mean()]),
        ({"q": v}, [losses[0].mean(), (v * losses[1]).mean()]),
    ]:
        logs = model.test_on_batch(value, y, sample_weight=weights, return_dict=True)
        assert [logs["p_loss"], logs["q_loss"]] == pytest.approx(expected, rel=1e-5)


REDUCTIONS = {
    "sum": lambda values, weights: (values * weights).sum(),
    "mean": lambda values, weights: (values * weights).mean(),
    "mean_with_sample_weight": lambda values, weights: (values * weights).sum() / weights.sum(),
}


@pytest.mark.parametrize("eagerly", [False, True])
@pytest.mark.parametrize("last", [(), (1,)])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_weights_of_steps(reduction, last, eagerly):
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(7, 4, 3)), rng.normal(size=(7, 4, 2))
    weights = rng.uniform(0, 2, (7, 4))
    model = keras.Sequential([keras.Input((4, 3)), layers.Dense(2, use_bias=False)])
    loss = keras.losses.MeanSquaredError(reduction=reduction)
    model.compile(keras.optimizers.SGD(0.1), loss, weighted_metrics=["mae"], run_eagerly=eagerly)
    kernel = model.get_weights()[0].astype(np.float64)
    given = weights.reshape(7, 4, *last)
    logs = model.fit(x, y, batch_size=7, sample_weight=given, verbose=0).history
    error = x @ kernel - y
    expected = REDUCTIONS[reduction]((error**2).mean(axis=-1), weights)
    assert logs["loss"] == pytest.approx([expected], rel=1e-5)
    mean = np.average(np.abs(error).mean(axis=-1), weights=weights)
    assert logs["mae"] == pytest.approx([mean], rel=1e-5)
    # d/dW of the mean of e^2 over two columns is e x; the reduction is linear in its values.
    slope = np.array(
        [
            [REDUCTIONS[reduction](x[..., i] * error[..., j], weights) for j in range(2)]
            for i in range(3)
        ]
    )
    np.testing.assert_allclose(model.get_weights()[0], kernel - 0.1 * slope, rtol=1e-4, atol=1e-6)


def test_weights_of_steps_in_any_batches():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(20, 4, 3)).astype("float32"), rng.integers(0, 3, (20, 4))
    weights = rng.uniform(0, 2, (20, 4)).astype("float32")
    model = keras.Sequential([keras.Input((4, 3)), layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", weighted_metrics=["accuracy", Hits()])
    assert model.run_mode == "compiled"
    logs = model.evaluate(x, y, sample_weight=weights, batch_size=6, verbose=0, return_dict=True)
    probabilities = model.predict(x, verbose=0).astype(np.float64)
    value = -np.log(np.take_along_axis(probabilities, y[..., None], -1))[..., 0]
    hit = probabilities.argmax(axis=-1) == y
    assert logs["loss"] == pytest.approx((value * weights).mean(), rel=1e-5)
    assert logs["accuracy"] == pytest.approx(np.average(hit, weights=weights), rel=1e-5)
    assert logs["hits"] == pytest.approx((hit * weights).sum(), rel=1e-5)


class Hits(keras.metrics.Metric):
    """A metric that the engine does not know, and so is shown outputs and weights."""

    def __init__(self):
        super().__init__(name="hits")
        self.total = self.add_variable((), name="total")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.total.assign_add(((y_pred.argmax(axis=-1) == y_true) * sample_weight).sum())

    def result(self):
        return float(self.total)


def test_the_engine_leaves_out_classes_of_weighted_steps():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(6, 4, 3)), rng.integers(0, 3, (6, 4))
    weights = rng.uniform(0, 2, (6, 4))
    model = keras.Sequential([keras.Input((4, 3)), layers.Dense(3, activation="softmax")])
    loss = keras.losses.SparseCategoricalCrossentropy(
        ignore_class=1, reduction="mean_with_sample_weight"
    )
    model.compile("sgd", loss)
    p = model.predict(x, verbose=0).astype(np.float64)
    value = -np.log(np.take_along_axis(p, y[..., None], -1))[..., 0]
    kept = weights * (y != 1)
    expected = (value * kept).sum() / kept.sum()
    assert model.evaluate(x, y, sample_weight=weights, verbose=0) == pytest.approx(expected, 1e-5)


@pytest.mark.parametrize("shape", [(6,), (4, 6), (6, 5), (6, 4, 2), (5, 4)])
def test_weights_of_other_shapes(shape):
    model = keras.Sequential([keras.Input((4, 3)), layers.Dense(2)])
    model.compile("sgd", "mse")
    x, y = np.zeros((6, 4, 3)), np.zeros((6, 4, 2))
    if shape == (6,):
        model.fit(x, y, sample_weight=np.ones(shape), verbose=0)
        return
    with pytest.raises(ValueError, match=r"shape \(6, 4\).*[Rr]eceived"):
        model.fit(x, y, sample_weight=np.ones(shape), verbose=0)


@pytest.mark.parametrize("eagerly", [False, True])
@pytest.mark.parametrize("named", [False, True])
def test_weights_by_name_for_outputs_in_another_order(named, eagerly):
    inputs = keras.Input((3,))
    outputs = [layers.Dense(1, name=name)(inputs) for name in ("second", "first")]
    model = keras.Model(inputs, outputs)
    model.compile("sgd", "mse", run_eagerly=eagerly)
    x, ys = data(6, 3), [data(6, 1, seed=1), data(6, 1, seed=2)]
    weights = [np.linspace(0, 1, 6), np.linspace(3, 2, 6)]
    y = dict(zip(("second", "first"), ys, strict=True)) if named else ys
    by_name = dict(zip(("second", "first"), weights, strict=True))
    logs = model.evaluate(x, y, sample_weight=by_name, verbose=0, return_dict=True)
    predictions = model.predict(x, verbose=0)
    for name, p, target, weight in zip(by_name, predictions, ys, weights, strict=True):
        expected = (weight * (p - target)[:, 0] ** 2).mean()
        assert logs[f"{name}_loss"] == pytest.approx(expected, rel=1e-5)
    alone = model.evaluate(x, y, sample_weight={"first": weights[1]}, verbose=0, return_dict=True)
    assert alone["first_loss"] == pytest.approx(logs["first_loss"], rel=1e-6)
    plain = ((predictions[0] - ys[0]) ** 2).mean()
    assert alone["second_loss"] == pytest.approx(plain, rel=1e-5)
    with pytest.raises(ValueError, match="third"):
        model.evaluate(x, y, sample_weight={"third": weights[0]}, verbose=0)


@pytest.mark.parametrize("eagerly", [False, True])
def test_weights_of_samples_count_once_in_their_sum(eagerly):
    """As in Keras, whose loss divides by the sum of the weights as they were given."""
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(7, 4, 3)), rng.normal(size=(7, 4, 2))
    weights = rng.uniform(0, 2, (7, 1))
    model = keras.Sequential([keras.Input((4, 3)), layers.Dense(2)])
    loss = keras.losses.MeanSquaredError(reduction="mean_with_sample_weight")
    model.compile("sgd", loss, run_eagerly=eagerly)
    p = model.predict(x, verbose=0).astype(np.float64)
    expected = (((p - y) ** 2).mean(axis=-1) * weights).sum() / weights.sum()
    found = model.evaluate(x, y, sample_weight=weights, verbose=0)
    assert found == pytest.approx(expected, rel=1e-5)
    assert float(loss(y, p, sample_weight=weights)) == pytest.approx(expected, rel=1e-5)
    plain = model.evaluate(x, y, verbose=0)
    assert plain == pytest.approx(((p - y) ** 2).mean(), rel=1e-5)
