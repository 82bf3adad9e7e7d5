"""Regressors."""

from __future__ import annotations

from pronghorn.wrappers import _bases
from pronghorn.wrappers._estimator import ModelEstimator


class SKLearnRegressor(_bases.RegressorMixin, ModelEstimator):  # type: ignore[misc]
    """A model as a regressor of scikit-learn, for its pipelines, searches and scores.

    Args:
        model: A compiled model, or a function of `X`, `y` and `model_kwargs` that returns one.
        warm_start: Whether `fit` goes on with the model as it is, instead of beginning with a copy
            with new weights.
        model_kwargs: Further arguments of the function.
        fit_kwargs: Arguments of `Model.fit`.

    Attributes:
        model_: The fitted model.
        history_: The History of the last fit.

    Example:
        >>> import numpy as np, pronghorn as keras
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> x = np.random.default_rng(0).normal(size=(40, 2))
        >>> estimator = SKLearnRegressor(model, fit_kwargs={"epochs": 40, "verbose": 0})
        >>> bool(estimator.fit(x, x @ [1.0, -2.0]).score(x, x @ [1.0, -2.0]) > 0.5)
        2/2 ...
        True
    """
