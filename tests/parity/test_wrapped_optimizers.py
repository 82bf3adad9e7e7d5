"""Optimizers that wrap others and optimizers of the user's own, here and in Keras."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _pairs import LIBRARIES, Pair, assert_weights_equal, fit_pair, pair, small_classifier

LOSS = "sparse_categorical_crossentropy"


def _momentum(library: Any) -> Any:
    ops = library.ops

    @library.saving.register_keras_serializable("tests")
    class Momentum(library.optimizers.Optimizer):  # type: ignore[misc]
        def __init__(self, learning_rate=0.01, momentum=0.9, **kwargs):
            super().__init__(learning_rate=learning_rate, **kwargs)
            self.momentum = momentum

        def build(self, variables):
            if self.built:
                return
            super().build(variables)
            self.moments, self.sizes = self.add_optimizer_variables(
                variables, ["moment", "size"], ["zeros", "ones"]
            )
            self.calls = self.add_variable((), dtype="int", name="calls")

        def update_step(self, gradient, variable, learning_rate):
            rate = ops.cast(learning_rate, variable.dtype)
            gradient = ops.cast(gradient, variable.dtype)
            step = ops.cast(self.iterations + 1, variable.dtype)
            index = self._get_variable_index(variable)
            moment, size = self.moments[index], self.sizes[index]
            self.assign(moment, ops.subtract(ops.multiply(moment, self.momentum), gradient * rate))
            self.assign_add(size, ops.square(gradient))
            self.assign_add(self.calls, 1)
            self.assign_add(variable, moment / ops.sqrt(size + ops.power(0.5, step)))

        def get_config(self):
            return {**super().get_config(), "momentum": self.momentum}

    return Momentum


def _schedule(library: Any) -> Any:
    return library.optimizers.schedules.ExponentialDecay(0.1, 5, 0.5)


def _multi(library: Any) -> Any:
    optimizers = library.optimizers
    chosen = optimizers.OptimizerMap(optimizers.SGD(0.1, momentum=0.5, use_ema=True))
    chosen[".*hidden/kernel"] = optimizers.Adam(_schedule(library))
    return optimizers.MultiOptimizer(chosen, loss_scale_factor=4.0)


def _by_function(library: Any) -> Any:
    made = {0: library.optimizers.RMSprop(0.01), 1: library.optimizers.SGD(0.1)}
    return library.optimizers.MultiOptimizer(lambda variable: made[len(variable.shape) - 1])


def _scaled(library: Any) -> Any:
    inner = library.optimizers.Adam(0.01, clipnorm=0.1)
    return library.optimizers.LossScaleOptimizer(inner, initial_scale=64.0, dynamic_growth_steps=3)


MAKERS = {
    "multi": _multi,
    "by function": _by_function,
    "scaled": _scaled,
    "own": lambda k: _momentum(k)(0.05),
    "own, schedule, averages": lambda k: _momentum(k)(
        _schedule(k),
        clipnorm=0.1,
        weight_decay=0.01,
        use_ema=True,
        ema_momentum=0.8,
        ema_overwrite_frequency=4,
    ),
    "own, accumulation": lambda k: _momentum(k)(
        0.05, global_clipnorm=0.1, gradient_accumulation_steps=2, use_ema=True, ema_momentum=0.8
    ),
    "own, clipped": lambda k: _momentum(k)(0.05, clipvalue=0.01, loss_scale_factor=8.0),
}


def _data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    return rng.standard_normal((40, 6)).astype("float32"), rng.integers(0, 3, 40)


def _pair_of(name: str) -> Pair:
    models = pair(small_classifier())
    for library, model in zip(LIBRARIES, models, strict=True):
        # Compiled, some of them fail in JAX: "Attempt to donate the same buffer twice".
        eager = library is LIBRARIES[0] and name not in ("scaled", "by function")
        model.compile(MAKERS[name](library), LOSS, run_eagerly=eager)
    return models


def _assert_state_equal(ours: Any, reference: Any) -> None:
    assert len(ours.variables) == len(reference.variables)
    for mine, theirs in zip(ours.variables, reference.variables, strict=True):
        expected = np.asarray(theirs)
        assert np.asarray(mine).dtype == expected.dtype, mine.path
        np.testing.assert_allclose(
            np.asarray(mine), expected, rtol=1e-3, atol=1e-5, err_msg=mine.path
        )


@pytest.mark.parametrize("name", MAKERS)
def test_training_saving_and_going_on(name: str, tmp_path: Path) -> None:
    models = _pair_of(name)
    x, y = _data()
    for _ in range(2):
        fit_pair(models, x, y, batch_size=8)
    assert models.pronghorn.run_mode == "split"
    assert_weights_equal(models)
    reference, ours = (model.optimizer for model in models)
    assert int(ours.iterations) == int(reference.iterations)
    assert [v.path for v in ours.variables] == [v.path for v in reference.variables]
    _assert_state_equal(ours, reference)
    if name == "by function":
        return  # a function has no configuration
    paths = [tmp_path / f"{library.__name__}.keras" for library in LIBRARIES]
    for model, path in zip(models, paths, strict=True):
        model.save(path)
    if name == "multi":
        # Keras makes other paths while it loads, and then finds other optimizers for them.
        again = _pair_of(name)
        again.keras.optimizer.build(again.keras.trainable_variables)
        for model, (mine, theirs) in zip(again, (paths, paths[::-1]), strict=True):
            model.load_weights(theirs)
            _assert_state_equal(model.optimizer, reference)
            model.load_weights(mine)
        return
    for library in LIBRARIES:
        for path in paths:
            loaded = library.models.load_model(path)
            assert loaded.optimizer.get_config() == reference.get_config()
            _assert_state_equal(loaded.optimizer, reference)
        if library is LIBRARIES[1]:
            loaded.fit(x, y, batch_size=8, shuffle=False, verbose=0)


def test_steps_with_gradients_that_are_not_finite() -> None:
    """Keras on JAX updates without a state of its own: values in, values out."""
    seen: list[list[Any]] = [[], []]
    made = []
    for library in LIBRARIES:
        weights = [library.Variable([1.0, 2.0], name="w"), library.Variable([[3.0]], name="v")]
        inner = library.optimizers.SGD(0.1, momentum=0.5)
        optimizer = library.optimizers.LossScaleOptimizer(inner, 8.0, dynamic_growth_steps=2)
        optimizer.build(weights)
        made.append((optimizer, weights))
    (reference, theirs), (ours, mine) = made
    state, values = [v.value for v in reference.variables], [v.value for v in theirs]
    for bad in (None, np.inf, None, None, None, np.nan, -np.inf, None):
        gradients = [np.array([8.0, bad or 16.0], "float32"), np.ones((1, 1), "float32")]
        values, state = reference.stateless_apply(state, gradients, values)
        ours.apply(gradients, mine)
        seen[0] += [np.array(each) for each in (*values, *state)]
        seen[1] += [np.array(each) for each in (*mine, *ours.variables)]
    for theirs_now, mine_now in zip(*seen, strict=True):
        np.testing.assert_allclose(mine_now, theirs_now, rtol=1e-6)


def test_configurations_are_keras_s() -> None:
    for make in (_multi, _scaled):
        reference, ours = (library.optimizers.serialize(make(library)) for library in LIBRARIES)
        assert ours == reference
        for library in LIBRARIES:
            again = library.optimizers.deserialize(copy.deepcopy(reference))
            assert library.optimizers.serialize(again) == reference


def test_weights_that_their_gradient_overwrites() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((8, 3)).astype("float32"), np.zeros((8, 1), "float32")
    results = []
    for library in LIBRARIES:

        class Scaled(library.layers.Layer):  # type: ignore[misc, name-defined]
            def build(self, shape):
                self.kernel = self.add_weight(shape=(shape[-1], 1), initializer="ones", name="a")
                self.scale = self.add_weight(
                    shape=(1,),
                    initializer="ones",
                    name="s",
                    aggregation="mean",
                    overwrite_with_gradient=True,
                )

            def call(self, inputs, library=library):
                return library.ops.matmul(inputs, self.kernel) * self.scale

        model = library.Sequential([library.Input((3,)), Scaled()])
        model.compile(library.optimizers.Adam(0.1, weight_decay=0.1), "mse")
        model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0)
        results.append([*model.get_weights(), *map(np.asarray, model.optimizer.variables)])
    assert len(results[1]) == len(results[0])
    for mine, theirs in zip(results[1], results[0], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6)


RULES = [
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("RMSprop", {"centered": True, "momentum": 0.5}),
    ("Adam", {"amsgrad": True, "clipnorm": 0.5, "weight_decay": 0.1}),
    ("Nadam", {}),
    ("Ftrl", {}),
    ("Lamb", {}),
    ("Adafactor", {}),
    ("Adam", {"use_ema": True, "ema_overwrite_frequency": 2}),
    ("SGD", {"momentum": 0.9, "gradient_accumulation_steps": 2}),
]


@pytest.mark.parametrize(("name", "settings"), RULES, ids=lambda value: str(value))
def test_subclasses_that_call_the_built_in_rule(name: str, settings: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    start = [rng.standard_normal(shape).astype("float32") for shape in ((3, 4), (4,))]
    steps = [[rng.standard_normal(w.shape).astype("float32") for w in start] for _ in range(4)]
    seen: list[list[Any]] = []
    for library in LIBRARIES:

        class Doubled(getattr(library.optimizers, name)):  # type: ignore[misc]
            def update_step(self, gradient, variable, learning_rate):
                super().update_step(gradient * 2, variable, learning_rate)

        weights = [library.Variable(w, name=f"w{w.ndim}") for w in start]
        optimizer = Doubled(learning_rate=0.05, **settings)
        for gradients in steps:
            optimizer.apply(gradients, weights)
        state = [(v.path.split("/")[-1], np.asarray(v)) for v in optimizer.variables]
        seen.append([*((w.name, np.asarray(w)) for w in weights), *state])
    assert [each for each, _ in seen[1]] == [each for each, _ in seen[0]]
    for (_, mine), (path, theirs) in zip(seen[1], seen[0], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6, err_msg=path)


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_gathered_gradients_that_overwrite(name: str) -> None:
    seen: list[list[Any]] = []
    for library in LIBRARIES:
        value = library.Variable(np.array([1.0, 2.0], "float32"), name="a")
        weight = library.Variable(np.array([5.0], "float32"), name="b")
        value.overwrite_with_gradient = True
        optimizer = getattr(library.optimizers, name)(0.1, gradient_accumulation_steps=2)
        found: list[Any] = []
        for k in range(4):
            gradients = [np.array([k + 1.0, -k - 1.0], "float32"), np.ones(1, "float32")]
            optimizer.apply(gradients, [value, weight])
            found += [np.array(each.numpy()) for each in (value, weight, *optimizer.variables)]
        seen.append(found)
    for mine, theirs in zip(seen[1], seen[0], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6)
