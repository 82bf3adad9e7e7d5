"""fit, evaluate and predict on objects that give batches: logs, steps and updates as in Keras."""

from typing import Any

import numpy as np
import pytest
from _pairs import (
    LIBRARIES,
    Make,
    Pair,
    assert_histories_equal,
    assert_updates_equal,
    compile_pair,
    pair,
    small_classifier,
)

X = np.random.default_rng(5).standard_normal((50, 6)).astype("float32")
Y = np.random.default_rng(6).integers(0, 3, 50)
WEIGHTS = np.random.default_rng(7).uniform(0, 2, 50).astype("float32")


def _batches(*arrays: Any, size: int = 16) -> list[tuple[Any, ...]]:
    return [tuple(array[i : i + size] for array in arrays) for i in range(0, len(arrays[0]), size)]


def _endless() -> Any:
    while True:
        yield from _batches(X, Y)


def _dataset(library: Any, *arrays: Any, **options: Any) -> Any:
    items = _batches(*arrays)

    class Dataset(library.utils.PyDataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return len(items)

        def __getitem__(self, index: int) -> Any:
            return items[index]

    return Dataset(**options)


def _loader(library: Any) -> Any:
    torch = pytest.importorskip("torch")
    tensors = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    return torch.utils.data.DataLoader(tensors, batch_size=16)


def _tf_data(library: Any) -> Any:
    tensorflow = pytest.importorskip("tensorflow")
    return tensorflow.data.Dataset.from_tensor_slices((X, Y)).batch(16)


SOURCES: dict[str, tuple[Make, dict[str, Any]]] = {
    "generator": (lambda library: _endless(), {"steps_per_epoch": 3}),
    "PyDataset": (lambda library: _dataset(library, X, Y), {}),
    "weights": (lambda library: _dataset(library, X, Y, WEIGHTS), {}),
    "threads": (lambda library: _dataset(library, X, Y, workers=2), {}),
    "part of a PyDataset": (lambda library: _dataset(library, X, Y), {"steps_per_epoch": 2}),
    "class weights": (lambda library: _dataset(library, X, Y), {"class_weight": {0: 2.0, 1: 0.1}}),
    "torch": (_loader, {}),
    "tf.data": (_tf_data, {}),
}


def _models() -> Pair:
    return compile_pair(
        pair(small_classifier()),
        optimizer="adam",
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        weighted_metrics=["accuracy"],
    )


# Keras hands over another batch first where threads make them and the model is not built yet.
@pytest.mark.parametrize("name", [name for name in SOURCES if name != "threads"])
def test_fit(name: str) -> None:
    make, options = SOURCES[name]
    models = _models()
    before = models.keras.get_weights()
    histories = []
    for library, model in zip(LIBRARIES, models, strict=True):
        validation = _dataset(library, X[:20], Y[:20], WEIGHTS[:20])
        options = {"epochs": 2, "shuffle": False, "verbose": 0, **options}
        histories.append(model.fit(make(library), validation_data=validation, **options))
    assert_histories_equal(*histories)
    assert histories[1].params == histories[0].params
    assert_updates_equal(models, before, rtol=2e-3)


@pytest.mark.parametrize("name", [name for name in SOURCES if name != "class weights"])
def test_evaluate_and_predict(name: str) -> None:
    make, _ = SOURCES[name]
    models = _models()
    steps = 3 if name == "generator" else None
    results = [
        [
            np.asarray(model.evaluate(make(library), steps=steps, verbose=0)),
            np.asarray(model.predict(make(library), steps=steps, verbose=0)),
        ]
        for library, model in zip(LIBRARIES, models, strict=True)
    ]
    for reference, ours in zip(*results, strict=True):
        np.testing.assert_allclose(ours, reference, rtol=2e-5, atol=1e-6)


def test_batch_hooks() -> None:
    calls: list[list[Any]] = []
    for library, model in zip(LIBRARIES, _models(), strict=True):
        seen: list[Any] = []
        calls.append(seen)

        class Watch(library.callbacks.Callback):  # type: ignore[misc]
            def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
                seen.append(("begin", batch))  # noqa: B023

            def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
                seen.append(("end", batch, list(logs)))  # noqa: B023

            def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
                seen.append((epoch, list(logs)))  # noqa: B023

        model.fit(_dataset(library, X, Y), epochs=2, callbacks=[Watch()], verbose=0)
    assert calls[1] == calls[0]


def test_printed_lines(capsys: pytest.CaptureFixture[str]) -> None:
    shown = []
    for library, model in zip(LIBRARIES, _models(), strict=True):
        model.evaluate(_dataset(library, X, Y), verbose=2)
        model.fit(_dataset(library, X, Y), epochs=2, verbose=2, shuffle=False)
        lines = capsys.readouterr().out.splitlines()
        shown.append([line.split(" - ")[0] for line in lines])
    assert shown[1] == shown[0]
