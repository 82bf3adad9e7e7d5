"""Ten steps of every optimizer from the same weights on the same batches."""

from typing import Any

import numpy as np
import pytest
from _pairs import (
    LIBRARIES,
    assert_updates_equal,
    assert_weights_equal,
    compile_pair,
    fit_pair,
    pair,
    small_classifier,
)

from pronghorn.optimizers._optimizer import REGISTRY

CASES: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"learning_rate": 0.1, "weight_decay": 0.01}),
    ("RMSprop", {}),
    ("RMSprop", {"rho": 0.8, "momentum": 0.5}),
    ("RMSprop", {"centered": True, "epsilon": 1e-3}),
    ("RMSprop", {"centered": True, "momentum": 0.9, "epsilon": 1e-3, "weight_decay": 0.02}),
    ("Adagrad", {}),
    ("Adagrad", {"learning_rate": 0.05, "initial_accumulator_value": 0.01, "epsilon": 1e-4}),
    ("Adadelta", {"learning_rate": 1.0}),
    ("Adadelta", {"learning_rate": 0.5, "rho": 0.8, "epsilon": 1e-4}),
    ("Adam", {}),
    ("Adam", {"amsgrad": True, "learning_rate": 0.01}),
    ("Adam", {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3, "learning_rate": 0.01}),
    ("Adam", {"weight_decay": 0.05}),
    ("AdamW", {}),
    ("AdamW", {"weight_decay": 0.1, "amsgrad": True, "learning_rate": 0.01}),
    ("Adamax", {}),
    ("Adamax", {"beta_1": 0.7, "beta_2": 0.9, "learning_rate": 0.01}),
    ("Ftrl", {"learning_rate": 0.05}),
    (
        "Ftrl",
        {
            "learning_rate": 0.1,
            "l1_regularization_strength": 0.01,
            "l2_regularization_strength": 0.02,
            "l2_shrinkage_regularization_strength": 0.03,
            "beta": 0.5,
            "learning_rate_power": -0.7,
            "weight_decay": 0.02,
        },
    ),
    ("Lion", {}),
    ("Lion", {"beta_1": 0.5, "beta_2": 0.8, "weight_decay": 0.05}),
    ("Nadam", {}),
    ("Nadam", {"beta_1": 0.7, "beta_2": 0.9, "learning_rate": 0.01}),
    ("Lamb", {}),
    ("Lamb", {"beta_1": 0.7, "epsilon": 1e-3, "learning_rate": 0.01, "weight_decay": 0.1}),
    ("Adafactor", {}),
    ("Adafactor", {"learning_rate": 0.9, "relative_step": False, "epsilon_2": 0.1}),
    ("Adafactor", {"beta_2_decay": -0.5, "clip_threshold": 0.5, "weight_decay": 0.1}),
    ("Muon", {}),
    ("Muon", {"rms_rate": None, "nesterov": False, "momentum": 0.5, "weight_decay": None}),
    ("Muon", {"exclude_layers": ["out.*"], "adam_lr_ratio": 0.3, "ns_steps": 3}),
    ("ScheduleFreeAdamW", {}),
    ("ScheduleFreeAdamW", {"warmup_steps": 4, "beta_1": 0.7, "weight_decay": 0.1}),
]
# A wrapper of optimizers has tests of its own.
NAMES = sorted(cls.__name__ for cls in REGISTRY.objects() if cls._kernel)
# Those that have a state of another kind each; Keras has no "lamb".
NAMED = ["SGD", "RMSprop", "Adam", "AdamW", "Nadam", "Adafactor", "Muon", "ScheduleFreeAdamW"]
COMMON: list[dict[str, Any]] = [
    {"use_ema": True, "ema_momentum": 0.8},
    {"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 3},
    {"gradient_accumulation_steps": 2, "clipnorm": 0.05, "loss_scale_factor": 8.0},
]
BOTH = {"gradient_accumulation_steps": 2, "use_ema": True, "ema_overwrite_frequency": 2}
CLIPS: list[dict[str, Any]] = [{"clipnorm": 0.05}, {"clipvalue": 0.01}, {"global_clipnorm": 0.05}]


def _ten_steps(arguments, rng: np.random.Generator, x_scale: float = 1.0):
    models = compile_pair(
        pair(small_classifier()), arguments, loss="sparse_categorical_crossentropy"
    )
    before = models.keras.get_weights()
    for _ in range(10):
        x = (x_scale * rng.standard_normal((16, 6))).astype("float32")
        y = rng.integers(0, 3, 16)
        for model in models:
            model.train_on_batch(x, y)
    assert_weights_equal(models)
    assert_updates_equal(models, before)
    return models


def _label(value: Any) -> str:
    return ",".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else value


@pytest.mark.parametrize(("name", "settings"), CASES, ids=_label)
def test_ten_steps(name: str, settings: dict[str, Any], rng: np.random.Generator) -> None:
    models = _ten_steps(
        lambda library: {"optimizer": getattr(library.optimizers, name)(**settings)}, rng
    )
    assert int(models.pronghorn.optimizer.iterations) == int(models.keras.optimizer.iterations)


def test_every_optimizer_is_here() -> None:
    assert sorted({name for name, _ in CASES}) == NAMES


@pytest.mark.parametrize(
    ("name", "settings"),
    [*((name, BOTH) for name in NAMES), *(("Adam", settings) for settings in COMMON)],
    ids=_label,
)
def test_averages_and_accumulation(name: str, settings: dict[str, Any]) -> None:
    rng = np.random.default_rng(5)
    models = compile_pair(
        pair(small_classifier()),
        lambda library: {"optimizer": getattr(library.optimizers, name)(0.01, **settings)},
        loss="sparse_categorical_crossentropy",
    )
    x, y = rng.standard_normal((40, 6)).astype("float32"), rng.integers(0, 3, 40)
    fit_pair(models, x, y, epochs=1, batch_size=8)
    assert_weights_equal(models)
    reference, ours = (model.optimizer for model in models)
    assert int(ours.iterations) == int(reference.iterations)
    assert len(ours.variables) == len(reference.variables)
    for mine, theirs in zip(ours.variables, reference.variables, strict=True):
        assert mine.name.rsplit("_", 1)[-1] == theirs.name.rsplit("_", 1)[-1]
        np.testing.assert_allclose(np.asarray(mine), np.asarray(theirs), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "clip"),
    [
        *((name, CLIPS[i % 3]) for i, name in enumerate(NAMES)),
        *((name, clip) for name in ("SGD", "Lamb") for clip in CLIPS),
    ],
    ids=_label,
)
def test_clipping(name: str, clip: dict[str, float], rng: np.random.Generator) -> None:
    rate = 1.0 if name == "Adadelta" else 0.01
    _ten_steps(
        lambda library: {"optimizer": getattr(library.optimizers, name)(rate, **clip)},
        rng,
        x_scale=3.0,
    )


