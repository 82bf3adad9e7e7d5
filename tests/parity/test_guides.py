"""What Keras's guides have people do with objects: names, orders, configurations, files, messages.

Training code of the guides runs in `test_custom_training.py`.
"""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _pairs import LIBRARIES


def both(facts: Any) -> tuple[Any, Any]:
    """What the function of a library finds in Keras and here."""
    return tuple(facts(library) for library in LIBRARIES)  # type: ignore[return-value]


def users_classes(library: Any) -> dict[str, Any]:
    class Scale(library.layers.Layer):
        def __init__(self, factor: float, offsets: tuple[float, ...] = (0.5,), **kwargs: Any):
            super().__init__(**kwargs)
            self.factor, self.offsets = factor, offsets

        def call(self, x: Any) -> Any:
            return x * self.factor + self.offsets[0]

    class Telling(library.Model):
        def __init__(self, units: int, **kwargs: Any):
            super().__init__(**kwargs)
            self.units = units
            self.dense = library.layers.Dense(units, activation="tanh")
            self.scale = Scale(2.0)

        def call(self, x: Any) -> Any:
            return self.scale(self.dense(x))

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "units": self.units}

    return {"Scale": Scale, "Telling": Telling}


def test_arguments_are_the_configuration_of_a_class_without_one() -> None:
    def facts(library: Any) -> Any:
        found = users_classes(library)
        layer = found["Scale"](3.0, name="s")
        telling = found["Telling"](4, name="t", trainable=True)
        again = found["Scale"].from_config(layer.get_config())
        return [
            {key: value for key, value in layer.get_config().items() if key != "name"},
            found["Telling"].from_config(telling.get_config()).units,
            again.factor,
            list(again.offsets),
        ]

    expected, ours = both(facts)
    assert ours == expected


def test_arguments_that_are_no_plain_data_cannot_be_written(tmp_path: Path) -> None:
    for library in LIBRARIES:

        class Applied(library.layers.Layer):  # type: ignore[misc, name-defined]
            def __init__(self, function: Any) -> None:
                super().__init__()
                self.function = function

            def call(self, x: Any) -> Any:
                return self.function(x)

        model = library.Sequential([library.Input((3,)), Applied(library.ops.sin)])
        with pytest.raises(NotImplementedError, match="get_config"):
            model.save(tmp_path / "model.keras")


def test_models_of_users_classes_come_back_from_files(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")

    def facts(library: Any) -> Any:
        found = users_classes(library)
        model = found["Telling"](4)
        model(x)
        rng = np.random.default_rng(1)
        model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
        path = tmp_path / f"{library.__name__}.keras"
        model.save(path)
        loaded = library.models.load_model(path, custom_objects=found)
        assert loaded.units == 4
        np.testing.assert_allclose(loaded(x), model(x), rtol=1e-6)
        return np.asarray(loaded(x))

    expected, ours = both(facts)
    np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-6)


def test_files_beside_the_weights(tmp_path: Path) -> None:
    def facts(library: Any) -> Any:
        class Noted(library.layers.Layer):
            def __init__(self, note: str = "", **kwargs: Any) -> None:
                super().__init__(**kwargs)
                self.note = note

            def call(self, x: Any) -> Any:
                return x

            def save_assets(self, folder: str) -> None:
                Path(folder, "note.txt").write_text(self.note)
                os.mkdir(os.path.join(folder, "more"))
                Path(folder, "more", "bytes.bin").write_bytes(b"\xff\x00")

            def load_assets(self, folder: str) -> None:
                self.note = Path(folder, "note.txt").read_text()
                self.data = Path(folder, "more", "bytes.bin").read_bytes()

            def get_config(self) -> dict[str, Any]:
                return super().get_config()

        layer = Noted("from the file")
        model = library.Sequential([library.Input((2,)), layer, library.layers.Dense(1)])
        path = tmp_path / f"{library.__name__}.keras"
        model.save(path)
        with zipfile.ZipFile(path) as archive:
            names = sorted(n for n in archive.namelist() if "." in n.rpartition("/")[2])
        loaded = library.models.load_model(path, custom_objects={"Noted": Noted})
        return names, loaded.layers[0].note, loaded.layers[0].data

    expected, ours = both(facts)
    assert ours == expected


