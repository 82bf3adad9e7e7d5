"""Threads change nothing but time: bitwise equal results."""

import os

import numpy as np
import pytest
from _trained import build, data, train

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


def test_sharing_is_checked():
    with pytest.raises(ValueError, match="'parts' or 'replicas', got 'rows'"):
        _core.set_sharing("rows")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", ["dropout", "clipped", "residual"])
def test_parts_of_the_batch_change_nothing(kind, dtype):
    """Threads that each take rows through the network; the last batch leaves some idle."""
    _core.set_num_threads(1)
    expected = train(kind, dtype, batch_size=200)
    for sharing in ("parts", "phases", "replicas"):
        _core.set_sharing(sharing)
        for count in COUNTS[1:]:
            _core.set_num_threads(count)
            assert train(kind, dtype, batch_size=200) == expected, (sharing, count)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch_size", [64, 81, 128, 129, 200, 500])
def test_gradients_summed_by_halves_of_the_batch(batch_size, dtype):
    """Two threads add what each has summed; here the last batch has fewer rows than a half, too."""
    rng = np.random.default_rng(batch_size)
    rows = 2 * batch_size + 23
    x, y = rng.normal(size=(rows, 20)), rng.normal(size=(rows, 3))
    shapes = [(20, 75), (75,), (75, 33), (33,), (33, 3)]
    start = [rng.normal(scale=0.1, size=shape) for shape in shapes]
    expected = [weight.copy() for weight in start]
    for first in range(0, rows, batch_size):
        w0, b0, w1, b1, w2 = expected
        batch, target = x[first : first + batch_size], y[first : first + batch_size]
        low = np.tanh(batch @ w0 + b0)
        high = np.tanh(low @ w1 + b1)
        error = 2 * (high @ w2 - target) / target.size
        above = error @ w2.T * (1 - high**2)
        below = above @ w1.T * (1 - low**2)
        slopes = [batch.T @ below, below.sum(0), low.T @ above, above.sum(0), high.T @ error]
        expected = [w - 0.5 * slope for w, slope in zip(expected, slopes, strict=True)]
    trained = []
    ways = [("auto", 1), *((s, n) for s in ("parts", "phases", "replicas") for n in COUNTS)]
    for sharing, threads in ways:
        _core.set_sharing(sharing)
        _core.set_num_threads(threads)
        model = keras.Sequential(
            [
                keras.Input((20,), dtype=dtype),
                keras.layers.Dense(75, "tanh", dtype=dtype),
                keras.layers.Dense(33, "tanh", dtype=dtype),
                keras.layers.Dense(3, use_bias=False, dtype=dtype),
            ]
        )
        model.set_weights(start)
        model.compile(keras.optimizers.SGD(0.5), loss="mse")
        model.fit(*(a.astype(dtype) for a in (x, y)), batch_size, shuffle=False, verbose=0)
        trained.append(model.get_weights())
        for ours, theirs in zip(trained[0], trained[-1], strict=True):
            np.testing.assert_array_equal(theirs, ours, err_msg=f"{sharing} {threads}")
    for ours, reference in zip(trained[0], expected, strict=True):
        np.testing.assert_allclose(
            ours, reference, rtol=0, atol=2e-6 if dtype == "float32" else 1e-13
        )


@pytest.mark.parametrize("size", [128, 200])
def test_halves_where_a_slope_needs_the_whole_batch(size):
    """A penalty of activations adds to their slopes after the parts; the other layer has halves."""
    rng = np.random.default_rng(size)
    x, y = rng.normal(size=(size, 12)), rng.normal(size=(size, 3))
    w0, w1 = start = [rng.normal(scale=0.3, size=shape) for shape in [(12, 40), (40, 3)]]
    hidden = np.tanh(x @ w0)
    error = 2 * (hidden @ w1 - y) / y.size
    slope = error @ w1.T + 2 * 0.1 * hidden / size
    expected = [w0 - x.T @ (slope * (1 - hidden**2)), w1 - hidden.T @ error]
    for sharing, threads in [(s, n) for s in ("parts", "phases", "replicas") for n in (1, 2, 3)]:
        _core.set_sharing(sharing)
        _core.set_num_threads(threads)
        penalised = keras.layers.Dense(
            40, "tanh", False, activity_regularizer=keras.regularizers.L2(0.1), dtype="float64"
        )
        last = keras.layers.Dense(3, use_bias=False, dtype="float64")
        model = keras.Sequential([keras.Input((12,), dtype="float64"), penalised, last])
        model.set_weights(start)
        model.compile(keras.optimizers.SGD(1.0), loss="mse")
        model.fit(x, y, size, verbose=0)
        for weight, reference in zip(model.get_weights(), expected, strict=True):
            np.testing.assert_allclose(weight, reference, rtol=0, atol=1e-13)


