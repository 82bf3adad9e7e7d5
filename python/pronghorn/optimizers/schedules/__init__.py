"""Learning rates that change with the number of updates."""

from pronghorn.optimizers.schedules._cosine_decay import CosineDecay
from pronghorn.optimizers.schedules._cosine_decay_restarts import CosineDecayRestarts
from pronghorn.optimizers.schedules._exponential_decay import ExponentialDecay
from pronghorn.optimizers.schedules._inverse_time_decay import InverseTimeDecay
from pronghorn.optimizers.schedules._piecewise_constant_decay import PiecewiseConstantDecay
from pronghorn.optimizers.schedules._polynomial_decay import PolynomialDecay
from pronghorn.optimizers.schedules._schedule import LearningRateSchedule, deserialize, serialize

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "deserialize",
    "serialize",
]
