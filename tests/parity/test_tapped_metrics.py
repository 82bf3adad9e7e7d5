"""Metrics that no kernel computes, in `fit` and `evaluate` of compiled models."""

from typing import Any

import numpy as np
from _pairs import (
    assert_histories_equal,
    assert_logs_equal,
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
        "metrics": [
            m.AUC(),
            m.AUC(curve="PR", multi_label=True, name="pr"),
            m.Precision(thresholds=[0.3, 0.6]),
            m.Recall(class_id=1),
            m.F1Score(threshold=0.5),
            m.R2Score(),
            m.SensitivityAtSpecificity(0.5),
            m.BinaryIoU(),
            _largest,
            "mae",
        ],
        "weighted_metrics": [
            m.AUC(),
            m.FBetaScore(average="macro", threshold=0.4),
            m.TruePositives(),
        ],
    }


def test_fit_and_evaluate(rng: np.random.Generator) -> None:
    models = compile_pair(pair(small_classifier(output="sigmoid")), _arguments)
    x = rng.standard_normal((50, 6)).astype("float32")
    y = rng.integers(0, 2, (50, 3)).astype("float32")
    weight = rng.uniform(0, 2, 50).astype("float32")
    histories = fit_pair(
        models, x, y, epochs=3, batch_size=8, sample_weight=weight, validation_split=0.3
    )
    assert models.pronghorn.run_mode == "compiled"
    assert_histories_equal(*histories)
    logs = [m.evaluate(x, y, batch_size=16, verbose=0, return_dict=True) for m in models]
    assert_logs_equal(*logs)
