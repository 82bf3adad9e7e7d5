"""`summary` prints the same table."""

from typing import Any

import numpy as np
import pytest
from _pairs import LIBRARIES, compile_pair, pair, small_classifier
from _random_models import describe


def _text(model: Any, **options: Any) -> str:
    lines: list[str] = []

    # Keras passes `line_break` to print_fn when it can take it.
    def collect(text: str, line_break: bool = False) -> None:
        lines.append(str(text))

    model.summary(print_fn=collect, **options)
    return "\n".join(lines)


@pytest.mark.parametrize("seed", range(8))
def test_random_models(seed: int) -> None:
    texts = []
    for library in LIBRARIES:
        library.utils.clear_session(free_memory=False)
        texts.append(_text(describe(seed).build(library)))
    assert texts[1] == texts[0]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"line_length": 60},
        {"line_length": 120},
        {"show_trainable": True},
        {"positions": [0.4, 0.7, 1.0]},
    ],
)
@pytest.mark.parametrize("columns", [None, "100", "200"])
def test_options(
    options: dict[str, Any], columns: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table that is wider than the terminal is cut off."""
    if columns:
        monkeypatch.setenv("COLUMNS", columns)
    models = pair(small_classifier())
    assert _text(models.pronghorn, **options) == _text(models.keras, **options)


def test_automatic_names() -> None:
    def make(library):
        layers = library.layers
        return library.Sequential(
            [
                library.Input((4, 3)),
                layers.Flatten(),
                layers.Dense(5, activation="relu"),
                layers.Dropout(0.5),
                layers.Dense(5),
                layers.ReLU(),
                layers.LeakyReLU(),
                layers.ELU(),
                layers.Activation("tanh"),
                layers.Dense(2),
                layers.Softmax(),
            ]
        )

    models = pair(make)
    assert [layer.name for layer in models.pronghorn.layers] == [
        layer.name for layer in models.keras.layers
    ]
    assert _text(models.pronghorn) == _text(models.keras)


def test_frozen_layers() -> None:
    models = pair(small_classifier())
    for model in models:
        model.layers[0].trainable = False
    assert _text(models.pronghorn, show_trainable=True) == _text(models.keras, show_trainable=True)


def test_after_compile_and_fit(rng) -> None:
    """The optimizer's variables join the count once it has been built."""
    models = compile_pair(
        pair(small_classifier()), optimizer="adam", loss="sparse_categorical_crossentropy"
    )
    assert _text(models.pronghorn) == _text(models.keras)
    x, y = rng.standard_normal((16, 6)).astype("float32"), rng.integers(0, 3, 16)
    for model in models:
        model.fit(x, y, verbose=0)
    assert _text(models.pronghorn) == _text(models.keras)


def test_unbuilt() -> None:
    def make(library):
        return library.Sequential([library.layers.Dense(3), library.layers.Dense(2)])

    texts = [_text(make(library)) for library in LIBRARIES]
    assert texts[1] == texts[0]


def test_big_counts() -> None:
    models = pair(small_classifier(features=1000, hidden=1200, classes=7))
    assert _text(models.pronghorn) == _text(models.keras)
    assert models.pronghorn.count_params() == models.keras.count_params()


def test_printed(capsys) -> None:
    """Without print_fn, plain when not on a terminal."""
    printed = []
    for library in LIBRARIES:
        library.utils.clear_session(free_memory=False)
        capsys.readouterr()
        small_classifier()(library).summary()
        printed.append(capsys.readouterr().out)
    assert printed[1] == printed[0]


def test_evaluation_builds_the_optimizer(rng: np.random.Generator) -> None:
    models = compile_pair(pair(small_classifier()), optimizer="adam", loss="mse")
    texts = []
    for model in models:
        model.evaluate(rng.random((8, 6)), rng.random((8, 3)), verbose=0)
        texts.append(_text(model))
    assert texts[1] == texts[0]
    assert "Optimizer params" in texts[0]
