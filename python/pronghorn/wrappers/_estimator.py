"""What the estimators share: the model that they make, fit and ask."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from pronghorn._engine import Array
from pronghorn.models import Model, clone_model
from pronghorn.wrappers import _bases


class ModelEstimator(_bases.BaseEstimator):  # type: ignore[misc]
    """A model with the methods of scikit-learn's estimators.

    Args:
        model: A compiled model, or a function of `X`, `y` (as the model gets them) and
            `model_kwargs` that returns one.
        warm_start: Whether `fit` goes on with the model as it is; otherwise each begins with a copy
            with new weights.
        model_kwargs: Further arguments of the function.
        fit_kwargs: Arguments of `Model.fit`, before which those of the own `fit` go.

    Attributes:
        model_: The fitted model.
        history_: The History of the last fit.
    """

    def __init__(
        self,
        model: Any,
        warm_start: bool = False,
        model_kwargs: dict[str, Any] | None = None,
        fit_kwargs: dict[str, Any] | None = None,
    ) -> None:
        _bases.require(type(self).__name__)
        self.model = model
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True
        return tags

    @property
    def epoch_(self) -> int:
        """Number of epochs of the last fit; 0 before."""
        history = getattr(self, "history_", None)
        return 0 if history is None else len(history.epoch)

    def set_fit_request(self, **kwargs: Any) -> Any:
        """Says which arguments of `fit` are handed on to this estimator within others.

        Args:
            **kwargs: True, False, None or another name, by argument.

        Raises:
            RuntimeError: If scikit-learn's metadata routing is not enabled.
        """
        if not _bases.routing_is_on():
            raise RuntimeError(
                "This method is only available when metadata routing is enabled. You can enable it "
                "using sklearn.set_config(enable_metadata_routing=True)."
            )
        self._metadata_request = self._get_metadata_request()
        for name, alias in kwargs.items():
            self._metadata_request.fit.add_request(param=name, alias=alias)
        return self

    def fit(self, X: Any, y: Any, **kwargs: Any) -> Any:
        """Fits the model.

        Args:
            X: Of shape (samples, features).
            y: Targets, one a sample.
            **kwargs: Arguments of `Model.fit`, such as `epochs`.

        Returns:
            The estimator itself.

        Raises:
            ValueError: If the data do not fit.
            TypeError: If `model` is neither a model nor a function.
            RuntimeError: If the model is not compiled with a loss and an optimizer.
        """
        from sklearn.utils.validation import validate_data

        X, y = validate_data(self, X, y)
        targets = self._encode(y)
        model = self._make_model(X, targets)
        if not (model.compiled and model.loss and model.optimizer):
            raise RuntimeError(
                f"The model '{model.name}' needs to be compiled, with a loss and an optimizer, "
                "before it can be fitted."
            )
        self.history_ = model.fit(X, targets, **{**(self.fit_kwargs or {}), **kwargs})
        self.model_ = model
        return self

    def predict(self, X: Any) -> Array:
        """Predictions, in the form of the targets.

        Args:
            X: Of shape (samples, features).
        """
        return self._decode(self._outputs(X))

    def _outputs(self, X: Any) -> Array:
        """What the model gives, as it is."""
        from sklearn.utils.validation import check_is_fitted, validate_data

        check_is_fitted(self)
        outputs: Array = self.model_.predict(validate_data(self, X, reset=False))
        return outputs

    def _make_model(self, X: Array, y: Array) -> Any:
        if self.warm_start and hasattr(self, "model_"):
            return self.model_
        if isinstance(self.model, Model):
            return self.model if self.warm_start else _with_new_weights(self.model)
        if not callable(self.model):
            raise TypeError(
                "`model` must be a compiled model, or a function that returns one. "
                f"Received: model={self.model!r} (of type {type(self.model).__name__})"
            )
        return self.model(X=X, y=y, **(self.model_kwargs or {}))

    def _encode(self, y: Array) -> Array:
        """The targets as the model takes them: one column."""
        y = np.asarray(y)
        return (y.astype(np.float64) if y.dtype.kind == "O" else y).reshape(-1, 1)

    def _decode(self, outputs: Array) -> Array:
        """Predictions of the form of `y` from what the model gives."""
        return outputs[:, 0] if outputs.ndim == 2 and outputs.shape[1] == 1 else outputs


def _with_new_weights(model: Any) -> Any:
    """A copy of a compiled model that has not been trained."""
    new = clone_model(model)
    if not model.compiled:
        return new
    optimizer, request = model.optimizer, copy.deepcopy(model._request)
    new.compile(
        None if optimizer is None else type(optimizer).from_config(optimizer.get_config()),
        request.loss,
        request.loss_weights,
        request.metrics,
        request.weighted_metrics,
        **model._compile_options,
    )
    return new
