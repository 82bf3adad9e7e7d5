"""Sample and class weights in random models of several outputs: logs of every method."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from _pairs import LIBRARIES, assert_logs_equal, compile_pair, pair
from _weighted_models import BATCH, ROWS, Weighted, weighted

SEEDS = 8


def cut(structure: Any, rows: slice) -> Any:
    """Some rows of every array."""
    if isinstance(structure, dict):
        return {key: cut(value, rows) for key, value in structure.items()}
    if isinstance(structure, list):
        return [cut(value, rows) for value in structure]
    return None if structure is None else structure[rows]


def data_set(library: Any, case: Weighted, weights: Any) -> Any:
    class Batches(library.utils.PyDataset):
        def __len__(self):
            return -(-ROWS // BATCH)

        def __getitem__(self, index):
            rows = slice(index * BATCH, (index + 1) * BATCH)
            batch = (case.x[rows], cut(case.y, rows))
            return batch if weights is None else (*batch, cut(weights, rows))

    return Batches()


def fit(library: Any, model: Any, case: Weighted) -> dict[str, Any]:
    options: dict[str, Any] = {"epochs": 2, "verbose": 0, "shuffle": False}
    if case.class_weight is not None:
        options["class_weight"] = case.class_weight
    if case.way == "data set":
        return model.fit(data_set(library, case, case.weights), **options).history
    given = (case.x, case.y, case.validation)[: 2 if case.validation is None else 3]
    if case.way == "validation data set":
        options["validation_data"] = data_set(library, case, case.validation)
    elif case.way == "validation arrays":
        options["validation_data"] = given
    elif case.way == "split":
        options["validation_split"] = BATCH / ROWS
    return model.fit(
        case.x, case.y, sample_weight=case.weights, batch_size=BATCH, **options
    ).history


def outcome(call: Callable[[], Any]) -> Any:
    """What a call gives, or that it refuses."""
    try:
        return call()
    except (ValueError, KeyError, TypeError) as error:
        return f"refused: {error}"


def assert_equal(theirs: Any, ours: Any, what: str) -> None:
    if isinstance(theirs, str) or isinstance(ours, str):
        assert isinstance(theirs, str) == isinstance(ours, str), (what, theirs, ours)
    elif isinstance(theirs, dict):
        assert_logs_equal(theirs, ours, 2e-4)
    else:
        np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=1e-5, err_msg=what)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_logs(seed: int) -> None:
    case = weighted(seed)
    models = compile_pair(pair(case.make), **case.compile)
    histories = [
        outcome(lambda library=library, model=model: fit(library, model, case))
        for library, model in zip(LIBRARIES, models, strict=True)
    ]
    assert_equal(*histories, "fit")
    if isinstance(histories[0], str):
        return
    given = {"sample_weight": case.weights}
    first = slice(BATCH)
    x, y, some = case.x[first], cut(case.y, first), {"sample_weight": cut(case.weights, first)}
    weighing = {**some, "class_weight": case.class_weight}
    methods: dict[str, Callable[[Any], Any]] = {
        "evaluate": lambda m: m.evaluate(
            case.x, case.y, batch_size=BATCH, verbose=0, return_dict=True, **given
        ),
        "evaluate, a list": lambda m: m.evaluate(x, y, verbose=0, **some),
        "train_on_batch": lambda m: m.train_on_batch(x, y, **weighing),
        "test_on_batch": lambda m: m.test_on_batch(x, y, return_dict=True, **some),
        "names": lambda m: dict.fromkeys(m.metrics_names, 0),
    }
    for what, method in methods.items():
        assert_equal(*(outcome(lambda m=m, f=method: f(m)) for m in models), what)
    keras.backend.clear_session()
