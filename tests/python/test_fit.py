"""fit and train_on_batch, against plain NumPy in float64."""

import numpy as np
import pytest
from _linear import Linear, data, linear_model

import pronghorn as keras
from pronghorn import layers


@pytest.fixture(autouse=True)
def fresh_session():
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)


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


def test_float64_models():
    model = keras.Sequential([keras.Input((3,), dtype="float64"), layers.Dense(1, dtype="float64")])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    x, y = data(50, 3).astype("float64"), data(50, 1).astype("float64")
    reference = Linear(model.get_weights())
    for _ in range(20):
        reference.step(x, y, 0.1)
        model.train_on_batch(x, y)
    np.testing.assert_allclose(model.get_weights()[0], reference.w, rtol=1e-12)


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
