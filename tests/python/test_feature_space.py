"""Tables of mixed columns, against arithmetic by hand and the layers on their own."""

import copy
import io
import json
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pronghorn as keras
from pronghorn import layers, saving
from pronghorn.utils import FeatureSpace

TABLE = {
    "size": np.array([1.0, 2.0, 4.0, 9.0]),
    "price": np.array([10.0, 20.0, 30.0, 40.0]),
    "age": np.array([1.0, 2.0, 3.0, 4.0]),
    "kind": np.array(["a", "b", "b", "c"]),
    "zone": np.array([7, 7, 8, 9]),
    "street": np.array(["x", "y", "x", "z"], object),
}


def space(**changes):
    arguments = {
        "features": {
            "size": FeatureSpace.float_rescaled(2.0, 1.0),
            "price": "float_normalized",
            "age": FeatureSpace.float_discretized(None, [2.5]),
            "kind": "string_categorical",
            "zone": FeatureSpace.integer_categorical(),
            "street": FeatureSpace.string_hashed(5),
        },
        "crosses": [("kind", "zone")],
        "crossing_dim": 6,
        **changes,
    }
    return FeatureSpace(**arguments)


def one_hot(places, depth):
    return np.eye(depth)[np.asarray(places).ravel()]


def expected_parts():
    price = TABLE["price"]
    # Crossed are the places, not the raw values.
    kind, zone = np.array([3, 1, 1, 2]), np.array([1, 1, 3, 2])
    crossing = layers.HashedCrossing(6)((kind, zone))
    return {
        "age": one_hot([0, 0, 1, 1], 2),
        # Equally frequent categories come from high to low.
        "kind": one_hot(kind, 4),
        "price": ((price - 25) / price.std())[:, None],
        "size": TABLE["size"][:, None] * 2 + 1,
        "street": one_hot(layers.Hashing(5)(TABLE["street"]), 5),
        "zone": one_hot(zone, 4),
        "kind_X_zone": one_hot(crossing, 6),
    }


def test_each_kind():
    made = space(output_mode="dict")
    made.adapt(TABLE)
    parts = made(TABLE)
    expected = expected_parts()
    assert list(parts) == list(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(parts[name], values, atol=1e-6, err_msg=name)
    joined = space()
    joined.adapt(TABLE)
    np.testing.assert_allclose(joined(TABLE), np.concatenate(list(expected.values()), 1), atol=1e-6)


def rows(table):
    return [{name: column[i] for name, column in table.items()} for i in range(4)]


@pytest.mark.parametrize(
    "dataset",
    [
        rows(TABLE),
        iter([(row, 0) for row in rows(TABLE)]),
        [{k: v[:3] for k, v in TABLE.items()}, {k: v[3:, None] for k, v in TABLE.items()}],
    ],
    ids=["samples", "with targets", "batches"],
)
def test_learns_from_any_batches(dataset):
    # Without the discretised column, whose boundaries depend on how batches are summed up.
    kinds = {"price": "float_normalized", "kind": "string_categorical", "zone": "integer_hashed"}
    reference, made = FeatureSpace(kinds), FeatureSpace(kinds)
    table = {name: TABLE[name] for name in kinds}
    reference.adapt(table)
    made.adapt(dataset)
    np.testing.assert_allclose(made(table), reference(table), rtol=1e-6)


def test_single_samples_and_lists():
    made = space()
    made.adapt(TABLE)
    whole = made(TABLE)
    for i, row in enumerate(rows(TABLE)):
        np.testing.assert_array_equal(made(row), whole[i])
    np.testing.assert_array_equal(made({k: v.tolist() for k, v in TABLE.items()}), whole)
    columns = {name: values[:, None] for name, values in TABLE.items()}
    np.testing.assert_array_equal(made(columns), whole)


def test_features_of_ones_own():
    made = FeatureSpace(
        {
            "a": FeatureSpace.feature("float32", lambda x: x**2, "float"),
            "b": FeatureSpace.feature("int64", layers.CategoryEncoding(3, "count"), "float"),
            "c": FeatureSpace.feature("string", layers.Hashing(4), "int"),
        },
        output_mode="dict",
    )
    result = made({"a": [3.0], "b": [[1, 1, 2]], "c": ["x"]})
    assert result["a"].tolist() == [[9.0]]
    assert result["b"].tolist() == [[0.0, 2.0, 1.0]]
    assert result["c"].dtype == np.int64


def test_a_model_of_encoded_features():
    made = space()
    made.adapt(TABLE)
    encoded = made.get_encoded_features()
    model = keras.Model(encoded, layers.Dense(1)(encoded))
    model.compile("adam", "mse")
    model.fit(made(TABLE), np.ones(4), verbose=0)
    assert encoded.shape == (None, made(TABLE).shape[1])
    inputs = made.get_inputs()
    assert {n: t.dtype for n, t in inputs.items() if n in ("kind", "zone", "size")} == {
        "kind": "string",
        "zone": "int32",
        "size": "float32",
    }
    parts = space(output_mode="dict")
    parts.adapt(TABLE)
    shapes = {name: tensor.shape[1] for name, tensor in parts.get_encoded_features().items()}
    assert shapes == {name: values.shape[1] for name, values in parts(TABLE).items()}


def saved(made):
    file = io.BytesIO()
    saving.save_model(made, file)
    return file.getvalue()


def test_files_and_copies_keep_what_was_learnt():
    made = space()
    made.adapt(TABLE)
    twins = [saving.load_model(io.BytesIO(saved(made))), copy.deepcopy(made)]
    for twin in [*twins, pickle.loads(pickle.dumps(made))]:
        np.testing.assert_array_equal(twin(TABLE), made(TABLE))
    fresh = FeatureSpace.from_config(json.loads(json.dumps(made.get_config())))
    with pytest.raises(ValueError, match="adapt"):
        fresh(TABLE)
    fresh.adapt(TABLE)
    np.testing.assert_array_equal(fresh(TABLE), made(TABLE))


def test_inverse_document_frequencies_in_files():
    lookup = layers.StringLookup(output_mode="tf_idf")
    made = FeatureSpace({"a": FeatureSpace.feature("string", lookup, "float")})
    made.adapt({"a": ["x", "y", "x"]})
    assert lookup.idf_weights is not None
    twin = saving.load_model(io.BytesIO(saved(made)))
    np.testing.assert_array_equal(
        twin.preprocessors["a"].idf_weights, made.preprocessors["a"].idf_weights
    )


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=4), min_size=1, max_size=9))
def test_learnt_strings_come_back_from_files_or_are_refused(tokens):
    made = FeatureSpace({"a": "string_categorical"}, output_mode="dict")
    made.adapt({"a": tokens})
    known = made.preprocessors["a"].get_vocabulary()
    if any(mark in token for token in known for mark in "\r\n"):
        with pytest.raises(ValueError, match="line breaks"):
            saved(made)
        return
    twin = saving.load_model(io.BytesIO(saved(made)))
    assert twin.preprocessors["a"].get_vocabulary() == known


