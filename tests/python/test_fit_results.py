"""Which losses and metrics compile means, and how logs name their results."""

import numpy as np
import pytest
from _linear import data, linear_model

import pronghorn as keras
from pronghorn import layers


@pytest.fixture(autouse=True)
def fresh_session():
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)


def test_compile_keeps_what_is_not_given_again():
    x, y = data(8, 3), data(8, 1)
    model = linear_model(metrics=["mae"])
    model.compile("adam")
    assert list(model.evaluate(x, y, verbose=0, return_dict=True)) == ["loss", "mae"]
    model.compile("adam", "mae", metrics=[])
    assert list(model.evaluate(x, y, verbose=0, return_dict=True)) == ["loss"]


def test_metrics_with_and_without_weights_of_one_name():
    x, y = data(8, 3), data(8, 1)
    model = linear_model(metrics=["mae"], weighted_metrics=["mae"])
    named = model.test_on_batch(x, y, sample_weight=np.arange(8), return_dict=True)
    values = model.test_on_batch(x, y, sample_weight=np.arange(8))
    # Keras lists the shared name twice.
    assert values == [named[name] for name in ("loss", "mae", "mae", "weighted_mae")]


@pytest.mark.parametrize(
    ("units", "target", "expected"),
    [
        (1, np.array([0, 1, 1, 0]), 0.5),
        (3, np.array([0, 1, 2, 2]), 0.75),
        (3, np.array([[0], [1], [2], [2]]), 0.75),
        (3, np.eye(3)[[0, 1, 2, 2]], 0.75),
    ],
)
@pytest.mark.parametrize("name", ["accuracy", "acc", "Accuracy"])
def test_accuracy_is_chosen_by_shape(units, target, expected, name):
    model = keras.Sequential([keras.Input((units,)), layers.Activation("linear")])
    if units == 1:
        x, loss = np.array([[0.2], [0.9], [0.1], [0.8]]), "binary_crossentropy"
    else:
        x = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8], [0.8, 0.1, 0.1]])
        loss = "categorical_crossentropy" if target.shape == (4, 3) else "crossentropy"
    model.compile(loss=loss, metrics=[name])
    result = model.evaluate(x, target, verbose=0, return_dict=True)
    assert list(result) == sorted(["loss", name])
    assert result[name] == expected


def test_names_in_logs_of_several_outputs():
    a, b = keras.Input((4,)), keras.Input((3,))
    joined = layers.concatenate([a, b])
    v, w = layers.Dense(2, name="v")(joined), layers.Dense(1, name="w")(joined)
    x, y = [data(20, 4), data(20, 3)], [data(20, 2), data(20, 1)]
    model = keras.Model([a, b], [v, w])
    model.compile(
        "sgd", ["mse", "mae"], metrics=[["mae"], ["mse", "mae"]],
        weighted_metrics=[["mae"], ["mse", "mae"]], loss_weights=[1.0, 0.5],
    )  # fmt: skip
    history = model.fit(x, y, verbose=0, validation_split=0.5).history
    # The keys that real Keras 3.15.1 gives for this model, in its order.
    outputs = {"v": ["loss", "mae", "weighted_mae"]}
    outputs["w"] = ["loss", "mae", "mse", "weighted_mae", "weighted_mse"]
    train = ["loss", *(f"{output}_{name}" for output, names in outputs.items() for name in names)]
    assert list(history) == sorted([*train, *(f"val_{name}" for name in train)])
    assert model.metrics_names == ["loss", "compile_metrics", "v_loss", "w_loss"]
    values = model.evaluate(x, y, verbose=0)
    named = model.evaluate(x, y, verbose=0, return_dict=True)
    order = ["loss", "v_loss", "w_loss", "v_mae", "v_weighted_mae", "w_mae", "w_mse"]
    assert values == [named[name] for name in [*order, "w_weighted_mae", "w_weighted_mse"]]
    assert named["loss"] == pytest.approx(named["v_loss"] + 0.5 * named["w_loss"], rel=1e-6)
    predictions = model.predict(x, verbose=0)
    assert named["v_loss"] == pytest.approx(((predictions[0] - y[0]) ** 2).mean(), rel=1e-5)
    assert named["w_mse"] == pytest.approx(((predictions[1] - y[1]) ** 2).mean(), rel=1e-5)


