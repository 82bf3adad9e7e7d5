"""Files that are damaged or made to harm: refused clearly, and nothing is half done."""

import base64
import contextlib
import copy
import io
import json
import os
import random
import zipfile

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pronghorn as keras
from pronghorn import layers, saving

ALLOWED = (ValueError, TypeError, OSError)


def model():
    made = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="hidden"), layers.Dense(1)])
    made.compile("adam", "mse", metrics=["mae"])
    return made


def archive(made=None):
    file = io.BytesIO()
    saving.save_model(made or model(), file)
    return file.getvalue()


GOOD = archive()


def members(data=GOOD):
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        return {name: source.read(name) for name in source.namelist()}


def packed(parts, compression=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as target:
        for name, content in parts.items() if isinstance(parts, dict) else parts:
            target.writestr(name, content)
    return file.getvalue()


def load(data, **options):
    return saving.load_model(io.BytesIO(data), **options)


def with_config(change):
    parts = members()
    config = json.loads(parts["config.json"])
    change(config)
    parts["config.json"] = json.dumps(config).encode()
    return packed(parts)


def with_weights(change):
    parts = members()
    file = io.BytesIO(parts["model.weights.h5"])
    with h5py.File(file, "r+") as weights:
        change(weights)
    parts["model.weights.h5"] = file.getvalue()
    return packed(parts)


def dense(config, number=1):
    return config["config"]["layers"][number]


@pytest.mark.parametrize(
    "name",
    ["../evil", "/etc/evil", "a/../../evil", "C:evil", "a\\..\\evil", "./config.json", "a//b"],
)
def test_members_that_lead_out_are_refused(name):
    with pytest.raises(ValueError, match="plain relative path"):
        load(packed({**members(), name: b"x"}))


def test_members_named_twice_are_refused():
    with pytest.warns(UserWarning, match="Duplicate"):
        data = packed([*members().items(), ("config.json", b"{}")])
    with pytest.raises(ValueError, match="twice"):
        load(data)
    with pytest.raises(ValueError, match="twice"):
        load(packed([*members().items(), ("CONFIG.JSON", b"{}")]))


def test_links_in_archives_are_refused():
    link = zipfile.ZipInfo("assets")
    link.external_attr = 0o120777 << 16
    with pytest.raises(ValueError, match="no plain file"):
        load(packed([*members().items(), (link, b"/etc/passwd")]))


def test_bombs_are_refused():
    parts = {**members(), "assets/zeros": bytes(10**7)}
    with pytest.raises(ValueError, match="would grow"):
        load(packed(parts, zipfile.ZIP_DEFLATED))


def test_missing_members():
    for name in ("config.json", "model.weights.h5"):
        parts = members()
        del parts[name]
        with pytest.raises(ValueError, match=name):
            load(packed(parts))


def soft(file):
    del file["layers/dense/vars/0"]
    file["layers/dense/vars/0"] = h5py.SoftLink("/layers/dense_1/vars/0")


def external_link(file):
    del file["layers/dense/vars"]
    file["layers/dense/vars"] = h5py.ExternalLink("/etc/other.h5", "/x")


def external_storage(file):
    del file["layers/dense/vars/0"]
    file["layers/dense/vars"].create_dataset("0", (4, 3), "f4", external=[("/etc/hostname", 0, 48)])


def virtual(file):
    del file["layers/dense/vars/0"]
    layout = h5py.VirtualLayout((4, 3), "f4")
    layout[:] = h5py.VirtualSource("/etc/other.h5", "x", (4, 3))
    file["layers/dense/vars"].create_virtual_dataset("0", layout)


def unallocated(file):
    del file["layers/dense/vars/0"]
    file["layers/dense/vars"].create_dataset("0", (2**20, 2**20), "f4", chunks=(1024, 1024))


def compressed(file):
    del file["layers/dense/vars/0"]
    data = np.zeros((2000, 2000), "f4")
    file["layers/dense/vars"].create_dataset("0", data=data, compression="gzip")


def text(file):
    del file["layers/dense/vars/0"]
    file["layers/dense/vars/0"] = "text"


def group(file):
    del file["layers/dense/vars/0"]
    file.create_group("layers/dense/vars/0")


def loop(file):
    file["layers/dense/loop"] = file["layers"]
    file["layers/dense/vars/2"] = file["layers/dense/vars/0"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (soft, "link"),
        (external_link, "link"),
        (external_storage, "another file"),
        (virtual, "virtual"),
        (unallocated, "claims"),
        (compressed, "claims"),
        (text, "numbers"),
        (group, "does not have|group where"),
        (loop, "2 variables, but received 3"),
    ],
    ids=lambda part: getattr(part, "__name__", ""),
)
def test_tricks_in_hdf5_are_refused(change, message, tmp_path):
    data = with_weights(change)
    with pytest.raises(ValueError, match=message):
        load(data)
    own = model()
    before = own.get_weights()
    (tmp_path / "m.weights.h5").write_bytes(members(data)["model.weights.h5"])
    with pytest.raises(ValueError, match=message.removeprefix("does not have|")):
        own.load_weights(tmp_path / "m.weights.h5")
    for now, then in zip(own.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_nothing_is_allocated_that_the_file_does_not_have():
    """A petabyte by configuration: refused at once, as the file has no such weight."""
    data = with_config(lambda config: dense(config)["config"].update(units=10**14))
    with pytest.raises(ValueError, match="which the file does not have"):
        load(data)


CODE = base64.b64encode(b"\xe3" + bytes(40)).decode()


@pytest.mark.parametrize("safe_mode", [True, False])
def test_bytecode_is_never_run(safe_mode):
    code = {"class_name": "__lambda__", "config": {"code": CODE, "defaults": None, "closure": None}}
    data = with_config(lambda config: dense(config)["config"].update(activation=code))
    with pytest.raises(ValueError, match="never run"):
        load(data, safe_mode=safe_mode)

    def to_lambda(config):
        entry = dense(config)
        entry.update(class_name="Lambda", config={"name": "code", "function": code})

    with pytest.raises((ValueError, TypeError), match=r"never run|Could not locate"):
        load(with_config(to_lambda), safe_mode=safe_mode)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("builtins", "eval"),
        ("subprocess", "Popen"),
        ("keras.utils", "get_file"),
        ("keras.src.utils.file_utils", "get_file"),
        ("pronghorn.saving._atomic", "write_file"),
        ("keras.layers", "deserialize"),
        ("keras.losses", "__loader__"),
    ],
)
@pytest.mark.parametrize("kind", ["class", "function"])
def test_names_outside_of_the_table_are_refused(module, name, kind):
    part = {"module": module, "class_name": name, "config": {}, "registered_name": None}
    if kind == "function":
        part.update(class_name="function", config=name)
    data = with_config(lambda config: dense(config)["config"].update(kernel_initializer=part))
    with pytest.raises((TypeError, ValueError), match=r"Could not locate|not known"):
        load(data)


