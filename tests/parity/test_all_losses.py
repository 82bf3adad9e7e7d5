"""Every loss of the package, found by introspection: values, gradients, configurations."""

import inspect
from typing import Any

import keras
import numpy as np
import pytest
from _pairs import LIBRARIES, assert_updates_equal, compile_pair, pair, small_classifier

import pronghorn

ROWS, CLASSES = 24, 5
CLASS_NAMES = sorted(
    name
    for name, entry in vars(pronghorn.losses).items()
    if inspect.isclass(entry) and name != "Loss"
)
FUNCTION_NAMES = sorted(
    name
    for name, entry in vars(pronghorn.losses).items()
    if inspect.isfunction(entry) and not name.startswith("_")
    if name not in ("get", "serialize", "deserialize")
)
# Besides the defaults, which every loss is tried with.
SETTINGS: dict[str, list[dict[str, Any]]] = {
    "Huber": [{"delta": 0.3}],
    "BinaryCrossentropy": [{"from_logits": True, "label_smoothing": 0.2}, {"axis": 0}],
    "CategoricalCrossentropy": [{"from_logits": True, "label_smoothing": 0.2}, {"axis": 0}],
    "SparseCategoricalCrossentropy": [
        {"from_logits": True},
        {"ignore_class": 2},
        {"ignore_class": -1, "from_logits": True},
    ],
    "BinaryFocalCrossentropy": [
        {"apply_class_balancing": True, "alpha": 0.4, "gamma": 3.0},
        {"from_logits": True, "label_smoothing": 0.2},
        {"gamma": 0.0},
        {"gamma": 0.5, "apply_class_balancing": True, "from_logits": True},
    ],
    "CategoricalFocalCrossentropy": [
        {"alpha": 0.6, "gamma": 3.0},
        {"from_logits": True, "label_smoothing": 0.2},
        {"gamma": 0.0},
        {"gamma": 0.5, "from_logits": True},
    ],
    "CategoricalGeneralizedCrossEntropy": [{"q": 0.2}, {"q": 0.9}],
    "CosineSimilarity": [{"axis": 0}],
    "Dice": [{"axis": -1}, {"axis": 0}],
    "Tversky": [{"alpha": 0.3, "beta": 0.9}, {"axis": -1, "alpha": 0.7}, {"axis": 0}],
    "Circle": [{"gamma": 20.0, "margin": 0.2}, {"remove_diagonal": False}],
}
CASES = [(name, each) for name in CLASS_NAMES for each in [{}, *SETTINGS.get(name, [])]]
REDUCTIONS = ["sum_over_batch_size", "sum", "mean_with_sample_weight", None]


def data(name: str, settings: dict[str, Any], rng: np.random.Generator) -> tuple[Any, Any]:
    """Targets and predictions that suit the loss."""
    z = (3 * rng.standard_normal((ROWS, CLASSES))).astype("float32")
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    labels = rng.integers(0, CLASSES, ROWS)
    one_hot = np.eye(CLASSES, dtype="float32")[labels]
    if settings.get("ignore_class") == -1:
        labels[::3] = -1
    logits = settings.get("from_logits", False)
    if name == "Circle":
        return labels % 3, z / np.linalg.norm(z, axis=1, keepdims=True)
    if "Sparse" in name or "Generalized" in name:
        return labels, z if logits else p
    if name.startswith("Binary"):
        return rng.integers(0, 2, z.shape).astype("float32"), z if logits else 1 / (1 + np.exp(-z))
    if name.startswith("Categorical") and name != "CategoricalHinge":
        return one_hot, z if logits else p
    if name in ("Hinge", "SquaredHinge"):
        return rng.integers(0, 2, z.shape), z
    if name == "CategoricalHinge":
        return one_hot, z
    if name in ("Poisson", "KLDivergence", "MeanSquaredLogarithmicError", "Dice", "Tversky"):
        return rng.dirichlet(np.ones(CLASSES), ROWS).astype("float32"), p
    return rng.standard_normal(z.shape).astype("float32"), z


