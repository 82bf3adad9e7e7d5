"""Where the functions of this module take their random numbers from."""

from __future__ import annotations

from typing import Any

import numpy as np

from pronghorn import _naming
from pronghorn._arguments import check_constructor
from pronghorn._autodiff import _record
from pronghorn._variable import Variable
from pronghorn.random._seed import check_seed, next_seed

_UINT32 = 2**32


@check_constructor
class SeedGenerator:
    """Gives another seed at each use.

    Functions of this module that get an integer as `seed` give the same numbers at each call; with
    a SeedGenerator they go on.

    Args:
        seed: An integer, or None to take one from the session (`utils.set_random_seed`).
        name: Given automatically if None.

    Attributes:
        state: Variable of seed and number of uses, two unsigned 32-bit integers. It is among the
            `variables` of a layer that has the generator as an attribute.

    Example:
        >>> from pronghorn import random
        >>> seed = random.SeedGenerator(1)
        >>> bool((random.normal((2,), seed=seed) == random.normal((2,), seed=seed)).any())
        False
    """

    def __init__(self, seed: int | None = None, name: str | None = None) -> None:
        self._initial_seed = check_seed(seed)
        self.name = name or _naming.auto_name(type(self).__name__)
        first = next_seed() if self._initial_seed is None else self._initial_seed
        value = np.array([first % _UINT32, 0], np.uint32)
        self.state = Variable(value, dtype="uint32", trainable=False, name="seed_generator_state")
        self.state.path = f"{self.name}/{self.state.name}"

    def next(self, ordered: bool = True) -> Any:
        """The state before this use, shape (2,), uint32.

        Args:
            ordered: Whether the second number counts the uses; otherwise both are mixed.
        """
        state = self.state.numpy()
        if not _record._state.rehearsing:
            seed, uses = int(state[0]), int(state[1])
            mixed = [(each + 1) * 5387 % _UINT32 % 933199 for each in (seed, uses)]
            self.state.assign([seed, (uses + 1) % _UINT32] if ordered else mixed)
        return state

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal generator."""
        return {"seed": self._initial_seed, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SeedGenerator:
        """Makes a generator from what `get_config` gave."""
        return cls(**config)


def generator(seed: int | SeedGenerator | None) -> np.random.Generator:
    """NumPy's generator for a `seed` argument; None takes a seed from the session."""
    if isinstance(seed, SeedGenerator):
        return np.random.Generator(np.random.Philox(seed.next().tolist()))
    given = check_seed(seed)
    if given is None and _record._state.tracing:
        # Numbers that are drawn anew at each call must not become constants of a graph.
        raise RuntimeError("Random numbers are drawn in a call that is traced.")
    return np.random.Generator(np.random.Philox(next_seed() if given is None else given))
