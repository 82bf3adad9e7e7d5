"""Files cross over: what either library wrote, the other reads, and training goes on there."""

import copy
import json
from itertools import groupby
from pathlib import Path

import keras
import numpy as np
import pytest
from _pairs import LIBRARIES
from layer_cases import INTEGER, cases

import pronghorn
from pronghorn.optimizers._optimizer import REGISTRY

X = np.random.default_rng(3).standard_normal((24, 4)).astype("float32")
Y = (X @ np.arange(8.0).reshape(4, 2)).astype("float32") / 4
OTHER = {keras: pronghorn, pronghorn: keras}
DIRECTIONS = pytest.mark.parametrize("writer", LIBRARIES, ids=["from-keras", "from-pronghorn"])

OPTIMIZERS = {
    "SGD": [{}, {"momentum": 0.9, "nesterov": True}, {"clipnorm": 0.5}],
    "RMSprop": [{}, {"momentum": 0.9, "centered": True}],
    "Adam": [
        {},
        {"amsgrad": True, "weight_decay": 0.01},
        {"use_ema": True, "ema_overwrite_frequency": 4, "gradient_accumulation_steps": 2},
    ],
    "AdamW": [{}],
    "Adadelta": [{"learning_rate": 1.0}],
    "Adagrad": [{}],
    "Adamax": [{}],
    "Nadam": [{}],
    "Ftrl": [{}],
    "Lion": [{}],
    "Lamb": [{}],
    "Adafactor": [{}, {"use_ema": True}],
    "Muon": [{}],
    "ScheduleFreeAdamW": [{}],
}
assert sorted(OPTIMIZERS) == sorted(cls.__name__ for cls in REGISTRY.objects() if cls._kernel)
OPTIMIZER_CASES = [(name, case) for name, cases in OPTIMIZERS.items() for case in cases]


def chain(library, *inner):
    return library.Sequential(
        [
            library.Input((4,)),
            library.layers.Dense(3, "tanh", name="hidden", kernel_regularizer="l2"),
            *inner,
            library.layers.Dense(2, name="output"),
        ]
    )


def train(model, epochs=1):
    """Losses of some epochs in order."""
    options = {"epochs": epochs, "batch_size": 8, "shuffle": False, "verbose": 0}
    return model.fit(X, Y, **options).history


def compiled(library, model, optimizer="adam"):
    options = {"run_eagerly": True} if library is keras else {}
    model.compile(optimizer, "mse", metrics=["mae"], **options)
    return model


def assert_goes_on(model, twin, rtol=2e-5):
    expected, actual = train(model), train(twin)
    assert list(actual) == list(expected)
    for key, values in expected.items():
        np.testing.assert_allclose(actual[key], values, rtol=rtol, atol=1e-7, err_msg=key)
    for ours, theirs in zip(twin.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=2e-6)


@DIRECTIONS
@pytest.mark.parametrize(
    ("name", "settings"), OPTIMIZER_CASES, ids=lambda part: str(part).replace("'", "")
)
def test_optimizers(writer, name, settings, tmp_path: Path) -> None:
    model = compiled(writer, chain(writer), getattr(writer.optimizers, name)(**settings))
    train(model)
    model.save(tmp_path / "m.keras")
    twin = OTHER[writer].saving.load_model(tmp_path / "m.keras")
    assert type(twin.optimizer).__name__ == name
    ours, theirs = twin.optimizer.variables, model.optimizer.variables
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-6)
    assert_goes_on(model, twin)


SCHEDULES = [
    ("ExponentialDecay", (0.1, 3, 0.5), {"staircase": True}),
    ("CosineDecay", (0.1, 10), {"warmup_target": 0.2, "warmup_steps": 2}),
    ("CosineDecayRestarts", (0.1, 3), {"m_mul": 0.8, "alpha": 0.1}),
    ("InverseTimeDecay", (0.1, 3, 0.5), {}),
    ("PiecewiseConstantDecay", ([2, 4], [0.1, 0.05, 0.01]), {}),
    ("PolynomialDecay", (0.1, 10), {"power": 2.0}),
]


