"""Optimizer objects: settings, schedules, configuration (what they do: test_engine_optimizers)."""

import inspect
import pickle

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import optimizers
from pronghorn.optimizers import SGD, Adam, AdamW, Nadam, schedules
from pronghorn.optimizers._optimizer import REGISTRY

# Those that wrap others are in test_optimizer_wrappers.py.
RULES = [cls for cls in REGISTRY.objects() if cls._kernel]
EVERY = pytest.mark.parametrize("cls", RULES, ids=lambda cls: cls.__name__)


def test_all_are_found():
    names = {cls.__name__ for cls in REGISTRY.objects()}
    assert names >= {
        "SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "AdamW", "Adamax", "Nadam"
    }  # fmt: skip
    assert names <= set(optimizers.__all__)


@EVERY
def test_names_and_configuration(cls):
    for name in (cls.__name__, cls.__name__.lower(), cls.__name__.upper()):
        assert type(optimizers.get(name)) is cls
    assert type(optimizers.get(cls)) is cls
    optimizer = cls(learning_rate=0.25, clipvalue=0.5, name="mine")
    assert optimizers.get(optimizer) is optimizer
    config = optimizer.get_config()
    assert config["learning_rate"] == 0.25
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    assert type(again) is cls
    assert again.get_config() == config
    assert cls.from_config(config).get_config() == config


@EVERY
def test_every_argument_is_in_the_configuration(cls):
    arguments = set(inspect.signature(cls).parameters) - {"kwargs"}
    assert set(cls().get_config()) == arguments


@EVERY
def test_what_the_engine_is_told(cls):
    optimizer = cls(weight_decay=0.125, global_clipnorm=2.0)
    spec = optimizer._engine_spec()
    assert spec["name"] == cls.__name__.lower()
    assert spec["weight_decay"] == 0.125
    assert (spec["clipnorm"], spec["clipvalue"], spec["global_clipnorm"]) == (0.0, 0.0, 2.0)
    for name, value in spec["hyper"].items():
        assert value == float(getattr(optimizer, name))
    assert cls(weight_decay=0.0)._engine_spec()["weight_decay"] == 0.0


@EVERY
def test_the_engine_knows_it(cls):
    engine = pytest.importorskip("pronghorn._engine")
    assert set(cls()._engine_hyper()) == set(engine.optimizer_hyper()[cls._kernel])


@EVERY
@pytest.mark.parametrize(
    ("argument", "value", "error"),
    [
        ("ema_momentum", 1.5, ValueError),
        ("ema_overwrite_frequency", 0, ValueError),
        ("ema_overwrite_frequency", 2.5, TypeError),
        ("loss_scale_factor", 0.0, ValueError),
        ("gradient_accumulation_steps", 1, ValueError),
        ("gradient_accumulation_steps", "2", TypeError),
    ],
)
def test_averages_and_accumulation_out_of_range(cls, argument, value, error):
    with pytest.raises(error, match=f"`{argument}`"):
        cls(use_ema=True, **{argument: value})


UNBOUNDED = {"learning_rate_power", "beta_2_decay", "muon_a", "muon_b", "muon_c"}


@EVERY
def test_numbers_out_of_range(cls):
    for argument in ("weight_decay", "clipnorm", "clipvalue", "global_clipnorm"):
        with pytest.raises(ValueError, match=f"`{argument}`"):
            cls(**{argument: -1.0})
    for argument in cls._hyper:
        default = getattr(cls(), argument)
        if isinstance(default, bool | list) or argument in UNBOUNDED:
            continue
        with pytest.raises(ValueError, match=f"`{argument}`"):
            cls(**{argument: -1 if isinstance(default, int) else -0.5})
        with pytest.raises(TypeError, match=f"`{argument}`"):
            cls(**{argument: "much"})
    with pytest.raises(TypeError, match="rate_of_learning"):
        cls(rate_of_learning=0.1)


def test_one_way_of_clipping():
    with pytest.raises(ValueError, match=r"Only one.*clipnorm=1\.0, clipvalue=0\.5"):
        SGD(clipnorm=1.0, clipvalue=0.5)


def test_adamw_needs_a_decay():
    assert AdamW().weight_decay == 0.004
    with pytest.raises(ValueError, match="use Adam"):
        AdamW(weight_decay=None)


@pytest.mark.parametrize("bad", ["fast", None, [0.1], True])
def test_learning_rate_of_the_wrong_kind(bad):
    with pytest.raises(TypeError, match="`learning_rate` must be a number, a LearningRateSchedule"):
        SGD(bad)


