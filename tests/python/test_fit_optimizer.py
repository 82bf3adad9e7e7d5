"""What the optimizer does over epochs, calls and compilations."""

import numpy as np
import pytest
from _linear import Linear, data, linear_model

import pronghorn as keras
from pronghorn import layers


@pytest.fixture(autouse=True)
def fresh_session():
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)


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
