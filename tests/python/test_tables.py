"""Layers that prepare columns of tables, against arithmetic by hand and NumPy."""

import copy
import io
import json
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pronghorn as keras
from pronghorn import layers, saving

RNG = np.random.default_rng(11)


def test_normalization_learns_mean_and_variance():
    data = RNG.normal([5.0, -3.0, 1e4], [2.0, 0.1, 3.0], (500, 3))
    layer = layers.Normalization()
    layer.adapt(data)
    expected = (data - data.mean(0)) / data.std(0)
    np.testing.assert_allclose(layer(data), expected, rtol=2e-3, atol=2e-3)
    by_batches = layers.Normalization()
    by_batches.adapt(data[i : i + 64] for i in range(0, 500, 64))
    for ours, theirs in zip(by_batches.get_weights(), layer.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)


@pytest.mark.parametrize(
    ("axis", "reduced"), [(None, (0, 1, 2)), (-1, (0, 1)), (1, (0, 2)), ((1, 2), 0)]
)
def test_normalization_along_any_axes(axis, reduced):
    data = RNG.normal(3.0, 2.0, (40, 3, 4))
    layer = layers.Normalization(axis=axis)
    layer.adapt(data)
    mean, deviation = data.mean(reduced, keepdims=True), data.std(reduced, keepdims=True)
    np.testing.assert_allclose(layer(data), (data - mean) / deviation, rtol=1e-4, atol=1e-4)
    back = layers.Normalization(axis=axis, invert=True)
    back.adapt(data)
    np.testing.assert_allclose(back(layer(data)), data, rtol=1e-4, atol=1e-4)


def test_normalization_with_given_numbers_and_no_variance():
    layer = layers.Normalization(mean=[1.0, 2.0], variance=[4.0, 9.0])
    np.testing.assert_allclose(layer([[3.0, 5.0]]), [[1.0, 1.0]], rtol=1e-6)
    constant = layers.Normalization()
    constant.adapt(np.full((5, 1), 7.0))
    np.testing.assert_array_equal(constant(np.full((2, 1), 7.0)), 0.0)


@pytest.mark.parametrize("given_numbers", [False, True])
def test_normalization_in_a_model_does_not_change_in_training(given_numbers):
    x = RNG.normal(50.0, 5.0, (64, 3)).astype("float32")
    y = x.sum(axis=1, keepdims=True) / 100
    own = {"mean": [50.0] * 3, "variance": [25.0] * 3} if given_numbers else {}
    layer = layers.Normalization(**own)
    if not given_numbers:
        layer.adapt(x)
    model = keras.Sequential([keras.Input((3,)), layer, layers.Dense(1)])
    model.compile("adam", "mse")
    before = layer(x)
    model.fit(x, y, epochs=2, verbose=0)
    np.testing.assert_array_equal(layer(x), before)
    assert len(model.trainable_weights) == 2
    file = io.BytesIO()
    saving.save_model(model, file)
    twin = saving.load_model(io.BytesIO(file.getvalue()))
    for other in (twin, copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(other(x), model(x))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: layers.Normalization(mean=1.0), "together"),
        (lambda: layers.Normalization(mean=[1.0], variance=[1.0, 2.0]), "same shape"),
        (lambda: layers.Normalization(axis=0), "batch"),
        (lambda: layers.Normalization(axis=3)(np.ones((2, 2))), "dimensions"),
        (lambda: layers.Normalization(mean=0.0, variance=1.0).adapt([[1.0]]), "was given"),
        (lambda: layers.Normalization().adapt([]), "no batches"),
        (lambda: layers.Normalization().adapt(np.zeros((0, 3))), "no samples"),
        (lambda: layers.Discretization(), "either"),
        (lambda: layers.Discretization([1.0, 0.0]), "rising"),
        (lambda: layers.Discretization(num_bins=3)([1.0]), "no boundaries"),
        (lambda: layers.Discretization([0.0]).adapt([1.0]), "num_bins"),
        (lambda: layers.CategoryEncoding(), "num_tokens"),
        (lambda: layers.CategoryEncoding(3, output_mode="many"), "output_mode"),
        (lambda: layers.StringLookup()(["a"]), "no vocabulary"),
        (lambda: layers.StringLookup(vocabulary=["a", "a"]), "twice"),
        (lambda: layers.StringLookup(vocabulary=["a", ""], mask_token=""), "among its tokens"),
        (lambda: layers.StringLookup(vocabulary=["a", "[UNK]"], invert=True), "among its tokens"),
        (lambda: layers.StringLookup(max_tokens=2, vocabulary=["a", "b"]), "more than"),
        (lambda: layers.StringLookup(vocabulary="no such file"), "does not exist"),
        (lambda: layers.StringLookup(vocabulary="x", output_mode="tf_idf"), "must be a list"),
        (lambda: layers.IntegerLookup(vocabulary=[1], num_oov_indices=0)([2]), "in the vocabulary"),
        (lambda: layers.IntegerLookup(invert=True, output_mode="count"), "invert"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=6),
    st.lists(st.floats(-200, 200, width=32), min_size=1, max_size=20),
)
def test_bins_are_counts_of_boundaries_below(boundaries, values):
    layer = layers.Discretization(sorted(boundaries))
    expected = [sum(edge <= value for edge in boundaries) for value in values]
    assert layer(values).tolist() == expected


