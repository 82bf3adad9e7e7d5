"""Layers for categories inside of models: as the same layers on the data, and the arithmetic after.

What the layers themselves give is checked in test_tables.py.
"""

from __future__ import annotations

import copy
import io
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pronghorn as keras
from pronghorn import layers, ops, saving

ROWS = 40
RNG = np.random.default_rng(2)
TABLE: dict[str, Any] = {
    "kind": RNG.choice(["a", "bé", "", "other"], ROWS),
    "size": RNG.normal(1.0, 2.0, ROWS),
    "zone": RNG.choice([2**40, 2**40 + 1, 7], ROWS),
}
Y = (TABLE["kind"] == "a") + TABLE["size"] / 3


def inputs() -> dict[str, Any]:
    return {
        "kind": keras.Input((1,), dtype="string", name="kind"),
        "size": keras.Input((1,), name="size"),
        "zone": keras.Input((1,), dtype="int64", name="zone"),
    }


def table_layers() -> dict[str, Any]:
    return {
        "kind": layers.StringLookup(vocabulary=["a", "bé"], output_mode="one_hot"),
        "size": layers.Discretization([0.0, 1.5], output_mode="one_hot"),
        "zone": layers.IntegerLookup(vocabulary=[2**40, 7], output_mode="one_hot"),
    }


def model_of(parts: dict[str, Any], last: Any = None) -> Any:
    given_inputs = inputs()
    joined = layers.concatenate([parts[name](given_inputs[name]) for name in parts])
    last = last or layers.Dense(1)
    return keras.Model(given_inputs, last(layers.Dense(4, "tanh")(joined)))


def features(parts: dict[str, Any], table: dict[str, Any]) -> Any:
    """The same layers, applied to columns."""
    columns = [np.asarray(parts[name](np.asarray(table[name])[:, None])) for name in parts]
    return np.concatenate(columns, axis=1).astype("float32")


def by_hand(model: Any, x: Any) -> Any:
    kernels = [w.numpy() for w in model.weights]
    return np.tanh(x @ kernels[0] + kernels[1]) @ kernels[2] + kernels[3]


def test_predicting_from_a_table_as_it_is():
    parts = table_layers()
    model = model_of(parts)
    expected = by_hand(model, features(parts, TABLE))
    columns = {name: column[:, None] for name, column in TABLE.items()}
    lists = {name: column.tolist() for name, column in TABLE.items()}
    texts = {**columns, "kind": TABLE["kind"].astype(object)}
    encoded = {**columns, "kind": np.char.encode(TABLE["kind"], "utf-8")}
    for data in (TABLE, columns, lists, texts, encoded):
        np.testing.assert_allclose(model.predict(data, verbose=0), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(model(TABLE), model.predict(TABLE, verbose=0))
    ordered = [TABLE[name] for name in model.input_names]
    by_list = keras.Model([model.input[name] for name in model.input_names], model.output)
    np.testing.assert_array_equal(by_list.predict(ordered, verbose=0), model(TABLE))
    more = {**TABLE, "unused": np.zeros(ROWS)}
    np.testing.assert_array_equal(by_list.predict(more, verbose=0), model(TABLE))


def test_columns_of_pandas():
    pandas = pytest.importorskip("pandas")
    model = model_of(table_layers())
    frame = pandas.DataFrame(TABLE)
    expected = model.predict(TABLE, verbose=0)
    np.testing.assert_array_equal(model.predict(dict(frame), verbose=0), expected)
    frame["kind"] = frame["kind"].astype("category")
    np.testing.assert_array_equal(model.predict(dict(frame), verbose=0), expected)
    frame["kind"] = frame["kind"].astype("string")
    frame.loc[3, "kind"] = pandas.NA
    with pytest.raises(ValueError, match=r"'kind'.*row 3"):
        model.predict(dict(frame), verbose=0)


def twins() -> tuple[Any, Any, Any]:
    """A model of tables, one of prepared features with its weights, and the features."""
    parts = table_layers()
    whole = model_of(parts)
    x = features(parts, TABLE)
    plain = keras.Sequential([keras.Input((x.shape[1],)), layers.Dense(4, "tanh"), layers.Dense(1)])
    plain.set_weights(whole.get_weights())
    return whole, plain, x


class Batches(keras.utils.PyDataset):
    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Any:
        rows = slice(10 * index, 10 * index + 10)
        return {name: column[rows] for name, column in TABLE.items()}, Y[rows]


@pytest.mark.parametrize("way", ["arrays", "batches", "by hand"])
def test_training_is_that_of_prepared_features(way):
    whole, plain, x = twins()
    options = {"epochs": 3, "batch_size": 10, "shuffle": False, "verbose": 0}
    for model in (whole, plain):
        model.compile("adam", "mse", metrics=["mae"])
    split = {"validation_split": 0.25} if way == "arrays" else {}
    expected = plain.fit(x, Y, **options, **split).history
    if way == "arrays":
        assert whole.run_mode == "compiled"
        found = whole.fit(TABLE, Y, **options, **split).history
    elif way == "batches":
        found = whole.fit(Batches(), epochs=3, shuffle=False, verbose=0).history
    else:
        for _ in range(3):
            for batch in range(4):
                whole.train_on_batch(*Batches()[batch])
        found = expected
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-6)
    np.testing.assert_array_equal(whole.predict(TABLE, verbose=0), plain.predict(x, verbose=0))
    np.testing.assert_allclose(
        whole.evaluate(TABLE, Y, verbose=0), plain.evaluate(x, Y, verbose=0), rtol=1e-6
    )


