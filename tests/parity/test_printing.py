"""What fit, evaluate and predict print, up to the times."""

import re
from typing import Any

import numpy as np
import pytest
from _pairs import LIBRARIES, compile_pair, pair, small_classifier

_TIMES = re.compile(r"\d+(\.\d+)?\s?(us|ms|s|µs)(/step|/epoch)?|\d+:\d\d(:\d\d)?")


def _plain(text: str) -> list[str]:
    """Lines without times, without colours, and of a live bar only its last state."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    lines = []
    for line in text.split("\n"):
        state = re.split(r"[\r\x08]+", line)[-1]
        lines.append(re.sub(r"\s+", " ", _TIMES.sub("TIME", state)).strip())
    return lines


def _run(capsys, rng: np.random.Generator, act, metrics=("accuracy",)) -> list[list[str]]:
    models = compile_pair(
        pair(small_classifier()),
        optimizer="sgd",
        loss="sparse_categorical_crossentropy",
        metrics=list(metrics),
    )
    x = rng.standard_normal((50, 6)).astype("float32")
    y = rng.integers(0, 3, 50)
    printed = []
    for model in models:
        capsys.readouterr()
        act(model, x, y)
        printed.append(_plain(capsys.readouterr().out))
    return printed


@pytest.mark.parametrize("verbose", [0, 1, 2, "auto"])
@pytest.mark.parametrize("options", [{}, {"validation_split": 0.3}])
def test_fit(verbose: Any, options: dict[str, Any], capsys, rng: np.random.Generator) -> None:
    expected, actual = _run(
        capsys,
        rng,
        lambda model, x, y: model.fit(
            x, y, epochs=2, batch_size=16, shuffle=False, verbose=verbose, **options
        ),
    )
    assert actual == expected


@pytest.mark.parametrize("verbose", [0, 1, 2])
def test_evaluate_and_predict(verbose: int, capsys, rng: np.random.Generator) -> None:
    def act(model, x, y):
        model.evaluate(x, y, batch_size=16, verbose=verbose)
        model.predict(x, batch_size=16, verbose=verbose)

    expected, actual = _run(capsys, rng, act, metrics=("accuracy", "sparse_categorical_accuracy"))
    assert actual == expected


def test_learning_rate_in_the_line(capsys, rng: np.random.Generator) -> None:
    """A changed rate is printed after the metrics, as Keras prints small numbers."""
    by_model = {}

    def act(model, x, y):
        library = LIBRARIES[len(by_model)]
        by_model[id(model)] = model
        schedule = library.callbacks.LearningRateScheduler(lambda epoch: 1e-5 * (epoch + 1))
        model.fit(x, y, epochs=3, verbose=2, shuffle=False, callbacks=[schedule])

    expected, actual = _run(capsys, rng, act)
    assert actual == expected


@pytest.mark.parametrize("scale", [0.0, 1e-8, 1e-4, 1e-3, 0.25, 1.0, 4096.0, 2.0**60])
def test_format_of_numbers(scale: float, capsys) -> None:
    """Fixed notation for ordinary values, exponents for tiny ones."""
    models = compile_pair(pair(small_classifier(output=None)), optimizer="sgd", loss="mae")
    printed = []
    for model in models:
        # Outputs of exactly zero: the loss is the target, to the last bit.
        model.set_weights([np.zeros_like(w) for w in model.get_weights()])
        capsys.readouterr()
        model.evaluate(np.ones((1, 6)), np.full((1, 3), scale, "float32"), verbose=2)
        printed.append(_plain(capsys.readouterr().out))
    assert printed[1] == printed[0]


@pytest.mark.parametrize("target", [None, 7])
@pytest.mark.parametrize("verbose", [1, 2])
def test_progbar(target, verbose: int, capsys) -> None:
    printed = []
    for library in LIBRARIES:
        capsys.readouterr()
        bar = library.utils.Progbar(target, verbose=verbose, unit_name="step")
        for step in range(1, 8):
            bar.update(step, [("loss", 1.0 / step), ("tiny", 1e-6)], finalize=step == 7)
        printed.append(_plain(capsys.readouterr().out))
    assert printed[1] == printed[0]
