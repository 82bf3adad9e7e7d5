"""scikit-learn as a second source for the metrics."""

import numpy as np
import pytest

import pronghorn

sklearn_metrics = pytest.importorskip("sklearn.metrics")


@pytest.fixture
def classified(rng: np.random.Generator):
    """Labels and the probabilities of a softmax model, with sample weights."""
    model = pronghorn.Sequential(
        [pronghorn.Input((6,)), pronghorn.layers.Dense(5, activation="softmax")]
    )
    model.compile(
        "sgd",
        "sparse_categorical_crossentropy",
        metrics=["accuracy", pronghorn.metrics.SparseTopKCategoricalAccuracy(k=2, name="top")],
        weighted_metrics=[pronghorn.metrics.SparseCategoricalAccuracy(name="weighted")],
    )
    x = rng.standard_normal((200, 6)).astype("float32")
    y = rng.integers(0, 5, 200)
    weights = rng.uniform(0, 2, 200).astype("float32")
    return model, x, y, weights


def test_log_loss_and_accuracies(classified) -> None:
    model, x, y, weights = classified
    p = model.predict(x, verbose=0).astype("float64")
    p /= p.sum(axis=1, keepdims=True)
    logs = model.evaluate(x, y, verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx(sklearn_metrics.log_loss(y, p, labels=range(5)), rel=1e-5)
    labels = p.argmax(axis=1)
    assert logs["accuracy"] == pytest.approx(sklearn_metrics.accuracy_score(y, labels))
    top = sklearn_metrics.top_k_accuracy_score(y, p, k=2, labels=range(5))
    assert logs["top"] == pytest.approx(top)
    logs = model.evaluate(x, y, sample_weight=weights, verbose=0, return_dict=True)
    expected = sklearn_metrics.accuracy_score(y, labels, sample_weight=weights)
    assert logs["weighted"] == pytest.approx(expected, rel=1e-5)


def test_errors_of_regression(rng: np.random.Generator) -> None:
    y, p = rng.standard_normal((2, 50, 3)).astype("float32")
    for name, function in (
        ("MeanSquaredError", sklearn_metrics.mean_squared_error),
        ("MeanAbsoluteError", sklearn_metrics.mean_absolute_error),
        ("RootMeanSquaredError", sklearn_metrics.root_mean_squared_error),
    ):
        metric = getattr(pronghorn.metrics, name)()
        metric.update_state(y, p)
        # The root is taken of the mean over all elements, not output by output.
        expected = function(y.ravel(), p.ravel())
        assert float(np.asarray(metric.result())) == pytest.approx(expected, rel=1e-5), name


def test_logistic_regression_converges_to_the_same_model(rng: np.random.Generator) -> None:
    """One sigmoid unit with an L2 penalty is logistic regression: a convex problem."""
    linear_model = pytest.importorskip("sklearn.linear_model")
    x = rng.standard_normal((300, 4))
    y = (x @ [1.0, -2.0, 0.5, 0.0] + 0.5 * rng.standard_normal(300) > 0.3).astype("float64")
    strength = 0.01
    expected = linear_model.LogisticRegression(C=1 / (2 * strength * 300), tol=1e-10).fit(x, y)
    model = pronghorn.Sequential(
        [
            pronghorn.Input((4,)),
            pronghorn.layers.Dense(
                1, activation="sigmoid", kernel_regularizer=pronghorn.regularizers.L2(strength)
            ),
        ]
    )
    model.compile(pronghorn.optimizers.SGD(1.0, momentum=0.9), "binary_crossentropy")
    model.fit(x, y, batch_size=300, epochs=500, verbose=0)
    kernel, bias = model.get_weights()
    np.testing.assert_allclose(kernel[:, 0], expected.coef_[0], atol=1e-4)
    np.testing.assert_allclose(bias, expected.intercept_, atol=1e-4)
