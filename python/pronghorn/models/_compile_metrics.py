"""The metrics given to `compile`, as one metric."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pronghorn.metrics import Metric

Named = list[tuple[str, Any]]


class CompileMetrics(Metric):
    """The metrics given to `compile`, as the one of `Model.metrics` that stands for all of them.

    They are matched to the outputs by the first data; before that there are none.

    Args:
        find: Gives the metrics by name, or None before they are matched.
        update: Shows them targets, predictions and sample weights.

    Example:
        >>> import numpy as np, pronghorn as keras
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse", metrics=["mae"])
        >>> _ = model.evaluate(np.ones((4, 2)), np.ones(4), verbose=0)
        >>> model.metrics[1].name, list(model.metrics[1].result())
        ('compile_metrics', ['mae'])
    """

    def __init__(self, find: Callable[[], Named | None], update: Callable[..., None]) -> None:
        super().__init__(name="compile_metrics")
        self._find, self._update = find, update

    @property
    def built(self) -> bool:
        """Whether the metrics are matched to the outputs."""
        return self._find() is not None

    @property
    def metrics(self) -> list[Any]:
        """The metrics, those without sample weights first."""
        return [metric for _, metric in self._find() or []]

    @property
    def variables(self) -> list[Any]:
        """The state of all."""
        return [variable for metric in self.metrics for variable in metric.variables]

    def names(self) -> list[str]:
        """The metrics' names in logs."""
        return [name for name, _ in self._find() or []]

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Shows a batch to all metrics.

        Args:
            y_true: Targets, in the structure of the outputs.
            y_pred: Outputs.
            sample_weight: Weight of each sample, for the weighted metrics.
        """
        self._update(y_true, y_pred, sample_weight)

    def result(self) -> dict[str, Any]:
        """Each metric's result by name.

        Raises:
            ValueError: If no data were seen yet.
        """
        found = self._find()
        if found is None:
            raise ValueError(
                "The metrics given to `compile` have no result() yet: they are not built before "
                "the first data."
            )
        return {name: metric.result() for name, metric in found}

    def reset_state(self) -> None:
        """Forgets all data."""
        for metric in self.metrics:
            metric.reset_state()


def log_names(
    unweighted: list[tuple[str, str]], weighted: list[tuple[str, str]], several: bool
) -> list[str]:
    """Names in logs, each once.

    Args:
        unweighted: Name of the output and of the metric, for each.
        weighted: The same for metrics with sample weights.
        several: Whether there are several outputs, whose names then come first.
    """
    counts: dict[str, int] = {}

    def unique(name: str) -> str:
        count = counts.get(name, 0)
        counts[name] = count + 1
        return f"{name}_{count}" if count else name

    def prefixed(output: str, name: str) -> str:
        return f"{output}_{name}" if several else name

    names = [unique(prefixed(output, name)) for output, name in unweighted]
    for output, metric in weighted:
        name = prefixed(output, metric)
        names.append(unique(prefixed(output, f"weighted_{metric}") if name in counts else name))
    return names
