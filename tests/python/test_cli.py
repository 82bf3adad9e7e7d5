"""The command line: ``python -m pronghorn info`` and ``demo``, and the example scripts."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import _demo
from pronghorn.__main__ import main

EXPERIMENTS = (Path(__file__).parent / "test_examples.py").read_text()
# Without the experiments that test_examples.py runs in their quick form.
EXAMPLES = [
    path
    for path in sorted((Path(__file__).parents[2] / "examples").glob("*.py"))
    if f"def test_{path.stem}(" not in EXPERIMENTS
]


def test_info(capsys):
    assert main(["info"]) == 0
    rows = dict(
        re.split(r"\s{2,}", line, maxsplit=1) for line in capsys.readouterr().out.splitlines()
    )
    assert rows["pronghorn"] == keras.__version__
    assert rows["in use"] in rows["instruction sets"].split(", ")
    assert "baseline" in rows["instruction sets"]
    assert set(rows) >= {"compiler", "BLAS", "threads"}
    assert int(rows["threads"].split()[0]) >= 1


def test_demo(capsys):
    """The promise of the README: test accuracy of at least 0.97."""
    assert main(["demo"]) == 0
    out = capsys.readouterr().out
    accuracy = re.search(r"Test accuracy (0\.\d{4}), loss 0\.\d{4}; trained in [\d.]+ s\.", out)
    assert float(accuracy[1]) >= 0.97
    assert 'Model: "digits"' in out
    assert "Total params: 19,210" in out
    assert out.count("Epoch ") == 30
    assert out.count("val_accuracy: ") == 30


def test_demo_is_reproducible(capsys):
    texts = []
    for _ in range(2):
        assert main(["demo", "--epochs", "2", "--seed", "7"]) == 0
        out = capsys.readouterr().out
        texts.append(re.findall(r"(?:accuracy|loss): [\d.]+|Test accuracy \S+ loss \S+;", out))
    assert len(texts[0]) == 9
    assert texts[0] == texts[1]


def test_demo_draws(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    path = tmp_path / "curves.png"
    assert main(["demo", "--epochs", "2", "--plot", str(path)]) == 0
    assert path.read_bytes().startswith(b"\x89PNG")
    assert str(path) in capsys.readouterr().out


def test_demo_without_matplotlib(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    path = tmp_path / "curves.png"
    assert _demo.run(epochs=1, plot=str(path)) == 1
    assert "pronghorn[plot]" in capsys.readouterr().err
    assert not path.exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "command"),
        (["dmeo"], "invalid choice"),
        (["demo", "--epochs", "0"], "at least 1"),
        (["demo", "--epochs", "many"], "--epochs"),
    ],
)
def test_bad_words(words, message, capsys):
    with pytest.raises(SystemExit) as exit_info:
        main(words)
    assert exit_info.value.code == 2
    assert message in capsys.readouterr().err


def test_version_and_module():
    run = subprocess.run(
        [sys.executable, "-m", "pronghorn", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == f"pronghorn {keras.__version__}\n"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples(path, capsys):
    names = runpy.run_path(str(path))
    out = capsys.readouterr().out
    if path.stem == "digits":
        assert names["accuracy"] >= 0.96
    elif path.stem == "regression":
        # The noise has a standard deviation of 0.05, the function one of about 0.5.
        assert np.sqrt(np.mean(names["error"] ** 2)) < 0.06
    elif path.stem == "residual":
        assert names["accuracy"] >= 0.97
    else:
        pytest.fail(f"no check for {path.name}")
    assert out.strip()


def test_there_are_examples():
    assert {path.stem for path in EXAMPLES} >= {"digits", "regression", "residual"}