def test_configurations_nested_too_deeply():
    parts = members()
    parts["config.json"] = b'{"a":' * 10**5 + b"1" + b"}" * 10**5
    with pytest.raises(ValueError, match="nested too deeply"):
        load(packed(parts))


@pytest.mark.parametrize(
    "change",
    [
        lambda config: config["config"]["layers"].append(None),
        lambda config: config["config"].update(layers={}),
        lambda config: dense(config).pop("class_name"),
        lambda config: dense(config).update(config=None),
        lambda config: dense(config)["config"].update(units="many"),
        lambda config: dense(config)["config"].update(unknown=1),
        lambda config: dense(config)["config"].update(dtype={"config": {"name": []}}),
        lambda config: dense(config, 0)["config"].update(batch_shape=[None, -4]),
        lambda config: config.update(class_name="Dense"),
        lambda config: config["compile_config"].update(loss="no such loss"),
        lambda config: config["compile_config"]["optimizer"]["config"].update(learning_rate="x"),
    ],
)
def test_malformed_configurations(change):
    with pytest.raises(ALLOWED):
        load(with_config(change))


def graph_config():
    x = keras.Input((4,), name="x")
    y = layers.Dense(3, name="y")(x)
    return keras.Model(x, layers.Add(name="sum")([y, layers.Dense(3, name="z")(y)])).get_config()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda config: config.pop("output_layers"), "output_layers"),
        (lambda config: config.update(output_layers=["sum", 3, 0]), "node 3"),
        (lambda config: config.update(output_layers=["sum", 0, 1]), "no output number 1"),
        (lambda config: config.update(output_layers=["nobody", 0, 0]), "unknown layer"),
        (lambda config: config["layers"].append(config["layers"][0]), "two layers named"),
        (lambda config: config["layers"][1].update(inbound_nodes=3), "must be a list"),
        (
            lambda config: config["layers"][1].update(
                inbound_nodes=config["layers"][2]["inbound_nodes"]
            ),
            "loops",
        ),
    ],
)
def test_malformed_graphs(change, message):
    config = json.loads(json.dumps(graph_config()))
    change(config)
    with pytest.raises(ValueError, match=message):
        keras.models.Functional.from_config(config)


