"""Weights within constraints after each update, in both libraries and by both ways of updating."""

import numpy as np
import pytest
from _pairs import assert_weights_equal, compile_pair, pair

# Of the kernel and the bias of a layer with 5 inputs and 40 units (more than a panel of columns).
CONSTRAINTS = [
    ("MaxNorm", {"max_value": 0.5}),
    ("MaxNorm", {"max_value": 0.4, "axis": 1}),
    ("MaxNorm", {"max_value": 1.0, "axis": [0, 1]}),
    ("NonNeg", {}),
    ("UnitNorm", {"axis": 0}),
    ("MinMaxNorm", {"min_value": 0.6, "max_value": 0.8, "rate": 0.7}),
]


@pytest.mark.parametrize(("name", "arguments"), CONSTRAINTS)
def test_three_steps(name: str, arguments: dict, rng: np.random.Generator) -> None:
    for clip in (None, 0.5):  # with the update inside the gradient's tile, and after it

        def make(library):
            constraint = getattr(library.constraints, name)(**arguments)
            layers = library.layers
            return library.Sequential(
                [
                    library.Input((5,)),
                    layers.Dense(40, use_bias=False, kernel_constraint=constraint),
                    layers.BatchNormalization(gamma_constraint=library.constraints.NonNeg()),
                    layers.Dense(2, bias_constraint="non_neg"),
                ]
            )

        models = pair(make)
        compile_pair(
            models,
            lambda library, clip=clip: {"optimizer": library.optimizers.SGD(0.2, clipnorm=clip)},
            loss="mse",
        )
        before = models.pronghorn.get_weights()[0]
        for _ in range(3):
            x, y = rng.normal(size=(2, 16, 5)).astype("float32"), rng.normal(size=(16, 2))
            for model in models:
                model.train_on_batch(x[0], y)
        assert_weights_equal(models)
        assert np.abs(models.pronghorn.get_weights()[0] - before).max() > 1e-3
