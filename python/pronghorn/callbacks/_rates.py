"""Learning rates as callbacks see them: of one optimizer, or of several."""

from __future__ import annotations

from typing import Any


def optimizers_of(model: Any) -> list[tuple[Any, str]]:
    """Those of a model that have a learning rate, each with what tells it from others in messages.

    A MultiOptimizer stands for several; messages name these.
    """
    several = getattr(model.optimizer, "optimizers", None)
    if several is None:
        return [(model.optimizer, "")]
    return [(optimizer, f"{optimizer.name} ") for optimizer in several]


def log_rates(model: Any, logs: dict[str, Any]) -> None:
    """Puts the learning rates into the logs: one, or one for each optimizer under its name."""
    for optimizer, name in optimizers_of(model):
        key = f"learning_rate_{name.strip()}" if name else "learning_rate"
        logs[key] = float(optimizer.learning_rate)
