"""How functions of targets and predictions become metrics that the engine knows."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pronghorn._arguments import explained
from pronghorn.config import floatx
from pronghorn.losses._function import (
    ENGINE_ARGUMENTS,
    as_numbers,
    beyond_engine,
    engine_name,
    same_rank,
)
from pronghorn.metrics._metric import REGISTRY

F = TypeVar("F", bound=Callable[..., Any])


def metric_function(function: F) -> F:
    """Decorator: results in ``config.floatx()``, and ``_metric_spec`` for the engine."""

    @explained
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return np.asarray(function(*args, **kwargs)).astype(floatx())[()]

    engine_metric(wrapper, function.__name__)
    REGISTRY.add()(wrapper)
    return cast(F, wrapper)


def engine_metric(function: Callable[..., Any], name: str) -> None:
    """Tells that the engine computes ``function`` under ``name``."""
    defaults = {
        key: each.default
        for key, each in inspect.signature(function).parameters.items()
        if each.default is not each.empty
    }

    def specification(**settings: Any) -> Any:
        settings = {**defaults, **settings}
        kernel = engine_name(name, settings.get("axis", -1))
        if kernel is None or beyond_engine(name, settings):
            return None
        known = {key: settings[key] for key in ENGINE_ARGUMENTS if key in settings}
        return {"name": kernel, **known}

    setattr(function, "_metric_spec", specification)  # noqa: B010


def same_shape(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    """Both as arrays of numbers of one shape, a last axis of length 1 aside."""
    targets, predictions = same_rank(as_numbers(y_true, "y_true"), as_numbers(y_pred, "y_pred"))
    if targets.shape != predictions.shape:
        raise ValueError(
            f"`y_true` and `y_pred` must have the same shape; received {targets.shape} and "
            f"{predictions.shape}."
        )
    return targets, predictions


def class_indices(y_true: ArrayLike, y_pred: NDArray[Any]) -> NDArray[Any]:
    """Class indices of the shape of ``y_pred`` without its last axis."""
    labels = as_numbers(y_true, "y_true")
    if labels.ndim == y_pred.ndim and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if labels.shape != y_pred.shape[:-1]:
        raise ValueError(
            f"`y_true` must hold one class index for each of {y_pred.shape[:-1]} samples; received "
            f"shape {np.shape(y_true)}."
        )
    return labels
