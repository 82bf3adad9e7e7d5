"""scikit-learn's base classes, or empty ones where it is not installed."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or importlib.util.find_spec("sklearn") is not None:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin

    INSTALLED = True
else:

    class BaseEstimator:
        """Stands in for scikit-learn's."""

    class ClassifierMixin:
        """Stands in for scikit-learn's."""

    class RegressorMixin:
        """Stands in for scikit-learn's."""

    class TransformerMixin:
        """Stands in for scikit-learn's."""

    INSTALLED = False

__all__ = ["BaseEstimator", "ClassifierMixin", "RegressorMixin", "TransformerMixin", "require"]


def require(name: str) -> None:
    """Raises ImportError, which says how to mend it, if scikit-learn is not installed."""
    if not INSTALLED:
        raise ImportError(f'{name} needs scikit-learn: pip install "pronghorn[sklearn]"')


def routing_is_on() -> bool:
    """Whether scikit-learn hands metadata on to steps of pipelines and searches."""
    from sklearn import get_config

    options: dict[str, Any] = get_config()
    return bool(options.get("enable_metadata_routing", False))
