"""Every public class that Keras has too is compared with it, with several sets of arguments."""

import inspect
from collections import Counter
from collections.abc import Iterable
from types import ModuleType
from typing import Any

import keras
import layer_cases
import pytest
import test_all_losses
import test_all_metrics
import test_constraints
import test_initializers
import test_optimizers
import test_regularizers
import test_schedules

import pronghorn

# By kind: the sets of arguments, and classes that are compared otherwise, with the place.
KINDS: dict[str, tuple[Iterable[tuple[Any, ...]], dict[str, str]]] = {
    "constraints": (test_constraints.CASES, {}),
    "initializers": (
        test_initializers.WITH_ARGUMENTS,
        {"Initializer": "a base class"},
    ),
    "layers": (
        layer_cases.cases(),
        {
            "InputLayer": "test_inputs.py",
            "InputSpec": "test_input_spec.py",
            "Lambda": "test_model_attributes.py, test_custom_training.py",
            "Layer": "test_custom_training.py",
            "SpectralNormalization": "test_spectral_normalization.py",
            "Wrapper": "a base class",
            **dict.fromkeys(
                (
                    *("CategoryEncoding", "Discretization", "HashedCrossing", "Hashing"),
                    *("IntegerLookup", "Normalization", "StringLookup"),
                ),
                "test_table_layers.py, test_tables_in_models.py",
            ),
        },
    ),
    "losses": (test_all_losses.CASES, {"Loss": "test_custom_training.py"}),
    "metrics": (
        [*test_all_metrics.CASES, *test_all_metrics.ACCUMULATING],
        {"Metric": "test_custom_training.py"},
    ),
    "optimizers": (
        test_optimizers.CASES,
        {
            "Optimizer": "test_custom_training.py",
            **dict.fromkeys(
                ("LossScaleOptimizer", "MultiOptimizer", "OptimizerMap"),
                "test_wrapped_optimizers.py",
            ),
        },
    ),
    "optimizers.schedules": (
        test_schedules.CASES,
        {"LearningRateSchedule": "a base class"},
    ),
    "regularizers": (test_regularizers.ALL, {"Regularizer": "a base class"}),
}


def classes(home: str) -> list[str]:
    def of(package: ModuleType) -> Any:
        found: Any = package
        for part in home.split("."):
            found = getattr(found, part)
        return found

    ours, theirs = of(pronghorn), of(keras)
    # Under their own names: `l1` is L1 again.
    names = (name for name in ours.__all__ if getattr(ours, name).__name__ == name)
    return [name for name in names if inspect.isclass(getattr(theirs, name, None))]


@pytest.mark.parametrize("home", KINDS)
def test_every_class_is_compared(home: str) -> None:
    cases, elsewhere = KINDS[home]
    counts = Counter(case[0] for case in cases)
    names = classes(home)
    assert set(names) <= {*counts, *elsewhere}
    module: Any = pronghorn
    for part in home.split("."):
        module = getattr(module, part)
    few = []
    for name in sorted(set(names) - set(elsewhere)):
        settings = [
            parameter
            for parameter in inspect.signature(getattr(module, name)).parameters.values()
            if parameter.name not in ("self", "name", "dtype", "reduction", "kwargs", "args")
        ]
        if counts[name] < (2 if settings else 1):
            few.append(name)
    assert not few