@pytest.mark.parametrize(
    "text", [b"", b"x\na", b"[UNK]\na\na", b"[UNK]\n\xff"], ids=["empty", "head", "twice", "utf-8"]
)
def test_broken_vocabularies_are_refused(text):
    made = FeatureSpace({"a": "string_categorical"})
    made.adapt({"a": ["x"]})
    source = zipfile.ZipFile(io.BytesIO(saved(made)))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in source.namelist():
            archive.writestr(name, text if name.endswith(".txt") else source.read(name))
    with pytest.raises(ValueError, match=r"vocabulary"):
        saving.load_model(file)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: FeatureSpace({}), ValueError, "features"),
        (lambda: FeatureSpace({"a": "string_categoric"}), ValueError, "string_categorical"),
        (lambda: FeatureSpace({"a": 3}), ValueError, "kind of feature 'a'"),
        (lambda: FeatureSpace({"a": "float"}, output_mode="list"), ValueError, "output_mode"),
        (lambda: space(crosses=[("kind", "zones")]), ValueError, "'zone'"),
        (lambda: space(crosses=[("kind", "size")]), ValueError, "floating-point"),
        (lambda: space(crosses=["kind"]), ValueError, "at least two"),
        (lambda: FeatureSpace.string_hashed(0), ValueError, "num_bins"),
        (lambda: FeatureSpace.float_discretized(3, output_mode="x"), ValueError, "output_mode"),
        (lambda: FeatureSpace.feature("date", abs, "float"), ValueError, "dtype"),
        (lambda: FeatureSpace.feature("float32", 3, "float"), TypeError, "preprocessor"),
        (lambda: space()(TABLE), ValueError, "adapt"),
        (lambda: space().get_encoded_features(), ValueError, "adapt"),
        (lambda: space().adapt([TABLE["size"]]), TypeError, "dicts"),
        (lambda: space().adapt([]), ValueError, "no batches"),
        (lambda: space().adapt({"size": [1.0]}), ValueError, "no column 'price'"),
        (
            lambda: space().adapt({**TABLE, "kind": [1, 2]}),
            TypeError,
            "Feature 'kind'|StringLookup",
        ),
    ],
)
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ([1.0], TypeError, "dict"),
        ({"a": [1.0]}, ValueError, "no column 'b'"),
        ({"a": [1.0], "b": ["x"], "bb": [1]}, ValueError, "'b'"),
        ({"a": [1.0, 2.0], "b": ["x"]}, ValueError, "one length"),
        ({"a": ["1.0"], "b": ["x"]}, TypeError, "Feature 'a'"),
        ({"a": [1.0], "b": [None]}, TypeError, "Feature 'b'"),
        ({"a": [1.0, 2.0], "b": [["x"], ["y", "z"]]}, (TypeError, ValueError), "Feature 'b'"),
    ],
)
def test_bad_data(data, error, message):
    made = FeatureSpace({"a": "float", "b": "string_hashed"})
    with pytest.raises(error, match=message):
        made(data)


def test_whole_numbers_cannot_be_concatenated():
    made = FeatureSpace({"a": FeatureSpace.string_hashed(3, output_mode="int")})
    with pytest.raises(ValueError, match="output_mode='dict'"):
        made({"a": ["x"]})
