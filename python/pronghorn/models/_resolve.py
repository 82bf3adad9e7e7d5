"""From the arguments of `compile` to an objective: matched to the outputs and their shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from pronghorn import _engine, _suggest, _tree, losses, metrics
from pronghorn._engine import Shape
from pronghorn.losses._function import engine_spec
from pronghorn.models._objective import Objective, TrackedMetric

if TYPE_CHECKING:
    from pronghorn._engine import LossSpec

_BY_SHAPE = {
    "accuracy": "accuracy",
    "acc": "accuracy",
    "crossentropy": "crossentropy",
    "ce": "crossentropy",
}
# One column can only be a yes or no: these would give the same value whatever the model says.
_NEEDS_CLASSES = ("categorical_crossentropy", "sparse_categorical_crossentropy")


@dataclass
class Request:
    """The arguments of `compile` that say what to compute."""

    loss: Any = None
    loss_weights: Any = None
    metrics: Any = None
    weighted_metrics: Any = None


def resolve(
    request: Request,
    output_names: Sequence[str],
    keyed: bool,
    output_shapes: Sequence[Shape],
    target_shapes: Sequence[Shape | None],
) -> Objective:
    """Matches what was asked for to the outputs.

    Args:
        request: From `compile`.
        output_names: One an output.
        keyed: Whether the outputs are a dict.
        output_shapes: Batch first.
        target_shapes: Of the arrays of targets, batch first; None where there is none.

    Raises:
        ValueError: If a structure or shape does not match, or the engine lacks a loss or metric.
    """
    names = list(output_names)
    found_names: list[str | None] = []
    found: list[LossSpec | None] = []
    weights = _loss_weights(request.loss_weights, names)
    for i, identifier in enumerate(_per_output_losses(request.loss, names, keyed)):
        name, spec = None, None
        if identifier is not None:
            name, spec = _loss(identifier, output_shapes[i], target_shapes[i], names[i])
            if weights[i] is not None:
                spec["weight"] = cast("float", weights[i])
        found_names.append(name)
        found.append(spec)
    tracked: list[list[TrackedMetric]] = [[] for _ in names]
    for argument, weighted in (("metrics", False), ("weighted_metrics", True)):
        rows = _per_output_metrics(getattr(request, argument), names, argument)
        for i, row in enumerate(rows):
            for identifier in row:
                metric = _metric(identifier, output_shapes[i], target_shapes[i])
                metric.weighted = weighted
                if metric.spec is not None:
                    metric.spec["weighted"] = weighted
                tracked[i].append(metric)
    return Objective(names, found_names, found, tracked, loss_order(request.loss, names, keyed))


def check_identifiers(request: Request) -> None:
    """Raises for unknown names already in `compile`, before there are outputs to match."""
    for identifier in _tree.flatten(request.loss):
        if identifier is not None and _by_shape(identifier) != "crossentropy":
            losses.get(identifier)
    for rows in (request.metrics, request.weighted_metrics):
        for identifier in _tree.flatten(rows):
            if identifier is not None and _by_shape(identifier) is None:
                metrics.get(identifier)


def _by_shape(identifier: Any) -> str | None:
    return _BY_SHAPE.get(identifier.lower()) if isinstance(identifier, str) else None


def _flavour(kind: str, output: Shape, target: Shape | None) -> str:
    """Which accuracy or cross-entropy fits: decided by the last axes, as Keras does."""
    if output[-1] == 1:
        return f"binary_{kind}"
    sparse = target is not None and (
        len(target) < len(output) or (target[-1] == 1 and (output[-1] or 0) > 1)
    )
    return f"sparse_categorical_{kind}" if sparse else f"categorical_{kind}"


def _loss(
    identifier: Any, output: Shape, target: Shape | None, output_name: str
) -> tuple[str, LossSpec]:
    kind = _by_shape(identifier)
    found = losses.get(_flavour(kind, output, target) if kind else identifier)
    if isinstance(found, losses.Loss):
        name, spec = found.name, found._engine_spec()
    else:
        name = identifier if isinstance(identifier, str) else getattr(found, "__name__", "loss")
        spec = engine_spec(found)
    if spec is None:
        raise ValueError(
            f"The loss '{name}' of output '{output_name}' is not one that the engine computes: "
            f"{', '.join(row for row in _engine.loss_names())}."
        )
    if spec["name"] in _NEEDS_CLASSES and output[-1] == 1:
        raise ValueError(
            f"The loss '{name}' needs an output with one column for each class; output "
            f"'{output_name}' has shape {tuple(output)}. For two classes use "
            "'binary_crossentropy' with one sigmoid unit, or give the last layer two units."
        )
    return name, spec


def _metric(identifier: Any, output: Shape, target: Shape | None) -> TrackedMetric:
    kind = _by_shape(identifier)
    metric = metric_object(_flavour(kind, output, target) if kind else identifier)
    if isinstance(identifier, str):
        metric.name = identifier
    spec = metric._engine_spec()
    return TrackedMetric(metric, metric.name, None if spec is None else dict(spec))  # type: ignore[arg-type]


def metric_object(identifier: Any) -> metrics.Metric:
    """The metric of a name, a class, an object or a function of (y_true, y_pred)."""
    found = metrics.get(identifier)
    if isinstance(found, type):
        found = found()
    if not isinstance(found, metrics.Metric):
        found = metrics.MeanMetricWrapper(found, name=getattr(found, "__name__", None))
    metric: metrics.Metric = found
    if isinstance(identifier, str):
        metric.name = identifier
    return metric


def _per_output_losses(loss: Any, names: list[str], keyed: bool) -> list[Any]:
    if isinstance(loss, dict):
        _check_keys(loss, names, "loss")
        if not keyed and len(loss) != len(names):
            raise ValueError(
                f"`loss` is a dict and must have a key for each output: {names}. "
                f"Received the keys {list(loss)}; give None to an output without a loss."
            )
        return [loss.get(name) for name in names]
    if isinstance(loss, (list, tuple)):
        if len(loss) != len(names):
            raise ValueError(
                f"`loss` has {len(loss)} entries; the model has {len(names)} outputs: {names}."
            )
        return list(loss)
    return [loss] * len(names)


def loss_order(loss: Any, names: Sequence[str], keyed: bool) -> list[int]:
    """Outputs in the order in which Keras lists their losses: a dict's, if the outputs are one."""
    named = loss if keyed and isinstance(loss, dict) else names
    return [names.index(name) for name in named]