def test_learning_rate_can_be_set():
    optimizer = SGD(0.5)
    assert isinstance(optimizer.learning_rate, float)
    assert optimizer.learning_rate == 0.5
    optimizer.learning_rate = np.float32(0.25)
    assert optimizer.learning_rate == 0.25
    optimizer.learning_rate.assign(0.125)
    assert optimizer.learning_rate.numpy() == optimizer.learning_rate.value == 0.125
    assert pickle.loads(pickle.dumps(optimizer.learning_rate)) == 0.125
    np.testing.assert_array_equal(optimizer._learning_rates(7, 3), [0.125] * 3)
    optimizer.learning_rate = schedules.InverseTimeDecay(1.0, 1, 1.0)
    np.testing.assert_allclose(optimizer._learning_rates(1, 3), [1 / 2, 1 / 3, 1 / 4])
    with pytest.raises(TypeError, match="InverseTimeDecay and cannot be set to a number"):
        optimizer.learning_rate = 0.1
    optimizer.iterations = 3
    assert optimizer.learning_rate == 0.25


def test_learning_rate_function():
    rates = iter([0.5, 0.25, 0.125])
    optimizer = SGD(lambda: next(rates))
    np.testing.assert_array_equal(optimizer._learning_rates(0, 3), [0.5, 0.25, 0.125])
    with pytest.raises(ValueError, match="is a function"):
        optimizer.get_config()


def test_schedules_are_part_of_the_configuration():
    schedule = schedules.CosineDecay(0.1, 100, warmup_target=0.2, warmup_steps=5)
    config = Adam(schedule).get_config()
    assert config["learning_rate"]["class_name"] == "CosineDecay"
    again = Adam.from_config(config)
    assert again._schedule.get_config() == schedule.get_config()
    assert again.learning_rate == np.float32(0.1)


def test_state_before_training():
    optimizer = Adam(0.25)
    assert not optimizer.built
    assert optimizer.iterations == 0
    assert [variable.name for variable in optimizer.variables] == ["iteration", "learning_rate"]
    assert float(optimizer.variables[1].numpy()) == 0.25


@pytest.mark.parametrize(("cls", "changed"), [(SGD, (0, 1, -1)), (Nadam, (0, 1, 2, -1))])
def test_variables_add_to_the_state_of_now(cls, changed):
    """A variable that was shown before a step adds to what the step has left."""
    optimizer = cls(0.25, **({"momentum": 0.5} if cls is SGD else {}))
    weight = keras.Variable(np.ones(3, "float32"))
    optimizer.apply_gradients([(np.ones(3, "float32"), weight)])
    shown = optimizer.variables
    optimizer.apply_gradients([(np.full(3, 2.0, "float32"), weight)])
    optimizer.learning_rate = 0.5
    for place in changed:
        now = np.asarray(optimizer.variables[place])
        shown[place].assign_add(np.ones(now.shape, now.dtype))
        np.testing.assert_array_equal(optimizer.variables[place], now + 1)
        optimizer.variables[place].assign_sub(3)
        np.testing.assert_array_equal(shown[place], now + 1)
        np.testing.assert_array_equal(optimizer.variables[place], now + 1 - 3)


def test_operators_in_place_make_arrays():
    """As in Keras: a name is bound anew, and the variable stays what it was."""
    optimizer = SGD(0.25, momentum=0.5)
    optimizer.build([keras.Variable([1.0, 2.0])])
    for variable in (
        optimizer.variables[-1],
        keras.Variable([1.0, 2.0]),
        keras.metrics.Mean().total,
    ):
        before = np.array(variable)
        name = variable
        name += 1
        name *= 2
        assert isinstance(name, np.ndarray | np.number)
        np.testing.assert_array_equal(name, (before + 1) * 2)
        np.testing.assert_array_equal(variable, before)


def test_names_are_numbered():
    optimizers._optimizer._state.clear()
    assert [SGD().name, SGD().name, Adam().name] == ["sgd", "sgd_1", "adam"]


def test_own_optimizers_cannot_be_compiled():
    class Own(optimizers.Optimizer):
        pass

    with pytest.raises(ValueError, match=r"Own has no rule: write .*Adam"):
        Own(0.1)._engine_spec()


@pytest.mark.parametrize(
    ("identifier", "error", "message"),
    [
        ("adm", ValueError, r"Unknown optimizer 'adm'\. Did you mean 'adam'"),
        (3, TypeError, "optimizer"),
        (print, TypeError, "`optimizer`"),
        ({"class_name": "Adagard", "config": {}}, ValueError, "Did you mean 'adagrad'"),
        ({"config": {}}, ValueError, "class_name"),
    ],
)
def test_get_refuses(identifier, error, message):
    with pytest.raises(error, match=message):
        optimizers.get(identifier)


@pytest.mark.parametrize(
    ("optimizer", "change"),
    [
        (optimizers.Lamb(0.25), 0.25),  # no ratio of norms where the weights' is 0
        (optimizers.Adafactor(5.0), 1e-3),  # min(5, 1 / sqrt(1)) times epsilon_2
    ],
    ids=lambda value: type(value).__name__,
)
def test_weights_of_zeros_begin_to_move(optimizer, change):
    weight = keras.Variable(np.zeros(3), dtype="float64")
    gradient = np.array([2.0, -0.5, 4.0])
    optimizer.apply([gradient], [weight])
    np.testing.assert_allclose(weight, -change * np.sign(gradient), rtol=1e-6)
