"""When callbacks are called during fit, evaluate and predict, and with what."""

import os
import signal
import threading
import time

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import layers

X = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
Y = X @ np.array([[1.0], [-2.0], [0.5]], "float32")


def make_model(**compiling):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
    model.compile(**{"optimizer": "sgd", "loss": "mse", "metrics": ["mae"], **compiling})
    return model


class Recorder(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.calls = []


class Epochs(Recorder):
    def on_train_begin(self, logs=None):
        self.calls.append(("train begin", sorted(logs)))

    def on_epoch_begin(self, epoch, logs=None):
        self.calls.append(("epoch begin", epoch))

    def on_test_begin(self, logs=None):
        self.calls.append(("test begin", sorted(logs)))

    def on_test_end(self, logs=None):
        self.calls.append(("test end", sorted(logs)))

    def on_epoch_end(self, epoch, logs=None):
        self.calls.append(("epoch end", epoch, list(logs)))

    def on_train_end(self, logs=None):
        self.calls.append(("train end", list(logs)))

    def on_predict_begin(self, logs=None):
        self.calls.append(("predict begin", logs))

    def on_predict_end(self, logs=None):
        self.calls.append(("predict end", logs))


class Batches(Epochs):
    def on_train_batch_begin(self, batch, logs=None):
        self.calls.append(("batch begin", batch))

    def on_train_batch_end(self, batch, logs=None):
        self.calls.append(("batch end", batch, list(logs)))

    def on_test_batch_end(self, batch, logs=None):
        self.calls.append(("test batch end", batch, list(logs)))

    def on_predict_batch_end(self, batch, logs=None):
        self.calls.append(("predict batch end", batch, logs["outputs"].shape))


VALIDATED = ["loss", "mae", "val_loss", "val_mae"]


def test_calls_of_epochs():
    recorder = Epochs()
    make_model().fit(X, Y, epochs=2, validation_data=(X, Y), callbacks=[recorder], verbose=0)
    epoch = [("test begin", []), ("test end", ["loss", "mae"])]
    assert recorder.calls == [
        ("train begin", []),
        ("epoch begin", 0), *epoch, ("epoch end", 0, VALIDATED),
        ("epoch begin", 1), *epoch, ("epoch end", 1, VALIDATED),
        ("train end", VALIDATED),
    ]  # fmt: skip


@pytest.mark.parametrize("verbose", [0, 1, 2])
def test_calls_of_batches(verbose, capsys):
    recorder = Batches()
    model = make_model()
    model.fit(
        X, Y, batch_size=8, validation_data=(X, Y), validation_batch_size=15,
        callbacks=[recorder], verbose=verbose,
    )  # fmt: skip
    names = ["loss", "mae"]
    batches = [call for i in range(3) for call in (("batch begin", i), ("batch end", i, names))]
    assert recorder.calls == [
        ("train begin", []), ("epoch begin", 0), *batches,
        ("test begin", []), ("test batch end", 0, names), ("test batch end", 1, names),
        ("test end", names), ("epoch end", 0, VALIDATED), ("train end", VALIDATED),
    ]  # fmt: skip
    recorder.calls.clear()
    model.evaluate(X, Y, callbacks=[recorder], verbose=verbose)
    assert recorder.calls == [
        ("test begin", []), ("test batch end", 0, names), ("test end", names)
    ]  # fmt: skip
    recorder.calls.clear()
    model.predict(X, batch_size=8, callbacks=[recorder], verbose=verbose)
    assert recorder.calls == [
        ("predict begin", {}),
        *(("predict batch end", i, (n, 1)) for i, n in enumerate([8, 8, 4])),
        ("predict end", {}),
    ]


def test_batch_hooks_see_running_means_and_change_nothing():
    losses = []
    watch = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: losses.append(logs["loss"])
    )
    watched, plain = make_model(), make_model()
    a = watched.fit(X, Y, batch_size=8, epochs=2, callbacks=[watch], verbose=0)
    keras.utils.set_random_seed(0)
    plain = make_model()
    b = plain.fit(X, Y, batch_size=8, epochs=2, verbose=0)
    assert a.history == b.history
    np.testing.assert_array_equal(watched.get_weights()[0], plain.get_weights()[0])
    # The last value of an epoch is the epoch's.
    assert losses[2::3] == a.history["loss"]
    assert len(losses) == 6


def test_steps_per_execution_calls_less_often():
    recorder = Batches()
    make_model(steps_per_execution=2).fit(X, Y, batch_size=4, callbacks=[recorder], verbose=0)
    batches = [call[:2] for call in recorder.calls if call[0].startswith("batch")]
    # Five batches; like Keras, the number of the last call assumes a full execution.
    assert batches == [
        (f"batch {w}", i + j) for i in (0, 2, 4) for w, j in (("begin", 0), ("end", 1))
    ]


def test_steps_per_execution_in_predict():
    recorder = Batches()
    model = make_model(steps_per_execution=2)
    model.predict(X, batch_size=4, callbacks=[recorder], verbose=0)
    ends = [call[1:] for call in recorder.calls if call[0] == "predict batch end"]
    assert ends == [(1, (8, 1)), (3, (8, 1)), (5, (4, 1))]


def test_stop_training_in_a_batch():
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 1

    model = make_model()
    history = model.fit(X, Y, batch_size=4, epochs=9, callbacks=[Stop()], verbose=0)
    assert model.optimizer.iterations == 2
    assert history.epoch == [0]
    model.fit(X, Y, batch_size=4, epochs=2, verbose=0)
    assert model.optimizer.iterations == 12


