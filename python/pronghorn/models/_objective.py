"""Losses and metrics of a model's outputs, and the names of their results in logs."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pronghorn import _engine
from pronghorn.losses._function import SPARSE
from pronghorn.metrics import Mean
from pronghorn.models._compile_metrics import log_names

if TYPE_CHECKING:
    from pronghorn._engine import LossSpec, MetricSpec, Results


@dataclass
class TrackedMetric:
    """A metric of one output.

    Attributes:
        metric: The object.
        name: Its name in logs, before that of the output.
        spec: For the engine; None if Python computes the metric from the outputs.
        weighted: Whether sample weights apply.
    """

    metric: Any
    name: str
    spec: MetricSpec | None
    weighted: bool = False


@dataclass
class Objective:
    """Losses and metrics, one entry an output.

    Attributes:
        output_names: Keys of a dict of outputs, otherwise names of the output layers.
        loss_names: Name of each output's loss, for messages; None where there is none.
        losses: Specifications for the engine.
        metrics: Of each output; unweighted ones first.
        order: The outputs in the order in which their losses are listed; empty if it is theirs.
    """

    output_names: list[str]
    loss_names: list[str | None]
    losses: list[LossSpec | None]
    metrics: list[list[TrackedMetric]]
    order: list[int] = field(default_factory=list)

    @functools.cached_property
    def sparse(self) -> list[bool | None]:
        """Whether each output's targets are class numbers; None if it needs no targets.

        Raises:
            ValueError: If loss and metrics of an output disagree.
        """
        return [self._is_sparse(output) for output in range(len(self.output_names))]

    def _is_sparse(self, output: int) -> bool | None:
        spec = self.losses[output]
        users = [] if spec is None else [(str(self.loss_names[output]), spec["name"])]
        users += [(tracked.name, spec["name"]) for tracked, spec in self._in_engine(output)]
        kinds = {_engine.is_sparse(engine_name) for _, engine_name in users}
        if len(kinds) == 2:
            sparse = [name for name, kernel in users if _engine.is_sparse(kernel)]
            dense = [name for name, kernel in users if not _engine.is_sparse(kernel)]
            raise ValueError(
                f"Output '{self.output_names[output]}' cannot have both {sparse}, which take class "
                f"numbers, and {dense}, which take values of the output's shape."
            )
        return kinds.pop() if kinds else None

    def _in_engine(self, output: int) -> list[tuple[TrackedMetric, MetricSpec]]:
        return [(each, each.spec) for each in self.metrics[output] if each.spec is not None]

    @functools.cached_property
    def engine_metrics(self) -> list[list[MetricSpec]]:
        """What the engine computes of each output."""
        return [[spec for _, spec in self._in_engine(o)] for o in range(len(self.metrics))]

    @functools.cached_property
    def _engine_objects(self) -> list[tuple[Any, int, int]]:
        """The metrics of `engine_metrics`, each with its output and its place there."""
        return [
            (each.metric, output, place)
            for output in range(len(self.metrics))
            for place, (each, _) in enumerate(self._in_engine(output))
        ]

    @functools.cached_property
    def tapped(self) -> list[int]:
        """The outputs that metrics in Python see."""
        return [o for o, row in enumerate(self.metrics) if any(m.spec is None for m in row)]

    def take_over(self, results: Results) -> None:
        """Gives the engine's sums to the metrics."""
        for metric, output, place in self._engine_objects:
            metric._set_state(*results["metrics"][output][place])

    def reset_tapped(self) -> None:
        """Lets the metrics that Python computes forget what they saw."""
        for output in self.tapped:
            for tracked in self.metrics[output]:
                if tracked.spec is None:
                    tracked.metric.reset_state()

    def kernels(self, output: int) -> list[str]:
        """The engine's names of what is computed of an output, the loss first ("" if none)."""
        spec = self.losses[output]
        loss = "" if spec is None else spec["name"]
        return [loss, *(spec["name"] for _, spec in self._in_engine(output))]

    def ignored_class(self, output: int) -> int | None:
        """The label, if there is one, that all cross-entropies of an output leave out."""
        specs = [self.losses[output], *(spec for _, spec in self._in_engine(output))]
        ignored = {
            spec.get("ignore_class")
            for spec in specs
            if spec is not None and spec["name"] in SPARSE
        }
        return ignored.pop() if len(ignored) == 1 else None

    @functools.cached_property
    def loss_outputs(self) -> list[int]:
        """The outputs that have a loss."""
        order = self.order or range(len(self.losses))
        return [i for i in order if self.losses[i] is not None]

    def logs(self, results: Results) -> dict[str, float]:
        """Named results, sorted by name."""
        logs = {"loss": _ratio(results["loss"])}
        if self._loss_alone:
            return logs
        if len(self.loss_outputs) > 1:
            for i in self.loss_outputs:
                logs[f"{self.output_names[i]}_loss"] = _ratio(results["output_losses"][i])
        sums = [iter(row) for row in results["metrics"]]
        for name, (i, j) in self._metric_places.items():
            tracked = self.metrics[i][j]
            if tracked.spec is not None:
                logs[name] = float(tracked.metric._engine_result(*next(sums[i])))
                continue
            result = tracked.metric.result()
            named = result if isinstance(result, dict) else {name: result}
            logs.update((key, plain_number(value)) for key, value in named.items())
        return dict(sorted(logs.items()))

    def in_order(self, logs: dict[str, float]) -> float | list[float]:
        """Values of `logs` as train_on_batch and evaluate list them; one value alone if one."""
        if len(logs) == 1:
            return next(iter(logs.values()))
        names = self._first_names
        first = [name for name in names if name in logs]
        return [logs[name] for name in (*first, *(n for n in sorted(logs) if n not in names))]

    def as_declared(self, logs: dict[str, float]) -> dict[str, float]:
        """`logs` in the order of `in_order`, each name once."""
        first = [name for name in dict.fromkeys(self._first_names) if name in logs]
        return {name: logs[name] for name in (*first, *(n for n in logs if n not in first))}

    @functools.cached_property
    def _first_names(self) -> list[str]:
        """What comes first in `in_order`, as far as it is there.

        As in Keras a name that is both among the metrics and the weighted metrics comes twice.
        """
        unweighted, weighted = self._by_weight()
        names = ["loss", *(self.metrics[i][j].name for i, j in (*unweighted, *weighted))]
        return [*names, *(f"{self.output_names[i]}_loss" for i in self.loss_outputs)]

    def _by_weight(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        places = [(i, j) for i, row in enumerate(self.metrics) for j in range(len(row))]
        weighted = [p for p in places if self.metrics[p[0]][p[1]].weighted]
        return [p for p in places if p not in weighted], weighted

    @functools.cached_property
    def _loss_alone(self) -> bool:
        return len(self.loss_outputs) < 2 and not self._metric_places

    @functools.cached_property
    def _metric_places(self) -> dict[str, tuple[int, int]]:
        """Unique name of each metric, and which one it is."""
        unweighted, weighted = self._by_weight()
        names = log_names(self._names(unweighted), self._names(weighted), self._several)
        return dict(zip(names, (*unweighted, *weighted), strict=True))

    def _names(self, places: list[tuple[int, int]]) -> list[tuple[str, str]]:
        return [(self.output_names[i], self.metrics[i][j].name) for i, j in places]

    @property
    def _several(self) -> bool:
        return len(self.output_names) > 1

    def named_metrics(self) -> list[tuple[str, Any]]:
        """The metrics with their names in logs, those without sample weights first."""
        return [(name, self.metrics[i][j].metric) for name, (i, j) in self._metric_places.items()]

    @functools.cached_property
    def loss_trackers(self) -> list[Mean]:
        """Means of the outputs' losses, if several have one."""
        if len(self.loss_outputs) < 2:
            return []
        return [Mean(name=f"{self.output_names[i]}_loss") for i in self.loss_outputs]


def plain_number(value: Any) -> Any:
    """What a metric gave: a float, or an array of several values."""
    array = np.asarray(value)
    return array if array.size != 1 else float(array.reshape(()))


def _ratio(pair: tuple[float, float]) -> float:
    return pair[0] / pair[1] if pair[1] else 0.0
