"""What the layers share that add noise in training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pronghorn._engine import EngineGraph
from pronghorn._numbers import real
from pronghorn.layers._layer import Layer
from pronghorn.random._seed import check_seed, next_seed

if TYPE_CHECKING:
    from pronghorn._engine import Node as EngineNode


class NoiseLayer(Layer):
    """A layer that is random in training and the identity in inference."""

    supports_masking = True

    _keeps_shape = True
    _knows_training = True
    _operation = ""

    def __init__(self, *, seed: int | None, **kwargs: Any) -> None:
        self.seed = check_seed(seed)
        super().__init__(**kwargs)
        self._stream = next_seed() if self.seed is None else self.seed

    def _numbers(self) -> dict[str, float]:
        """What the engine's operation is told beside the seed."""
        raise NotImplementedError

    def _check_training_argument(self, training: bool | None) -> None:
        if training:  # a fixed False gives way to what fit and predict ask for, as in Keras
            raise ValueError(
                f"Layer '{self.name}' decides at run time whether it acts; in a graph it cannot "
                f"be fixed. Received: training={training!r}"
            )

    def _compose(self, inputs: Sequence[Any], training: bool) -> Any:
        return super()._compose(inputs, training) if training and self._acts() else inputs[0]

    def _acts(self) -> bool:
        return any(self._numbers().values())

    def _engine_node(self, graph: EngineGraph, shapes: Sequence[tuple[int, ...]]) -> EngineNode:
        return {"op": self._operation, "seed": self._stream, "numbers": self._numbers()}

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, as plain data."""
        return {**super().get_config(), **self._numbers(), "seed": self.seed}


def share(value: Any) -> float:
    """`rate` as a number in [0, 1).

    Raises:
        ValueError: If it is none.
    """
    return real(value, "rate", low=0.0, high=1.0, open_high=True)
