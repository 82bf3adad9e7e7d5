"""Models: graphs of layers that can be trained."""

from pronghorn.models._functional import Functional
from pronghorn.models._model import Model
from pronghorn.models._sequential import Sequential

__all__ = ["Functional", "Model", "Sequential"]