def test_learnt_bins_hold_equal_numbers():
    data = RNG.exponential(size=10_000)
    layer = layers.Discretization(num_bins=5)
    layer.adapt(data)
    shares = np.bincount(layer(data), minlength=5) / len(data)
    np.testing.assert_allclose(shares, 0.2, atol=0.02)  # twice the precision asked for
    again = layers.Discretization.from_config(json.loads(json.dumps(layer.get_config())))
    np.testing.assert_array_equal(again(data), layer(data))


def test_encodings():
    assert layers.CategoryEncoding(4, "one_hot")([[1], [3]]).tolist() == [
        [0, 1, 0, 0],
        [0, 0, 0, 1],
    ]
    assert layers.CategoryEncoding(3, "count")([[0, 0, 2]]).tolist() == [[2, 0, 1]]
    weighted = layers.CategoryEncoding(3, "count")([[0, 0, 2]], count_weights=[[0.5, 0.25, 3]])
    assert weighted.tolist() == [[0.75, 0, 3]]
    assert layers.CategoryEncoding(2)([[0, 5]]).tolist() == [[1, 0]]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=3), min_size=1, max_size=30))
def test_learnt_strings_are_found_again(tokens):
    layer = layers.StringLookup(oov_token="no such token")
    layer.adapt(tokens)
    vocabulary = layer.get_vocabulary()
    places = layer(tokens)
    stripped = [token.rstrip("\0") for token in tokens]  # NumPy's strings have no zeros at the end
    assert [vocabulary[place] for place in places] == stripped
    counts = [stripped.count(token) for token in vocabulary[1:]]
    assert counts == sorted(counts, reverse=True)
    back = layers.StringLookup(vocabulary=vocabulary, oov_token="no such token", invert=True)
    assert back(places).tolist() == stripped


def test_masks_unknown_tokens_and_padding():
    layer = layers.StringLookup(vocabulary=["a", "b"], mask_token="")
    assert layer.get_vocabulary() == ["", "[UNK]", "a", "b"]
    assert layer([["", "x", "a", "b"]]).tolist() == [[0, 1, 2, 3]]
    counts = layers.StringLookup(
        vocabulary=["a", "b"],
        mask_token="",
        output_mode="count",
        max_tokens=5,
        pad_to_max_tokens=True,
    )
    assert counts([["", "x", "a", "a"]]).tolist() == [[1, 2, 0, 0, 0]]
    several = layers.IntegerLookup(vocabulary=[10, 20], num_oov_indices=3)
    assert several([10, 20, 7, 8, -1]).tolist() == [3, 4, 1, 2, 2]


def test_inverse_document_frequencies():
    layer = layers.StringLookup(output_mode="tf_idf")
    layer.adapt([["a", "a", "b"], ["a", "c", "c"]])
    frequencies = dict(zip(layer.get_vocabulary(), layer.idf_weights, strict=True))
    assert frequencies["a"] == pytest.approx(np.log(1 + 2 / 3))
    assert frequencies["b"] == pytest.approx(np.log(1 + 2 / 2))
    places = {token: place for place, token in enumerate(layer.get_vocabulary())}
    row = layer([["a", "a", "b"]])[0]
    assert row[places["a"]] == pytest.approx(2 * np.log(1 + 2 / 3))
    assert row[places["b"]] == pytest.approx(np.log(2))
    assert row[places["c"]] == row[0] == 0


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text("abc", max_size=4), min_size=1), st.integers(2, 6))
def test_unknown_strings_share_places_by_their_hash(tokens, places):
    layer = layers.StringLookup(vocabulary=["known"], num_oov_indices=places)
    expected = layers.Hashing(places)(tokens)
    np.testing.assert_array_equal(layer(tokens), expected)
    assert layer(["known"]) == places
