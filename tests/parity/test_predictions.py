"""A hundred random models with the same weights give the same outputs."""

import numpy as np
import pytest
from _pairs import pair
from _random_models import describe, random_inputs


@pytest.mark.parametrize("decade", range(10))
def test_random_models_predict_like_keras(decade: int) -> None:
    for seed in range(10 * decade, 10 * decade + 10):
        description = describe(seed)
        models = pair(description.build)
        x = random_inputs(description, 16, np.random.default_rng(seed))
        expected = models.keras(x, training=False)
        actual = models.pronghorn.predict(x, verbose=0)
        if len(description.outputs) == 1:
            expected, actual = [expected], [actual]
        assert len(actual) == len(expected), seed
        for a, e in zip(actual, expected, strict=True):
            e = np.asarray(e)
            assert a.dtype == np.float32
            # exponential layers grow: the tolerance is relative above one.
            np.testing.assert_allclose(a, e, rtol=1e-5, atol=1e-5, err_msg=f"seed {seed}")


def test_every_way_to_predict_agrees(rng: np.random.Generator) -> None:
    description = describe(2)
    models = pair(description.build)
    x = random_inputs(description, 37, rng)
    expected = models.keras.predict(x, verbose=0)
    for actual in (
        models.pronghorn.predict(x, verbose=0),
        models.pronghorn.predict(x, batch_size=5, verbose=0),
        models.pronghorn.predict_on_batch(x),
        np.asarray(models.pronghorn(x)),
        np.asarray(models.pronghorn(x, training=False)),
    ):
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)


def test_dropout_drops_the_same_fraction(rng: np.random.Generator) -> None:
    x = np.ones((200, 100), "float32")

    def make(library):
        layers = [library.Input((100,)), library.layers.Dropout(0.3)]
        return library.Sequential(layers)

    for model in pair(make):
        y = np.asarray(model(x, training=True))
        np.testing.assert_allclose(np.unique(y), [0.0, 1 / 0.7], rtol=1e-6)
        # 20,000 draws: the standard deviation of the fraction is 0.0032.
        assert abs(np.mean(y == 0) - 0.3) < 0.015