@pytest.mark.parametrize("loss", ["mse", lambda y, p: ops.mean(ops.square(y - p))])
def test_columns_are_prepared_once_a_fit(loss, monkeypatch):
    whole, _, _ = twins()
    whole.compile("sgd", loss)
    calls = []
    own = layers.StringLookup._as_data
    monkeypatch.setattr(
        layers.StringLookup, "_as_data", lambda self, x: calls.append(len(x)) or own(self, x)
    )
    whole.fit(TABLE, Y, epochs=5, batch_size=8, verbose=0)
    assert calls == [ROWS]


def test_losses_of_the_users_own():
    whole, plain, x = twins()
    for model in (whole, plain):
        model.compile("adam", lambda y, p: ops.mean(ops.square(y - p)))
    options = {"epochs": 2, "shuffle": False, "verbose": 0}
    found = whole.fit(TABLE, Y, **options).history["loss"]
    assert whole.run_mode == "split"
    np.testing.assert_allclose(found, plain.fit(x, Y, **options).history["loss"], rtol=1e-6)


class OwnStep(keras.Model):
    def train_step(self, data):
        x, y = data
        assert set(x) == set(TABLE)
        with keras.GradientTape() as tape:
            loss = ops.mean(ops.square(y[:, None] - self(x, training=True)))
        gradients = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply(gradients, self.trainable_weights)
        return {"loss": loss}


def test_steps_of_the_users_own_see_the_table():
    whole, plain, x = twins()
    own = OwnStep(whole.input, whole.output)
    options = {"epochs": 2, "batch_size": ROWS, "shuffle": False, "verbose": 0}
    for model in (own, plain):
        model.compile("adam", "mse")
    expected = plain.fit(x, Y, **options).history["loss"]
    np.testing.assert_allclose(own.fit(TABLE, Y, **options).history["loss"], expected, rtol=1e-5)