@DIRECTIONS
@pytest.mark.parametrize(("name", "args", "settings"), SCHEDULES, ids=lambda part: str(part)[:20])
def test_schedules(writer, name, args, settings, tmp_path: Path) -> None:
    schedule = getattr(writer.optimizers.schedules, name)(*args, **settings)
    model = compiled(writer, chain(writer), writer.optimizers.SGD(schedule, momentum=0.5))
    train(model)
    model.save(tmp_path / "m.keras")
    assert_goes_on(model, OTHER[writer].saving.load_model(tmp_path / "m.keras"))


# Every layer once or more; a further set of arguments of a layer adds little here.
CASES = [case for name, group in groupby(cases(), lambda case: case.name) for case in [*group][:2]]


def sample(case):
    """Inputs of a layer."""
    rng = np.random.default_rng(9)
    top = case.arguments.get("input_dim")
    if case.name in INTEGER:
        return [rng.integers(0, top, (5, *shape)).astype("float32") for shape in case.shapes]
    return [rng.normal(size=(5, *shape)).astype("float32") for shape in case.shapes]


def around(library, case):
    """A model of the layer alone, with weights that are no special values."""
    inputs = [library.Input(shape) for shape in case.shapes]
    layer = case.make(library, name="tested")
    model = library.Model(inputs, layer(inputs if case.takes_list else inputs[0]))
    rng = np.random.default_rng(4)
    model.set_weights([rng.uniform(0.5, 1.5, np.shape(w)) for w in model.get_weights()])
    return model


