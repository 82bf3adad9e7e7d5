"""Models as objects: weights, layers, shapes, freezing, sharing."""

from typing import Any

import numpy as np
import pytest
from _pairs import LIBRARIES, assert_updates_equal, compile_pair, pair, small_classifier
from _random_models import describe


@pytest.mark.parametrize("seed", range(6))
def test_structure(seed: int) -> None:
    models = pair(describe(seed).build)

    def facts(model):
        return {
            "count": model.count_params(),
            "weights": [(w.name, tuple(w.shape)) for w in model.weights],
            "trainable": len(model.trainable_weights),
            "frozen": len(model.non_trainable_weights),
            "layers": [(type(layer).__name__, layer.name) for layer in model.layers],
            "inputs": [tuple(t.shape) for t in model.inputs],
            "outputs": [tuple(t.shape) for t in model.outputs],
            "built": model.built,
        }

    assert facts(models.pronghorn) == facts(models.keras)
    for expected, actual in zip(
        models.keras.get_weights(), models.pronghorn.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(actual, expected)


def test_frozen_layers_stay(rng: np.random.Generator) -> None:
    models = pair(small_classifier())
    for model in models:
        model.get_layer("hidden").trainable = False
    compile_pair(models, optimizer="adam", loss="sparse_categorical_crossentropy")
    before = models.keras.get_weights()
    x, y = rng.standard_normal((40, 6)).astype("float32"), rng.integers(0, 3, 40)
    for model in models:
        model.fit(x, y, batch_size=16, shuffle=False, verbose=0)
    after = models.pronghorn.get_weights()
    np.testing.assert_array_equal(after[0], before[0])
    np.testing.assert_array_equal(after[1], before[1])
    for number in (2, 3):
        expected = models.keras.get_weights()[number]
        moved = np.linalg.norm(expected - before[number])
        assert moved > 0
        assert np.linalg.norm(after[number] - expected) < 1e-3 * moved


def test_a_shared_layer(rng: np.random.Generator) -> None:
    def make(library):
        a, b = library.Input((6,), name="a"), library.Input((6,), name="b")
        shared = library.layers.Dense(8, activation="tanh", name="shared")
        y = library.layers.Add()([shared(a), shared(b)])
        return library.Model([a, b], library.layers.Dense(2)(y))

    models = compile_pair(pair(make), optimizer="sgd", loss="mse")
    assert models.pronghorn.count_params() == models.keras.count_params()
    before = models.keras.get_weights()
    x = [rng.standard_normal((16, 6)).astype("float32") for _ in range(2)]
    y = rng.standard_normal((16, 2)).astype("float32")
    for _ in range(3):
        values = [model.train_on_batch(x, y) for model in models]
        np.testing.assert_allclose(values[1], values[0], rtol=2e-5)
    assert_updates_equal(models, before)


def test_operators_on_tensors(rng: np.random.Generator) -> None:
    def make(library):
        x = library.Input((6,))
        y = library.layers.Dense(6, activation="relu")(x)
        return library.Model(x, library.layers.Dense(2)(x + y))

    models = pair(make)
    x = rng.standard_normal((16, 6)).astype("float32")
    expected, actual = (model.predict(x, verbose=0) for model in models)
    np.testing.assert_allclose(actual, expected, atol=1e-5)


def test_unbuilt_sequential_is_built_by_fit(rng: np.random.Generator) -> None:
    x = rng.standard_normal((20, 6)).astype("float32")
    y = rng.standard_normal((20, 2)).astype("float32")

    def make(library):
        model = library.Sequential()
        model.add(library.layers.Dense(4, activation="tanh"))
        model.add(library.layers.Dense(2))
        model.compile("sgd", "mse")
        model.fit(x, y, verbose=0)
        return model

    models = pair(make)
    assert models.pronghorn.built
    expected, actual = (model.predict(x, verbose=0) for model in models)
    np.testing.assert_allclose(actual, expected, atol=1e-5)
    for model in models:
        model.pop()
        assert len(model.layers) == 1


def test_a_second_model_on_the_same_layers(rng: np.random.Generator) -> None:
    """The usual way to look at a hidden layer."""

    def make(library):
        model = small_classifier()(library)
        model.hidden_model = library.Model(model.inputs, model.get_layer("hidden").output)
        return model

    models = pair(make)
    x = rng.standard_normal((16, 6)).astype("float32")
    expected, actual = (model.hidden_model.predict(x, verbose=0) for model in models)
    np.testing.assert_allclose(actual, expected, atol=1e-5)


def test_to_categorical() -> None:
    """Values and shapes; ours are of `floatx`, Keras's of float64."""
    for labels, classes in (([0, 2, 1], None), ([0, 2, 1], 5), ([[0], [1]], None), ([[0, 1]], 3)):
        expected, actual = (lib.utils.to_categorical(labels, classes) for lib in LIBRARIES)
        np.testing.assert_array_equal(actual, expected)
        assert actual.shape == expected.shape


def accounts(model: Any, built: bool = True) -> dict[str, Any]:
    """What a model tells about its metrics."""
    return {
        "metrics": [(type(m).__name__, m.name) for m in model.metrics],
        "names": model.metrics_names,
        "variables": [v.name for v in model.metrics_variables] if built else None,
        "results": list(model.get_metrics_result()) if built else None,
    }


METRICS = {
    "none": {"loss": "mse"},
    "some": {"loss": "mse", "metrics": ["mae", "mse"]},
    "empty": {"loss": "mse", "metrics": []},
    "weighted": {"loss": "mse", "metrics": ["mae"], "weighted_metrics": ["mae", "mse"]},
    "in Python": {"loss": "mse", "metrics": ["R2Score", "mae"]},
}


@pytest.mark.parametrize("kind", METRICS)
def test_metrics_before_and_after_training(kind: str, rng: np.random.Generator) -> None:
    def make(library):
        return library.Sequential([library.Input((3,)), library.layers.Dense(1)])

    models = pair(make)
    x, y = rng.normal(size=(8, 3)).astype("float32"), rng.normal(size=(8, 1)).astype("float32")
    found = []
    for model in models:
        facts = [accounts(model)]
        model.compile("sgd", **METRICS[kind])
        facts.append(accounts(model, built="metrics" not in METRICS[kind]))
        if "metrics" in METRICS[kind]:
            with pytest.raises(ValueError, match="built"):
                model.get_metrics_result()
        model.fit(x, y, verbose=0, batch_size=4, shuffle=False)
        facts.append(accounts(model))
        results = model.get_metrics_result()
        facts += [sorted(results), [round(float(np.asarray(v)), 4) for v in results.values()]]
        model.reset_metrics()
        facts += [accounts(model), str([float(v) for v in model.get_metrics_result().values()])]
        model.evaluate(x, y, verbose=0)
        facts.append([round(float(np.asarray(v)), 4) for v in model.get_metrics_result().values()])
        found.append(facts)
    assert found[1] == found[0]


def test_metrics_of_several_outputs(rng: np.random.Generator) -> None:
    def make(library):
        a = library.Input((3,), name="a")
        outputs = [library.layers.Dense(1, name=name)(a) for name in ("p", "q")]
        return library.Model(a, outputs)

    x, y = rng.normal(size=(8, 3)).astype("float32"), rng.normal(size=(8, 1)).astype("float32")
    for losses in (["mse", "mae"], ["mse", None]):
        found = []
        for model in pair(make):
            model.compile("sgd", losses, metrics=[["mae"], ["mse"]])
            facts = [accounts(model, built=False)]
            model.fit(x, [y, y], verbose=0)
            found.append([*facts, accounts(model)])
        assert found[1] == found[0]


def test_metrics_among_attributes(rng: np.random.Generator) -> None:
    def make(library):
        class Layer(library.layers.Layer):
            def __init__(self):
                super().__init__()
                self.seen = [library.metrics.Mean(name="seen")]

            def call(self, x):
                return x * 2.0

        class Model(library.Model):
            def __init__(self):
                super().__init__()
                self.inside, self.out = Layer(), library.layers.Dense(1)
                self.extra = library.metrics.Mean(name="extra")

            def call(self, x):
                return self.out(self.inside(x))

        model = Model()
        model(np.zeros((1, 3), "float32"))
        return model

    models = pair(make)
    x, y = rng.normal(size=(8, 3)).astype("float32"), rng.normal(size=(8, 1)).astype("float32")
    found = []
    for library, model in zip(LIBRARIES, models, strict=True):
        facts = [accounts(model), [m.name for m in model.inside.metrics]]
        model.compile("sgd", "mse", metrics=["mae"])
        facts += [accounts(model, built=False), sorted(model.fit(x, y, verbose=0).history)]
        facts.append(accounts(model))
        outer = library.Sequential([library.Input((3,)), model])
        outer.compile("sgd", "mse")
        facts.append(accounts(outer))
        found.append(facts)
    assert found[1] == found[0]
