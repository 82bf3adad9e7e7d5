"""train_on_batch, test_on_batch, predict_on_batch: what they return and when metrics reset."""

import numpy as np
import pytest
from _pairs import assert_updates_equal, compile_pair, pair, small_classifier


@pytest.mark.parametrize("metrics", [None, ["accuracy"], ["accuracy", "mse"]])
def test_values_over_several_batches(metrics, rng: np.random.Generator) -> None:
    """Keras's metrics, loss included, go on averaging from batch to batch."""
    models = compile_pair(
        pair(small_classifier()),
        optimizer="sgd",
        loss="categorical_crossentropy",
        metrics=metrics,
    )
    before = models.keras.get_weights()
    for step in range(4):
        rows = (16, 16, 5, 16)[step]
        x = rng.standard_normal((rows, 6)).astype("float32")
        y = np.eye(3, dtype="float32")[rng.integers(0, 3, rows)]
        for call in ("train_on_batch", "test_on_batch"):
            expected, actual = (getattr(model, call)(x, y) for model in models)
            assert np.shape(actual) == np.shape(expected)
            np.testing.assert_allclose(actual, expected, rtol=2e-5)
            expected, actual = (getattr(m, call)(x, y, return_dict=True) for m in models)
            assert list(actual) == list(expected)
            np.testing.assert_allclose(
                [float(v) for v in actual.values()],
                [float(v) for v in expected.values()],
                rtol=2e-5,
            )
        if step == 2:
            for model in models:
                model.reset_metrics()
    assert_updates_equal(models, before)


def test_predict_on_batch(rng: np.random.Generator) -> None:
    models = pair(small_classifier())
    x = rng.standard_normal((16, 6)).astype("float32")
    expected, actual = (np.asarray(model.predict_on_batch(x)) for model in models)
    assert (actual.shape, actual.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(actual, expected, atol=1e-6)


def test_evaluate_after_training_on_batches(rng: np.random.Generator) -> None:
    models = compile_pair(
        pair(small_classifier()),
        optimizer="sgd",
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    x = rng.standard_normal((16, 6)).astype("float32")
    y = rng.integers(0, 3, 16)
    for model in models:
        model.train_on_batch(x, y)
    expected, actual = (model.evaluate(x, y, verbose=0) for model in models)
    np.testing.assert_allclose(actual, expected, rtol=2e-5)
    # evaluate leaves its own averages behind; train_on_batch goes on from there.
    expected, actual = (model.train_on_batch(x, y) for model in models)
    np.testing.assert_allclose(actual, expected, rtol=2e-5)