def test_layers_of_the_users_own_beside_those_for_categories():
    class Prepared(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.names = layers.StringLookup(vocabulary=["a", "bé"], output_mode="one_hot")

        def call(self, inputs):
            return ops.concatenate([self.names(inputs["kind"]), inputs["size"]], axis=-1)

    columns = {"kind": TABLE["kind"][:, None], "size": TABLE["size"][:, None].astype("float32")}
    given_inputs = {name: tensor for name, tensor in inputs().items() if name in columns}
    model = keras.Model(given_inputs, layers.Dense(1)(Prepared()(given_inputs)))
    lookup = layers.StringLookup(vocabulary=["a", "bé"], output_mode="one_hot")
    x = np.concatenate([lookup(columns["kind"]), columns["size"]], axis=1)
    kernel, bias = model.get_weights()
    np.testing.assert_allclose(model.predict(columns, verbose=0), x @ kernel + bias, rtol=1e-5)
    assert model.run_mode == "compiled"


class Table(keras.Model):
    """Preparation in a `call`; with `odd` one that no graph tells."""

    def __init__(self, odd: bool) -> None:
        super().__init__()
        self.names = layers.StringLookup(vocabulary=["a", "bé"])
        self.vectors, self.flat = layers.Embedding(3, 2), layers.Flatten()
        self.join, self.last = layers.Concatenate(), layers.Dense(1)
        self.odd = odd

    def call(self, inputs):
        vectors = self.flat(self.vectors(self.names(inputs["kind"])))
        result = self.last(self.join([vectors, inputs["size"]]))
        return ops.flip(result, axis=-1) if self.odd else result


def test_subclassed_models():
    columns = {"kind": TABLE["kind"][:, None], "size": TABLE["size"][:, None].astype("float32")}
    plain, odd = Table(False), Table(True)
    for model in (plain, odd):
        model(columns)
    odd.set_weights(plain.get_weights())
    table, kernel, bias = plain.get_weights()
    places = plain.names(TABLE["kind"])
    x = np.concatenate([table[places], columns["size"]], axis=1)
    for model in (plain, odd):
        found = model.predict(columns, verbose=0)
        np.testing.assert_allclose(found, x @ kernel + bias, rtol=1e-5, atol=1e-6)
        model.compile("sgd", "mse")
    options = {"epochs": 2, "shuffle": False, "verbose": 0}
    losses = [model.fit(columns, Y, **options).history["loss"] for model in (plain, odd)]
    np.testing.assert_allclose(*losses, rtol=1e-4)
    assert [plain.run_mode, odd.run_mode] == ["compiled", "recorded"]


def test_files_copies_and_clones():
    parts = table_layers()
    parts["kind"] = layers.StringLookup(output_mode="one_hot", name="learnt")
    parts["kind"].adapt(TABLE["kind"])
    model = model_of(parts)
    expected = model.predict(TABLE, verbose=0)
    file = io.BytesIO()
    saving.save_model(model, file)
    twins = [
        saving.load_model(io.BytesIO(file.getvalue())),
        copy.deepcopy(model),
        pickle.loads(pickle.dumps(model)),
    ]
    clone = keras.models.clone_model(
        model
    )  # from configurations, which do not hold what was learnt
    clone.set_weights(model.get_weights())
    with pytest.raises(ValueError, match=r"learnt.*adapt"):
        clone.predict(TABLE, verbose=0)
    clone.get_layer("learnt").adapt(TABLE["kind"])
    for twin in [*twins, clone]:
        np.testing.assert_array_equal(twin.predict(TABLE, verbose=0), expected)
    assert keras.models.model_from_json(model.to_json()).count_params() == model.count_params()


def test_what_was_learnt_since_must_fit_the_graph():
    lookup = layers.StringLookup(output_mode="one_hot", name="learnt")
    lookup.adapt(["a", "b"])
    x = keras.Input((1,), dtype="string")
    model = keras.Model(x, layers.Dense(1)(lookup(x)))
    lookup.adapt(["a", "b", "c"])
    with pytest.raises(ValueError, match=r"'learnt'.*\(None, 3\).*\(2, 4\)"):
        model.predict(["a", "c"], verbose=0)


def test_operations_on_text_move_it():
    x = keras.Input((2,), dtype="string")
    lookup = layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot")
    model = keras.Model(x, layers.Rescaling(2.0)(lookup(x[:, 1])))
    found = model.predict([["a", "b"], ["b", "a"]], verbose=0)
    np.testing.assert_array_equal(found, [[0, 0, 2], [0, 2, 0]])
    with pytest.raises(TypeError, match=r"cannot be applied to the text of"):
        ops.add(x, 1.0)


def test_weights_of_counted_categories():
    places, weights = keras.Input((3,), dtype="int32"), keras.Input((3,))
    layer = layers.CategoryEncoding(4, output_mode="count")
    model = keras.Model([places, weights], layer(places, count_weights=weights))
    data = RNG.integers(0, 4, (5, 3)), RNG.normal(size=(5, 3)).astype("float32")
    expected = np.zeros((5, 4))
    np.add.at(expected, (np.arange(5)[:, None], data[0]), data[1])
    twin = keras.Model.from_config(model.get_config())
    for each in (model, twin, copy.deepcopy(model)):
        np.testing.assert_allclose(each.predict(list(data), verbose=0), expected, rtol=1e-6)
    with pytest.raises(ValueError, match="count"):
        layers.CategoryEncoding(4)(places, count_weights=weights)


def test_places_back_to_words():
    x = keras.Input((4,))
    names = layers.StringLookup(vocabulary=["low", "high"], invert=True, num_oov_indices=0)
    labels = names(ops.argmax(layers.Dense(2)(x), axis=-1))
    model = keras.Model(x, labels)
    data = RNG.normal(size=(9, 4)).astype("float32")
    kernel, bias = model.get_weights()
    expected = np.where((data @ kernel + bias).argmax(1) == 1, "high", "low")
    assert model.predict(data, verbose=0).tolist() == expected.tolist()
    assert labels.dtype == "string"


def test_gradients_of_numbers_beside_categories():
    parts = {name: layer for name, layer in table_layers().items() if name != "size"}
    given_inputs = inputs()
    joined = layers.concatenate(
        [*(parts[name](given_inputs[name]) for name in parts), given_inputs["size"]]
    )
    model = keras.Model(given_inputs, layers.Dense(1)(joined))
    size = ops.convert_to_tensor(TABLE["size"][:, None].astype("float32"))
    with keras.GradientTape() as tape:
        tape.watch(size)
        total = ops.sum(model({**TABLE, "size": size}))
    gradient, of_kernel = tape.gradient(total, [size, model.weights[0]])
    kernel = model.get_weights()[0]
    np.testing.assert_allclose(gradient, np.full((ROWS, 1), kernel[-1, 0]), rtol=1e-6)
    assert of_kernel.shape == kernel.shape


WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=6)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(WORDS, min_size=1, max_size=8, unique=True),
    st.lists(st.lists(WORDS, min_size=2, max_size=2), min_size=1, max_size=8),
    st.sampled_from(["int", "one_hot", "multi_hot", "count"]),
    st.integers(1, 2),
)
def test_any_text_as_the_layer_alone(vocabulary, rows, mode, unknown):
    vocabulary = [word for word in vocabulary if word != "[UNK]"] or ["a"]
    layer = layers.StringLookup(vocabulary=vocabulary, output_mode=mode, num_oov_indices=unknown)
    x = keras.Input((2,), dtype="string")
    data = [[*row[:1], vocabulary[0]] for row in rows]
    found = keras.Model(x, layer(x)).predict(data, verbose=0)
    np.testing.assert_array_equal(found, layer(np.array(data, object)))
    scaled = keras.Model(x, layers.Rescaling(2.0)(layer(x)))
    np.testing.assert_array_equal(scaled.predict(data, verbose=0), 2.0 * np.asarray(found))


