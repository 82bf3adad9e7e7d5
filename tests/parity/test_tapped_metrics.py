"""Metrics that no kernel computes, in `fit` and `evaluate` of compiled models."""

from typing import Any

import numpy as np
from _pairs import (
    assert_histories_equal,
    compile_pair,
    fit_pair,
    pair,
    small_classifier,
)


def _largest(y_true: Any, y_pred: Any) -> Any:
    """One number a batch: its mean depends on how the rows are cut."""
    return y_pred.max()


def _arguments(library: Any) -> dict[str, Any]:
    m = library.metrics
    return {
        "optimizer": "adam",
        "loss": "binary_crossentropy",
        "metrics": [m.AUC(), m.Recall(thresholds=[0.3, 0.6]), m.F1Score(), _largest, "mae"],
        "weighted_metrics": [m.AUC(), m.TruePositives()],
    }


def test_fit_with_validation(rng: np.random.Generator) -> None:
    models = compile_pair(pair(small_classifier(output="sigmoid")), _arguments)
    x = rng.standard_normal((50, 6)).astype("float32")
    y = rng.integers(0, 2, (50, 3)).astype("float32")
    weight = rng.uniform(0, 2, 50).astype("float32")
    histories = fit_pair(
        models, x, y, epochs=3, batch_size=8, sample_weight=weight, validation_split=0.3
    )
    assert models.pronghorn.run_mode == "compiled"
    assert_histories_equal(*histories)
