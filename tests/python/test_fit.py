"""fit, evaluate, predict and their one-batch forms, against plain NumPy in float64."""

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import layers


@pytest.fixture(autouse=True)
def fresh_session():
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)


def data(*shape, seed=1):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def linear_model(features=3, optimizer="sgd", **compile_arguments):
    model = keras.Sequential([keras.Input((features,)), layers.Dense(1)])
    model.compile(optimizer, "mse", **compile_arguments)
    return model


class Linear:
    """y = x w + b under plain gradient descent on the mean squared error."""

    def __init__(self, weights):
        self.w, self.b = (np.asarray(w, "float64") for w in weights)

    def step(self, x, y, rate, weights=None):
        error = x @ self.w + self.b - y
        scale = np.ones(len(x)) if weights is None else weights
        loss = (scale * error[:, 0] ** 2).mean()
        d = 2 * scale[:, None] * error / len(x)
        self.w -= rate * x.T.astype("float64") @ d
        self.b -= rate * d.sum(0)
        return loss


def test_epochs_in_order_follow_gradient_descent():
    x, y = data(50, 3), data(50, 1, seed=2)
    model = linear_model(optimizer=keras.optimizers.SGD(0.1))
    reference = Linear(model.get_weights())
    history = model.fit(x, y, batch_size=16, epochs=3, shuffle=False, verbose=0)
    for epoch in range(3):
        losses = [reference.step(x[i : i + 16], y[i : i + 16], 0.1) for i in range(0, 50, 16)]
        # The logged loss is the mean over samples: the last batch has two.
        expected = np.average(losses, weights=[16, 16, 16, 2])
        assert history.history["loss"][epoch] == pytest.approx(expected, rel=1e-5)
    np.testing.assert_allclose(model.get_weights()[0], reference.w, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(model.get_weights()[1], reference.b, rtol=1e-4, atol=1e-6)
    assert model.optimizer.iterations == 12


@pytest.mark.parametrize(
    ("rate", "expected"), [(0.2, 0.060466), (0.05, 3.486784), (1.1, 61.917364)]
)
def test_gradient_descent_on_a_parabola(rate, expected):
    model = keras.Sequential([keras.Input((1,)), layers.Dense(1, use_bias=False)])
    model.set_weights([[[10.0]]])
    model.compile(keras.optimizers.SGD(rate), "mse")
    model.fit(np.ones((1, 1)), np.zeros((1, 1)), epochs=10, verbose=0)
    assert model.get_weights()[0][0, 0] == pytest.approx(expected, rel=1e-5)


def test_evaluate_and_predict_agree_with_numpy():
    x, y = data(70, 3), data(70, 1, seed=2)
    model = linear_model(metrics=["mae"])
    w, b = model.get_weights()
    expected = x.astype("float64") @ w + b
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, atol=1e-6)
    mse, mae = ((expected - y) ** 2).mean(), np.abs(expected - y).mean()
    assert model.evaluate(x, y, verbose=0) == pytest.approx([mse, mae], rel=1e-5)
    result = model.evaluate(x, y, batch_size=7, verbose=0, return_dict=True)
    assert list(result) == ["loss", "mae"]
    assert list(result.values()) == pytest.approx([mse, mae], rel=1e-5)


@pytest.mark.parametrize("batch_size", [1, 7, 32, 1000, np.int64(8)])
def test_predictions_do_not_depend_on_the_batch_size(batch_size):
    x = data(100, 3)
    model = linear_model()
    expected = model.predict(x, verbose=0)
    np.testing.assert_array_equal(model.predict(x, batch_size=batch_size, verbose=0), expected)
    np.testing.assert_array_equal(model.predict(x, batch_size=batch_size, verbose=2), expected)
    np.testing.assert_array_equal(model.predict_on_batch(x), expected)


def test_predictions_in_chunks(capsys):
    x = data(40_000, 3)
    model = linear_model()
    expected = model.predict(x, verbose=0)
    np.testing.assert_array_equal(model.predict(x, verbose=1), expected)
    pieces = []
    watch = keras.callbacks.LambdaCallback(
        on_predict_batch_end=lambda batch, logs: pieces.append(logs["outputs"])
    )
    result = model.predict(x[:70], callbacks=[watch], verbose=0)
    np.testing.assert_array_equal(result, expected[:70])
    np.testing.assert_array_equal(np.concatenate(pieces), expected[:70])