NUMBERS = st.floats(-1e6, 1e6, width=32)
COLUMNS = {"text": ("string", WORDS), "whole": ("int64", st.integers(-99, 99))}


@settings(max_examples=30, deadline=None)
@given(
    st.data(),
    st.sampled_from(["Hashing", "HashedCrossing", "Discretization", "CategoryEncoding"]),
    st.sampled_from(["int", "one_hot"]),
    st.integers(1, 6),
)
def test_other_layers_as_alone(data, name, mode, rows):
    kind = "whole" if name == "CategoryEncoding" else data.draw(st.sampled_from(sorted(COLUMNS)))
    dtype, values = COLUMNS[kind]
    arguments: dict[str, Any] = {"num_bins": data.draw(st.integers(2, 9)), "output_mode": mode}
    if name == "Discretization":
        dtype, values = "float32", NUMBERS
        bounds = data.draw(st.lists(NUMBERS, min_size=1, max_size=4))
        arguments = {"bin_boundaries": sorted(bounds), "output_mode": mode}
    elif name == "CategoryEncoding":
        values = st.integers(0, 7)
        arguments = {"num_tokens": 8, "output_mode": "count" if mode == "int" else mode}
    layer = getattr(layers, name)(**arguments)
    column = np.array(
        data.draw(st.lists(values, min_size=rows, max_size=rows)),
        object if dtype == "string" else dtype,
    )[:, None]
    x = keras.Input((1,), dtype=dtype)
    crossed = name == "HashedCrossing"
    model = keras.Model(x, layer([x, x] if crossed else x))
    found = model.predict(column, verbose=0)
    np.testing.assert_array_equal(found, layer([column, column] if crossed else column))
    assert found.shape[1:] == model.output_shape[1:]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=9), st.data())
