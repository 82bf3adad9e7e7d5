"""Models: graphs of layers that can be trained."""

from pronghorn import _profile
from pronghorn.models._cloning import clone_model
from pronghorn.models._files import model_from_json
from pronghorn.models._functional import Functional
from pronghorn.models._model import Model
from pronghorn.models._sequential import Sequential
from pronghorn.saving._api import load_model, save_model

__all__ = [
    "Functional",
    "Model",
    "Sequential",
    "clone_model",
    "load_model",
    "model_from_json",
    "save_model",
]

if _profile.wanted():
    for _name in ("fit", "evaluate", "predict"):
        setattr(Model, _name, _profile.printing(getattr(Model, _name)))