def test_order_and_paths_of_weights() -> None:
    def facts(library: Any) -> Any:
        class Mixed(library.layers.Layer):
            def __init__(self) -> None:
                super().__init__()
                self.total = self.add_weight(shape=(2,), initializer="zeros", trainable=False)
                self.inner = library.layers.Dense(2, name="inner")
                self.first = library.Variable(np.ones(3, "float32"), name="first")
                self.second = self.add_weight(shape=(4,), name="second", initializer="ones")

            def build(self, input_shape: Any) -> None:
                self.third = self.add_weight(shape=(input_shape[-1],), name="third")

            def call(self, x: Any) -> Any:
                return self.inner(x * self.third)

        model = library.Sequential([library.Input((3,)), Mixed()], name="m")
        penalised = library.layers.Layer()
        weight = penalised.add_weight(shape=(2,), regularizer="l2", initializer="ones")
        return [
            [(w.path, tuple(w.shape), w.trainable) for w in model.weights],
            [w.name for w in model.trainable_weights],
            type(weight.regularizer).__name__,
        ]

    expected, ours = both(facts)
    assert ours == expected


def test_operations_are_no_layers(capsys: pytest.CaptureFixture[str]) -> None:
    def facts(library: Any) -> Any:
        ops, layers = library.ops, library.layers
        x = library.Input((4,), name="x")
        a = layers.Dense(4)(x)
        b = layers.Add()([a, x]) + a * x
        c = ops.mean(b, axis=-1, keepdims=True) - b[:, :1]
        model = library.Model(x, layers.Dense(1)(c))
        model.summary(line_length=110)
        return [layer.name for layer in model.layers], capsys.readouterr().out

    expected, ours = both(facts)
    assert ours == expected


def test_models_without_a_graph() -> None:
    def facts(library: Any) -> Any:
        model = library.Sequential([library.layers.Dense(2)])
        names = ("input", "output", "inputs", "outputs", "input_shape", "output_shape")
        before = [hasattr(model, name) for name in names]
        model.build((None, 3))
        library.Sequential([library.Input((2,)), library.layers.Dense(1)])
        x = library.Input((2,))
        return [
            before,
            [hasattr(model, name) for name in names if name not in ("input", "output")],
            library.Model(x, library.layers.Dense(1)(x)).name,  # chains take such names, too
            (x.sparse, x.ragged),
        ]

    expected, ours = both(facts)
    assert ours == expected


def test_representations() -> None:
    def facts(library: Any) -> Any:
        model = library.Sequential([library.Input((2,)), library.layers.Dense(1, name="d")])
        optimizer = library.optimizers.Adam(0.5)
        optimizer.build(model.trainable_variables)
        x = library.Input((2,), name="x")
        return [
            [repr(v) for v in optimizer.variables],
            [(v.path, float(np.sum(v.numpy())), np.ndim(v.value)) for v in optimizer.variables],
            [(v.path, tuple(v.shape)) for v in library.metrics.Mean(name="mean").variables],
            repr(x),
            repr(library.layers.Dense(3, name="e")),
        ]

    expected, ours = both(facts)
    assert ours == expected


def test_rates_that_stay_at_their_bound(capsys: pytest.CaptureFixture[str]) -> None:
    def facts(library: Any) -> Any:
        model = library.Sequential([library.Input((2,)), library.layers.Dense(1)])
        model.compile(library.optimizers.SGD(0.01), "mse", run_eagerly=True)
        reduce = library.callbacks.ReduceLROnPlateau(
            monitor="loss", factor=0.1, patience=1, min_lr=0.001, min_delta=1e9, verbose=1
        )
        x = np.ones((4, 2), "float32")
        history = model.fit(x, x[:, :1], epochs=5, verbose=0, callbacks=[reduce])
        return history.history["learning_rate"], capsys.readouterr().out

    expected, ours = both(facts)
    assert ours == expected
