"""The measuring code: counts that follow from shapes, references in NumPy, and short real runs."""

import json

import numpy as np
import pytest

import pronghorn as keras
from pronghorn.__main__ import main
from pronghorn._bench import report, rounds, short
from pronghorn._bench.registry import PREDICTORS, TRAINERS, Peer
from pronghorn._bench.workloads import ACTIVATIONS, SLOTS, WORKLOADS, PredictionProblem, Workload

SETTINGS = rounds.Settings(rounds=2, seconds=0.01, threads=1, dtype="float32")


def small(**changes):
    fields = {"activation": "tanh", "batch_size": 8, "loss": "mse", "steps": 16, **changes}
    return Workload("small", (5, 7, 3), **fields)


def test_counts():
    net = small()
    assert net.parameters == 5 * 7 + 7 + 7 * 3 + 3
    # Forward and dW of both layers, dX of the second.
    assert net.flops_per_sample == 2 * (2 * 35 + 3 * 21)
    assert net.rows == 8 * 16
    # 28 bytes a parameter with Adam, 12 with plain SGD, and the batch.
    assert net.bytes_per_step(4) == 28 * net.parameters + 4 * 8 * 5
    assert small(optimizer="sgd").bytes_per_step(4) == 12 * net.parameters + 4 * 8 * 5


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_mean_the_same(name):
    x = np.random.default_rng(0).normal(0, 3, (50, 6)).astype("float32")
    ours = np.asarray(keras.activations.get(name)(x))
    np.testing.assert_allclose(ours, ACTIVATIONS[name](x.astype("float64")), atol=2e-6, rtol=2e-6)


@pytest.mark.parametrize("optimizer", SLOTS)
def test_slots(optimizer):
    """The bytes of a step are counted with the slots that the optimizer has."""
    from pronghorn._bench.runners.keras_runner import _optimizer

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, use_bias=False)])
    chosen = _optimizer(keras, optimizer)
    model.compile(chosen, "mse")
    model.fit(np.ones((4, 3), "float32"), np.ones((4, 2), "float32"), verbose=0)
    assert sum(v.shape == (3, 2) for v in chosen.variables) == SLOTS[optimizer]


def test_training_is_measured_and_learns():
    net = small()
    (m,) = rounds.train([TRAINERS["pronghorn"]], [net], SETTINGS)
    assert m.failure is None
    assert m.check < rounds.initial_loss(net, "float32")
    assert len(m.rates) == len(m.peaks) == SETTINGS.rounds
    assert m.percent_fma > 0
    moved = m.rate / net.batch_size * net.bytes_per_step(4)
    assert m.percent_stream == pytest.approx(100 * moved / m.bandwidth)


@pytest.mark.parametrize("peer", ["pronghorn", "pronghorn-predict", "numpy"])
def test_predictions_are_checked(peer):
    (m,) = rounds.predict([PREDICTORS[peer]], [3], SETTINGS)
    assert m.failure is None
    assert m.check < 1e-5
    assert PredictionProblem(3).expected.sum() == pytest.approx(3)


def test_a_failing_library_is_told():
    broken = Peer("broken", "no_such_runner", ())
    (m,) = rounds.train([broken], [small()], SETTINGS)
    assert "broken" in m.failure
    assert m.rate is None


def test_a_library_that_is_not_installed_is_left_out():
    assert Peer("absent", "x", ("json", "no_such_package")).missing() == ["no_such_package"]


def test_table():
    fast = rounds.Measurement("case", "pronghorn", [2e6, 4e6, 3e6], percent_fma=41.6)
    slow = rounds.Measurement("case", "other", [1.5e6])
    header, _, row = report.markdown([fast, slow], "train").splitlines()
    assert header.split(" | ")[1:] == [
        "pronghorn",
        "other",
        "best peer",
        "pronghorn / best",
        "% FMA",
        "% STREAM |",
    ]
    assert row == "| case | 3 M | 1.5 M | other | 2.00× | 42 | – |"


def test_command(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(short, "_WORKLOADS", ("tiny",))
    monkeypatch.setattr(short, "_TRAINERS", ("pronghorn",))
    monkeypatch.setattr(short, "_PREDICTORS", ("pronghorn", "numpy"))
    monkeypatch.setattr(short, "_ROWS", (1,))
    path = tmp_path / "bench.json"
    assert main(["bench", "--threads", "1", "--json", str(path)]) == 0
    out = capsys.readouterr().out
    assert "| tiny |" in out
    assert "tiny: 4-16-3 tanh, batches of 32" in out
    assert "| 1 |" in out
    document = json.loads(path.read_text())
    assert [m["peer"] for m in document["prediction"]] == ["pronghorn", "numpy"]
    assert document["training"][0]["case"] == WORKLOADS["tiny"].name


@pytest.mark.parametrize(
    ("rate", "shown"),
    [(None, "–"), (999.4, "999"), (999.6, "1 k"), (1234.0, "1.23 k"), (999_600.0, "1 M")],
)
def test_rates_are_shown_with_three_digits(rate, shown):
    assert report._rate(rate) == shown
