"""Threads change nothing but time: bitwise equal results, safe forks, interrupts, concurrency."""

import _thread
import os
import signal
import subprocess
import sys
import threading
import time
import traceback

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import _core

COUNTS = (1, 2, 3, 4, 8)
DEFAULT_THRESHOLD = 40e-6  # seconds, cpp/src/base/team.cpp


@pytest.fixture(autouse=True)
def _threads():
    """Every phase goes to the team, however small; restored afterwards."""
    _core.set_parallel_threshold(0.0)
    yield
    _core.set_sharing("auto")
    _core.set_num_threads(0)
    _core.set_parallel_threshold(DEFAULT_THRESHOLD)


def test_wide_layers_match_numpy_on_any_thread_count():
    """Batches and layers large enough for packed blocks: every product against NumPy in float64."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(301, 700)).astype("float32")
    y = rng.normal(size=(301, 777)).astype("float32")
    first = rng.normal(scale=0.04, size=(700, 1030)).astype("float32")
    second = rng.normal(scale=0.04, size=(1030, 777)).astype("float32")
    hidden = np.maximum(x.astype("float64") @ first, 0)
    error = 2 * (hidden @ second - y) / y.size
    expected = (
        first - x.T.astype("float64") @ (error @ second.T * (hidden > 0)),
        second - hidden.T @ error,
    )
    trained = []
    for threads in (1, 2, 3):
        _core.set_num_threads(threads)
        model = keras.Sequential(
            [
                keras.Input((700,)),
                keras.layers.Dense(1030, activation="relu", use_bias=False),
                keras.layers.Dense(777, use_bias=False),
            ]
        )
        model.set_weights([first, second])
        model.compile(keras.optimizers.SGD(1.0), loss="mse")
        together = model.predict(x, verbose=0)
        alone = np.concatenate([model.predict_on_batch(x[i : i + 7]) for i in range(0, 301, 7)])
        if _core.info()["isa"] != "baseline":  # there BLAS multiplies, and rounds edges its own way
            np.testing.assert_array_equal(together, alone)
        np.testing.assert_allclose(alone, hidden @ second, rtol=0, atol=2e-4)
        np.testing.assert_allclose(together, hidden @ second, rtol=0, atol=2e-4)
        model.fit(x, y, batch_size=301, shuffle=False, verbose=0)
        trained.append(model.get_weights())
    for weights, before, after in zip(trained[0], (first, second), expected, strict=True):
        np.testing.assert_allclose(weights - before, after - before, rtol=0, atol=1e-6)
    for others in trained[1:]:
        for ours, theirs in zip(trained[0], others, strict=True):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("rows", "heads"), [(1, 2), (5, 1), (16, 2), (16, 1), (17, 1)])
def test_few_rows_and_large_weights_match_numpy(rows, heads, dtype):
    """Both products of backward and the update in one pass over W, up to 16 rows."""
    rng = np.random.default_rng(rows)
    x, y = rng.normal(size=(rows, 20)), rng.normal(size=(rows, 525))
    target = rng.normal(size=(rows, 3))
    shapes = [(20, 607), (607,), (607, 525), (525,), (607, 3)]
    w0, b0, w1, b1, w2 = start = [rng.normal(scale=0.1, size=shape) for shape in shapes]
    hidden = np.tanh(x @ w0 + b0)
    error, other = (2 * (z - t) / t.size for z, t in [(hidden @ w1 + b1, y), (hidden @ w2, target)])
    below = (error @ w1.T + (heads - 1) * other @ w2.T) * (1 - hidden**2)
    decay = 2 * 0.01 * w1
    slopes = [x.T @ below, below.sum(0), hidden.T @ error + decay, error.sum(0), hidden.T @ other]
    trained = []
    for threads in COUNTS:
        _core.set_num_threads(threads)
        inputs = keras.Input((20,), dtype=dtype)
        layer = keras.layers.Dense(607, activation="tanh", dtype=dtype)(inputs)
        wide = keras.layers.Dense(525, kernel_regularizer=keras.regularizers.L2(0.01), dtype=dtype)
        narrow = keras.layers.Dense(3, use_bias=False, dtype=dtype)
        model = keras.Model(inputs, [wide(layer), narrow(layer)][:heads])
        model.set_weights(start[: 3 + heads])
        model.compile(keras.optimizers.SGD(0.5, momentum=0.9), loss=["mse"] * heads)
        data = [array.astype(dtype) for array in (x, y, target)]
        model.fit(data[0], data[1 : 1 + heads], batch_size=rows, shuffle=False, verbose=0)
        trained.append(model.get_weights())
    tolerance = 1e-6 if dtype == "float32" else 1e-14
    for weights, before, slope in zip(
        trained[0], start[: 3 + heads], slopes[: 3 + heads], strict=True
    ):
        np.testing.assert_allclose(weights - before, -0.5 * slope, rtol=0, atol=tolerance)
    for others in trained[1:]:
        for ours, theirs in zip(trained[0], others, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def mlp():
    return [
        keras.Input((37,)),
        keras.layers.Dense(70, activation="relu"),
        keras.layers.Dropout(0.3),
        keras.layers.Dense(33, activation="gelu", kernel_regularizer="l2"),
        keras.layers.Dense(5, activation="softmax"),
    ]


def build(kind, dtype="float32"):
    keras.config.set_floatx(dtype)
    try:
        if kind == "residual":
            inputs = keras.Input((37,))
            x = keras.layers.Dense(48, activation="tanh")(inputs)
            x = x + keras.layers.Dense(48, activation="relu")(x)
            x = keras.layers.Concatenate()([x, inputs])
            model = keras.Model(inputs, keras.layers.Dense(5, activation="softmax")(x))
            optimizer = keras.optimizers.RMSprop(momentum=0.5, global_clipnorm=1.0)
        elif kind == "clipped":
            model = keras.Sequential(mlp())
            optimizer = keras.optimizers.Adam(clipnorm=0.5)
        elif kind == "wide":
            model = keras.Sequential(
                [
                    keras.Input((37,)),
                    keras.layers.Dense(400, activation="relu"),
                    keras.layers.Dense(300, activation="relu"),
                    keras.layers.Dense(5, activation="softmax"),
                ]
            )
            optimizer = keras.optimizers.SGD(0.05, momentum=0.9)
        else:
            model = keras.Sequential(mlp())
            optimizer = keras.optimizers.AdamW(0.01)
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    finally:
        keras.config.set_floatx("float32")
    return model


def data(rows=323):
    rng = np.random.default_rng(9)
    x = rng.normal(size=(rows, 37)).astype(np.float32)
    return x, (x[:, :5] + 0.1 * rng.normal(size=(rows, 5))).argmax(axis=1)


def train(kind, dtype="float32", batch_size=32):
    """Three epochs from the same seed; everything that comes out, as bytes."""
    keras.utils.set_random_seed(5)
    model = build(kind, dtype)
    x, y = data()
    history = model.fit(
        x, y, batch_size=batch_size, epochs=3, validation_split=0.2, verbose=0
    ).history
    results = [
        *model.get_weights(),
        *history.values(),
        model.predict(x, verbose=0),
    ]
    return [np.asarray(result).tobytes() for result in results]


def test_sharing_is_checked():
    with pytest.raises(ValueError, match="'phases' or 'parts', got 'rows'"):
        _core.set_sharing("rows")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", ["dropout", "clipped", "residual"])
def test_parts_of_the_batch_change_nothing(kind, dtype):
    """Threads that each take rows through the network; the last batch leaves some idle."""
    _core.set_num_threads(1)
    expected = train(kind, dtype, batch_size=200)
    for sharing in ("parts", "phases"):
        _core.set_sharing(sharing)
        for count in COUNTS[1:]:
            _core.set_num_threads(count)
            assert train(kind, dtype, batch_size=200) == expected, (sharing, count)


def test_parts_of_a_batch_with_weights_and_metrics():
    """Means over the whole batch, though each thread sees a part: against NumPy in float64."""
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(90, 9)), rng.integers(0, 4, 90)
    weights = rng.uniform(0, 2, 90)
    w0, w1 = rng.normal(size=(9, 12)), rng.normal(size=(12, 4))
    hidden = np.tanh(x @ w0)
    shifted = np.exp(hidden @ w1)
    chances = shifted / shifted.sum(1, keepdims=True)
    loss = (weights * -np.log(chances[np.arange(90), y])).sum() / weights.sum()
    error = (chances - np.eye(4)[y]) * (weights / weights.sum())[:, None]
    slope = x.T @ (error @ w1.T * (1 - hidden**2))
    _core.set_sharing("parts")
    for count in COUNTS:
        _core.set_num_threads(count)
        model = keras.Sequential(
            [
                keras.Input((9,), dtype="float64"),
                keras.layers.Dense(12, "tanh", use_bias=False, dtype="float64"),
                keras.layers.Dense(4, "softmax", use_bias=False, dtype="float64"),
            ]
        )
        model.set_weights([w0, w1])
        mean = keras.losses.SparseCategoricalCrossentropy(reduction="mean_with_sample_weight")
        model.compile(keras.optimizers.SGD(1.0), mean, weighted_metrics=["accuracy"])
        log = model.fit(x, y, batch_size=90, sample_weight=weights, verbose=0).history
        np.testing.assert_allclose(log["loss"], loss, rtol=1e-12)
        hits = weights[chances.argmax(1) == y].sum() / weights.sum()
        np.testing.assert_allclose(log["accuracy"], hits, rtol=1e-12)
        np.testing.assert_allclose(model.get_weights()[0], w0 - slope, rtol=0, atol=1e-13)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", ["dropout", "clipped", "residual", "wide"])
def test_bitwise_equal_for_any_number_of_threads(kind, dtype):
    results = []
    for count in COUNTS:
        _core.set_num_threads(count)
        results.append(train(kind, dtype))
    for count, result in zip(COUNTS, results, strict=True):
        assert result == results[0], f"{count} threads differ from 1"
    _core.set_parallel_threshold(1e9)
    assert train(kind, dtype) == results[0], "the serial path differs from the team"


@pytest.mark.parametrize("kind", ["residual", "wide"])
def test_bitwise_equal_where_one_thread_does_small_stages(kind):
    """With the default threshold a team leaves the loss of this size to one of its members."""
    _core.set_parallel_threshold(DEFAULT_THRESHOLD)
    results = []
    for count in COUNTS:
        _core.set_num_threads(count)
        results.append(train(kind, batch_size=256))
    for count, result in zip(COUNTS, results, strict=True):
        assert result == results[0], f"{count} threads differ from 1"


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="needs Linux's /proc")
def test_the_team_is_really_used():
    _core.set_num_threads(5)
    train("wide")
    assert len(os.listdir("/proc/self/task")) >= 5


def test_bitwise_equal_from_run_to_run():
    _core.set_num_threads(2)
    first = train("dropout")
    assert all(train("dropout") == first for _ in range(3))


def test_another_seed_is_another_result():
    keras.utils.set_random_seed(6)
    model = build("dropout")
    x, y = data()
    model.fit(x, y, epochs=3, validation_split=0.2, verbose=0)
    assert model.get_weights()[0].tobytes() != train("dropout")[0]


@pytest.mark.parametrize("batch_size", [1, 7, 1000])
def test_odd_batch_sizes(batch_size):
    results = []
    for count in (1, 2, 3):
        _core.set_num_threads(count)
        results.append(train("dropout", batch_size=batch_size))
    assert results[0] == results[1] == results[2]


def test_prediction_does_not_depend_on_the_batch_size():
    model = build("residual")
    x, _ = data()
    whole = model.predict(x, batch_size=323, verbose=0)
    for count in (1, 2, 3):
        _core.set_num_threads(count)
        for size in (1, 2, 31, 32, 100, 1000):
            np.testing.assert_array_equal(model.predict(x, batch_size=size, verbose=0), whole)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_fork_after_use():
    """A child made after the team has run predicts and trains, and gets the same numbers."""
    _core.set_num_threads(2)
    model = build("dropout")
    x, _ = data()
    expected = model.predict(x, verbose=0)
    result = train("dropout")
    child = os.fork()
    if child == 0:
        code = 1
        try:
            np.testing.assert_array_equal(model.predict(x, verbose=0), expected)
            code = 0 if train("dropout") == result else 2
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        time.sleep(0.02)
    else:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        pytest.fail("the child hangs")
    assert os.waitstatus_to_exitcode(status) == 0
    np.testing.assert_array_equal(model.predict(x, verbose=0), expected)
    assert train("dropout") == result


@pytest.mark.parametrize("how", ["timer", "thread"])
@pytest.mark.parametrize("count", [1, 2])
def test_interrupt(how, count):
    """Ctrl-C ends a long epoch within 0.2 s, and the model goes on working."""
    if how == "timer" and not hasattr(signal, "setitimer"):
        pytest.skip("needs interval timers")
    _core.set_num_threads(count)
    _core.set_parallel_threshold(DEFAULT_THRESHOLD)
    keras.utils.set_random_seed(1)
    model = build("wide")
    x, y = data(20_000)
    model.fit(x[:100], y[:100], verbose=0)
    before = model.get_weights()
    raised_at = []

    def now(*_):
        raised_at.append(time.monotonic())
        raise KeyboardInterrupt

    def later():
        time.sleep(0.3)
        _thread.interrupt_main()

    old = signal.signal(signal.SIGINT, now)
    old_alarm = signal.signal(signal.SIGALRM, now)
    start = time.monotonic()
    try:
        if how == "timer":
            signal.setitimer(signal.ITIMER_REAL, 0.3)
        else:
            threading.Thread(target=later).start()
        with pytest.raises(KeyboardInterrupt):
            model.fit(x, y, epochs=100_000, verbose=0)
        answered = time.monotonic()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGINT, old)
        signal.signal(signal.SIGALRM, old_alarm)
    # From when the signal was sent, 0.3 s after the start, with room for a busy machine.
    assert answered - start - 0.3 < 0.2 + 0.3, answered - start
    assert answered - raised_at[0] < 0.2
    assert all(np.isfinite(weight).all() for weight in model.get_weights())
    assert not np.array_equal(model.get_weights()[0], before[0])
    history = model.fit(x[:2000], y[:2000], epochs=1, verbose=0).history
    assert np.isfinite(history["loss"][0])


def test_concurrent_predictions():
    """Several Python threads predict on one model at once and get what one alone gets."""
    model = build("residual")
    x, _ = data(1000)
    rng = np.random.default_rng(1)
    parts = [slice(start, start + rng.integers(1, 200)) for start in rng.integers(0, 900, 20)]
    expected = [model.predict(x[part], verbose=0) for part in parts]
    failures = []

    def work(first):
        try:
            for i in range(first, first + 40):
                part, right = parts[i % 20], expected[i % 20]
                np.testing.assert_array_equal(model.predict(x[part], verbose=0), right)
        except BaseException as error:
            failures.append(error)

    workers = [threading.Thread(target=work, args=(3 * i,)) for i in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
        assert not worker.is_alive()
    assert not failures, failures[0]


def test_models_trained_in_threads():
    """Independent models may train at the same time and get the numbers they get alone."""

    def alone(seed, out):
        x, y = data()
        model = build("wide")
        rng = np.random.default_rng(seed)
        model.set_weights([rng.normal(0, 0.1, w.shape) for w in model.get_weights()])
        model.fit(x, y, epochs=3, shuffle=False, verbose=0)
        out[seed] = model.get_weights()[0].tobytes()

    expected, found = {}, {}
    for seed in range(3):
        alone(seed, expected)
    workers = [threading.Thread(target=alone, args=(seed, found)) for seed in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert found == expected


def test_predictions_do_not_keep_training_waiting():
    """Predictions that overlap without a gap let the training of their model through."""
    _core.set_parallel_threshold(DEFAULT_THRESHOLD)
    model = build("wide")
    x, y = data(20_000)
    model.fit(x[:100], y[:100], verbose=0)
    stop = threading.Event()

    def predict():
        while not stop.is_set():
            model.predict(x, verbose=0)

    readers = [threading.Thread(target=predict, daemon=True) for _ in range(4)]
    writer = threading.Thread(
        target=lambda: model.fit(x[:320], y[:320], epochs=10, verbose=0), daemon=True
    )
    for thread in (*readers, writer):
        thread.start()
    writer.join(30)
    starved = writer.is_alive()
    stop.set()
    for thread in readers:
        thread.join(60)
    assert not starved


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_fork_while_another_thread_trains():
    """The child finds the model's locks free and the model usable."""
    _core.set_parallel_threshold(DEFAULT_THRESHOLD)
    model = build("wide")
    x, y = data(5000)
    stop = threading.Event()

    def train_on():
        while not stop.is_set():
            model.fit(x, y, verbose=0)

    trainer = threading.Thread(target=train_on, daemon=True)
    trainer.start()
    codes = []
    try:
        for _ in range(6):
            time.sleep(0.05)
            child = os.fork()
            if child == 0:
                signal.alarm(10)  # ends a child that hangs
                finite = np.isfinite(model.predict(x[:50], verbose=0)).all()
                model.fit(x[:50], y[:50], verbose=0)
                os._exit(0 if finite else 1)
            codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    finally:
        stop.set()
        trainer.join(60)
    assert codes == [0] * 6