def test_steps_limit_evaluate_and_predict():
    x, y = data(100, 3), data(100, 1, seed=2)
    model = linear_model()
    assert model.predict(x, batch_size=10, steps=3, verbose=0).shape == (30, 1)
    assert model.predict(x, steps=4, verbose=0).shape == (100, 1)
    part = model.evaluate(x[:30], y[:30], verbose=0)
    assert model.evaluate(x, y, batch_size=10, steps=3, verbose=0) == pytest.approx(part)


def test_train_on_batch_is_one_step():
    x, y = data(20, 3), data(20, 1, seed=2)
    model = linear_model(optimizer=keras.optimizers.SGD(0.1), metrics=["mae"])
    reference = Linear(model.get_weights())
    for step in range(5):
        expected = reference.step(x, y, 0.1)
        tested = model.test_on_batch(x, y, return_dict=True)
        loss, mae = model.train_on_batch(x, y)
        assert loss == pytest.approx(expected, rel=1e-5)
        assert tested == pytest.approx({"loss": loss, "mae": mae}, rel=1e-6)
        assert model.optimizer.iterations == step + 1
    assert list(model.train_on_batch(x, y, return_dict=True)) == ["loss", "mae"]
    assert isinstance(linear_model().train_on_batch(x, y), float)


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


def test_validation_split_takes_the_end_before_shuffling():
    x, y = data(50, 3), data(50, 1, seed=2)
    model = linear_model(metrics=["mae"])
    history = model.fit(x, y, validation_split=0.3, epochs=2, verbose=0).history
    assert list(history) == ["loss", "mae", "val_loss", "val_mae"]
    # floor(50 * 0.7) = 35 remain.
    assert history["val_loss"][-1] == pytest.approx(model.evaluate(x[35:], y[35:], verbose=0)[0])
    assert model.optimizer.iterations == 2 * 2


def test_validation_data_with_weights_batches_and_steps():
    x, y = data(40, 3), data(40, 1, seed=2)
    weights = np.linspace(0, 1, 40)
    model = linear_model()
    history = model.fit(
        x,
        y,
        validation_data=(x, y, weights),
        validation_batch_size=10,
        validation_steps=2,
        verbose=0,
    ).history
    expected = model.evaluate(x[:20], y[:20], sample_weight=weights[:20], verbose=0)
    assert history["val_loss"] == pytest.approx([expected])


@pytest.mark.parametrize(
    ("frequency", "epochs"), [(2, [1, 3]), ([1, 4], [0, 3]), (5, [4]), (9, [])]
)
def test_validation_frequency(frequency, epochs):
    x, y = data(8, 3), data(8, 1)
    seen = []
    watch = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(epoch) if "val_loss" in logs else None
    )
    linear_model().fit(
        x, y, epochs=5, validation_data=(x, y), validation_freq=frequency, callbacks=[watch],
        verbose=0,
    )  # fmt: skip
    assert seen == epochs


def test_initial_epoch():
    history = linear_model().fit(data(8, 3), data(8, 1), epochs=5, initial_epoch=3, verbose=0)
    assert history.epoch == [3, 4]
    assert len(history.history["loss"]) == 2


def test_seeds_make_runs_equal_and_shuffling_matters():
    x, y = data(64, 3), data(64, 1, seed=2)

    def run(seed, shuffle=True):
        keras.utils.set_random_seed(seed)
        model = keras.Sequential(
            [keras.Input((3,)), layers.Dense(8, "relu"), layers.Dropout(0.5), layers.Dense(1)]
        )
        model.compile("adam", "mse")
        model.fit(x, y, epochs=3, batch_size=8, shuffle=shuffle, verbose=0)
        return np.concatenate([w.ravel() for w in model.get_weights()])

    np.testing.assert_array_equal(run(5), run(5))
    assert (run(5) != run(6)).any()
    assert (run(5) != run(5, shuffle=False)).any()


def test_every_sample_is_seen_once_an_epoch():
    # With a zero learning rate the loss of each epoch is the mean over all samples, in any order.
    x, y = data(37, 3), data(37, 1, seed=2)
    model = linear_model(optimizer=keras.optimizers.SGD(0.0))
    losses = model.fit(x, y, epochs=4, batch_size=5, verbose=0).history["loss"]
    assert losses == pytest.approx([model.evaluate(x, y, verbose=0)] * 4, rel=1e-5)


