"""Optimizers with Keras's names, defaults and update rules."""

from pronghorn.optimizers import schedules
from pronghorn.optimizers._adadelta import Adadelta
from pronghorn.optimizers._adafactor import Adafactor
from pronghorn.optimizers._adagrad import Adagrad
from pronghorn.optimizers._adam import Adam
from pronghorn.optimizers._adamax import Adamax
from pronghorn.optimizers._adamw import AdamW
from pronghorn.optimizers._ftrl import Ftrl
from pronghorn.optimizers._lamb import Lamb
from pronghorn.optimizers._lion import Lion
from pronghorn.optimizers._lookup import deserialize, get, serialize
from pronghorn.optimizers._loss_scale_optimizer import LossScaleOptimizer
from pronghorn.optimizers._multi_optimizer import MultiOptimizer
from pronghorn.optimizers._muon import Muon
from pronghorn.optimizers._nadam import Nadam
from pronghorn.optimizers._optimizer import Optimizer
from pronghorn.optimizers._optimizer_map import OptimizerMap
from pronghorn.optimizers._rmsprop import RMSprop
from pronghorn.optimizers._schedule_free_adamw import ScheduleFreeAdamW
from pronghorn.optimizers._sgd import SGD

__all__ = [
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lamb",
    "Lion",
    "LossScaleOptimizer",
    "MultiOptimizer",
    "Muon",
    "Nadam",
    "Optimizer",
    "OptimizerMap",
    "RMSprop",
    "ScheduleFreeAdamW",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]
