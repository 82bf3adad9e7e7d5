"""Random arrays, and the seeds of everything that is drawn at random."""

from pronghorn.random._draws import (
    beta,
    binomial,
    categorical,
    dropout,
    gamma,
    normal,
    randint,
    shuffle,
    truncated_normal,
    uniform,
)
from pronghorn.random._generator import SeedGenerator
from pronghorn.random._seed import next_seed

__all__ = [
    "SeedGenerator",
    "beta",
    "binomial",
    "categorical",
    "dropout",
    "gamma",
    "next_seed",
    "normal",
    "randint",
    "shuffle",
    "truncated_normal",
    "uniform",
]