def test_any_whole_numbers_as_the_layer_alone(values, data):
    known = data.draw(st.lists(st.sampled_from(values), min_size=1, unique=True))
    layer = layers.IntegerLookup(vocabulary=known, oov_token=None, num_oov_indices=1)
    x = keras.Input((1,), dtype="int64")
    found = keras.Model(x, layers.Reshape((1, 1))(layer(layers.Identity()(x))))
    expected = layer(np.array(values))[:, None, None]
    np.testing.assert_array_equal(found.predict(np.array(values), verbose=0), expected)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": None}, r"x\['kind'\].*None"),
        ({"kind": [None] * ROWS}, r"x\['kind'\].*None.*row 0"),
        ({"kind": ["a"] * (ROWS - 1) + [3]}, rf"x\['kind'\].*3.*row {ROWS - 1}"),
        ({"kind": np.arange(ROWS)}, r"x\['kind'\] ?.*text.*int64"),
        ({"kind": np.full((ROWS, 2), "a")}, r"x\['kind'\].*shape"),
        ({"kind": "a"}, r"x\['kind'\]"),
        ({"kind": []}, r"x\['kind'\].*empty"),
        ({"size": TABLE["kind"]}, r"x\['size'\].*numbers.*text"),
        ({"size": [[1.0], [2.0, 3.0]]}, r"x\['size'\].*rectangular"),
        ({"zone": np.full(ROWS, np.nan)}, r"x\['zone'\].*finite"),
        ({"zone": np.arange(3)}, "number of samples"),
        ({"Kind": TABLE["kind"]}, r"unknown \['Kind'\]"),
        ({"kind": [["a"], ["a", "b"]] * (ROWS // 2)}, r"x\['kind'\].*one length"),
    ],
)
def test_columns_that_do_not_fit_are_named(changes, message):
    model = model_of(table_layers())
    before = model.get_weights()
    model.compile("sgd", "mse")
    for run in (model.predict, lambda x, verbose: model.fit(x, Y, verbose=verbose)):
        with pytest.raises(ValueError, match=message):
            run({**TABLE, **changes}, verbose=0)
    for ours, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(ours, old)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: layers.Dense(1)(inputs()["kind"]), "takes numbers.*'kind'.*StringLookup"),
        (lambda: layers.Discretization([0.0])(inputs()["kind"]), "takes numbers.*text"),
        (lambda: layers.StringLookup(vocabulary=["a"])(inputs()["zone"]), "takes text.*int64"),
        (lambda: layers.StringLookup(output_mode="one_hot")(inputs()["kind"]), "adapt"),
        (lambda: keras.Input((1,), dtype="strin"), "'string'"),
        (lambda: model_of(table_layers())({**inputs(), "kind": inputs()["size"]}), "'kind'"),
        (lambda: layers.HashedCrossing(3)(inputs()["kind"]), "list"),
    ],
)
def test_graphs_that_do_not_fit_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_vocabularies_of_files(tmp_path):
    path = tmp_path / "words.txt"
    path.write_bytes("a\nbé\r\n\nd".encode())
    lookup = layers.StringLookup(vocabulary=path)
    assert lookup.get_vocabulary() == ["[UNK]", "a", "bé", "", "d"]
    x = keras.Input((1,), dtype="string")
    model = keras.Model(x, layers.Embedding(5, 1)(lookup(x)))
    model.save(tmp_path / "model.keras")
    path.unlink()
    twin = saving.load_model(tmp_path / "model.keras")
    words = ["d", "", "bé", "no"]
    np.testing.assert_array_equal(twin.predict(words, verbose=0), model.predict(words, verbose=0))
    config = {**lookup.get_config(), "vocabulary": "/etc/hostname"}
    with pytest.raises(ValueError, match="names a file"):
        layers.StringLookup.from_config(config)
    with pytest.raises(ValueError, match="adapt"):
        lookup.adapt(["a"])
    path.write_text("1\nx\n")
    with pytest.raises(ValueError, match="line 'x'"):
        layers.IntegerLookup(vocabulary=str(path))


