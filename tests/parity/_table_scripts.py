"""Scripts with tables of mixed columns, run on Keras's TensorFlow backend and on pronghorn.

Each takes a library and a folder and returns named arrays. As a program,
``python _table_scripts.py FOLDER`` runs all of them on Keras, writes what they return to
``found.npz``, and leaves models in the folder; those that lie there as ``ours_*.keras`` it reads,
and writes what they predict to ``read.npz``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from _scripts import Scripts, keras_and_tape, on_keras, start

SCRIPTS = Scripts()

ROWS = 60
RNG = np.random.default_rng(17)
KINDS = RNG.choice(["a", "bé", "c", "", "unknown"], ROWS)
TABLE: dict[str, Any] = {
    "kind": KINDS.astype(object),
    "size": RNG.normal(2.0, 3.0, ROWS).astype("float32"),
    "zone": RNG.choice([3, 5, 2**40, 11], ROWS),
    "code": RNG.integers(0, 4, ROWS).astype("int32"),
}
WORDS = RNG.choice(["north", "south", "west", ""], (ROWS, 3)).astype(object)
Y = ((KINDS == "a") + 0.3 * TABLE["size"]).astype("float32")[:, None]
OPTIONS: dict[str, Any] = {"epochs": 2, "batch_size": 16, "shuffle": False, "verbose": 0}


def given(library: ModuleType, data: Any) -> Any:
    """Data as the library takes them: Keras takes text as tensors of TensorFlow alone."""
    if isinstance(data, dict):
        return {name: given(library, column) for name, column in data.items()}
    if library.__name__ == "keras":
        import tensorflow

        return tensorflow.constant(data)
    return data


def columns(data: Any, rows: Any = slice(None)) -> Any:
    """Columns of one entry a row, as Keras reads tables."""
    return {name: column[rows].reshape(-1, 1) for name, column in data.items()}


def file_of(library: ModuleType, folder: Path, name: str) -> Path:
    """Where a library saves a model."""
    return folder / f"{'theirs' if library.__name__ == 'keras' else 'ours'}_{name}.keras"


def shown(model: Any) -> Any:
    """The table that `summary` prints; the sizes below differ, as TensorFlow counts in int64."""
    lines: list[str] = []
    model.summary(line_length=110, print_fn=lambda text, **_: lines.append(text))
    return np.array("\n".join(lines).partition(" Total params")[0])


def written(model: Any) -> Any:
    """The configuration, without the shapes that layers of no weights were called with."""

    def plain(part: Any) -> Any:
        if isinstance(part, dict):
            return {k: plain(v) for k, v in part.items() if k != "build_config"}
        return [plain(item) for item in part] if isinstance(part, list) else part

    config = plain(json.loads(json.dumps(model.get_config())))
    return np.array(json.dumps(config, sort_keys=True))


def inputs_of(keras: ModuleType) -> dict[str, Any]:
    return {
        "kind": keras.Input((1,), dtype="string", name="kind"),
        "size": keras.Input((1,), name="size"),
        "zone": keras.Input((1,), dtype="int64", name="zone"),
        "code": keras.Input((1,), dtype="int32", name="code"),
    }


def prepared(keras: ModuleType, inputs: dict[str, Any]) -> Any:
    """One-hot columns, bins, crossings and scaled numbers, joined."""
    layers = keras.layers
    names = layers.StringLookup(output_mode="one_hot", num_oov_indices=2)
    names.adapt(list(TABLE["kind"]))
    bins = layers.Discretization([-1.0, 0.5, 3.0])(inputs["size"])
    zones = layers.IntegerLookup(vocabulary=[3, 5, 2**40], output_mode="one_hot")
    parts = [
        names(inputs["kind"]),
        layers.CategoryEncoding(4, output_mode="one_hot")(bins),
        zones(inputs["zone"]),
        layers.HashedCrossing(7, output_mode="one_hot")((inputs["kind"], inputs["code"])),
        layers.Hashing(4, output_mode="one_hot")(inputs["kind"]),
        layers.Normalization(mean=2.0, variance=9.0)(inputs["size"]),
    ]
    return layers.concatenate(parts)


@SCRIPTS.add
def mixed_columns(keras: ModuleType, folder: Path) -> dict[str, Any]:
    layers, inputs = keras.layers, inputs_of(keras)
    vectors = layers.Embedding(5, 3)(layers.StringLookup(vocabulary=["a", "bé"])(inputs["kind"]))
    joined = layers.concatenate([prepared(keras, inputs), layers.Flatten()(vectors)])
    outputs = layers.Dense(1)(layers.Dense(8, "relu")(joined))
    model = start(keras.Model(inputs, outputs, name="mixed"))
    # Not Adam: TensorFlow's moments of vectors that a batch does not look up stay as they are.
    model.compile(keras.optimizers.SGD(0.02), "mse", metrics=["mae"])
    data = given(keras, columns(TABLE))
    validation = (given(keras, columns(TABLE, slice(0, 20))), Y[:20])
    history = model.fit(data, Y, validation_data=validation, **OPTIONS).history
    found = {f"history_{name}": values for name, values in history.items()}
    loss = model.train_on_batch(given(keras, columns(TABLE, slice(0, 9))), Y[:9])
    model.save(file_of(keras, folder, "mixed"))
    return {
        **found,
        "loss_of_batch": loss,
        "evaluated": model.evaluate(data, Y, verbose=0),
        "predicted": model.predict(data, verbose=0),
        "called": np.asarray(model(data)),
        "of_batch": model.predict_on_batch(given(keras, columns(TABLE, slice(3, 9)))),
        "summary": shown(model),
        "config": written(model),
    }


@SCRIPTS.add
def features_inside(keras: ModuleType, folder: Path) -> dict[str, Any]:
    inputs = inputs_of(keras)
    joined = prepared(keras, inputs)
    hidden = keras.layers.Dense(4, "tanh", name="hidden")(joined)
    model = start(keras.Model(inputs, keras.layers.Dense(1)(hidden)))
    data = given(keras, columns(TABLE))
    head = keras.Model(inputs, joined)
    between = keras.Model(joined, model.output)
    features = head.predict(data, verbose=0)
    return {
        "features": features,
        "hidden": keras.Model(inputs, hidden).predict(data, verbose=0),
        "outputs": between.predict(features, verbose=0),
        "whole": model.predict(data, verbose=0),
        "names": np.array([layer.name for layer in between.layers]),
        "config": written(between),
    }


@SCRIPTS.add
def models_in_models(keras: ModuleType, folder: Path) -> dict[str, Any]:
    inputs = inputs_of(keras)
    head = keras.Model(inputs, prepared(keras, inputs), name="head")
    width = head.output_shape[-1]
    body = keras.Sequential([keras.Input((width,)), keras.layers.Dense(1)], name="body")
    again = inputs_of(keras)
    model = start(keras.Model(again, body(head(again)), name="all"))
    model.compile(keras.optimizers.SGD(0.01), "mse")
    data = given(keras, columns(TABLE))
    return {
        "loss": model.fit(data, Y, **OPTIONS).history["loss"],
        "predicted": model.predict(data, verbose=0),
        "summary": shown(model),
    }


@SCRIPTS.add
def chains(keras: ModuleType, folder: Path) -> dict[str, Any]:
    layers, found = keras.layers, {}
    parts = [
        layers.StringLookup(vocabulary=["a", "c"], mask_token=""),
        layers.Embedding(4, 2),
        layers.Flatten(),
        layers.Dense(1),
    ]
    for name, first in (("begun", [keras.Input((1,), dtype="string")]), ("later", [])):
        model = keras.Sequential([*first, *(type(p).from_config(p.get_config()) for p in parts)])
        data = given(keras, TABLE["kind"][:, None])
        model(data[:2])
        start(model).compile(keras.optimizers.SGD(0.05), "mse")
        found[f"{name}_loss"] = model.fit(data, Y, **OPTIONS).history["loss"]
        found[f"{name}_predicted"] = model.predict(data, verbose=0)
        if name == "begun":
            found["summary"] = shown(model)
    return found


@SCRIPTS.add
def several_words(keras: ModuleType, folder: Path) -> dict[str, Any]:
    """Each row holds several; modes that count them."""
    layers, found = keras.layers, {}
    words = given(keras, WORDS)
    for mode in ("multi_hot", "count", "tf_idf"):
        for mask in (None, ""):
            lookup = layers.StringLookup(output_mode=mode, mask_token=mask, max_tokens=9)
            lookup.adapt(WORDS.tolist() if keras.__name__ != "keras" else words)
            inputs = keras.Input((3,), dtype="string")
            model = keras.Model(inputs, layers.Dense(2)(lookup(inputs)))
            found[f"{mode}_{mask}"] = start(model).predict(words, verbose=0)
    return found


@SCRIPTS.add
def prepared_alone(keras: ModuleType, folder: Path) -> dict[str, Any]:
    layers, kind = keras.layers, keras.Input((), dtype="string", name="kind")
    code = keras.Input((1,), dtype="int32", name="code")
    places = layers.StringLookup(vocabulary=["a", "c"])(kind)
    crossed = layers.HashedCrossing(9)((layers.Reshape((1,))(kind), code))
    model = keras.Model([kind, code], {"places": places, "crossed": crossed})
    # A list of inputs takes its part of a larger table.
    data = given(keras, {"kind": TABLE["kind"], "code": TABLE["code"][:, None], "more": Y})
    found = model.predict(data, verbose=0)
    back = layers.StringLookup(vocabulary=["a", "c"], invert=True)(places)
    words = keras.Model(kind, back).predict(given(keras, TABLE["kind"]), verbose=0)
    return {
        **found,
        "dtypes": np.array([str(found[name].dtype) for name in sorted(found)]),
        "words": np.array([w.decode() if isinstance(w, bytes) else w for w in words.tolist()]),
    }


@SCRIPTS.add
def subclassed(keras: ModuleType, folder: Path) -> dict[str, Any]:
    layers = keras.layers

    class Table(keras.Model):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.names = layers.StringLookup(vocabulary=["a", "bé"], output_mode="one_hot")
            self.scale = layers.Rescaling(0.5, -1.0)
            self.join = layers.Concatenate()
            self.first, self.last = layers.Dense(4, "relu"), layers.Dense(1)

        def call(self, inputs: Any) -> Any:
            parts = [self.names(inputs["kind"]), self.scale(inputs["size"])]
            return self.last(self.first(self.join(parts)))

    model, data = Table(), given(keras, columns({n: TABLE[n] for n in ("kind", "size")}))
    model(data)
    start(model).compile("adam", "mse")
    return {
        "loss": model.fit(data, Y, **OPTIONS).history["loss"],
        "predicted": model.predict(data, verbose=0),
    }


@SCRIPTS.add
def steps_of_ones_own(keras: ModuleType, folder: Path) -> dict[str, Any]:
    inputs = inputs_of(keras)
    model = start(keras.Model(inputs, keras.layers.Dense(1)(prepared(keras, inputs))))
    ops = keras.ops
    model.compile("adam", lambda y, p: ops.mean(ops.square(y - p)) + 0.01 * ops.mean(ops.abs(p)))
    data = given(keras, columns(TABLE))
    return {
        "loss": model.fit(data, Y, **OPTIONS).history["loss"],
        "predicted": model.predict(data, verbose=0),
    }


@SCRIPTS.add
def feature_spaces(keras: ModuleType, folder: Path) -> dict[str, Any]:
    kinds = {
        "kind": "string_categorical",
        "size": "float_normalized",
        "zone": "integer_hashed",
        "code": keras.utils.FeatureSpace.integer_categorical(num_oov_indices=0),
    }
    found: dict[str, Any] = {}
    for mode in ("concat", "dict"):
        keras.utils.clear_session()
        crosses = [("kind", "code")]
        space = keras.utils.FeatureSpace(
            kinds, output_mode=mode, crosses=crosses, crossing_dim=6, hashing_dim=5
        )
        space.adapt(adapted(keras))
        encoded, inputs = space.get_encoded_features(), space.get_inputs()
        joined = encoded
        if mode == "dict":
            joined = keras.layers.concatenate([encoded[name] for name in sorted(encoded)])
        outputs = keras.layers.Dense(1)(keras.layers.Dense(3, "relu")(joined))
        training = start(keras.Model(encoded, outputs))
        training.compile("adam", "mse")
        features = space(given(keras, TABLE))
        if mode == "dict":
            features = {name: np.asarray(values) for name, values in features.items()}
        else:
            features = np.asarray(features)
        found[f"{mode}_loss"] = training.fit(features, Y, **OPTIONS).history["loss"]
        inference = keras.Model(inputs, outputs)
        data = given(keras, columns(TABLE))
        found[f"{mode}_predicted"] = inference.predict(data, verbose=0)
        found[f"{mode}_names"] = np.array([layer.name for layer in inference.layers])
        found[f"{mode}_config"] = written(inference)
        inference.save(file_of(keras, folder, f"space_{mode}"))
    return found


def adapted(library: ModuleType) -> Any:
    """A table to learn from; Keras takes a data set of TensorFlow."""
    if library.__name__ != "keras":
        return TABLE
    import tensorflow

    return tensorflow.data.Dataset.from_tensor_slices(TABLE).batch(16)


@SCRIPTS.add
def vocabulary_of_a_file(keras: ModuleType, folder: Path) -> dict[str, Any]:
    path = folder / f"{keras.__name__}_words.txt"
    path.write_text("a\nbé\nc\n", encoding="utf-8")
    lookup = keras.layers.StringLookup(vocabulary=str(path), output_mode="one_hot")
    inputs = keras.Input((1,), dtype="string", name="kind")
    model = start(keras.Model(inputs, keras.layers.Dense(2)(lookup(inputs))))
    model.save(file_of(keras, folder, "file"))
    path.unlink()
    numbers = folder / f"{keras.__name__}_numbers.txt"
    numbers.write_text("7\n3\n-2", encoding="utf-8")
    places = keras.layers.IntegerLookup(vocabulary=str(numbers))
    data = given(keras, {"kind": TABLE["kind"][:, None]})
    return {
        "vocabulary": np.array(lookup.get_vocabulary()),
        "predicted": model.predict(data["kind"], verbose=0),
        "places": np.asarray(places(np.array([3, 7, 8, -2]))),
        "config": written(model),
    }


def predictions_of(library: ModuleType, path: Path) -> Any:
    """What the model of a file predicts for the table."""
    model = library.saving.load_model(path)
    data = given(library, columns(TABLE))
    names = [tensor.name for tensor in model.inputs]
    data = {name: data[name] for name in names}
    return model.predict(data if len(names) > 1 else data[names[0]], verbose=0)


def main(folder: Path) -> None:
    keras, _ = keras_and_tape()
    on_keras(SCRIPTS, keras, folder, folder / "found.npz")
    read = {path.name: predictions_of(keras, path) for path in sorted(folder.glob("ours_*.keras"))}
    np.savez(folder / "read.npz", **read)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