def test_steps_per_epoch_goes_on_through_the_data():
    x, y = data(100, 3), data(100, 1, seed=2)
    straight = linear_model(optimizer=keras.optimizers.SGD(0.1))
    start = straight.get_weights()
    straight.fit(x, y, batch_size=10, shuffle=False, verbose=0)
    model = linear_model(optimizer=keras.optimizers.SGD(0.1))
    model.set_weights(start)
    model.fit(x, y, batch_size=10, steps_per_epoch=5, epochs=2, shuffle=False, verbose=0)
    np.testing.assert_array_equal(model.get_weights()[0], straight.get_weights()[0])
    assert model.optimizer.iterations == 10
    # 4 + 4 + 2: the pass ends in the third epoch.
    with pytest.warns(UserWarning, match="`steps_per_epoch` is 4, but only 2 batches"):
        model.fit(x, y, batch_size=10, steps_per_epoch=4, epochs=4, verbose=0)
    assert model.optimizer.iterations == 10 + 4 + 4 + 2 + 4
    model.fit(x, y, steps_per_epoch=3, verbose=0)
    assert model.optimizer.iterations == 24 + 3


def test_each_epoch_of_a_long_pass_has_its_own_loss():
    x, y = data(40, 3), data(40, 1, seed=2)
    model = linear_model(optimizer=keras.optimizers.SGD(0.0))
    losses = model.fit(
        x, y, batch_size=10, steps_per_epoch=2, epochs=2, shuffle=False, verbose=0
    ).history["loss"]
    parts = [model.evaluate(x[i : i + 20], y[i : i + 20], verbose=0) for i in (0, 20)]
    assert losses == pytest.approx(parts, rel=1e-5)


def test_schedules_count_steps_over_epochs_and_calls():
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([3, 7], [0.1, 0.05, 0.01])
    x, y = data(40, 3), data(40, 1, seed=2)
    model = linear_model(optimizer=keras.optimizers.SGD(schedule))
    reference = Linear(model.get_weights())
    model.fit(x, y, batch_size=8, shuffle=False, verbose=0)
    model.fit(x, y, batch_size=8, shuffle=False, verbose=0)
    model.train_on_batch(x, y)
    for step in range(10):
        rows = slice(step % 5 * 8, step % 5 * 8 + 8)
        # Keras: the boundaries themselves still have the earlier value.
        reference.step(x[rows], y[rows], 0.1 if step <= 3 else 0.05 if step <= 7 else 0.01)
    reference.step(x, y, 0.01)
    np.testing.assert_allclose(model.get_weights()[0], reference.w, rtol=1e-4, atol=1e-6)


def test_the_learning_rate_can_be_set_between_runs_and_in_callbacks():
    x, y = data(32, 3), data(32, 1, seed=2)
    model = linear_model(optimizer=keras.optimizers.SGD(0.1))
    reference = Linear(model.get_weights())

    class Halve(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.optimizer.learning_rate = self.model.optimizer.learning_rate / 2

    model.fit(x, y, batch_size=8, shuffle=False, callbacks=[Halve()], verbose=0)
    for i, rate in enumerate([0.1, 0.05, 0.025, 0.0125]):
        reference.step(x[i * 8 : i * 8 + 8], y[i * 8 : i * 8 + 8], rate)
    model.optimizer.learning_rate = 0.3
    model.train_on_batch(x, y)
    reference.step(x, y, 0.3)
    np.testing.assert_allclose(model.get_weights()[0], reference.w, rtol=1e-4, atol=1e-6)


def test_other_settings_of_the_optimizer_can_be_changed():
    x, y = data(16, 3), data(16, 1, seed=2)
    model = linear_model(optimizer=keras.optimizers.SGD(0.1, weight_decay=0.5))
    model.train_on_batch(x, y)
    reference = Linear(model.get_weights())
    model.optimizer.weight_decay = None
    model.train_on_batch(x, y)
    reference.step(x, y, 0.1)
    np.testing.assert_allclose(model.get_weights()[0], reference.w, rtol=1e-4, atol=1e-6)


def test_frozen_layers_stay():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(4), layers.Dense(1)])
    model.layers[0].trainable = False
    model.compile("adam", "mse")
    before = model.get_weights()
    model.fit(data(32, 3), data(32, 1), verbose=0)
    after = model.get_weights()
    np.testing.assert_array_equal(before[0], after[0])
    assert (before[2] != after[2]).any()
    model.layers[0].trainable = True
    model.compile("adam", "mse")
    model.fit(data(32, 3), data(32, 1), verbose=0)
    assert (model.get_weights()[0] != before[0]).any()


def test_set_weights_reaches_the_running_engine():
    x, y = data(16, 3), data(16, 1)
    model = linear_model()
    model.fit(x, y, verbose=0)
    model.set_weights([np.zeros((3, 1)), [5.0]])
    np.testing.assert_array_equal(model.predict(x, verbose=0), np.full((16, 1), 5.0))
    assert model.evaluate(x, np.full(16, 5.0), verbose=0) == 0


