"""Arrays of any kind give what the plain float32 array gives."""

from typing import Any

import numpy as np
import pytest
from _pairs import assert_updates_equal, compile_pair, pair, small_classifier

pandas = pytest.importorskip("pandas")

X = np.random.default_rng(5).integers(-3, 4, (32, 6)).astype("float32")
Y = np.random.default_rng(6).integers(0, 3, 32)


def _read_only() -> Any:
    x = X.copy()
    x.flags.writeable = False
    return x


FORMS = {
    "float64": lambda: X.astype("float64"),
    "float16": lambda: X.astype("float16"),
    "int8": lambda: X.astype("int8"),
    "int64": lambda: X.astype("int64"),
    "Fortran order": lambda: np.asfortranarray(X),
    "strided rows": lambda: np.repeat(X, 2, axis=0)[::2],
    "strided columns": lambda: np.repeat(X, 2, axis=1)[:, ::2],
    "reversed": lambda: np.ascontiguousarray(X[::-1])[::-1],
    "read only": _read_only,
    "DataFrame": lambda: pandas.DataFrame(X),
    "DataFrame of mixed types": lambda: pandas.DataFrame(X).astype({0: "int64", 1: "float64"}),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_x(form: str) -> None:
    models = compile_pair(
        pair(small_classifier()),
        optimizer="sgd",
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    before = models.keras.get_weights()
    for model in models:
        model.fit(FORMS[form](), Y, batch_size=10, shuffle=False, verbose=0)
    assert_updates_equal(models, before)
    expected, actual = (model.predict(FORMS[form](), verbose=0) for model in models)
    np.testing.assert_allclose(actual, expected, atol=1e-5)


@pytest.mark.parametrize(
    "y",
    [
        Y.astype("int8"),
        Y.astype("float32"),
        np.repeat(Y, 3)[::3],
        pandas.Series(Y),
        pandas.DataFrame({"label": Y}),
    ],
    ids=["int8", "float32", "strided", "Series", "DataFrame"],
)
def test_forms_of_y(y: Any) -> None:
    models = compile_pair(
        pair(small_classifier()), optimizer="sgd", loss="sparse_categorical_crossentropy"
    )
    expected, actual = (model.evaluate(X, y, verbose=0) for model in models)
    assert actual == pytest.approx(expected, rel=1e-5)
