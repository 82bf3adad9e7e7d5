"""PiecewiseConstantDecay."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pronghorn._numbers import real
from pronghorn.optimizers.schedules._schedule import REGISTRY, Steps, VectorSchedule


@REGISTRY.add()
class PiecewiseConstantDecay(VectorSchedule):
    """values[0] up to and including step boundaries[0], then values[1] up to boundaries[1], ...

    Args:
        boundaries: Increasing steps, at least one.
        values: Learning rates, one more than ``boundaries``.
        name: A name for messages.

    Raises:
        ValueError: If the lengths do not fit or the boundaries do not increase.

    Example:
        >>> PiecewiseConstantDecay([10, 20], [0.1, 0.01, 0.001])([0, 10, 11, 21]).tolist()
        [0.1, 0.1, 0.01, 0.001]
    """

    def __init__(
        self,
        boundaries: Sequence[float],
        values: Sequence[float],
        name: str = "PiecewiseConstant",
    ) -> None:
        if len(boundaries) != len(values) - 1 or not len(boundaries):
            raise ValueError(
                "`values` must have one entry more than `boundaries`, which needs at least one; "
                f"received {len(values)} values and {len(boundaries)} boundaries."
            )
        for each in boundaries:
            real(each, "boundaries")
        self.values = [real(each, "values") for each in values]
        self.boundaries = list(boundaries)
        self.name = name
        if np.any(np.diff(np.asarray(self.boundaries, np.float64)) <= 0):
            raise ValueError(f"`boundaries` must increase; received {self.boundaries}.")

    def _formula(self, step: Steps) -> Steps:
        segment = np.searchsorted(np.asarray(self.boundaries, np.float64), step, side="left")
        return np.asarray(self.values, np.float64)[segment]

    def get_config(self) -> dict[str, Any]:
        return {"boundaries": self.boundaries, "values": self.values, "name": self.name}
