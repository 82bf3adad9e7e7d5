"""Session settings."""

import logging

import numpy as np
import pytest

from pronghorn import Input, Sequential, config, initializers, layers, losses, optimizers, utils
from pronghorn._console import print_msg


@pytest.fixture(autouse=True)
def _restore():
    yield
    config.set_floatx("float32")
    config.set_epsilon(1e-7)
    config.enable_interactive_logging()


def test_floatx():
    assert config.floatx() == "float32"
    config.set_floatx("float64")
    assert initializers.Zeros()((1,)).dtype == "float64"
    assert losses.MeanSquaredError().dtype == "float64"
    assert utils.to_categorical([1]).dtype == "float64"
    with pytest.raises(ValueError, match="Did you mean 'float32'"):
        config.set_floatx("float23")
    assert config.floatx() == "float64"


def test_epsilon():
    loss = losses.BinaryCrossentropy(dtype="float64")
    config.set_floatx("float64")
    config.set_epsilon(1e-3)
    # -log(0.001)
    assert float(loss([[1.0]], [[0.0]])) == pytest.approx(6.907755278982137, rel=1e-14)
    for bad in (0.0, -1.0, 0.5, float("nan")):
        with pytest.raises(ValueError, match="`value`"):
            config.set_epsilon(bad)


@pytest.mark.parametrize("loss", ["binary_crossentropy", "poisson", "kl_divergence"])
def test_epsilon_of_compiled_models(loss):
    def trained(epsilon):
        config.set_epsilon(epsilon)
        # Predictions are w x with w = 1, and the gradient of w shows through the step of SGD.
        model = Sequential([Input((1,)), layers.Dense(1, "linear", False, "ones")])
        model.compile(optimizers.SGD(1.0), loss, metrics=[loss])
        mode = model.run_mode
        result = model.evaluate(x, y, verbose=0, return_dict=True)
        model.train_on_batch(x, y)
        return mode, result, float(model.get_weights()[0][0, 0])

    x = np.array([[0.001], [0.5], [0.999]])
    y = np.array([[1.0], [0.3], [0.2]])
    mode, result, weight = trained(0.01)
    p, e = x.ravel(), 0.01
    t = y.ravel()
    cut, inside = np.clip(p, e, 1 - e), (p >= e) & (p <= 1 - e)
    values, slopes = {
        "binary_crossentropy": (
            -t * np.log(cut) - (1 - t) * np.log(1 - cut),
            inside * (-t / cut + (1 - t) / (1 - cut)),
        ),
        "poisson": (p - t * np.log(p + e), 1 - t / (p + e)),
        "kl_divergence": (t * np.log(t / np.clip(p, e, 1)), -1.0 * (p >= e) * t / np.clip(p, e, 1)),
    }[loss]
    assert mode == "split"
    assert result["loss"] == pytest.approx(values.mean(), rel=1e-5)
    assert result[loss] == pytest.approx(values.mean(), rel=1e-5)
    assert weight == pytest.approx(1 - (slopes * p).mean(), rel=1e-4)
    assert trained(1e-7)[0] == "compiled"


def test_backend():
    assert config.backend() == "pronghorn"


def test_interactive_logging(capsys, caplog):
    print_msg("to the screen")
    assert capsys.readouterr().out == "to the screen\n"
    utils.disable_interactive_logging()
    assert not config.is_interactive_logging_enabled()
    with caplog.at_level(logging.INFO, "pronghorn"):
        print_msg("to the log")
    assert capsys.readouterr().out == ""
    assert caplog.messages == ["to the log"]
