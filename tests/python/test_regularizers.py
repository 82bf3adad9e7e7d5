"""Penalties against their formula."""

import numpy as np
import pytest

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