def test_tables_too_large_to_be_prepared_at_once(monkeypatch):
    from pronghorn.models import _column_run

    whole, plain, x = twins()
    other = keras.models.clone_model(whole)
    other.set_weights(whole.get_weights())
    mean = keras.metrics.MeanMetricWrapper(lambda y, p: ops.mean(ops.abs(y - p)), name="own")
    for model in (whole, plain):
        model.compile("adam", "mse", metrics=["mae", mean])
    weights = RNG.uniform(0.5, 2.0, ROWS)
    options = {"epochs": 3, "batch_size": 7, "shuffle": False, "verbose": 0}
    options |= {"sample_weight": weights, "validation_split": 0.3}
    expected = plain.fit(x, Y, **options).history
    predicted, evaluated = plain.predict(x, verbose=0), plain.evaluate(x, Y, verbose=0)
    monkeypatch.setattr(_column_run, "MOST_BYTES", 100)
    monkeypatch.setattr(_column_run, "BYTES_AT_ONCE", 15 * 36)
    sizes = []
    own = layers.StringLookup._as_data
    monkeypatch.setattr(
        layers.StringLookup, "_as_data", lambda self, x: sizes.append(len(x)) or own(self, x)
    )
    found = whole.fit(TABLE, Y, **options).history
    assert max(sizes) == 14  # two batches at a time
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-5)
    np.testing.assert_allclose(whole.predict(TABLE, verbose=0), predicted, rtol=1e-5)
    seen = []
    hook = keras.callbacks.LambdaCallback(
        on_predict_batch_end=lambda batch, logs: seen.append(batch)
    )
    whole.predict(TABLE, verbose=0, batch_size=9, callbacks=[hook])
    assert seen == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(whole.evaluate(TABLE, Y, verbose=0), evaluated, rtol=1e-5)
    other.compile("adam", "mse")
    options = {"epochs": 2, "batch_size": 7, "verbose": 0}
    losses = other.fit(TABLE, Y, steps_per_epoch=3, **options).history["loss"]
    assert len(losses) == 2
    assert len(set(losses)) == 2