def paths(part, here=()):
    """Every place in a nested structure."""
    yield here
    if isinstance(part, (dict, list)):
        for key, value in part.items() if isinstance(part, dict) else enumerate(part):
            yield from paths(value, (*here, key))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 10**6) | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["class_name", "config", "module", "x"]), inner, max_size=3
        )
    ),
    max_leaves=4,
)
CONFIG = json.loads(members()["config.json"])
PLACES = [place for place in paths(CONFIG) if place]


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(PLACES), JSON)
def test_any_change_of_the_configuration(place, value):
    config = copy.deepcopy(CONFIG)
    target = config
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = value
    with contextlib.suppress(*ALLOWED):
        load(packed({**members(), "config.json": json.dumps(config).encode()}))


@settings(max_examples=150, deadline=None)
@given(st.randoms(use_true_random=False))
def test_any_damage_of_the_archive(chance: random.Random):
    data = bytearray(GOOD)
    # HDF5's own bytes are left alone: the C library, not this one, parses them.
    start = GOOD.index(b"\x89HDF")
    end = start + len(members()["model.weights.h5"])
    outside = [*range(start), *range(end, len(data))]
    for _ in range(chance.randint(1, 4)):
        data[chance.choice(outside)] = chance.randrange(256)
    if chance.random() < 0.2:
        del data[chance.randrange(len(data)) :]
    with contextlib.suppress(*ALLOWED):
        load(bytes(data))


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False))
def test_any_damage_of_the_numbers(chance: random.Random):
    parts = members()
    weights = bytearray(parts["model.weights.h5"])
    for _ in range(chance.randint(1, 3)):
        weights[chance.randrange(len(weights))] ^= 1 << chance.randrange(8)
    own = model()
    before = own.get_weights()
    with contextlib.suppress(*ALLOWED):
        load(packed({**parts, "model.weights.h5": bytes(weights)}))
    for now, then in zip(own.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_reading_leaves_no_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.keras").write_bytes(packed({**members(), "assets/layers/x/vocabulary.txt": b""}))
    saving.load_model("m.keras")
    assert os.listdir(tmp_path) == ["m.keras"]


def drop_weights(file):
    del file["layers/dense/vars"]


def weights_of_a_layer_without(file):
    file["layers/activation/vars/0"] = np.ones(2, "float32")


def drop_bias(file):
    del file["layers/dense/vars/1"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop_weights, r"'hidden' expected 2 variables, but received 0 .*'kernel', 'bias'"),
        (weights_of_a_layer_without, "'plain' expected 0 variables, but received 1"),
        (drop_bias, "'hidden' expected 2 variables, but received 1"),
    ],
)
def test_as_many_weights_as_the_layer_has(change, message, tmp_path):
    def make():
        hidden = layers.Dense(3, name="hidden")
        return keras.Sequential(
            [keras.Input((4,)), hidden, layers.Activation("relu", name="plain")]
        )

    path = tmp_path / "a.weights.h5"
    made = make()
    made.save_weights(path)
    with h5py.File(path, "r+") as file:
        change(file)
    other = make()
    before = other.get_weights()
    with pytest.raises(ValueError, match=message):
        other.load_weights(path)
    np.testing.assert_array_equal(other.get_weights()[0], before[0])
    # What fits is taken over if that is asked for; the rest stays as it was.
    with pytest.warns(UserWarning, match="Skipped"):
        other.load_weights(path, skip_mismatch=True)
    kept = made if change is weights_of_a_layer_without else None
    expected = before if kept is None else kept.get_weights()
    np.testing.assert_array_equal(other.get_weights()[0], expected[0])


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("attribute", ["model_config", "training_config"])
def test_damaged_json_names_the_file(attribute, tmp_path):
    path = tmp_path / "older.h5"
    model().save(path)
    with h5py.File(path, "r+") as file:
        file.attrs[attribute] = file.attrs[attribute][:40]
    with pytest.raises(ValueError, match=r"older\.h5.* is damaged"):
        saving.load_model(path)
