"""Metrics of decisions against counting sample by sample, and areas against their meaning."""

import numpy as np
import pytest

from pronghorn import metrics

RNG = np.random.default_rng(8)
TARGETS = RNG.integers(0, 2, (30, 3)).astype(np.float32)
SCORES = RNG.random((30, 3)).astype(np.float32)
WEIGHTS = RNG.uniform(0, 2, 30)


def counted(threshold, columns=(0, 1, 2), weights=None):
    """Hits, false alarms, rejections and misses, one decision at a time."""
    sums = [0.0, 0.0, 0.0, 0.0]
    for i in range(30):
        for j in columns:
            kind = {(1, 1): 0, (0, 1): 1, (0, 0): 2, (1, 0): 3}[
                int(TARGETS[i, j]), int(SCORES[i, j] > threshold)
            ]
            sums[kind] += 1.0 if weights is None else weights[i]
    return sums


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
@pytest.mark.parametrize("thresholds", [[0.31], [0.2, 0.77, 0.4], [0.0, 0.25, 0.5, 0.75, 1.0]])
def test_counts(thresholds, weights):
    kinds = ("TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives")
    for which, name in enumerate(kinds):
        metric = getattr(metrics, name)(thresholds)
        for part in (slice(0, 11), slice(11, 30)):
            given = None if weights is None else weights[part]
            metric.update_state(TARGETS[part], SCORES[part], given)
        expected = [counted(threshold, weights=weights)[which] for threshold in thresholds]
        np.testing.assert_allclose(metric.result(), np.squeeze(expected), rtol=1e-12, atol=1e-12)


def test_precision_and_recall_of_a_class():
    hits, alarms, _, misses = counted(0.3, columns=(2,), weights=WEIGHTS)
    precision = metrics.Precision(0.3, class_id=2)(TARGETS, SCORES, WEIGHTS)
    recall = metrics.Recall(0.3, class_id=2)(TARGETS, SCORES, WEIGHTS)
    assert precision == pytest.approx(hits / (hits + alarms))
    assert recall == pytest.approx(hits / (hits + misses))


def test_the_largest_predictions_are_positive():
    hits = sum(TARGETS[i, np.argsort(-SCORES[i])[:2]].sum() for i in range(30))
    assert metrics.Precision(top_k=2)(TARGETS, SCORES) == pytest.approx(hits / 60)
    assert metrics.Recall(top_k=2)(TARGETS, SCORES) == pytest.approx(hits / TARGETS.sum())


def test_area_under_roc_is_the_probability_of_the_right_order():
    """With thresholds between all scores, as Mann and Whitney count it."""
    scores = (np.argsort(np.argsort(SCORES[:, 0])) + 0.5) / 30
    targets = TARGETS[:, 0]
    right = [a > b for a in scores[targets == 1] for b in scores[targets == 0]]
    assert metrics.AUC(thresholds=[i / 30 for i in range(31)])(targets, scores) == pytest.approx(
        np.mean(right)
    )
    assert metrics.AUC(num_thresholds=31)(targets, scores) == pytest.approx(np.mean(right))


@pytest.mark.parametrize("curve", ["ROC", "PR"])
def test_areas_of_summations_enclose_the_interpolated_one(curve):
    low, middle, high = (
        metrics.AUC(50, curve, method)(TARGETS, SCORES)
        for method in ("minoring", "interpolation", "majoring")
    )
    assert low < middle < high


def test_labels_apart():
    apart = metrics.AUC(multi_label=True, label_weights=[1.0, 2.0, 5.0])(TARGETS, SCORES)
    areas = [metrics.AUC()(TARGETS[:, j], SCORES[:, j]) for j in range(3)]
    assert apart == pytest.approx(np.average(areas, weights=[1, 2, 5]))


def test_trades():
    rates = []
    for threshold in [i / 19 for i in range(20)]:
        hits, alarms, rejections, misses = counted(threshold)
        specificity, recall = rejections / (rejections + alarms), hits / (hits + misses)
        rates.append((specificity, recall, hits / (hits + alarms) if hits + alarms else 0.0))
    assert metrics.SensitivityAtSpecificity(0.6, 20)(TARGETS, SCORES) == pytest.approx(
        max(recall for specificity, recall, _ in rates if specificity >= 0.6)
    )
    assert metrics.PrecisionAtRecall(0.6, 20)(TARGETS, SCORES) == pytest.approx(
        max(precision for _, recall, precision in rates if recall >= 0.6)
    )


def test_f_score_of_each_class():
    expected = []
    for j in range(3):
        hits, alarms, _, misses = counted(0.4, columns=(j,))
        precision, recall = hits / (hits + alarms), hits / (hits + misses)
        expected.append(5 * precision * recall / (4 * precision + recall))
    score = metrics.FBetaScore(beta=2.0, threshold=0.4)(TARGETS, SCORES)
    np.testing.assert_allclose(score, expected, rtol=1e-6)


def test_r2_score():
    y, p = RNG.normal(size=(20, 2)), RNG.normal(size=(20, 2))
    expected = 1 - ((y - p) ** 2).sum(axis=0) / ((y - y.mean(axis=0)) ** 2).sum(axis=0)
    score = metrics.R2Score(class_aggregation=None, dtype="float64")(y, p)
    np.testing.assert_allclose(score, expected, rtol=1e-12)


def test_intersection_over_union():
    true, predicted = RNG.integers(0, 4, 50), RNG.integers(0, 4, 50)
    ratios = [
        np.sum((true == c) & (predicted == c)) / np.sum((true == c) | (predicted == c))
        for c in range(4)
    ]
    assert metrics.MeanIoU(4)(true, predicted) == pytest.approx(np.mean(ratios), abs=1e-6)
    chosen = metrics.IoU(4, [1, 3])(true, predicted)
    assert chosen == pytest.approx((ratios[1] + ratios[3]) / 2, abs=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.AUC(curve="RCO"), "Did you mean 'ROC'"),
        (lambda: metrics.AUC(num_thresholds=1), "num_thresholds"),
        (lambda: metrics.AUC(num_labels=2), "multi_label"),
        (lambda: metrics.Precision(thresholds=[0.5, 1.5]), "1.5"),
        (lambda: metrics.Recall(class_id=7)(TARGETS, SCORES), "class_id"),
        (lambda: metrics.PrecisionAtRecall(1.5), "recall"),
        (lambda: metrics.F1Score(average="mean"), "average"),
        (lambda: metrics.F1Score()([1, 0], [0.5, 0.5]), "shape"),
        (lambda: metrics.IoU(2, [2]), "target_class_ids"),
        (lambda: metrics.AUC(num_thresholds=10**30), "`num_thresholds` .*<= 1000000"),
        (lambda: metrics.AUC(num_thresholds=1), "`num_thresholds` .*>= 2"),
        (lambda: metrics.PrecisionAtRecall(0.5, num_thresholds=10**9), "`num_thresholds`"),
        (lambda: metrics.TruePositives()(TARGETS, SCORES[:, :2]), "same shape"),
        (lambda: metrics.TruePositives()(TARGETS, SCORES, [1.0, 2.0]), "sample_weight"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