def test_stop_training_after_an_epoch():
    stop = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: setattr(stop.model, "stop_training", epoch == 1)
    )
    assert make_model().fit(X, Y, epochs=9, callbacks=[stop], verbose=0).epoch == [0, 1]


def test_early_stopping_restores_the_best_weights():
    model = make_model(optimizer=keras.optimizers.SGD(0.1))

    class Blow(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 3:
                self.model.set_weights([np.full((3, 1), 50.0), [0.0]])

    stop = keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    history = model.fit(
        X, Y, epochs=20, validation_data=(X, Y), callbacks=[stop, Blow()], verbose=0
    )
    assert len(history.epoch) == 5
    assert model.evaluate(X, Y, verbose=0)[0] == pytest.approx(history.history["val_loss"][2])


def test_learning_rate_scheduler_and_plateau():
    model = make_model(optimizer=keras.optimizers.SGD(0.1))
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.1 / (epoch + 1))
    history = model.fit(X, Y, epochs=3, callbacks=[schedule], verbose=0).history
    assert history["learning_rate"] == pytest.approx([0.1, 0.05, 0.1 / 3])
    assert list(history) == ["loss", "mae", "learning_rate"]
    assert float(model.optimizer.learning_rate) == pytest.approx(0.1 / 3)
    model = make_model(optimizer=keras.optimizers.SGD(0.0))
    model.optimizer.learning_rate = 1e-30
    plateau = keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=2, min_delta=1e-3)
    model.fit(X, Y, epochs=4, callbacks=[plateau], verbose=0)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.5e-30)


def test_terminate_on_nan():
    x = X.copy()
    x[0, 0] = np.nan
    model = make_model()
    history = model.fit(x, Y, epochs=5, callbacks=[keras.callbacks.TerminateOnNaN()], verbose=0)
    assert history.epoch == [0]


def test_history_of_the_model_is_that_of_the_last_fit():
    model = make_model()
    first = model.fit(X, Y, epochs=2, verbose=0)
    assert model.history is first
    second = model.fit(X, Y, epochs=1, verbose=0)
    assert model.history is second
    assert (first.epoch, second.epoch) == ([0, 1], [0])
    assert second.model is model


def test_keyboard_interrupt_leaves_a_usable_model():
    class Interrupt(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 2:
                raise KeyboardInterrupt

    model = make_model()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, batch_size=4, callbacks=[Interrupt()], verbose=0)
    assert model.optimizer.iterations == 3
    assert np.isfinite(model.evaluate(X, Y, verbose=0)).all()
    model.fit(X, Y, batch_size=4, verbose=0)
    assert model.optimizer.iterations == 8


@pytest.mark.parametrize("verbose", [0, 1])
def test_ctrl_c_is_answered_within_a_fifth_of_a_second(verbose, capsys):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((64,)), layers.Dense(256, "tanh"), layers.Dense(1)])
    model.compile("adam", "mse")
    x, y = np.ones((200_000, 64), "float32"), np.zeros((200_000, 1), "float32")
    model.fit(x[:64], y[:64], verbose=0)
    sent = []

    def interrupt():
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(0.3, interrupt)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        model.fit(x, y, epochs=100, verbose=verbose)
    assert time.perf_counter() - sent[0] < 0.2
    assert np.isfinite(model.predict(x[:5], verbose=0)).all()
    model.train_on_batch(x[:64], y[:64])


def test_threads_may_train_and_predict_at_once():
    models = [make_model() for _ in range(3)]
    expected = models[0].predict(X, verbose=0)
    results = []

    def work(model):
        results.append(model.predict(X, verbose=0))
        model.fit(X, Y, epochs=20, shuffle=False, verbose=0)
        results.append(model.get_weights()[0])

    threads = [threading.Thread(target=work, args=(model,)) for model in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 6
    for result in results:
        wanted = expected if result.shape == expected.shape else models[0].get_weights()[0]
        np.testing.assert_array_equal(result, wanted)


def test_errors_of_callbacks_reach_the_caller():
    class Broken(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        make_model().fit(X, Y, callbacks=[Broken()], verbose=0)


def test_training_inside_a_callback():
    inner = make_model()
    watch = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: inner.fit(X, Y, verbose=0)
    )
    make_model().fit(X, Y, epochs=2, callbacks=[watch], verbose=0)
    assert inner.optimizer.iterations == 2


def test_predicting_and_weights_inside_a_callback():
    seen = []

    class Look(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append((self.model.predict(X[:1], verbose=0), self.model.get_weights()))

    model = make_model()
    model.fit(X, Y, batch_size=10, callbacks=[Look()], verbose=0)
    for prediction, (kernel, bias) in seen:
        np.testing.assert_allclose(prediction, X[:1] @ kernel + bias, rtol=1e-5)
    assert (seen[0][1][0] != seen[1][1][0]).any()


def test_progress_is_shown_about_twenty_times_a_second(monkeypatch, capsys):
    model = make_model(metrics=None)
    x, y = np.tile(X, (2000, 1)), np.tile(Y, (2000, 1))
    model.fit(x, y, batch_size=1, epochs=1, verbose=1)
    out = capsys.readouterr().out
    updates = out.count("40000 ")
    assert "40000/40000" in out
    assert 1 <= updates < 200