@pytest.mark.parametrize("name", NAMED)
def test_by_name_with_defaults(name: str, rng: np.random.Generator) -> None:
    models = _ten_steps(lambda library: {"optimizer": name.lower()}, rng)
    kinds = [type(model.optimizer).__name__ for model in models]
    assert kinds == [name, name]


@pytest.mark.parametrize(
    ("schedule", "arguments"),
    [
        ("ExponentialDecay", (0.1, 2, 0.5)),
        ("InverseTimeDecay", (0.1, 3, 0.5, True)),
        ("PiecewiseConstantDecay", ([3, 6], [0.1, 0.01, 0.05])),
        ("PolynomialDecay", (0.1, 6, 0.01, 2.0)),
        ("CosineDecay", (0.0, 8, 0.1, "CosineDecay", 0.1, 3)),
    ],
)
@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_schedules(name: str, schedule: str, arguments: tuple, rng: np.random.Generator) -> None:
    def optimizer(library):
        rate = getattr(library.optimizers.schedules, schedule)(*arguments)
        return {"optimizer": getattr(library.optimizers, name)(learning_rate=rate)}

    models = _ten_steps(optimizer, rng)
    rates = [float(np.asarray(model.optimizer.learning_rate)) for model in models]
    np.testing.assert_allclose(rates[1], rates[0], rtol=1e-5)


