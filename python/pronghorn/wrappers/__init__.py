"""Models as scikit-learn's estimators; needs ``pip install "pronghorn[sklearn]"``."""

from pronghorn.wrappers._classifier import SKLearnClassifier
from pronghorn.wrappers._regressor import SKLearnRegressor
from pronghorn.wrappers._transformer import SKLearnTransformer

__all__ = ["SKLearnClassifier", "SKLearnRegressor", "SKLearnTransformer"]
