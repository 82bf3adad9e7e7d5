"""SeedGenerators in layers and models: what they count, and where their states are."""

from typing import Any

import numpy as np
import pytest
from _pairs import LIBRARIES


def _both(run: Any) -> None:
    reference, ours = (run(library) for library in LIBRARIES)
    assert ours == reference


def _dropping(library: Any, always: bool) -> Any:
    class Dropping(library.layers.Layer):  # type: ignore[misc]
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.seeds = [library.random.SeedGenerator(7, name="seeds")]

        def call(self, inputs, training=False):
            if always:
                shape = library.ops.shape(inputs)
                return inputs + library.random.normal(shape, seed=self.seeds[0])
            if training:
                return library.random.dropout(inputs, 0.5, seed=self.seeds[0])
            return inputs

    return Dropping


@pytest.mark.parametrize("always", [False, True])
def test_uses_are_counted(always: bool) -> None:
    x = np.ones((6, 4), "float32")

    def run(library: Any) -> Any:
        layer = _dropping(library, always)(name="noise")
        model = library.Sequential([library.Input((4,)), layer, library.layers.Dense(2)])
        state = layer.seeds[0].state
        seen = [np.asarray(state).tolist()]
        model.compile("sgd", "mse")
        model.fit(x, x[:, :2], batch_size=2, epochs=2, verbose=0)
        seen.append(np.asarray(state).tolist())
        same = np.array_equal(model.predict(x, verbose=0), model.predict(x, verbose=0))
        seen.append(np.asarray(state).tolist())
        layer(x, training=True)
        seen.append(np.asarray(state).tolist())
        kinds = ("weights", "variables", "trainable_variables", "non_trainable_variables")
        paths = [[v.path for v in getattr(model, kind)] for kind in kinds]
        return seen, same, paths, model.count_params(), str(state.dtype)

    _both(run)


def test_models_of_ones_own() -> None:
    x = np.ones((6, 4), "float32")

    def run(library: Any) -> Any:
        class Own(library.Model):  # type: ignore[misc]
            def __init__(self):
                super().__init__()
                self.seed = library.random.SeedGenerator(1)
                self.dense = library.layers.Dense(2)

            def call(self, inputs, training=False):
                if training:
                    inputs = library.random.dropout(inputs, 0.3, seed=self.seed)
                return self.dense(inputs)

        model = Own()
        model.compile("sgd", "mse")
        model.fit(x, x[:, :2], batch_size=2, epochs=2, verbose=0)
        return np.asarray(model.seed.state).tolist(), len(model.variables), len(model.weights)

    _both(run)


def test_generators_alone() -> None:
    def run(library: Any) -> Any:
        generator = library.random.SeedGenerator(4, name="abc")
        states = [np.asarray(generator.next(ordered=i < 2)).tolist() for i in range(5)]
        again = library.random.SeedGenerator.from_config(generator.get_config())
        return states, generator.get_config(), again.state.path, np.asarray(again.state).tolist()

    _both(run)
