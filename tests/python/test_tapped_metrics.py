"""Metrics that Python computes from the outputs of compiled runs."""

import numpy as np
import pytest
from _linear import Linear, data, linear_model
from hypothesis import given, settings
from hypothesis import strategies as st

import pronghorn as keras
from pronghorn import _core, _engine, layers, metrics


class Recorder(metrics.Metric):
    """Keeps the batches that it is shown."""

    def __init__(self, name="recorder"):
        super().__init__(name=name)
        self.seen = []

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.seen.append((y_true, y_pred, sample_weight))

    def result(self):
        return float(len(self.seen))

    def reset_state(self):
        self.seen = []


class Batches(keras.utils.PyDataset):
    """Pairs of rows."""

    def __init__(self, x):
        super().__init__()
        self.x = x

    def __len__(self):
        return len(self.x) // 2

    def __getitem__(self, i):
        return self.x[2 * i : 2 * i + 2], self.x[2 * i : 2 * i + 2]


def identity_model(classes, *given, **compile_arguments):
    """A model that gives its inputs and does not learn."""
    model = keras.Sequential([keras.Input((classes,)), layers.Dense(classes, use_bias=False)])
    model.set_weights([np.eye(classes)])
    model.compile(keras.optimizers.SGD(0.0), "mse", metrics=list(given), **compile_arguments)
    return model


def rank_auc(labels, scores):
    """The share of pairs (positive, negative) in the right order, ties by half."""
    difference = scores[labels == 1][:, None] - scores[labels == 0]
    return (difference > 0).mean() + 0.5 * (difference == 0).mean()


def test_batches_are_those_of_training_before_their_updates():
    x, y = data(23, 3), data(23, 1, seed=2)
    recorder = Recorder()
    model = linear_model(optimizer=keras.optimizers.SGD(0.1), metrics=[recorder])
    reference = Linear(model.get_weights())
    model.fit(x, y, batch_size=5, shuffle=False, verbose=0)
    assert model.run_mode == "compiled"
    assert [len(p) for _, p, _ in recorder.seen] == [5, 5, 5, 5, 3]
    for i, (target, output, weight) in enumerate(recorder.seen):
        rows = slice(5 * i, 5 * i + 5)
        np.testing.assert_array_equal(target, y[rows])
        np.testing.assert_allclose(output, x[rows] @ reference.w + reference.b, rtol=1e-4)
        assert weight is None
        reference.step(x[rows], y[rows], 0.1)


@pytest.mark.parametrize(("threads", "sharing"), [(1, "auto"), (2, "phases"), (2, "parts")])
def test_shuffled_rows_keep_their_targets_and_weights(threads, sharing):
    x = np.arange(70, dtype="float32").reshape(35, 2)
    recorder = Recorder()
    model = keras.Sequential([keras.Input((2,)), layers.Dense(2, use_bias=False)])
    model.set_weights([np.eye(2)])
    model.compile(keras.optimizers.SGD(0.0), "mse", weighted_metrics=[recorder])
    _engine.set_num_threads(threads)
    _core.set_sharing(sharing)
    _core.set_parallel_threshold(0.0)  # every phase goes to the team, however small
    try:
        model.fit(x, x + 1, sample_weight=x[:, 0], batch_size=17, epochs=2, verbose=0)
    finally:
        _engine.set_num_threads(0)
        _core.set_sharing("auto")
        _core.set_parallel_threshold(40e-6)
    targets, outputs, weights = (
        np.concatenate(parts) for parts in zip(*recorder.seen, strict=True)
    )
    np.testing.assert_array_equal(outputs + 1, targets)
    np.testing.assert_array_equal(outputs[:, 0], weights)
    assert sorted(weights) == sorted(x[:, 0])  # of the second epoch alone
    assert list(weights) != sorted(weights)


def test_dropout_is_seen_in_training_and_not_in_evaluation():
    recorder = Recorder()
    model = keras.Sequential([keras.Input((50,)), layers.Dropout(0.5)])
    model.compile("sgd", "mse", metrics=[recorder])
    x = np.ones((64, 50), "float32")
    model.fit(x, x, verbose=0)
    output = np.concatenate([p for _, p, _ in recorder.seen])
    assert set(np.unique(output)) == {0.0, 2.0}
    model.evaluate(x, x, verbose=0)
    np.testing.assert_array_equal(np.concatenate([p for _, p, _ in recorder.seen]), x)


@pytest.mark.parametrize("loss", ["mse", "binary_crossentropy"])
def test_outputs_are_those_behind_the_activation(loss):
    recorder = Recorder()
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2, "sigmoid")])
    model.compile(keras.optimizers.SGD(0.0), loss, metrics=[recorder, "mae"])
    x, y = data(9, 3), np.ones((9, 2), "float32")
    history = model.fit(x, y, shuffle=False, verbose=0).history
    ((_, output, _),) = recorder.seen
    np.testing.assert_array_equal(output, model.predict(x, verbose=0))
    assert history["mae"][0] == pytest.approx(np.abs(1 - output).mean(), rel=1e-5)
    assert list(history) == ["loss", "mae", "recorder"]


@settings(max_examples=20, deadline=None)
@given(
    rows=st.integers(2, 90), batch=st.integers(1, 40), seed=st.integers(0, 99), fit=st.booleans()
)
def test_area_under_the_curve(rows, batch, seed, fit):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 33, (rows, 1)).astype("float32") / 32  # each between two thresholds
    y = rng.integers(0, 2, (rows, 1))
    y[:2] = [[0], [1]]
    curve = metrics.AUC(thresholds=((np.arange(32) + 0.5) / 32).tolist(), name="auc")
    model = identity_model(1, curve)
    if fit:
        found = model.fit(x, y, batch_size=batch, verbose=0).history["auc"][0]
    else:
        found = model.evaluate(x, y, batch_size=batch, verbose=0)[1]
    assert found == pytest.approx(rank_auc(y[:, 0], x[:, 0]), abs=1e-6)
    assert curve.result() == found


