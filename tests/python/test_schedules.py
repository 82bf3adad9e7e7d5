"""Learning-rate schedules against their closed forms."""

import math

import numpy as np
import pytest

from pronghorn.optimizers import schedules

STEPS = [0, 1, 3, 4, 7, 8, 13, 14, 15, 100]


def piecewise(step):
    return 0.1 if step <= 3 else 0.2 if step <= 9 else 0.3


def cosine(step, start=0.1, length=7, alpha=0.1):
    fraction = min(step, length) / length
    return start * ((1 - alpha) * (1 + math.cos(math.pi * fraction)) / 2 + alpha)


def warm(step):
    return 0.01 + 0.19 * step / 5 if step < 5 else cosine(step - 5, start=0.2)


def cycled(step):
    length = 7 * max(1, math.ceil(step / 7))
    return 0.09 * (1 - step / length) + 0.01


def restarted(t_mul, m_mul, alpha):
    """Period by period, as the schedule is described."""

    def rate(step):
        length, height, left = 4, 1.0, step
        while left >= length:
            left, length, height = left - length, length * t_mul, height * m_mul
        cosine = height * (1 + math.cos(math.pi * left / length)) / 2
        return 0.1 * ((1 - alpha) * cosine + alpha)

    return rate


CASES = [
    (schedules.CosineDecayRestarts(0.1, 4), restarted(2, 1, 0)),
    (schedules.CosineDecayRestarts(0.1, 4, 1, 0.5, 0.1), restarted(1, 0.5, 0.1)),
    (schedules.CosineDecayRestarts(0.1, 4, 1.5, 0.5), restarted(1.5, 0.5, 0)),
    (schedules.ExponentialDecay(0.1, 7, 0.9), lambda t: 0.1 * 0.9 ** (t / 7)),
    (schedules.ExponentialDecay(0.1, 7, 0.9, staircase=True), lambda t: 0.1 * 0.9 ** (t // 7)),
    (schedules.InverseTimeDecay(0.1, 7, 0.9), lambda t: 0.1 / (1 + 0.9 * t / 7)),
    (schedules.InverseTimeDecay(0.1, 7, 0.9, staircase=True), lambda t: 0.1 / (1 + 0.9 * (t // 7))),
    (
        schedules.PolynomialDecay(0.1, 7, 0.01, power=2),
        lambda t: 0.09 * (1 - min(t, 7) / 7) ** 2 + 0.01,
    ),
    (schedules.PolynomialDecay(0.1, 7, 0.01, cycle=True), cycled),
    (schedules.PiecewiseConstantDecay([3, 9], [0.1, 0.2, 0.3]), piecewise),
    (schedules.CosineDecay(0.1, 7, alpha=0.1), cosine),
    (schedules.CosineDecay(0.01, 7, alpha=0.1, warmup_target=0.2, warmup_steps=5), warm),
]


@pytest.mark.parametrize(("schedule", "formula"), CASES, ids=repr)
def test_formula(schedule, formula):
    expected = [formula(step) for step in STEPS]
    assert [schedule(step) for step in STEPS] == pytest.approx(expected, rel=1e-14)
    assert all(type(schedule(step)) is float for step in STEPS)


@pytest.mark.parametrize(("schedule", "formula"), CASES, ids=repr)
def test_arrays_and_ranges_give_the_same_numbers(schedule, formula):
    values = schedule(np.asarray(STEPS).reshape(2, 5))
    assert values.shape == (2, 5)
    assert values.dtype == np.float64
    assert values.ravel().tolist() == [schedule(step) for step in STEPS]
    np.testing.assert_array_equal(schedule._rates(3, 9), [schedule(step) for step in range(3, 12)])


@pytest.mark.parametrize(("schedule", "formula"), CASES, ids=repr)
def test_configuration_round_trip(schedule, formula):
    again = schedules.deserialize(schedules.serialize(schedule))
    assert type(again) is type(schedule)
    assert again.get_config() == schedule.get_config()


def test_robbins_monro():
    rates = schedules.InverseTimeDecay(1.0, 1, 1.0)(np.arange(2_000_000))
    # Sums of 1/t and 1/t^2: the first grows like log n, the second stays below pi^2/6.
    assert rates.sum() == pytest.approx(math.log(2_000_000) + 0.5772156649, rel=1e-6)
    assert (rates**2).sum() == pytest.approx(math.pi**2 / 6, rel=1e-6)


def test_linear_decay_of_goodfellow():
    schedule = schedules.PolynomialDecay(0.5, decay_steps=100, end_learning_rate=0.005)
    for step in (0, 10, 99, 100, 1000):
        alpha = min(step / 100, 1.0)
        assert schedule(step) == pytest.approx((1 - alpha) * 0.5 + alpha * 0.005, rel=1e-14)


def test_own_schedule_is_called_with_ints():
    class Own(schedules.LearningRateSchedule):
        def __call__(self, step):
            assert type(step) is int
            return 0.1 if step < 2 else 0.01

    np.testing.assert_array_equal(Own()._rates(0, 4), [0.1, 0.1, 0.01, 0.01])
    with pytest.raises(NotImplementedError, match="get_config"):
        Own().get_config()
    with pytest.raises(NotImplementedError, match="__call__"):
        schedules.LearningRateSchedule()(0)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: schedules.ExponentialDecay(0.1, 0, 0.9), ValueError, "decay_steps.*> 0.*0"),
        (lambda: schedules.CosineDecay(0.1, -3), ValueError, "decay_steps"),
        (lambda: schedules.PolynomialDecay("fast", 3), TypeError, "initial_learning_rate.*fast"),
        (
            lambda: schedules.PiecewiseConstantDecay([1, 2], [0.1, 0.2]),
            ValueError,
            "2 values and 2 boundaries",
        ),
        (
            lambda: schedules.PiecewiseConstantDecay([2, 1], [0.1, 0.2, 0.3]),
            ValueError,
            "increase",
        ),
        (
            lambda: schedules.deserialize({"class_name": "CosinDecay", "config": {}}),
            ValueError,
            "Did you mean 'CosineDecay'",
        ),
    ],
)
def test_bad_arguments(make, error, message):
    with pytest.raises(error, match=message):
        make()
