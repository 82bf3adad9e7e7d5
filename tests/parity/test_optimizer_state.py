"""Reading and setting the state of optimizers, as scripts for Keras do."""

import copy
from typing import Any

import numpy as np
import pytest
from _pairs import LIBRARIES

ONES = np.ones(2, "float32")


def _built(library: Any, name: str = "mine") -> tuple[Any, Any]:
    weight = library.Variable(np.array([1.0, 2.0], "float32"), name="w")
    optimizer = library.optimizers.Adam(0.1, name=name)
    optimizer.build([weight])
    return optimizer, weight


def _values(variables: Any) -> list[Any]:
    return [np.asarray(variable).astype("float64").round(3).tolist() for variable in variables]


def _seen(library: Any) -> list[Any]:
    optimizer, weight = _built(library)
    count, rate = optimizer.iterations, optimizer.learning_rate
    found: list[Any] = [
        [each.name, each.path, each.shape, str(each.dtype), each.numpy().dtype]
        for each in (count, rate, *optimizer.variables)
    ]
    optimizer.apply([ONES], [weight])
    optimizer.learning_rate.assign(0.5)
    optimizer.learning_rate.assign_add(0.25)
    optimizer.learning_rate.assign_sub(0.5)
    optimizer.iterations.assign(4)
    optimizer.iterations.assign_add(1)
    optimizer.variables[2].assign(2 * ONES)
    found += [_values(optimizer.variables), int(optimizer.iterations) + 1]
    optimizer.apply([ONES], [weight])
    found += _values([weight, *optimizer.variables])
    store: dict[str, Any] = {}
    optimizer.save_own_variables(store)
    found += [sorted(store), _values(store.values())]
    other, its = _built(library, "other")
    other.load_own_variables(store)
    other.apply([ONES], [its])
    found += _values([its, *other.variables])
    other.set_weights([np.asarray(variable) for variable in optimizer.variables])
    found += _values(other.variables)
    return found


def test_what_can_be_read_and_set() -> None:
    reference, ours = map(_seen, LIBRARIES)
    assert ours == reference


@pytest.mark.filterwarnings("ignore:Skipping variable loading")
def test_a_copy_begins_anew() -> None:
    found = []
    for library in LIBRARIES:
        optimizer, weight = _built(library)
        optimizer.apply([ONES], [weight])
        twin = copy.deepcopy(optimizer)
        found.append([_values(twin.variables)])
        twin.apply([3 * ONES], [weight])
        found[-1] += [_values([weight]), _values(twin.variables), _values(optimizer.variables)]
    assert found[1] == found[0]


def test_states_that_do_not_fit() -> None:
    for library in LIBRARIES:
        optimizer, _ = _built(library)
        with pytest.warns(UserWarning, match="Skipping variable loading for optimizer 'mine'"):
            optimizer.load_own_variables({"0": np.array(1)})
        with pytest.raises(ValueError, match=r"has not yet been|is not built"):
            library.optimizers.Adam().set_weights([np.array(1)])
        with pytest.raises(ValueError, match="shape"):
            optimizer.set_weights([np.ones(3)] * 4)
