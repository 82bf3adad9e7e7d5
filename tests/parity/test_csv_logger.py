"""CSVLogger writes the same lines, but for the last digits."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _pairs import LIBRARIES, compile_pair, pair, small_classifier


@pytest.mark.parametrize(
    "options",
    [{}, {"validation_split": 0.3}, {"validation_split": 0.3, "validation_freq": 2}],
)
@pytest.mark.parametrize("arguments", [{}, {"separator": ";"}, {"append": True}])
def test_lines(options: dict[str, Any], arguments: dict[str, Any], tmp_path: Path) -> None:
    models = compile_pair(
        pair(small_classifier()),
        optimizer="sgd",
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((20, 6)).astype("float32"), rng.integers(0, 3, 20)
    tables = []
    for library, model in zip(LIBRARIES, models, strict=True):
        path = tmp_path / f"{library.__name__}.csv"
        for _ in range(2):
            log = library.callbacks.CSVLogger(str(path), **arguments)
            model.fit(x, y, epochs=2, shuffle=False, verbose=0, callbacks=[log], **options)
        content = path.read_bytes()
        separator = arguments.get("separator", ",")
        rows = list(csv.reader(content.decode().splitlines(), delimiter=separator))
        tables.append((content.count(b"\r\n"), rows))
    (ends, reference), (our_ends, ours) = tables
    assert our_ends == ends
    assert len(ours) == len(reference)
    for row, expected in zip(ours, reference, strict=True):
        assert len(row) == len(expected)
        for cell, wanted in zip(row, expected, strict=True):
            try:
                assert float(cell) == pytest.approx(float(wanted), rel=2e-5)
            except ValueError:
                assert cell == wanted