def test_learning_rate_changed_between_steps(rng: np.random.Generator) -> None:
    models = compile_pair(pair(small_classifier()), optimizer="adam", loss="mse")
    before = models.keras.get_weights()
    x = rng.standard_normal((16, 6)).astype("float32")
    y = rng.random((16, 3)).astype("float32")
    for rate in (0.01, 0.001, 0.1):
        for model in models:
            model.optimizer.learning_rate = rate
            model.train_on_batch(x, y)
    assert_updates_equal(models, before)


@pytest.mark.parametrize("name", NAMED)
def test_fit_and_recompile_start_anew(name: str, rng: np.random.Generator) -> None:
    """`compile` forgets the averages; a second `fit` goes on with them."""
    x = rng.standard_normal((48, 6)).astype("float32")
    y = rng.integers(0, 3, 48)
    models = pair(small_classifier())
    before = models.keras.get_weights()
    for _ in range(2):
        compile_pair(models, optimizer=name.lower(), loss="sparse_categorical_crossentropy")
        for model in models:
            for _ in range(2):
                model.fit(x, y, batch_size=20, shuffle=False, verbose=0)
    assert_updates_equal(models, before, rtol=2e-3)


@pytest.mark.parametrize(
    "bad",
    [
        {"clipnorm": 1.0, "clipvalue": 1.0},
        {"clipnorm": 1.0, "global_clipnorm": 1.0},
        {"learning_rate": "fast"},
        {"momentum": 2.0},
        {"speed": 3},
    ],
    ids=_label,
)
def test_bad_settings(bad: dict[str, Any]) -> None:
    for library in LIBRARIES:
        with pytest.raises((ValueError, TypeError)):
            library.optimizers.SGD(**bad)


@pytest.mark.filterwarnings("ignore:Gradients do not exist")
@pytest.mark.parametrize(
    ("name", "settings"),
    [
        *((name, {}) for name in ("Lamb", "Adafactor", "Muon", "ScheduleFreeAdamW")),
        ("Adam", {**BOTH, "clipnorm": 0.5, "loss_scale_factor": 4.0}),
        ("Lamb", BOTH),
    ],
    ids=_label,
)
def test_apply_over_variables(name: str, settings: dict[str, Any]) -> None:
    """Nine gradients, two of which leave a variable out, one variable with a constraint."""
    found = []
    for library in LIBRARIES:
        rng = np.random.default_rng(0)
        variables = [
            library.Variable(rng.normal(size=shape).astype("float32"), name=label)
            for label, shape in (
                ("a", (3, 4)),
                ("b", (4,)),
                ("embedding", (4, 2)),
                ("c", (2, 3, 2)),
            )
        ]
        variables[0].constraint = library.constraints.MaxNorm(1.0)
        optimizer = getattr(library.optimizers, name)(0.1, **settings)
        optimizer.build(variables)
        seen = []
        for step in range(9):
            gradients = [rng.normal(size=v.shape).astype("float32") for v in variables]
            if step in (2, 5):
                gradients[1] = None
            optimizer.apply(gradients, variables)
            seen += [np.asarray(variable).copy() for variable in variables]
        seen += [np.asarray(variable).copy() for variable in optimizer.variables]
        optimizer.finalize_variable_values(variables)
        found.append([*seen, *(np.asarray(variable).copy() for variable in variables)])
    assert len(found[0]) == len(found[1])
    for theirs, ours in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
