"""FeatureSpace: the same encodings, files in both directions."""

import json
import warnings

import keras
import numpy as np
import pytest

import pronghorn

tensorflow = pytest.importorskip("tensorflow")

RNG = np.random.default_rng(5)
SAMPLES = 57
TABLE = {
    "price": RNG.normal(50, 9, SAMPLES).astype("float32"),
    "age": RNG.exponential(20, SAMPLES).astype("float32"),
    "size": RNG.normal(size=SAMPLES).astype("float32"),
    "area": RNG.uniform(size=SAMPLES).astype("float32"),
    "zone": RNG.integers(0, 9, SAMPLES),
    "code": RNG.integers(-5, 90, SAMPLES),
    "kind": RNG.choice(["a", "bb", "é", "d", "e f"], SAMPLES),
    "street": RNG.choice(["north", "south", "west"], SAMPLES),
    "city": RNG.choice(["X", "Y"], SAMPLES),
}


def kinds(library):
    space = library.utils.FeatureSpace
    return {
        "price": "float_normalized",
        "age": space.float_discretized(5),
        "size": "float",
        "area": space.float_rescaled(3.0, -1.0),
        "zone": space.integer_categorical(max_tokens=6),
        "code": space.integer_hashed(7),
        "kind": space.string_categorical(num_oov_indices=2),
        "street": "string_hashed",
        "city": space.feature("string", library.layers.Hashing(3, salt=9), "one_hot"),
    }


def made(library, **changes):
    space = library.utils.FeatureSpace(
        kinds(library),
        crosses=[("zone", "street"), library.utils.FeatureSpace.cross(("kind", "city"), 11)],
        crossing_dim=20,
        **{"hashing_dim": 6, **changes},
    )
    dataset = tensorflow.data.Dataset.from_tensor_slices(TABLE).batch(20)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        space.adapt(dataset)
    return space


def assert_equal_results(ours, theirs, table=TABLE):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # JAX says that it has no 64-bit integers
        reference, result = theirs(table), ours(table)
    if not isinstance(reference, dict):
        reference, result = {"all": reference}, {"all": result}
    assert list(reference) == list(result)
    for name, values in reference.items():
        np.testing.assert_allclose(result[name], np.asarray(values), atol=2e-6, err_msg=name)


def test_results():
    ours, theirs = (made(library, output_mode="dict") for library in (pronghorn, keras))
    assert_equal_results(ours, theirs)
    row = {name: column[0] for name, column in TABLE.items()}
    assert_equal_results(ours, theirs, row)
    new = {**TABLE, "kind": np.array(["new", "a", "other"] * 19), "zone": TABLE["zone"] + 4}
    assert_equal_results(ours, theirs, new)
    shapes = [{n: t.shape for n, t in s.get_encoded_features().items()} for s in (ours, theirs)]
    assert shapes[0] == shapes[1]


def test_single_samples_to_learn_from():
    spaces = [library.utils.FeatureSpace(kinds(library)) for library in (pronghorn, keras)]
    for space in spaces:
        space.adapt(tensorflow.data.Dataset.from_tensor_slices(TABLE))
    assert_equal_results(*spaces)


def without_shapes(config):
    """What Keras notes of the shapes that stateless layers were called with is not needed."""
    if not isinstance(config, dict):
        return config
    return {key: without_shapes(value) for key, value in config.items() if key != "build_config"}


@pytest.mark.parametrize("writer", [pronghorn, keras], ids=["ours", "theirs"])
def test_files(writer, tmp_path):
    space = made(writer)
    space.save(str(tmp_path / "space.keras"))
    other = keras if writer is pronghorn else pronghorn
    twin = other.saving.load_model(tmp_path / "space.keras")
    pair = (space, twin) if writer is pronghorn else (twin, space)
    assert_equal_results(*pair)
    ours, theirs = (json.loads(json.dumps(each.get_config())) for each in pair)
    assert without_shapes(ours) == without_shapes(theirs)
