"""Profiles: their operations, bytes and calls follow from the shapes; results stay the same."""

import os
import subprocess
import sys

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import _core, _profile

IN, HIDDEN, OUT = 6, 40, 3
ROWS, BATCH, EPOCHS = 22, 5, 2
STEPS = 5  # of an epoch; the last batch is smaller
ITEM = 4  # bytes


def make_model(optimizer="adam", **kwargs):
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [
            keras.Input((IN,)),
            keras.layers.Dense(HIDDEN, activation="tanh", name="hidden"),
            keras.layers.Dense(OUT, name="out"),
        ]
    )
    model.compile(optimizer=optimizer, loss="mean_squared_error", **kwargs)
    return model


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.random((ROWS, IN), np.float32), rng.random((ROWS, OUT), np.float32)


def lines_of(report, purpose):
    return {(line.layer, line.work): line for line in report.lines if line.purpose == purpose}


def fit(model, data):
    with keras.profile() as report:
        model.fit(*data, batch_size=BATCH, epochs=EPOCHS, verbose=0)
    return report


def test_operations_of_training(data):
    lines = lines_of(fit(make_model(), data), "training")
    samples = ROWS * EPOCHS
    expected = {
        ("hidden", "forward"): 2 * IN * HIDDEN * samples,
        ("out", "forward"): 2 * HIDDEN * OUT * samples,
        ("out", "dX"): 2 * HIDDEN * OUT * samples,
        ("out", "dW and update"): 2 * HIDDEN * OUT * samples,
        ("hidden", "dW and update"): 2 * IN * HIDDEN * samples,
    }
    assert {key: line.flops for key, line in lines.items() if line.flops} == expected
    for key in (*expected, ("out", "loss"), ("", "totals")):
        assert lines[key].calls == STEPS * EPOCHS
        assert lines[key].seconds > 0
    assert ("", "rows") in lines


@pytest.mark.parametrize(("optimizer", "arrays"), [("sgd", 1), ("adam", 3)])
def test_bytes_of_training(data, optimizer, arrays):
    """W is read by the products; the update reads and writes W and its slots."""
    lines = lines_of(fit(make_model(optimizer), data), "training")
    operands = (IN + HIDDEN) * ROWS * EPOCHS
    weights = IN * HIDDEN * STEPS * EPOCHS
    assert lines["hidden", "forward"].bytes == ITEM * (operands + weights)
    update = ITEM * (operands + 2 * arrays * weights)
    assert lines["hidden", "dW and update"].bytes == update


@pytest.mark.parametrize(("rows", "work"), [(4, {"dX, dW, update"}), (40, {"dX", "dW and update"})])
def test_one_pass_over_large_weights(rows, work):
    """Few rows: one phase does the work of two, which then have no line."""
    if _core.info()["isa"] == "baseline":  # BLAS multiplies there
        work = {"dX", "dW and update"}
    model = keras.Sequential(
        [keras.Input((IN,)), keras.layers.Dense(512), keras.layers.Dense(513, name="large")]
    )
    model.compile("sgd", "mse")
    arrays = np.ones((40, IN), "f4"), np.ones((40, 513), "f4")
    with keras.profile() as report:
        model.fit(*arrays, batch_size=rows, verbose=0)
    lines = lines_of(report, "training")
    assert {work for layer, work in lines if layer == "large"} == {"forward", "loss"} | work
    products = sum(line.flops for (layer, _), line in lines.items() if layer == "large")
    assert products == 3 * 2 * 512 * 513 * 40


def test_update_apart(data):
    model = make_model(keras.optimizers.Adam(global_clipnorm=1.0))
    lines = lines_of(fit(model, data), "training")
    assert {("hidden", "dW"), ("", "update")} <= set(lines)
    assert not {("hidden", "dW and update"), ("", "norm")} & set(lines)
    # The norm of a mean over two steps is known when both have been taken.
    model = make_model(keras.optimizers.Adam(global_clipnorm=1.0, gradient_accumulation_steps=2))
    assert ("", "norm") in lines_of(fit(model, data), "training")


def test_evaluation_and_prediction(data):
    model = make_model()
    with keras.profile() as report:
        model.evaluate(*data, batch_size=BATCH, verbose=0)
        model.predict(data[0], verbose=0)
    evaluation, prediction = (lines_of(report, what) for what in ("evaluation", "prediction"))
    for lines in (evaluation, prediction):
        assert lines["hidden", "forward"].flops == 2 * IN * HIDDEN * ROWS
    assert evaluation["hidden", "forward"].calls == STEPS
    assert ("out", "loss") in evaluation
    assert ("out", "loss") not in prediction
    assert ("", "outputs") in prediction


