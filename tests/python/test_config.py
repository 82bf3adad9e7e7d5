"""Session settings."""

import logging

import pytest

from pronghorn import config, initializers, losses, utils
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
