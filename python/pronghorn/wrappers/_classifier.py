"""Classifiers."""

from __future__ import annotations

from typing import Any

import numpy as np

from pronghorn._engine import Array
from pronghorn.wrappers import _bases
from pronghorn.wrappers._estimator import ModelEstimator


class SKLearnClassifier(_bases.ClassifierMixin, ModelEstimator):  # type: ignore[misc]
    """A model as a classifier of scikit-learn, for its pipelines, searches and scores.

    The model gets one-hot targets, one column a class, and needs as many outputs.

    Args:
        model: A compiled model, or a function of `X`, `y` and `model_kwargs` that returns one.
        warm_start: Whether `fit` goes on with the model as it is, instead of beginning with a copy
            with new weights.
        model_kwargs: Further arguments of the function.
        fit_kwargs: Arguments of `Model.fit`.

    Attributes:
        classes_: The classes, in the order of the outputs.
        model_: The fitted model.
        history_: The History of the last fit.

    Example:
        >>> import numpy as np, pronghorn as keras
        >>> def make(X, y):
        ...     layers = [keras.Input(X.shape[1:]), keras.layers.Dense(y.shape[1], "softmax")]
        ...     model = keras.Sequential(layers)
        ...     model.compile("adam", "categorical_crossentropy")
        ...     return model
        >>> x = np.random.default_rng(0).normal(size=(40, 2))
        >>> y = np.where(x[:, 0] > 0, "right", "left")
        >>> model = SKLearnClassifier(make, fit_kwargs={"epochs": 2, "verbose": 0}).fit(x, y)
        >>> model.classes_.tolist()
        ['left', 'right']
    """

    classes_: Array

    def _encode(self, y: Array) -> Array:
        from sklearn.utils.multiclass import type_of_target

        kind = type_of_target(y, raise_unknown=True)
        if kind not in ("binary", "multiclass"):
            raise ValueError(
                f"Only binary and multiclass target types are supported. Target type: {kind}"
            )
        self.classes_, places = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"{type(self).__name__} needs targets of at least two classes. Received one class: "
                f"{self.classes_[0]!r}"
            )
        return np.eye(len(self.classes_))[places]

    def _decode(self, outputs: Array) -> Array:
        return np.asarray(self.classes_[outputs.argmax(axis=1)])

    def decision_function(self, X: Any) -> Array:
        """What the model gives, one column a class.

        Args:
            X: Of shape (samples, features).
        """
        return self._outputs(X)
