"""Hashed categories, against published vectors, TensorFlow's values and integer arithmetic."""

import json

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pronghorn import layers
from pronghorn.layers._tables._hash import crossed, fingerprints

# tf.strings.to_hash_bucket_fast of the first n letters of "pronghorn pronghorn ...", 2**62 bins,
# computed with TensorFlow 2.21: a length in each branch of FarmHash.
FARMHASH = {
    0: 1936946117179621455,
    1: 140857750096259681,
    3: 4196828512181615023,
    8: 3570893738696063205,
    16: 1031817936119809840,
    17: 3300104659619751289,
    33: 4466155974333745264,
    64: 1882804181974455195,
    65: 633469981150745560,
    200: 3344143083607503265,
}
TEXTS = st.lists(st.text(max_size=5), min_size=1, max_size=8)
COLUMNS = st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=8)


def test_farmhash_is_tensorflows():
    letters = "pronghorn " * 30
    layer = layers.Hashing(2**62)
    assert layer([letters[:n] for n in FARMHASH]).tolist() == list(FARMHASH.values())


def test_siphash_is_that_of_its_paper():
    # Appendix A of the paper: key 00 01 .. 0f, message 00 01 .. 0e.
    key = np.frombuffer(bytes(range(16)), "<u8").tolist()
    token = np.array([bytes(range(15))], object)
    assert fingerprints(token, key).tolist() == [0xA129CA6149BE45E5]


def reference_crossing(hashes):
    """The mixing of TensorFlow's crossed columns in Python's integers."""
    mask, factor = 2**64 - 1, 0xC6A4A7935BD1E995
    result = 956888297470
    for value in hashes:
        other = value * factor & mask
        other = (other ^ other >> 47) * factor & mask
        result = ((result ^ factor) ^ other) * factor & mask
        result = (result ^ result >> 47) * factor & mask
        result ^= result >> 47
    return result


@given(st.lists(st.integers(0, 2**64 - 1), min_size=2, max_size=4))
def test_crossing_is_integer_arithmetic(hashes):
    columns = [np.array([value], np.uint64) for value in hashes]
    assert crossed(columns).tolist() == [reference_crossing(hashes)]


@example(["\0"], [0], 2, None)
@settings(max_examples=50, deadline=None)
@given(TEXTS, COLUMNS, st.integers(2, 50), st.none() | st.integers(0, 2**40))
def test_places_are_in_range_and_the_mask_has_its_own(tokens, numbers, bins, salt):
    for values, mask in ((tokens, tokens[0]), (numbers, numbers[0])):
        plain = layers.Hashing(bins, salt=salt)(values)
        masked = layers.Hashing(bins, mask_value=mask, salt=salt)(values)
        assert ((plain >= 0) & (plain < bins)).all()
        assert [place == 0 for place in masked] == [value == mask for value in values]
    as_text = layers.Hashing(bins, salt=salt)([str(number) for number in numbers])
    np.testing.assert_array_equal(as_text, layers.Hashing(bins, salt=salt)(numbers))


def test_forms_of_text_are_one():
    layer = layers.Hashing(10**9)
    expected = layer(["a", "é"]).tolist()
    for values in (np.array(["a", "é"]), np.array(["a", "é"], object), [b"a", "é".encode()]):
        assert layer(values).tolist() == expected
    assert layer("a") == expected[0]
    assert layer(["a\0"]) != layer(["a"])


def test_modes():
    values = [[1, 2], [2, 2]]
    places = layers.Hashing(4)(values)
    counts = np.array([[np.sum(row == n) for n in range(4)] for row in places])
    np.testing.assert_array_equal(layers.Hashing(4, output_mode="count")(values), counts)
    multi = layers.Hashing(4, output_mode="multi_hot")(values)
    np.testing.assert_array_equal(multi, counts > 0)
    one_hot = layers.Hashing(4, output_mode="one_hot", dtype="float64")(values)
    np.testing.assert_array_equal(one_hot.argmax(-1), places)
    assert (places.dtype, one_hot.dtype) == (np.int64, np.float64)
    column = np.array([["a"], ["b"], ["a"]])
    crossing = layers.HashedCrossing(6, output_mode="one_hot")((column, column))
    assert crossing.shape == (3, 6)
    np.testing.assert_array_equal(
        crossing.argmax(-1), layers.HashedCrossing(6)((column, column))[:, 0]
    )


@pytest.mark.parametrize(
    "layer",
    [
        layers.Hashing(5, mask_value="x", salt=3, output_mode="count"),
        layers.Hashing(5, dtype="int32"),
        layers.HashedCrossing(7, output_mode="one_hot"),
    ],
)
def test_configurations_make_equal_layers(layer):
    config = json.loads(json.dumps(layer.get_config()))
    assert type(layer).from_config(config).get_config() == layer.get_config()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: layers.Hashing(0), ValueError, "num_bins"),
        (lambda: layers.Hashing(3, salt="a"), TypeError, "salt"),
        (lambda: layers.Hashing(3, salt=[1, 2, 3]), ValueError, "salt"),
        (lambda: layers.Hashing(3, output_mode="one hot"), ValueError, "one_hot"),
        (lambda: layers.Hashing(3, sparse=True), ValueError, "sparse"),
        (lambda: layers.Hashing(3, dtype="float32"), ValueError, "dtype"),
        (lambda: layers.Hashing(3)([["a"], ["b", "c"]]), TypeError, "regular shape"),
        (lambda: layers.Hashing(3)(["a", None]), TypeError, "None"),
        (lambda: layers.Hashing(3)(["a", 1]), TypeError, "1"),
        (lambda: layers.Hashing(3)([np.nan]), ValueError, "finite"),
        (lambda: layers.Hashing(3, mask_value="")([1]), TypeError, "mask_value"),
        (lambda: layers.HashedCrossing(3)(["a"]), ValueError, "at least two"),
        (lambda: layers.HashedCrossing(3)((["a"], ["a", "b"])), ValueError, "one shape"),
        (lambda: layers.HashedCrossing(3)(([[1, 2]], [[1, 2]])), ValueError, "one shape"),
        (lambda: layers.HashedCrossing(3)(([1.0], [2])), ValueError, "integers or strings"),
        (lambda: layers.HashedCrossing(3, output_mode="count"), ValueError, "output_mode"),
    ],
)
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()
