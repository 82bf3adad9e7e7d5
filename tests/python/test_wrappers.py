"""Models as scikit-learn's estimators."""

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import layers

sklearn = pytest.importorskip("sklearn")

from sklearn.base import clone  # noqa: E402
from sklearn.model_selection import GridSearchCV, cross_val_score  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.utils.estimator_checks import check_estimator  # noqa: E402

X = np.random.default_rng(3).normal(size=(90, 3)).astype("float32")
Y = np.array(["a", "b", "c"])[np.argmax(X, axis=1)]
QUIET = {"verbose": 0}


@pytest.fixture(autouse=True)
def silent(monkeypatch):
    keras.utils.set_random_seed(1)
    monkeypatch.setattr(keras.Model, "predict", _silent(keras.Model.predict))


def _silent(predict):
    return lambda self, x: predict(self, x, verbose=0)


def classifier(X, y, units=8):
    parts = [keras.Input(X.shape[1:]), layers.Dense(units, "relu"), layers.Dense(y.shape[1])]
    model = keras.Sequential([*parts, layers.Softmax()])
    model.compile(keras.optimizers.Adam(0.05), "categorical_crossentropy", metrics=["accuracy"])
    return model


def regressor(X, y):
    model = keras.Sequential([keras.Input(X.shape[1:]), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model


def test_classes_of_any_kind_are_learnt():
    estimator = keras.wrappers.SKLearnClassifier(classifier, fit_kwargs={"epochs": 30, **QUIET})
    assert estimator.fit(X, Y) is estimator
    assert estimator.classes_.tolist() == ["a", "b", "c"]
    assert estimator.score(X, Y) > 0.9
    outputs = estimator.decision_function(X)
    np.testing.assert_array_equal(estimator.predict(X), np.array(list("abc"))[outputs.argmax(1)])
    assert estimator.epoch_ == 30
    assert "accuracy" in estimator.history_.history


def test_in_pipelines_searches_and_cross_validation():
    wrapped = keras.wrappers.SKLearnClassifier(classifier, fit_kwargs={"epochs": 20, **QUIET})
    piped = make_pipeline(StandardScaler(), wrapped)
    assert cross_val_score(piped, X, Y, cv=3).mean() > 0.7
    grid = {"model_kwargs": [{"units": 1}, {"units": 16}]}
    search = GridSearchCV(wrapped, grid, cv=2).fit(X, Y)
    assert search.best_params_ == {"model_kwargs": {"units": 16}}


def test_a_clone_is_equal_and_unfitted():
    estimator = keras.wrappers.SKLearnClassifier(classifier, fit_kwargs=QUIET).fit(X, Y)
    again = clone(estimator)
    assert again.get_params() == estimator.get_params()
    with pytest.raises(sklearn.exceptions.NotFittedError):
        again.predict(X)


def test_regression():
    y = X @ [1.0, -2.0, 0.5]
    estimator = keras.wrappers.SKLearnRegressor(regressor, fit_kwargs={"epochs": 20, **QUIET})
    assert estimator.fit(X, y).score(X, y) > 0.99
    assert estimator.predict(X).shape == (90,)
    assert estimator.fit(X, y, epochs=3).epoch_ == 3  # goes before fit_kwargs


def test_transformer_passes_outputs_on():
    estimator = keras.wrappers.SKLearnTransformer(regressor, fit_kwargs=QUIET)
    outputs = estimator.fit(X, X[:, 0]).transform(X)
    np.testing.assert_array_equal(outputs, estimator.model_.predict(X))
    assert outputs.shape == (90, 1)


def test_a_model_is_copied_unless_warm_start():
    y = X[:, 0]
    model = regressor(X, y)
    before = model.get_weights()
    cold = keras.wrappers.SKLearnRegressor(model, fit_kwargs=QUIET).fit(X, y)
    assert cold.model is model
    np.testing.assert_array_equal(model.get_weights()[0], before[0])
    warm = keras.wrappers.SKLearnRegressor(model, warm_start=True, fit_kwargs=QUIET)
    first = warm.fit(X, y).history_.history["loss"][0]
    assert warm.model_ is model
    assert warm.fit(X, y).history_.history["loss"][0] < first


def test_what_is_refused():
    wrap = keras.wrappers.SKLearnClassifier
    with pytest.raises(ValueError, match="Only binary and multiclass"):
        wrap(classifier).fit(X, X[:, 0])
    with pytest.raises(TypeError, match="`model` must be a compiled model"):
        wrap(3).fit(X, Y)
    with pytest.raises(RuntimeError, match="compiled"):
        wrap(keras.Sequential([keras.Input((3,)), layers.Dense(3)])).fit(X, Y)
    fitted = wrap(classifier, fit_kwargs=QUIET).fit(X, Y)
    with pytest.raises(ValueError, match="3 features"):
        fitted.predict(X[:, :2])


# Checks that ask for equal results of two fits, which begin with other weights each time; and those
# that expect a classifier of two classes to give one column (Keras's own fails them, too).
EXPECTED = {
    "check_classifier_data_not_an_array",
    "check_classifiers_classes",
    "check_classifiers_one_label_sample_weights",
    "check_classifiers_train",
    "check_fit_idempotent",
    "check_regressor_data_not_an_array",
    "check_regressors_int",
    "check_regressors_train",
    "check_supervised_y_2d",
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["Classifier", "Regressor", "Transformer"])
def test_estimator_checks(kind):
    make = classifier if kind == "Classifier" else regressor
    wrap = getattr(keras.wrappers, f"SKLearn{kind}")
    results = check_estimator(
        wrap(make, fit_kwargs={"epochs": 2, **QUIET}), on_fail=None, on_skip=None
    )
    failed = {each["check_name"] for each in results if each["status"] == "failed"}
    assert failed <= EXPECTED
    assert sum(each["status"] == "passed" for each in results) > 30


def test_without_scikit_learn_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setattr("pronghorn.wrappers._bases.INSTALLED", False)
    with pytest.raises(ImportError, match=r"pronghorn\[sklearn\]"):
        keras.wrappers.SKLearnRegressor(regressor)