def test_dicts_of_outputs_losses_and_metrics():
    x = keras.Input((4,), name="x")
    model = keras.Model(x, {"p": layers.Dense(2)(x), "q": layers.Dense(1)(x)})
    model.compile("sgd", {"p": "mse", "q": "mae"}, metrics={"q": ["mse"]}, loss_weights={"p": 2.0})
    value, y = data(20, 4), {"p": data(20, 2), "q": data(20, 1)}
    logs = model.train_on_batch({"x": value}, y, return_dict=True)
    assert list(logs) == ["loss", "p_loss", "q_loss", "q_mse"]
    assert logs["loss"] == pytest.approx(2 * logs["p_loss"] + logs["q_loss"], rel=1e-6)
    only = keras.Model(x, {"p": layers.Dense(2)(x), "q": layers.Dense(1)(x)})
    only.compile("sgd", {"p": "mse"})
    assert list(only.train_on_batch(value, {"p": y["p"], "q": None}, return_dict=True)) == ["loss"]


def test_regularizers_are_in_the_loss():
    model = keras.Sequential(
        [keras.Input((3,)), layers.Dense(1, kernel_regularizer="l2", bias_regularizer="l1")]
    )
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.set_weights([np.ones((3, 1)), [2.0]])
    x = data(10, 3)
    y = model.predict(x, verbose=0)
    penalty = 0.01 * 3 + 0.01 * 2
    assert model.evaluate(x, y, verbose=0) == pytest.approx(penalty, rel=1e-5)
    model.train_on_batch(x, y)
    np.testing.assert_allclose(model.get_weights()[0], 1 - 0.1 * 0.02, rtol=1e-5)
    np.testing.assert_allclose(model.get_weights()[1], 2 - 0.1 * 0.01, rtol=1e-5)


def test_objects_strings_and_functions_are_the_same_loss():
    x, y = data(10, 3), data(10, 1)
    results = []
    for loss in (
        "mse",
        "mean_squared_error",
        "MeanSquaredError",
        keras.losses.MeanSquaredError(),
        keras.losses.mean_squared_error,
        ["mse"],
        {"dense": "mse"},
    ):
        model = keras.Sequential([keras.Input((3,)), layers.Dense(1, "linear", name="dense")])
        model.set_weights([np.ones((3, 1)), [0.0]])
        model.compile("sgd", loss)
        results.append(model.evaluate(x, y, verbose=0))
    assert results == [results[0]] * len(results)


def test_metric_objects_hold_their_result_afterwards():
    metric = keras.metrics.MeanAbsoluteError(name="error")
    model = linear_model(metrics=[metric])
    result = model.evaluate(data(9, 3), data(9, 1), verbose=0, return_dict=True)
    assert metric.result() == pytest.approx(result["error"])
    assert model.get_metrics_result() == result
    assert [m.name for m in model.metrics] == ["loss", "compile_metrics"]
    assert model.metrics[1].metrics == [metric]
    by_name = linear_model(metrics=["mae"])
    by_name.evaluate(data(9, 3), data(9, 1), verbose=0)
    assert [m.name for m in by_name.metrics[1].metrics] == ["mae"]
    model.reset_metrics()
    assert metric.result() == 0
    assert model.get_metrics_result() == {"loss": 0, "error": 0}


def test_same_metric_twice_gets_a_number():
    model = linear_model(metrics=["mae", keras.metrics.MeanAbsoluteError(name="mae")])
    logs = model.test_on_batch(data(9, 3), data(9, 1), return_dict=True)
    assert list(logs) == ["loss", "mae", "mae_1"]


def test_metrics_objects_stay_the_same():
    model = linear_model(metrics=["mae"])
    x, y = data(9, 3), data(9, 1)
    model.fit(x, y, epochs=2, verbose=0)
    tracker, compiled = model.metrics
    error = compiled.metrics[0]
    assert tracker.count.value == 9
    logs = model.evaluate(x, y, verbose=0, return_dict=True)
    assert model.metrics == [tracker, compiled]
    assert compiled.metrics == [error]
    assert (tracker.result(), error.result()) == pytest.approx((logs["loss"], logs["mae"]))
    assert {**compiled.result(), "loss": tracker.result()} == pytest.approx(logs)
    assert [v.name for v in model.metrics_variables] == ["total", "count"] * 2
    # Shown a batch by hand, they go on from there.
    prediction = model.predict(x, verbose=0)
    compiled.update_state(y + 1, prediction)
    expected = (np.abs(prediction - y).mean() + np.abs(prediction - y - 1).mean()) / 2
    assert error.result() == pytest.approx(expected, rel=1e-5)


def test_metrics_have_no_result_before_data():
    model = linear_model(metrics=["mae"])
    with pytest.raises(ValueError, match="not built before the first data"):
        model.get_metrics_result()
    assert [m.name for m in model.metrics] == ["loss", "compile_metrics"]
