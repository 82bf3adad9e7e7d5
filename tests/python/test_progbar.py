"""The progress bar, character by character, at fixed times.

The expected texts are those that Keras 3.15.1's Progbar prints for the same calls at the same times
on a terminal.
"""

import io
import time
from contextlib import redirect_stdout

import pytest

from pronghorn.callbacks import ProgbarLogger
from pronghorn.utils import Progbar


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(time, "time", clock)
    return clock


def colours(count, done, left, clock):
    green = f"\x1b[32m{'━' * done}\x1b[0m" if done else ""
    return f"\x1b[1m{count}\x1b[0m {green}\x1b[37m{'━' * left}\x1b[0m \x1b[1m{clock}\x1b[0m"


def test_a_bar_on_a_terminal(clock):
    with redirect_stdout(Terminal()) as terminal:
        bar = Progbar(100)
        clock.now += 0.1
        bar.update(1, [("loss", 2.5)])
        clock.now += 0.01
        bar.update(2, [("loss", 1.5)])  # sooner than 0.05 s after the last: not drawn
        clock.now += 0.2
        bar.update(50, [("loss", 0.5), ("acc", 1e-5)])
        clock.now += 3
        bar.update(100, [("loss", 0.25)])
    first = colours("  1/100", 0, 20, "9s") + " 100ms/step - loss: 2.5000"
    second = colours(" 50/100", 10, 10, "0s") + " 4ms/step - loss: 0.5600 - acc: 1.0000e-05"
    third = colours("100/100", 20, 0, "3s") + " 32ms/step - loss: 0.2500 - acc: 1.0000e-05"
    back = ["\b" * 57 + "\r", "\b" * 73 + "\r"]
    assert terminal.getvalue() == f"\r{first}{back[0]}{second}{back[1]}{third}\n"


def test_values_as_they_come_and_a_shorter_line(clock):
    with redirect_stdout(Terminal()) as terminal:
        bar = Progbar(7, stateless_metrics=())
        clock.now += 5000
        bar.update(3, [("loss", 2.5)])
        clock.now += 1
        bar.update(7, [("loss", 0.123456)], finalize=True)
    first = colours("3/7", 8, 12, "1:51:06") + " 1667s/step - loss: 2.5000"
    second = colours("7/7", 20, 0, "5001s") + " 714s/step - loss: 0.1235"
    assert terminal.getvalue() == f"\r{first}" + "\b" * 58 + f"\r{second}   \n"


def test_unknown_target(clock):
    with redirect_stdout(Terminal()) as terminal:
        bar = Progbar(None, stateful_metrics=["rate"])
        clock.now += 0.1
        bar.update(3, [("loss", 2.5), ("rate", 0.1)])
    assert terminal.getvalue() == (
        "\r      3/Unknown \x1b[1m0s\x1b[0m 33ms/step - loss: 2.5000 - rate: 0.1000"
    )


def test_one_line_an_epoch(clock, capsys):
    bar = Progbar(10, verbose=2)
    clock.now += 0.1
    bar.update(3, [("loss", 2.5)])
    clock.now += 1
    bar.update(10, [("loss", -2.5), ("mae", 3e-4)])
    assert (
        capsys.readouterr().out == "10/10 - 1s - 110ms/step - loss: -2.5000e+00 - mae: 3.0000e-04\n"
    )


def test_silent(clock, capsys):
    Progbar(10, verbose=0).update(10, [("loss", 1.0)])
    assert capsys.readouterr().out == ""


def test_plain_lines_without_a_terminal(clock, capsys):
    bar = Progbar(40, stateless_metrics=())
    for step in range(1, 41):
        clock.now += 0.5
        bar.update(step, [("loss", 1.0 / step)])
    lines = capsys.readouterr().out.splitlines()
    # A line when 10 s have passed, and the last.
    assert lines == [
        "20/40 ━━━━━━━━━━━━━━━━━━━━ 10s 500ms/step - loss: 0.0500",
        "40/40 ━━━━━━━━━━━━━━━━━━━━ 20s 500ms/step - loss: 0.0250",
    ]


def test_at_most_twenty_redraws_a_second(clock):
    with redirect_stdout(Terminal()) as terminal:
        bar = Progbar(100_000)
        for step in range(1, 100_000):
            clock.now += 1e-4
            bar.update(step, [("loss", 1.0)])
    assert 190 <= terminal.getvalue().count("\r") <= 201


def test_a_terminal_without_the_character(clock):
    raw = io.BytesIO()
    ascii_only = io.TextIOWrapper(raw, encoding="ascii")
    with redirect_stdout(ascii_only):
        bar = Progbar(2)
        clock.now += 1
        bar.update(2)
    assert raw.getvalue() == b"2/2 ==================== 1s 500ms/step\n"


def test_both_kinds_of_names_are_refused():
    with pytest.raises(ValueError, match="not both"):
        Progbar(3, stateful_metrics=["a"], stateless_metrics=["b"])
    with pytest.raises(ValueError, match="verbose"):
        Progbar(3, verbose=3)


def test_logger_in_fit(clock, capsys):
    logger = ProgbarLogger()
    logger.set_params({"verbose": 2, "epochs": 2, "steps": 5})
    logger.on_train_begin()
    for epoch in range(2):
        logger.on_epoch_begin(epoch)
        logger.on_test_begin()
        logger.on_test_batch_end(0, {"loss": 9.0})
        logger.on_test_end({"loss": 9.0})
        clock.now += 1
        logger.on_epoch_end(epoch, {"loss": 0.5, "val_loss": 0.25})
    assert capsys.readouterr().out == (
        "Epoch 1/2\n5/5 - 1s - 200ms/step - loss: 0.5000 - val_loss: 0.2500\n"
        "Epoch 2/2\n5/5 - 1s - 200ms/step - loss: 0.5000 - val_loss: 0.2500\n"
    )


def test_logger_in_evaluate_and_predict(clock, capsys):
    for begin, end in (("on_test_begin", "on_test_end"), ("on_predict_begin", "on_predict_end")):
        logger = ProgbarLogger()
        logger.set_params({"verbose": 2, "epochs": 1, "steps": 5})
        getattr(logger, begin)()
        clock.now += 1
        getattr(logger, end)({"loss": 0.5})
    assert capsys.readouterr().out == (
        "5/5 - 1s - 200ms/step - loss: 0.5000\n5/5 - 1s - 200ms/step\n"
    )


def test_logger_with_one_epoch_prints_no_header(clock, capsys):
    logger = ProgbarLogger()
    logger.set_params({"verbose": 1, "epochs": 1, "steps": None})
    logger.on_epoch_begin(0)
    logger.update(4, {"loss": 0.5})
    clock.now += 2
    logger.on_epoch_end(0, {"loss": 0.5})
    assert capsys.readouterr().out == "4/4 ━━━━━━━━━━━━━━━━━━━━ 2s 500ms/step - loss: 0.5000\n"
