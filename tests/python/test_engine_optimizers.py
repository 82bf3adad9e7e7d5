"""Every optimizer of the engine against ten lines of NumPy, 50 steps in float64."""

import math

import numpy as np
import pytest
from _optimizer_rules import INPUTS, OUTPUTS, RATE, RULES, STEPS, N, problem, reference

import pronghorn as keras
from pronghorn import _core
from pronghorn.optimizers._optimizer import REGISTRY

KERNELS = [cls for cls in REGISTRY.objects() if cls._kernel]
VARIANTS = {
    "SGD": [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}, {"nesterov": True}],
    "RMSprop": [{}, {"momentum": 0.5}, {"centered": True}, {"centered": True, "momentum": 0.5}],
    "Adagrad": [{}, {"initial_accumulator_value": 0.0}],
    "Adadelta": [{}, {"rho": 0.5}],
    "Adam": [{}, {"amsgrad": True}, {"beta_1": 0.0, "beta_2": 0.9, "epsilon": 1e-3}],
    "AdamW": [{}, {"weight_decay": 0.1, "amsgrad": True}],
    "Adamax": [{}, {"beta_1": 0.5}],
    "Nadam": [{}, {"beta_1": 0.5}],
    "Ftrl": [
        {},
        {"initial_accumulator_value": 0.0, "learning_rate_power": -0.7},
        {
            "l1_regularization_strength": 0.01,
            "l2_regularization_strength": 0.02,
            "l2_shrinkage_regularization_strength": 0.03,
            "beta": 0.5,
        },
    ],
    "Lion": [{}, {"beta_1": 0.5, "beta_2": 0.7}],
    "Lamb": [{}, {"beta_1": 0.5, "epsilon": 1e-2}],
    "Adafactor": [{}, {"beta_2_decay": -0.5, "epsilon_2": 0.5, "clip_threshold": 0.5}],
    "ScheduleFreeAdamW": [{}, {"beta_1": 0.7, "warmup_steps": 20, "epsilon": 1e-3}],
    "Muon": [
        {"adam_weight_decay": None, "weight_decay": None},
        {
            "ns_steps": 3,
            "nesterov": False,
            "rms_rate": None,
            "weight_decay": 0.1,
            "adam_weight_decay": 0.1,
            "momentum": 0.5,
        },
    ],
}
COMMON = [
    {},
    {"weight_decay": 0.05},
    {"clipnorm": 0.02},
    {"clipvalue": 0.005},
    {"global_clipnorm": 0.02},
    {"gradient_accumulation_steps": 5, "clipnorm": 0.02},
    {"gradient_accumulation_steps": 2, "use_ema": True, "ema_momentum": 0.8},
    {"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 3},
]


def cases():
    for cls in KERNELS:
        for variant in VARIANTS[cls.__name__]:
            yield cls, variant
        for common in COMMON[1:]:
            decay = common.get("weight_decay")
            muon = {"weight_decay": decay, "adam_weight_decay": decay}
            yield cls, {**common, **(muon if cls.__name__ == "Muon" else {})}


@pytest.mark.parametrize(
    ("cls", "settings"), list(cases()), ids=lambda v: getattr(v, "__name__", str(v))
)
@pytest.mark.parametrize("path", ["fit", "train_on_batch"])
def test_against_numpy(cls, settings, path):
    model, x, y, weights = problem()
    rate = RATE.get(cls.__name__, 0.02)
    optimizer = cls(learning_rate=rate, **settings)
    model.compile(optimizer, "mse")
    if path == "train_on_batch":
        for _ in range(STEPS):
            model.train_on_batch(x, y)
        optimizer.finalize_variable_values(model.trainable_weights)
    else:
        model.fit(x, y, batch_size=N, epochs=STEPS, shuffle=False, verbose=0)
    hyper = {name: getattr(optimizer, name) for name in cls._hyper}
    decayed = {**settings, "weight_decay": optimizer.weight_decay}
    expected = reference(RULES[cls.__name__], weights, x, y, [rate] * STEPS, hyper, decayed)
    for ours, theirs in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)
        assert abs(theirs - weights[theirs.ndim == 1]).max() > 1e-3  # it has moved
    assert optimizer.iterations == STEPS // (optimizer.gradient_accumulation_steps or 1)


