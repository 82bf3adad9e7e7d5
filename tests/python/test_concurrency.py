"""Forks, interrupts, and Python threads beside the engine's own."""

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
from _trained import build, data, train

import pronghorn as keras
from pronghorn import _core

DEFAULT_THRESHOLD = 40e-6  # seconds, cpp/src/base/team.cpp


@pytest.fixture(autouse=True)
def _threads():
    """Every phase goes to the team, however small; restored afterwards."""
    _core.set_parallel_threshold(0.0)
    yield
    _core.set_num_threads(0)
    _core.set_parallel_threshold(DEFAULT_THRESHOLD)


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


_LOADING = """
import os, numpy
tasks = "/proc/self/task"
before = len(os.listdir(tasks))
from pronghorn import _engine
print(len(os.listdir(tasks)) - before, os.environ.get("OPENBLAS_NUM_THREADS"))
"""


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="threads are counted in /proc")
@pytest.mark.parametrize("setting", [None, "2"])
def test_loading_the_core_starts_no_threads(setting: str | None) -> None:
    """Those of a BLAS would spin beside the first training; what the user has set stays."""
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"}
    if setting is not None:
        environment["OPENBLAS_NUM_THREADS"] = setting
    done = subprocess.run(
        [sys.executable, "-c", _LOADING], capture_output=True, text=True, env=environment
    )
    assert done.stdout.split() == ["0", str(setting)], done.stderr