def test_times_fit_into_the_whole(data):
    report = fit(make_model(), data)
    inside = sum(line.seconds for line in report.lines)
    assert 0 < inside <= report.seconds
    assert report.outside == pytest.approx(report.seconds - inside)


def test_several_threads():
    """Operations count once however many threads share a batch."""
    rng = np.random.default_rng(0)
    model = keras.Sequential([keras.Input((256,)), keras.layers.Dense(512, name="wide")])
    model.compile("sgd", "mean_squared_error")
    x, y = rng.random((1024, 256), np.float32), rng.random((1024, 512), np.float32)
    with keras.profile() as report:
        model.fit(x, y, batch_size=512, verbose=0)
        model.predict(x, verbose=0)
    for purpose in ("training", "prediction"):
        assert lines_of(report, purpose)["wide", "forward"].flops == 2 * 256 * 512 * 1024


def test_nothing_is_timed_outside(data):
    model = make_model()
    with keras.profile() as report:
        pass
    model.fit(*data, verbose=0)
    with keras.profile() as later:
        pass
    assert report.lines == later.lines == []


def test_blocks_nest(data):
    model = make_model()
    with keras.profile() as outer:
        model.predict(data[0], verbose=0)
        with keras.profile() as inner:
            model.predict(data[0], verbose=0)
    key = ("hidden", "forward")
    assert lines_of(outer, "prediction")[key].calls == 2
    assert lines_of(inner, "prediction")[key].calls == 1


def test_results_are_the_same(data):
    profiled, plain = make_model(), make_model()
    fit(profiled, data)
    keras.utils.set_random_seed(3)
    plain = make_model()
    plain.fit(*data, batch_size=BATCH, epochs=EPOCHS, verbose=0)
    for one, other in zip(profiled.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_table(data):
    text = str(fit(make_model(), data))
    header, *rows = text.splitlines()
    assert header.split() == ["layer", "work", "calls", "time", "share", "GFLOP/s", "GB/s"]
    assert rows[0].split()[:4] == ["training", "hidden", "forward", "10"]
    assert rows[-1].startswith("outside the engine")
    shares = [float(row.split(" %")[0].split()[-1]) for row in rows]
    assert sum(shares) == pytest.approx(100, abs=1)


SCRIPT = """
import numpy as np, pronghorn as keras
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, name="only")])
model.compile("sgd", "mean_squared_error")
x = np.ones((8, 4), "float32")
model.fit(x, x[:, :2], validation_data=(x, x[:, :2]), verbose=0)
model.predict(x, verbose=0)
"""


def run(value):
    return subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, "PRONGHORN_PROFILE": value},
        capture_output=True,
        text=True,
        check=False,
    )


def test_environment():
    shown = run("1")
    assert shown.returncode == 0
    assert shown.stdout == ""
    assert [line for line in shown.stderr.splitlines() if line.startswith("profile of")] == [
        "profile of fit:",
        "profile of predict:",
    ]
    assert "evaluation" in shown.stderr  # of the validation data, within fit
    assert run("0").stderr == ""


def test_environment_is_checked():
    wrong = run("yes")
    assert wrong.returncode != 0
    assert "PRONGHORN_PROFILE must be 0 or 1. Received: 'yes'" in wrong.stderr


@pytest.mark.parametrize("wrong", [0, -1, 2000])
def test_probes_check_threads(wrong):
    from pronghorn import _engine

    with pytest.raises(ValueError, match=f"threads must be between 1 and 1024, got {wrong}"):
        _engine.peak_flops(False, wrong)
    with pytest.raises(ValueError, match="threads must be between"):
        _engine.stream_bandwidth(wrong)


def test_probes_measure():
    from pronghorn import _engine

    for double in (False, True):
        assert _engine.peak_flops(double, 1) > 0
    assert _engine.stream_bandwidth(1) > 0


def test_mean_is_over_the_threads_that_took_part():
    def snapshot(*seconds):
        row = {"calls": 3 * sum(seconds), "flops": 8.0, "bytes": 4.0, "seconds": list(seconds)}
        return {("prediction", "hidden", "forward"): row}

    for after, mean in (((1.5, 2.0), 0.5), ((1.5, 3.0), 0.75), ((1.0, 2.0, 0.25), 0.25)):
        (line,) = _profile._difference(snapshot(1.0, 2.0), snapshot(*after))
        assert line.seconds == pytest.approx(mean)