def test_batches_of_other_sizes_do_not_change_the_halves():
    """Memory made for a large batch serves smaller ones, whose halves lie elsewhere."""
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(400, 16)), rng.normal(size=(400, 2))
    trained = []
    for threads, sharing in [(1, "auto"), (2, "parts"), (2, "replicas"), (3, "parts")]:
        _core.set_sharing(sharing)
        _core.set_num_threads(threads)
        keras.utils.set_random_seed(1)
        model = keras.Sequential(
            [keras.Input((16,)), keras.layers.Dense(64, "relu"), keras.layers.Dense(2)]
        )
        model.compile("adam", "mse")
        for size in (400, 140, 256, 33, 400, 128):
            model.train_on_batch(x[:size], y[:size])
            model.fit(x, y, batch_size=size, verbose=0)
        trained.append(model.get_weights())
    for others in trained[1:]:
        for ours, theirs in zip(trained[0], others, strict=True):
            np.testing.assert_array_equal(ours, theirs)


OPTIMIZERS = {
    "clipped": lambda: keras.optimizers.Adam(0.01, clipvalue=1e-3),
    "averaged": lambda: keras.optimizers.AdamW(
        0.01, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=7
    ),
    "accumulated": lambda: keras.optimizers.RMSprop(
        0.01, momentum=0.5, centered=True, gradient_accumulation_steps=3
    ),
    "changing": lambda: keras.optimizers.Nadam(
        keras.optimizers.schedules.ExponentialDecay(0.01, 20, 0.9)
    ),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_threads_with_weights_of_their_own(optimizer):
    """Everything that a step changes, over many steps, while a callback changes it as well."""

    class Nudge(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            first = self.model.layers[0].kernel
            first.assign(first + 0.01)
            optimizer = self.model.optimizer
            optimizer.variables[-1].assign(optimizer.variables[-1] * 0.5)
            if optimizer.clipvalue is not None:
                optimizer.clipvalue *= 0.1

    rng = np.random.default_rng(8)
    x = rng.normal(size=(20011, 6)).astype("float32")
    y = (x[:, :2].sum(1) > 0).astype("int64")
    weights = rng.uniform(0.5, 1.5, len(x))
    trained = []
    for sharing, threads in (("auto", 1), ("replicas", 2)):
        _core.set_sharing(sharing)
        _core.set_num_threads(threads)
        keras.utils.set_random_seed(2)
        frozen = keras.layers.Dense(32, "tanh")
        frozen.trainable = False
        model = keras.Sequential(
            [
                keras.Input((6,)),
                keras.layers.Dense(
                    40, "relu", kernel_regularizer=keras.regularizers.L1L2(1e-4, 1e-3)
                ),
                keras.layers.Dropout(0.2),
                frozen,
                keras.layers.Dense(2, bias_regularizer="l2"),
            ]
        )
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(OPTIMIZERS[optimizer](), loss, weighted_metrics=["accuracy"])
        log = model.fit(x, y, 64, 3, verbose=0, sample_weight=weights, callbacks=[Nudge()])
        state = [np.asarray(variable) for variable in model.optimizer.variables]
        trained.append([*model.get_weights(), *state, *log.history.values()])
    for ours, theirs in zip(*trained, strict=True):
        np.testing.assert_array_equal(ours, theirs)


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