def test_a_function_is_averaged_over_the_true_batches():
    def largest(y_true, y_pred):  # one number a batch, which a chunk would change
        return np.max(y_pred)

    x = np.arange(10, dtype="float32")[:, None]
    model = identity_model(1, largest)
    history = model.fit(x, x, batch_size=4, shuffle=False, verbose=0).history
    assert history["largest"] == [(3 + 7 + 9) / 3]
    assert model.evaluate(x, x, batch_size=5, verbose=0)[1] == (4 + 9) / 2


def test_a_subclass_of_a_built_in_metric_sees_true_batches_if_it_writes_update_state():
    class Counting(metrics.AUC):
        calls = 0

        def update_state(self, y_true, y_pred, sample_weight=None):
            type(self).calls += 1
            super().update_state(y_true, y_pred, sample_weight)

    x = np.linspace(0, 1, 12, dtype="float32")[:, None]
    identity_model(1, Counting()).evaluate(x, x > 0.5, batch_size=3, verbose=0)
    assert Counting.calls == 4


def test_names_results_of_several_values_and_several_outputs():
    a = keras.Input((3,))
    first, second = layers.Dense(3, "softmax", name="a")(a), layers.Dense(1, name="b")(a)
    model = keras.Model(a, [first, second])
    model.compile(
        "sgd",
        ["categorical_crossentropy", "mse"],
        metrics=[["accuracy", metrics.F1Score()], [metrics.R2Score(name="r2")]],
        weighted_metrics=[[metrics.F1Score(average="macro")], []],
    )
    x, y = data(20, 3), np.eye(3, dtype="float32")[np.arange(20) % 3]
    weight = np.r_[np.ones(10), np.zeros(10)]
    logs = model.evaluate(
        x, [y, x[:, :1]], sample_weight=[weight, None], verbose=0, return_dict=True
    )
    assert list(logs) == [
        "a_accuracy",
        "a_f1_score",
        "a_loss",
        "a_weighted_f1_score",
        "b_loss",
        "b_r2",
        "loss",
    ]
    p, q = (np.asarray(part, "float64") for part in model.predict(x, verbose=0))
    chosen = p == p.max(axis=1, keepdims=True)

    def f1(rows):
        hits = (chosen & (y == 1))[rows].sum(0)
        return 2 * hits / (chosen[rows].sum(0) + y[rows].sum(0))

    np.testing.assert_allclose(logs["a_f1_score"], f1(slice(None)), atol=1e-6)
    assert logs["a_weighted_f1_score"] == pytest.approx(f1(slice(10)).mean(), abs=1e-6)
    target = x[:, :1].astype("float64")
    r2 = 1 - ((target - q) ** 2).sum() / ((target - target.mean()) ** 2).sum()
    assert logs["b_r2"] == pytest.approx(r2, rel=1e-5)


def test_each_batch_hook_sees_the_batches_so_far():
    x = np.arange(6, dtype="float32")[:, None]
    seen = []
    hook = keras.callbacks.LambdaCallback(on_train_batch_end=lambda b, logs: seen.append(logs["n"]))
    model = identity_model(1, Recorder("n"))
    model.fit(x, x, batch_size=2, epochs=2, callbacks=[hook], verbose=0)
    assert seen == [1, 2, 3, 1, 2, 3]


def test_validation_steps_and_single_batches_begin_anew():
    x = np.arange(8, dtype="float32")[:, None]
    model = identity_model(1, Recorder("n"))
    history = model.fit(
        x, x, batch_size=2, epochs=2, steps_per_epoch=2, validation_data=(x, x), verbose=0
    ).history
    assert (history["n"], history["val_n"]) == ([2, 2], [4, 4])
    assert model.fit(Batches(x), epochs=2, verbose=0).history["n"] == [4, 4]
    assert model.train_on_batch(x, x)[1] == model.test_on_batch(x, x)[1] == 1


def test_targets_are_needed_and_must_fit():
    a = keras.Input((2,))
    model = keras.Model(a, [layers.Dense(1, name="a")(a), layers.Dense(1, name="b")(a)])
    model.compile("sgd", ["mse", None], metrics=[None, metrics.R2Score()])
    x = data(6, 2)
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"'b'.*'r2_score'.*needs targets"):
        model.fit(x, [x[:, :1], None], verbose=0)
    with pytest.raises(ValueError, match="5"):
        model.fit(x, [x[:, :1], x[:5, :1]], verbose=0)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    model.fit(x, [x[:, :1], x[:, 1:]], verbose=0)


def test_chunks_repeat_to_the_last_bit_whatever_the_bar_and_the_threads(capsys):
    x, y = data(5000, 4), (data(5000, 1, seed=3) > 0).astype("float32")
    weights = np.random.default_rng(1).random(5000)
    found = set()
    for threads, verbose in ((1, 0), (2, 0), (2, 1)):
        _engine.set_num_threads(threads)
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.Input((4,)), layers.Dense(8, "tanh"), layers.Dense(1)])
        model.compile("adam", "mse", weighted_metrics=[metrics.AUC(from_logits=True, name="auc")])
        history = model.fit(x, y, sample_weight=weights, epochs=2, verbose=verbose).history
        found.add(tuple(history["auc"]))
    _engine.set_num_threads(0)
    capsys.readouterr()
    assert len(found) == 1
