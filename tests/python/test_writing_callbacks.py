"""Callbacks that write files: CSVLogger and TensorBoard, read back by independent readers."""

import csv
import sys

import numpy as np
import pytest
from _linear import data, linear_model

import pronghorn as keras
from pronghorn.callbacks import CSVLogger, TensorBoard

X, Y = data(40, 3), data(40, 1, seed=2)


@pytest.fixture(autouse=True)
def fresh_session():
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)


def rows(path, separator=","):
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter=separator))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_holds_the_history(tmp_path, separator):
    path = tmp_path / "log.csv"
    model = linear_model(metrics=["mae"])
    history = model.fit(
        X, Y, epochs=3, validation_split=0.2, verbose=0, callbacks=[CSVLogger(path, separator)]
    ).history
    table = rows(path, separator)
    assert list(table[0]) == ["epoch", "loss", "mae", "val_loss", "val_mae"]
    assert [int(row["epoch"]) for row in table] == [0, 1, 2]
    for name, values in history.items():
        assert [float(row[name]) for row in table] == values


def test_csv_appends_or_begins_anew(tmp_path):
    path = tmp_path / "log.csv"
    model = linear_model()
    for append, length in ((True, 2), (True, 4), (False, 2)):
        model.fit(X, Y, epochs=2, verbose=0, callbacks=[CSVLogger(path, append=append)])
        assert len(rows(path)) == length
        assert path.read_text().count("epoch") == 1
    # One object in two runs.
    log = CSVLogger(path, append=True)
    model.fit(X, Y, verbose=0, callbacks=[log])
    model.fit(X, Y, verbose=0, callbacks=[log])
    assert len(rows(path)) == 4


def test_csv_marks_what_is_missing(tmp_path):
    path = tmp_path / "log.csv"
    linear_model().fit(
        X, Y, epochs=2, verbose=0, validation_split=0.5, validation_freq=2,
        callbacks=[CSVLogger(path)],
    )  # fmt: skip
    table = rows(path)
    assert table[0]["val_loss"] == "NA"
    assert float(table[1]["val_loss"]) > 0


def test_csv_cells_of_several_values(tmp_path):
    log = CSVLogger(tmp_path / "log.csv")
    log.on_train_begin()
    log.on_epoch_end(0, {"a": [1, 2], "b": np.float32(0.5), "c": "text"})
    log.on_train_end()
    table = rows(tmp_path / "log.csv")
    assert (table[0]["a"], table[0]["b"], table[0]["c"]) == ('"[1, 2]"', "0.5", "text")


@pytest.fixture
def read():
    """TensorBoard's own reader of event files."""
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")

    def read(folder):
        return accumulator.EventAccumulator(str(folder), {"histograms": 0}).Reload()

    return read


def scalars(events, tag):
    return [(event.step, event.value) for event in events.Scalars(tag)]


def test_tensorboard_reads_the_history(tmp_path, read):
    model = linear_model(metrics=["mae"])
    history = model.fit(
        X, Y, epochs=3, validation_split=0.2, verbose=0, callbacks=[TensorBoard(tmp_path)]
    ).history
    train, validation = read(tmp_path / "train"), read(tmp_path / "validation")
    assert train.Tags()["scalars"] == ["epoch_loss", "epoch_mae", "epoch_learning_rate"]
    for name, values in history.items():
        events = validation if name.startswith("val_") else train
        found = scalars(events, f"epoch_{name.removeprefix('val_')}")
        assert [step for step, _ in found] == [0, 1, 2]
        assert [value for _, value in found] == pytest.approx(values, rel=1e-6)
    by_iterations = scalars(validation, "evaluation_loss_vs_iterations")
    assert [step for step, _ in by_iterations] == [1, 2, 3]
    rates = scalars(train, "epoch_learning_rate")
    assert [value for _, value in rates] == pytest.approx([0.01] * 3, rel=1e-6)


@pytest.mark.parametrize(("frequency", "steps"), [("batch", [1, 2, 3, 4]), (3, [3])])
def test_tensorboard_of_batches(tmp_path, read, frequency, steps):
    seen = []

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(logs["loss"])

    board = TensorBoard(tmp_path, update_freq=frequency, write_steps_per_second=True)
    linear_model().fit(X, Y, batch_size=10, verbose=0, callbacks=[board, Watch()])
    train = read(tmp_path / "train")
    found = scalars(train, "batch_loss")
    assert [step for step, _ in found] == steps
    assert [value for _, value in found] == pytest.approx([seen[i - 1] for i in steps], rel=1e-6)
    assert all(value > 0 for _, value in scalars(train, "batch_steps_per_second"))
    assert scalars(train, "epoch_steps_per_second")[0][1] > 0


def test_tensorboard_of_weights_and_the_model(tmp_path, read):
    model = linear_model()
    board = TensorBoard(tmp_path, histogram_freq=2, write_images=True)
    model.fit(X, Y, epochs=3, verbose=0, callbacks=[board])
    train = read(tmp_path / "train")
    tags = train.Tags()
    assert tags["histograms"] == [f"{weight.path}/histogram" for weight in model.weights]
    assert [event.step for event in train.Histograms(tags["histograms"][0])] == [0, 2]
    last = train.Histograms(f"{model.weights[0].path}/histogram")[-1].histogram_value
    kernel = model.get_weights()[0]
    assert last.num == kernel.size
    assert last.sum == pytest.approx(kernel.sum(), rel=1e-5)
    image = train.Images(f"{model.weights[0].path}/image")[0]
    assert (image.width, image.height) == (3, 1)
    assert ("keras" in tags["tensors"]) == hasattr(model, "to_json")


def test_tensorboard_leaves_epochs_to_the_engine_unless_batches_are_asked_for():
    for frequency, hooks in (("epoch", False), ("batch", True), (5, True)):
        callbacks = keras.callbacks.CallbackList(TensorBoard(update_freq=frequency))
        assert callbacks.has_batch_hooks("train") is hooks


def test_tensorboard_without_its_writer(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ImportError, match=r"pronghorn\[tensorboard\]"):
        linear_model().fit(X, Y, verbose=0, callbacks=[TensorBoard(tmp_path)])


@pytest.mark.parametrize(
    "arguments",
    [{"profile_batch": 2}, {"embeddings_freq": 1}, {"histogram_freq": -1}, {"update_freq": 0}],
)
def test_tensorboard_refuses(arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        TensorBoard(**arguments)
