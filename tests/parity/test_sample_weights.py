"""sample_weight, class_weight and weighted_metrics."""

import numpy as np
import pytest
from _pairs import (
    assert_histories_equal,
    assert_updates_equal,
    compile_pair,
    fit_pair,
    pair,
    small_classifier,
)


def _models(loss: str = "sparse_categorical_crossentropy"):
    return compile_pair(
        pair(small_classifier()),
        optimizer="sgd",
        loss=loss,
        metrics=["accuracy"],
        weighted_metrics=["accuracy"],
    )


@pytest.mark.parametrize("kind", ["float", "zeros", "integers", "column"])
def test_sample_weight(kind: str, rng: np.random.Generator) -> None:
    models = _models()
    before = models.keras.get_weights()
    x = rng.standard_normal((50, 6)).astype("float32")
    y = rng.integers(0, 3, 50)
    weights = {
        "float": rng.uniform(0, 3, 50),
        "zeros": (rng.random(50) < 0.3).astype("float32"),
        "integers": rng.integers(0, 4, 50),
        "column": rng.uniform(0, 3, (50, 1)),
    }[kind]
    histories = fit_pair(models, x, y, sample_weight=weights, epochs=2, validation_split=0.2)
    assert_histories_equal(*histories)
    assert_updates_equal(models, before)


@pytest.mark.parametrize("one_hot", [False, True])
def test_class_weight(one_hot: bool, rng: np.random.Generator) -> None:
    models = _models("categorical_crossentropy" if one_hot else "sparse_categorical_crossentropy")
    before = models.keras.get_weights()
    x = rng.standard_normal((50, 6)).astype("float32")
    y = rng.integers(0, 3, 50)
    if one_hot:
        y = np.eye(3, dtype="float32")[y]
    histories = fit_pair(
        models, x, y, class_weight={0: 0.5, 1: 2.0, 2: 1.5}, epochs=2, validation_split=0.2
    )
    assert_histories_equal(*histories)
    assert_updates_equal(models, before)


def test_class_weight_leaves_out_a_class(rng: np.random.Generator) -> None:
    models = _models()
    x = rng.standard_normal((50, 6)).astype("float32")
    y = rng.integers(0, 3, 50)
    assert_histories_equal(*fit_pair(models, x, y, class_weight={1: 3.0}, epochs=2))


def test_sample_and_class_weight_together(rng: np.random.Generator) -> None:
    """Keras either multiplies or refuses; so do we."""
    x = rng.standard_normal((50, 6)).astype("float32")
    y = rng.integers(0, 3, 50)
    outcomes = []
    for model in _models():
        try:
            history = model.fit(
                x,
                y,
                sample_weight=np.linspace(0, 2, 50),
                class_weight={0: 1.0, 1: 2.0, 2: 3.0},
                shuffle=False,
                verbose=0,
            )
            outcomes.append(history.history["loss"][0])
        except ValueError:
            outcomes.append("ValueError")
    assert type(outcomes[1]) is type(outcomes[0])
    if not isinstance(outcomes[0], str):
        assert outcomes[1] == pytest.approx(outcomes[0], rel=1e-5)


def test_on_batches(rng: np.random.Generator) -> None:
    models = _models()
    x = rng.standard_normal((16, 6)).astype("float32")
    y = rng.integers(0, 3, 16)
    weights = rng.uniform(0, 2, 16).astype("float32")
    for _ in range(3):
        logs = [m.train_on_batch(x, y, sample_weight=weights, return_dict=True) for m in models]
        assert list(logs[1]) == list(logs[0])
        np.testing.assert_allclose(
            list(logs[1].values()), [float(v) for v in logs[0].values()], rtol=2e-5
        )
    values = [model.train_on_batch(x, y, class_weight={0: 1.0, 1: 2.0, 2: 3.0}) for model in models]
    np.testing.assert_allclose(values[1], values[0], rtol=2e-5)
    values = [model.test_on_batch(x, y, sample_weight=weights) for model in models]
    np.testing.assert_allclose(values[1], values[0], rtol=2e-5)