def test_interrupt_of_a_long_prediction():
    """Ctrl-C ends a prediction of many seconds, too."""
    _core.set_parallel_threshold(DEFAULT_THRESHOLD)
    model = keras.Sequential([keras.Input((2048,)), *(keras.layers.Dense(2048) for _ in range(4))])
    x = np.ones((20_000, 2048), np.float32)
    model.predict(x[:1], verbose=0)
    begun = time.monotonic()
    model.predict(x[:1000], verbose=0)
    twentieth = time.monotonic() - begun  # of the whole: how fast this machine and build are
    sent = []

    def later():
        time.sleep(0.3)
        sent.append(time.monotonic())
        _thread.interrupt_main()

    interrupter = threading.Thread(target=later)
    interrupter.start()
    with pytest.raises(KeyboardInterrupt):
        model.predict(x, verbose=0)
    assert time.monotonic() - sent[0] < max(0.5, 8 * twentieth)
    interrupter.join()


def test_slices_of_a_long_prediction_fit_together():
    model = keras.Sequential([keras.Input((700,)), keras.layers.Dense(900), keras.layers.Dense(3)])
    x = np.random.default_rng(2).normal(size=(3000, 700)).astype(np.float32)
    whole = model.predict(x, verbose=0)
    parts = [model.predict(x[i : i + 128], verbose=0) for i in range(0, 3000, 128)]
    np.testing.assert_array_equal(whole, np.concatenate(parts))


_DAEMON = """
import threading, time
import numpy as np
import pronghorn as keras

model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(256), keras.layers.Dense(8)])
model.compile("sgd", "mse")
x, y = np.zeros((4096, 64), "f4"), np.zeros((4096, 8), "f4")
model.fit(x, y, verbose=0)

def work():
    while True:
        model.fit(x, y, verbose=0)
        model.predict(x, verbose=0)

for _ in range(2):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.1)
"""


@pytest.mark.parametrize("_run", range(3))
def test_an_interpreter_can_exit_while_daemon_threads_are_in_the_engine(_run: int) -> None:
    done = subprocess.run([sys.executable, "-c", _DAEMON], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
