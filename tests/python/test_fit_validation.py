"""Which data fit validates on, and when."""

import numpy as np
import pytest
from _linear import data, linear_model

import pronghorn as keras


@pytest.fixture(autouse=True)
def fresh_session():
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)


def test_validation_split_takes_the_end_before_shuffling():
    x, y = data(50, 3), data(50, 1, seed=2)
    model = linear_model(metrics=["mae"])
    history = model.fit(x, y, validation_split=0.3, epochs=2, verbose=0).history
    assert list(history) == ["loss", "mae", "val_loss", "val_mae"]
    # floor(50 * 0.7) = 35 remain.
    assert history["val_loss"][-1] == pytest.approx(model.evaluate(x[35:], y[35:], verbose=0)[0])
    assert model.optimizer.iterations == 2 * 2


def test_validation_data_with_weights_batches_and_steps():
    x, y = data(40, 3), data(40, 1, seed=2)
    weights = np.linspace(0, 1, 40)
    model = linear_model()
    history = model.fit(
        x,
        y,
        validation_data=(x, y, weights),
        validation_batch_size=10,
        validation_steps=2,
        verbose=0,
    ).history
    expected = model.evaluate(x[:20], y[:20], sample_weight=weights[:20], verbose=0)
    assert history["val_loss"] == pytest.approx([expected])


@pytest.mark.parametrize(
    ("frequency", "epochs"), [(2, [1, 3]), ([1, 4], [0, 3]), (5, [4]), (9, [])]
)
def test_validation_frequency(frequency, epochs):
    x, y = data(8, 3), data(8, 1)
    seen = []
    watch = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(epoch) if "val_loss" in logs else None
    )
    linear_model().fit(
        x, y, epochs=5, validation_data=(x, y), validation_freq=frequency, callbacks=[watch],
        verbose=0,
    )  # fmt: skip
    assert seen == epochs
