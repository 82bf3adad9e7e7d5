"""Penalties against their formula."""

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import regularizers

W = np.array([[1.0, -2.0], [0.5, 0.0]])


@pytest.mark.parametrize(
    ("regularizer", "penalty"),
    [
        (regularizers.L1(0.1), 0.35),
        (regularizers.L2(0.1), 0.525),
        (regularizers.L1L2(0.1, 0.2), 0.35 + 1.05),
        (regularizers.L1L2(), 0.0),
        (regularizers.get("l1"), 0.035),
        (regularizers.get("l2"), 0.0525),
        (regularizers.get("L2"), 0.0525),
        (regularizers.get("l1_l2"), 0.0),
    ],
    ids=repr,
)
def test_penalty(regularizer, penalty):
    assert regularizer(W) == pytest.approx(penalty, rel=1e-15)
    assert regularizer.l1 * 3.5 + regularizer.l2 * 5.25 == pytest.approx(penalty, rel=1e-15)
    again = regularizers.deserialize(regularizers.serialize(regularizer))
    assert type(again) is type(regularizer)
    assert again.get_config() == regularizer.get_config()


def test_get():
    assert regularizers.get(None) is None
    assert isinstance(regularizers.get(regularizers.L2), regularizers.L2)
    with pytest.raises(ValueError, match="Did you mean 'l1"):
        regularizers.get("l11")
    with pytest.raises(TypeError, match="a Regularizer; received"):
        regularizers.get(lambda w: 0.0)
    for bad in (-0.1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="`l2`"):
            regularizers.L2(bad)


class Spread(keras.regularizers.Regularizer):
    """Of the user's own, without a configuration."""

    def __call__(self, x):
        return 0.5 * keras.ops.sum(keras.ops.square(x - keras.ops.mean(x)))


def test_penalty_of_ones_own_on_what_a_layer_gives():
    assert "Spread" in repr(Spread())
    rng = np.random.default_rng(0)
    x, y, w = rng.normal(size=(8, 3)), rng.normal(size=(8, 2)), rng.normal(size=(3, 2))
    layer = keras.layers.Dense(2, use_bias=False, activity_regularizer=Spread())
    model = keras.Sequential([keras.Input((3,)), layer])
    model.set_weights([w])
    model.compile("sgd", "mse")
    z = x @ w
    expected = ((z - y) ** 2).mean() + 0.5 * ((z - z.mean()) ** 2).sum() / 8
    assert model.evaluate(x, y, verbose=0) == pytest.approx(expected, rel=1e-5)
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.fit(x, y, batch_size=8, epochs=1, verbose=0)
    centred = z - z.mean()
    slope = x.T @ (2 * (z - y) / 16 + centred / 8)
    np.testing.assert_allclose(model.get_weights()[0], w - 0.1 * slope, rtol=1e-4, atol=1e-6)
