"""Transformers."""

from __future__ import annotations

from typing import Any

from pronghorn._engine import Array
from pronghorn.wrappers import _bases
from pronghorn.wrappers._estimator import ModelEstimator


class SKLearnTransformer(_bases.TransformerMixin, ModelEstimator):  # type: ignore[misc]
    """A model as a step of scikit-learn's pipelines that passes its outputs on.

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
        >>> x = np.random.default_rng(0).normal(size=(8, 2))
        >>> SKLearnTransformer(model, fit_kwargs={"verbose": 0}).fit(x, x[:, 0]).transform(x).shape
        1/1 ...
        (8, 1)
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []  # outputs have the model's dtype
        return tags

    def transform(self, X: Any) -> Array:
        """What the model gives.

        Args:
            X: Of shape (samples, features).
        """
        return self._outputs(X)