class Own(keras.layers.Layer):
    """A layer that only Python computes."""

    def build(self, shape):
        self.kernel = self.add_weight((shape[-1], OUTPUTS), name="kernel")
        self.bias = self.add_weight((OUTPUTS,), name="bias")
        self.built = True

    def call(self, x):
        if float(keras.ops.sum(x)) == math.inf:  # what a graph cannot hold
            raise ValueError
        return x @ self.kernel + self.bias


@pytest.mark.parametrize("settings", COMMON[1:], ids=str)
@pytest.mark.parametrize("cls", [keras.optimizers.Adam, keras.optimizers.Lamb])
@pytest.mark.parametrize("mode", ["split", "recorded"])
def test_run_modes(mode, cls, settings):
    model, x, y, weights = problem()
    if mode == "recorded":
        model = keras.Sequential([keras.Input((INPUTS,)), Own(dtype="float64")])
        model.set_weights(weights)
    optimizer = cls(learning_rate=0.02, **settings)
    model.compile(optimizer, "mse", run_eagerly=True)
    model.fit(x, y, batch_size=N, epochs=12, shuffle=False, verbose=0)
    assert model.run_mode == mode
    hyper = {name: getattr(optimizer, name) for name in cls._hyper}
    expected = reference(RULES[cls.__name__], weights, x, y, [0.02] * 12, hyper, settings)
    for ours, theirs in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4)  # the loss is of float32
    assert optimizer.iterations == 12 // (optimizer.gradient_accumulation_steps or 1)


@pytest.mark.parametrize("name", ["Adam", "Lamb", "Muon"])
def test_threads_do_not_change_the_bits(name):
    found = []
    _core.set_parallel_threshold(0.0)  # every phase goes to the team
    for threads in (1, 2, 3):
        _core.set_num_threads(threads)
        model = keras.Sequential(
            [keras.Input((20,)), keras.layers.Dense(70, "tanh"), keras.layers.Dense(3)]
        )
        rng = np.random.default_rng(3)
        model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
        settings = {"use_ema": True, "ema_overwrite_frequency": 2, "gradient_accumulation_steps": 2}
        model.compile(getattr(keras.optimizers, name)(0.01, **settings), "mse")
        x, y = rng.normal(size=(512, 20)), rng.normal(size=(512, 3))
        model.fit(x, y, batch_size=128, epochs=3, verbose=0, shuffle=False)
        found.append(b"".join(w.tobytes() for w in model.get_weights()))
    _core.set_num_threads(0)
    _core.set_parallel_threshold(80e-6)
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("cls", KERNELS, ids=lambda cls: cls.__name__)
def test_state_is_shown(cls):
    model, x, y, _ = problem()
    optimizer = cls()
    model.compile(optimizer, "mse")
    model.train_on_batch(x, y)
    shown = optimizer.variables
    assert [variable.name for variable in shown[:2]] == ["iteration", "learning_rate"]
    assert int(shown[0].numpy()) == 1
    assert {variable.shape for variable in shown[2:]} <= {
        (INPUTS, OUTPUTS),
        (INPUTS,),
        (OUTPUTS,),
        (),
    }


@pytest.mark.parametrize("cls", KERNELS, ids=lambda cls: cls.__name__)
def test_float32_follows_float64(cls):
    results = []
    for dtype in ("float32", "float64"):
        model, x, y, _ = problem(dtype)
        model.compile(cls(learning_rate=RATE.get(cls.__name__, 0.02)), "mse")
        model.fit(x, y, batch_size=N, epochs=STEPS, shuffle=False, verbose=0)
        results.append(model.get_weights())
    for single, double in zip(*results, strict=True):
        assert single.dtype == np.float32
        np.testing.assert_allclose(single, double, rtol=2e-4, atol=2e-5)