@pytest.mark.parametrize(("name", "settings"), CASES, ids=str)
def test_values(name: str, settings: dict[str, Any], rng: np.random.Generator) -> None:
    """Unreduced and with every reduction, with and without weights."""
    y, p = data(name, settings, rng)
    weights = rng.uniform(0, 2, ROWS).astype("float32")
    for reduction in REDUCTIONS:
        for given in (None, weights):
            # Keras cannot weigh what has no axis of samples.
            if given is not None and settings.get("axis", -1) == 0:
                continue
            expected, actual = (
                np.asarray(getattr(lib.losses, name)(reduction=reduction, **settings)(y, p, given))
                for lib in LIBRARIES
            )
            assert actual.shape == expected.shape
            np.testing.assert_allclose(actual, expected, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize(("name", "settings"), CASES, ids=str)
def test_configurations(name: str, settings: dict[str, Any]) -> None:
    expected, actual = (getattr(lib.losses, name)(**settings).get_config() for lib in LIBRARIES)
    # Keras forgets some arguments, so that the loss would come back as another one.
    assert {**actual, **expected} == actual
    assert {**actual, **settings} == actual


@pytest.mark.parametrize("name", FUNCTION_NAMES)
def test_functions(name: str, rng: np.random.Generator) -> None:
    class_name = next(each for each in CLASS_NAMES if each.lower() == name.replace("_", "").lower())
    y, p = data(class_name, {}, rng)
    own = {"q": 0.4} if name.endswith("generalized_cross_entropy") else {}
    expected, actual = (np.asarray(getattr(lib.losses, name)(y, p, **own)) for lib in LIBRARIES)
    np.testing.assert_allclose(actual, expected, rtol=2e-5, atol=1e-6)


def test_signatures() -> None:
    for name in (*CLASS_NAMES, *FUNCTION_NAMES):
        expected, actual = (
            {
                key: (each.default, each.kind)
                for key, each in inspect.signature(getattr(lib.losses, name)).parameters.items()
            }
            for lib in LIBRARIES
        )
        assert actual == expected, name


IN_MODELS = [
    case for case in CASES if case[1].get("axis", -1) in (-1, None) and case[0] != "Circle"
]


@pytest.mark.parametrize(("name", "settings"), IN_MODELS, ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_training(name: str, settings: dict[str, Any], weighted: bool, rng) -> None:
    """Losses before each of some steps of gradient descent, and where the steps end."""
    reductions = ["mean_with_sample_weight", "sum"] if weighted else ["sum_over_batch_size"]
    y, p = data(name, settings, rng)
    shifted = p.min() < 0
    output = None if shifted else "softmax"
    x = rng.standard_normal((ROWS, 6)).astype("float32")
    for reduction in reductions:
        models = compile_pair(
            pair(small_classifier(classes=CLASSES, output=output)),
            lambda library, reduction=reduction: {
                "loss": getattr(library.losses, name)(reduction=reduction, **settings),
                "optimizer": library.optimizers.SGD(0.01),
            },
        )
        before = models.keras.get_weights()
        weights = rng.uniform(0, 2, ROWS).astype("float32") if weighted else None
        for _ in range(2):
            expected, actual = (
                model.train_on_batch(x, y, sample_weight=weights) for model in models
            )
            assert actual == pytest.approx(float(expected), rel=5e-5)
        assert_updates_equal(models, before)
        expected, actual = (
            model.evaluate(x, y, sample_weight=weights, batch_size=10, verbose=0)
            for model in models
        )
        assert actual == pytest.approx(expected, rel=5e-5)


def test_short_names(rng: np.random.Generator) -> None:
    for name in ("kld", "KLD", "mape", "MAPE", "msle", "MSLE", "mse", "mae", "bce", "BCE"):
        y, p = (rng.dirichlet(np.ones(CLASSES), ROWS).astype("float32") for _ in range(2))
        expected, actual = (np.asarray(lib.losses.get(name)(y, p)) for lib in LIBRARIES)
        np.testing.assert_allclose(actual, expected, rtol=2e-5)
    assert keras.losses.get("hinge").__name__ == pronghorn.losses.get("hinge").__name__
