"""SwapEMAWeights: tests see the averages of the weights, training the weights."""

import numpy as np
import pytest

import pronghorn as keras

RATE, MOMENTUM, EPOCHS = 0.1, 0.5, 3
X = np.linspace(-1.0, 1.0, 8)[:, None]
Y = 3 * X + 1


def small_model(use_ema=True):
    model = keras.Sequential(
        [keras.Input((1,), dtype="float64"), keras.layers.Dense(1, dtype="float64")]
    )
    model.set_weights([np.array([[0.5]]), np.array([0.25])])
    optimizer = keras.optimizers.SGD(RATE, use_ema=use_ema, ema_momentum=MOMENTUM)
    model.compile(optimizer, "mse")
    return model


def by_hand():
    """Weights and averages after each epoch of one step."""
    w, b = 0.5, 0.25
    average, found = None, []
    for _ in range(EPOCHS):
        error = 2 * (w * X + b - Y) / len(X)
        w, b = w - RATE * (error * X).sum(), b - RATE * error.sum()
        now = np.array([w, b])
        average = now if average is None else MOMENTUM * average + (1 - MOMENTUM) * now
        found.append((now, average))
    return found


def loss(weights):
    return float(((weights[0] * X + weights[1] - Y) ** 2).mean())


class Watch(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.seen = []

    def note(self, when):
        self.seen.append((when, np.concatenate([w.ravel() for w in self.model.get_weights()])))

    def on_epoch_begin(self, epoch, logs=None):
        self.note("epoch begins")

    def on_epoch_end(self, epoch, logs=None):
        self.note("epoch ends")

    def on_test_begin(self, logs=None):
        self.note("test begins")

    def on_test_end(self, logs=None):
        self.note("test ends")


@pytest.mark.parametrize("swap_on_epoch", [False, True])
@pytest.mark.parametrize("eager", [False, True])
def test_in_fit(swap_on_epoch, eager):
    model = small_model()
    model.compile(model.optimizer, "mse", run_eagerly=eager)
    watch = Watch()
    swap = keras.callbacks.SwapEMAWeights(swap_on_epoch)
    history = model.fit(
        *(X, Y), len(X), EPOCHS, validation_data=(X, Y), shuffle=False, verbose=0,
        callbacks=[swap, watch],
    ).history  # fmt: skip
    steps = by_hand()
    seen = iter(watch.seen)
    tolerance = 1e-6 if eager else 1e-12
    for epoch, (weights, average) in enumerate(steps):
        before = steps[epoch - 1][0] if epoch else np.array([0.5, 0.25])
        for when, expected in (
            ("epoch begins", before),
            ("test begins", average),
            ("test ends", weights),
            ("epoch ends", average if swap_on_epoch else weights),
        ):
            name, found = next(seen)
            assert name == when
            np.testing.assert_allclose(found, expected, rtol=tolerance)
    np.testing.assert_allclose(history["val_loss"], [loss(a) for _, a in steps], rtol=1e-6)
    final = np.concatenate([w.ravel() for w in model.get_weights()])
    np.testing.assert_allclose(final, steps[-1][1], rtol=tolerance)


def test_evaluate_and_predict():
    model = small_model()
    for _ in range(EPOCHS):
        model.train_on_batch(X, Y)
    weights, average = by_hand()[-1]
    swap = keras.callbacks.SwapEMAWeights()
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(loss(weights), rel=1e-6)
    assert model.evaluate(X, Y, verbose=0, callbacks=[swap]) == pytest.approx(loss(average))
    found = model.predict(X, verbose=0, callbacks=[swap])
    np.testing.assert_allclose(found, average[0] * X + average[1], rtol=1e-6)
    np.testing.assert_allclose(model.get_weights()[1], weights[1:], rtol=1e-12)


def test_needs_averages():
    model = small_model(use_ema=False)
    with pytest.raises(ValueError, match="use_ema=True"):
        model.evaluate(X, Y, verbose=0, callbacks=[keras.callbacks.SwapEMAWeights()])


def test_finalize_needs_the_trained_variables():
    model = small_model()
    model.train_on_batch(X, Y)
    with pytest.raises(ValueError, match="`var_list` must be the 2 variables"):
        model.optimizer.finalize_variable_values(model.weights[:1])


def test_state_survives_files_and_pickle(tmp_path):
    import pickle

    model = small_model()
    model.compile(
        keras.optimizers.Adam(
            0.05, use_ema=True, gradient_accumulation_steps=2, ema_overwrite_frequency=3
        ),
        "mse",
    )
    for _ in range(5):
        model.train_on_batch(X, Y)
    model.save(tmp_path / "m.keras")
    twins = [keras.saving.load_model(tmp_path / "m.keras"), pickle.loads(pickle.dumps(model))]
    for twin in twins:
        assert twin.optimizer.iterations == model.optimizer.iterations == 2
    for _ in range(4):
        for each in (model, *twins):
            each.train_on_batch(X, Y)
    for twin in twins:
        for ours, theirs in zip(twin.get_weights(), model.get_weights(), strict=True):
            # The file keeps the rate as Keras shows it, in float32.
            np.testing.assert_allclose(ours, theirs, rtol=1e-7)


def test_fit_calls_an_end_of_training_of_ones_own_without_averages():
    class Ending(keras.optimizers.SGD):
        def finalize_variable_values(self, var_list):
            super().finalize_variable_values(var_list)
            self.ended = True

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(Ending(0.1), "mse")
    model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0)
    assert model.optimizer.ended