def test_an_optimizer_keeps_its_state_over_compile():
    x, y = data(32, 3), data(32, 1, seed=2)

    def run(again):
        keras.utils.set_random_seed(1)
        model = linear_model(optimizer="adam")
        model.fit(x, y, epochs=2, shuffle=False, verbose=0)
        if again:
            model.compile(model.optimizer, "mse", metrics=["mae"])
        model.fit(x, y, epochs=2, shuffle=False, verbose=0)
        assert model.optimizer.iterations == 4
        return model.get_weights()[0]

    np.testing.assert_array_equal(run(False), run(True))


def test_an_optimizer_cannot_move_to_another_model():
    first = linear_model(3, "adam")
    first.fit(data(8, 3), data(8, 1), verbose=0)
    second = linear_model(4, first.optimizer)
    with pytest.raises(ValueError, match="another model"):
        second.fit(data(8, 4), data(8, 1), verbose=0)


def test_failed_calls_leave_the_model_as_it_was():
    x, y = data(16, 3), data(16, 1)
    model = linear_model(metrics=["mae"])
    model.fit(x, y, verbose=0)
    weights, iterations, history = model.get_weights(), model.optimizer.iterations, model.history
    with pytest.raises(ValueError, match="Unknown loss"):
        model.compile("adam", "mean_square_error")
    with pytest.raises(ValueError, match="Unknown metric"):
        model.compile("adam", "mse", metrics=["acuracy"])
    with pytest.raises(ValueError, match="`validation_data"):
        model.fit(x, y, validation_data=(x, y[:3]), verbose=0)
    assert model.optimizer.name == "sgd"
    assert model.optimizer.iterations == iterations
    assert model.history is history
    np.testing.assert_array_equal(model.get_weights()[0], weights[0])
    assert list(model.evaluate(x, y, verbose=0, return_dict=True)) == ["loss", "mae"]


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


def test_float64_models():
    model = keras.Sequential([keras.Input((3,), dtype="float64"), layers.Dense(1, dtype="float64")])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    x, y = data(50, 3).astype("float64"), data(50, 1).astype("float64")
    reference = Linear(model.get_weights())
    for _ in range(20):
        reference.step(x, y, 0.1)
        model.train_on_batch(x, y)
    np.testing.assert_allclose(model.get_weights()[0], reference.w, rtol=1e-12)


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
    assert [m.name for m in model.metrics] == ["loss", "error"]
    by_name = linear_model(metrics=["mae"])
    by_name.evaluate(data(9, 3), data(9, 1), verbose=0)
    assert [m.name for m in by_name.metrics] == ["loss", "mae"]
    model.reset_metrics()
    assert metric.result() == 0
    assert model.get_metrics_result() == {}


def test_same_metric_twice_gets_a_number():
    model = linear_model(metrics=["mae", keras.metrics.MeanAbsoluteError(name="mae")])
    logs = model.test_on_batch(data(9, 3), data(9, 1), return_dict=True)
    assert list(logs) == ["loss", "mae", "mae_1"]


def test_verbose_lines(capsys):
    x, y = data(64, 3), data(64, 1)
    model = linear_model()
    model.fit(x, y, epochs=2, verbose=2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[::2] == ["Epoch 1/2", "Epoch 2/2"]
    assert lines[1].startswith("2/2 - 0s - ")
    assert " - loss: " in lines[1]
    model.fit(x, y, verbose=0)
    assert capsys.readouterr().out == ""
    model.evaluate(x, y)
    model.predict(x)
    assert capsys.readouterr().out.count("2/2") == 2


def test_training_flag_of_calls():
    model = keras.Sequential([keras.Input((50,)), layers.Dropout(0.5)])
    x = np.ones((4, 50), "float32")
    np.testing.assert_array_equal(model(x), x)
    np.testing.assert_array_equal(model(x, training=False), x)
    dropped = model(x, training=True)
    assert set(np.unique(dropped)) == {0.0, 2.0}
    assert (model(x, training=True) != dropped).any()


def test_training_converges():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 2)).astype("float32")
    y = (x[:, 0] * x[:, 1] > 0).astype("int64")
    model = keras.Sequential(
        [keras.Input((2,)), layers.Dense(32, "tanh"), layers.Dense(2, "softmax")]
    )
    model.compile(
        keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    model.fit(x, y, epochs=60, verbose=0)
    assert model.evaluate(x, y, verbose=0)[1] > 0.95