@DIRECTIONS
@pytest.mark.parametrize("case", CASES, ids=str)
def test_layers(writer, case, tmp_path: Path) -> None:
    model = around(writer, case)
    model.save(tmp_path / "m.keras")
    twin = OTHER[writer].saving.load_model(tmp_path / "m.keras")
    for mine, theirs in zip(twin.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(np.asarray(mine), np.asarray(theirs), rtol=1e-7)
    x = sample(case)
    results = [np.asarray(each(x if case.takes_list else x[0])) for each in (twin, model)]
    np.testing.assert_allclose(*results, rtol=1e-5, atol=2e-6)
    mine, theirs = twin.get_layer("tested").get_config(), model.get_layer("tested").get_config()
    assert plain(mine) == plain(theirs)


def plain(config):
    """A configuration as JSON has it."""
    return json.loads(json.dumps(config))


@DIRECTIONS
@pytest.mark.parametrize("optimizer", ["RMSprop", "Nadam"])
def test_the_older_format(writer, optimizer, tmp_path: Path) -> None:
    model = chain(writer, writer.layers.BatchNormalization())
    model = compiled(writer, model, getattr(writer.optimizers, optimizer)())
    train(model)
    model.save(tmp_path / "m.h5")
    twin = OTHER[writer].saving.load_model(tmp_path / "m.h5")
    np.testing.assert_allclose(np.asarray(twin(X)), np.asarray(model(X)), rtol=1e-5, atol=1e-6)
    if writer is keras:  # Keras cannot train what it read from this format, its own files included
        assert_goes_on(model, twin)
    again = OTHER[writer].saving.load_model(tmp_path / "m.h5", compile=False)
    again.load_weights(tmp_path / "m.h5")


def graph(library):
    a, b = library.Input((4,), name="a"), library.Input((4,), name="b")
    shared = library.layers.Dense(3, "relu", name="shared")
    inner = library.Sequential([library.Input((3,)), library.layers.Dense(3)], name="inner")
    core_in = library.Input((6,), name="core_in")
    core = library.Model(core_in, library.layers.Dense(3)(core_in), name="core")
    x = library.layers.Concatenate()([inner(shared(a)), shared(b)])
    x = library.layers.Add()([core(x), shared(a)])
    return library.Model({"a": a, "b": b}, {"o": library.layers.Dense(1)(x), "p": x}, name="graph")


@DIRECTIONS
def test_graphs(writer, tmp_path: Path) -> None:
    model = graph(writer)
    model.save(tmp_path / "m.keras")
    model.save_weights(tmp_path / "m.weights.h5")
    twin = OTHER[writer].saving.load_model(tmp_path / "m.keras")
    again = graph(OTHER[writer])
    again.load_weights(tmp_path / "m.weights.h5")
    data = {"a": X, "b": -X}
    expected = model.predict(data, verbose=0)
    for other in (twin, again):
        actual = other.predict(data, verbose=0)
        for key in expected:
            np.testing.assert_allclose(actual[key], expected[key], rtol=1e-5, atol=1e-6)


def test_graph_configurations_are_equal() -> None:
    theirs, ours = (graph(library).get_config() for library in LIBRARIES)

    def normal(part):
        """Without numbers of shared objects, and options of calls that were not given."""
        if isinstance(part, dict):
            skipped = {"shared_object_id", "compile_config"}
            kept = {k: normal(v) for k, v in part.items() if k not in skipped}
            if set(kept) == {"args", "kwargs"}:
                kept["kwargs"] = {k: v for k, v in kept["kwargs"].items() if v is not None}
            return kept
        return [normal(item) for item in part] if isinstance(part, (list, tuple)) else part

    assert normal(plain(ours)) == normal(plain(theirs))


def test_optimizer_configurations_are_equal() -> None:
    for name, settings in OPTIMIZER_CASES:
        theirs, ours = (
            getattr(library.optimizers, name)(**settings).get_config() for library in LIBRARIES
        )
        assert list(ours) == list(theirs), name
        assert ours == theirs, name


def test_untrained_models_cross_over_compiled(tmp_path: Path) -> None:
    for writer in LIBRARIES:
        model = compiled(writer, chain(writer))
        model.save(tmp_path / "m.keras")
        twin = OTHER[writer].saving.load_model(tmp_path / "m.keras")
        assert twin.compiled
        assert_goes_on(model, twin)


def test_deep_copies_go_on_as_keras_does(tmp_path: Path) -> None:
    model = compiled(keras, chain(keras))
    train(model)
    model.save(tmp_path / "m.keras")
    twin = copy.deepcopy(pronghorn.saving.load_model(tmp_path / "m.keras"))
    assert_goes_on(model, twin)


# What Keras 3.15.1 leaves out of configurations, and so forgets.
FORGOTTEN = {
    ("losses", "CosineSimilarity"): {"axis"},
    ("losses", "Huber"): {"delta"},
    ("losses", "SparseCategoricalCrossentropy"): {"axis"},
    ("metrics", "CosineSimilarity"): {"axis"},
    ("initializers", "Identity"): {"gain"},
    ("initializers", "IdentityInitializer"): {"gain"},
    ("initializers", "identity"): {"gain"},
}


@pytest.mark.parametrize("home", ["losses", "metrics", "initializers", "regularizers"])
def test_default_configurations_are_equal(home) -> None:
    module = getattr(pronghorn, home)
    compared = 0
    for name in module.__all__:
        cls, theirs = getattr(module, name), getattr(getattr(keras, home), name, None)
        if not isinstance(cls, type) or not isinstance(theirs, type):
            continue
        try:
            expected = plain(theirs().get_config())
        except (TypeError, NotImplementedError):  # a base class, or one with required arguments
            continue
        actual = plain(cls().get_config())
        assert set(actual) - set(expected) <= FORGOTTEN.get((home, name), set()), name
        for key, value in expected.items():  # Keras rounds some numbers to float32
            same = isinstance(value, float) and actual[key] == pytest.approx(value, rel=1e-7)
            assert same or actual[key] == value, (name, key)
        compared += 1
    assert compared > 2