def _loss_weights(weights: Any, names: list[str]) -> list[float | None]:
    if weights is None:
        return [None] * len(names)
    if isinstance(weights, dict):
        _check_keys(weights, names, "loss_weights")
        row = [weights.get(name) for name in names]
    elif isinstance(weights, (list, tuple)):
        row = list(weights)
    else:
        row = [weights]
    if len(row) != len(names):
        raise ValueError(
            f"`loss_weights` has {len(row)} entries; the model has {len(names)} outputs: {names}."
        )
    return [None if weight is None else float(weight) for weight in row]


def _per_output_metrics(given: Any, names: list[str], argument: str) -> list[list[Any]]:
    if given is None or (isinstance(given, (list, tuple, dict)) and not given):
        return [[] for _ in names]
    if isinstance(given, dict):
        _check_keys(given, names, argument)
    if len(names) == 1:
        return [[m for m in _tree.flatten(given) if m is not None]]
    if isinstance(given, dict):
        rows = [given.get(name) for name in names]
    elif isinstance(given, (list, tuple)) and len(given) == len(names):
        rows = list(given)
    else:
        raise ValueError(
            f"`{argument}` must have one entry for each output, as a list in this order or a dict "
            f"by name: {names}. Received: {argument}={given!r}"
        )
    return [[m for m in _tree.flatten(row) if m is not None] for row in rows]


def _check_keys(given: dict[str, Any], names: list[str], argument: str) -> None:
    for key in given:
        if key not in names:
            raise _suggest.unknown(f"output in `{argument}`", key, names)
