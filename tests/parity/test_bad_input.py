"""What Keras refuses, pronghorn refuses too, with the same family of exception.

pronghorn also refuses mistakes that Keras lets through (labels out of range, fractional class
labels, NaN in labels); those have their own tests, not here.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from _pairs import LIBRARIES, compile_pair, pair, small_classifier

X = np.linspace(-1, 1, 120).reshape(20, 6).astype("float32")
Y = np.arange(20) % 3


def _compiled(library: Any) -> Any:
    model = small_classifier()(library)
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


CASES: dict[str, Callable[[Any], Any]] = {
    "fit before compile": lambda k: small_classifier()(k).fit(X, Y, verbose=0),
    "evaluate before compile": lambda k: small_classifier()(k).evaluate(X, Y, verbose=0),
    "too many features": lambda k: _compiled(k).fit(np.ones((20, 7)), Y, verbose=0),
    "features in predict": lambda k: small_classifier()(k).predict(np.ones((4, 5)), verbose=0),
    "features in a call": lambda k: small_classifier()(k)(np.ones((4, 5), "float32")),
    "other lengths": lambda k: _compiled(k).fit(X, Y[:-1], verbose=0),
    "weights of other length": lambda k: _compiled(k).fit(
        X, Y, sample_weight=np.ones(19), verbose=0
    ),
    "no rows": lambda k: _compiled(k).fit(X[:0], Y[:0], verbose=0),
    "strings": lambda k: _compiled(k).fit(np.full((20, 6), "a"), Y, verbose=0),
    "unknown activation": lambda k: k.layers.Dense(3, activation="rellu"),
    "unknown initializer": lambda k: k.layers.Dense(3, kernel_initializer="he"),
    "unknown regularizer": lambda k: k.layers.Dense(3, kernel_regularizer="l3"),
    "unknown optimizer": lambda k: small_classifier()(k).compile("adamm", "mse"),
    "unknown loss": lambda k: _fit_with(k, loss="mean_squarederror"),
    "unknown metric": lambda k: _fit_with(k, loss="mse", metrics=["acuracy"]),
    "negative units": lambda k: k.layers.Dense(-1),
    "fractional units": lambda k: k.layers.Dense(2.5),
    "zero units": lambda k: k.layers.Dense(0),
    "dropout above one": lambda k: k.layers.Dropout(1.5),
    "negative dropout": lambda k: k.layers.Dropout(-0.1),
    "unknown layer argument": lambda k: k.layers.Dense(3, activatoin="relu"),
    "unequal widths added": lambda k: k.layers.Add()([k.Input((3,)), k.Input((4,))]),
    "one summand": lambda k: k.layers.Add()(k.Input((3,))),
    "concatenate of one": lambda k: k.layers.Concatenate()(k.Input((3,))),
    "reshape to another size": lambda k: k.layers.Reshape((5,))(k.Input((4,))),
    "weights of other shapes": lambda k: small_classifier()(k).set_weights(
        [np.ones((6, 9)), np.ones(8), np.ones((8, 3)), np.ones(3)]
    ),
    "too few weights": lambda k: small_classifier()(k).set_weights([np.ones((6, 8))]),
    "not a layer": lambda k: k.Sequential(["dense"]),
    "the same layer name twice": lambda k: k.Sequential(
        [k.Input((2,)), k.layers.Dense(2, name="a"), k.layers.Dense(2, name="a")]
    ),
    "target of other width": lambda k: _fit_with(k, loss="categorical_crossentropy"),
    "validation split of one": lambda k: _compiled(k).fit(X, Y, validation_split=1.0, verbose=0),
    "unknown fit argument": lambda k: _compiled(k).fit(X, Y, epoch=3, verbose=0),
    "unknown layer by name": lambda k: small_classifier()(k).get_layer("third"),
    "disconnected": lambda k: k.Model(k.Input((3,)), k.layers.Dense(2)(k.Input((3,)))),
    "no such reduction": lambda k: k.losses.MeanSquaredError(reduction="avg"),
    "schedule boundaries": lambda k: k.optimizers.schedules.PiecewiseConstantDecay([1], [0.1]),
    "two clippings": lambda k: k.optimizers.Adam(clipnorm=1.0, clipvalue=1.0),
    "layer without a name": lambda k: small_classifier()(k).get_layer(),
    "to_categorical": lambda k: k.utils.to_categorical([0, 3], num_classes=2),
}


def _fit_with(library: Any, **arguments: Any) -> Any:
    model = small_classifier()(library)
    model.compile("sgd", **arguments)
    return model.fit(X, np.ones((20, 2)), verbose=0)


@pytest.mark.parametrize("case", CASES)
def test_refused_by_both(case: str) -> None:
    errors = []
    for library in LIBRARIES:
        try:
            CASES[case](library)
        except Exception as error:
            errors.append(error)
        else:
            pytest.fail(f"{library.__name__} accepts it")
    assert isinstance(errors[1], (ValueError, TypeError)), repr(errors[1])
    # Keras sometimes fails deep in NumPy or JAX; where it checks, the family is the same.
    if isinstance(errors[0], (ValueError, TypeError)):
        families = [ValueError if isinstance(e, ValueError) else TypeError for e in errors]
        assert families[1] is families[0], [repr(e) for e in errors]


def test_failure_leaves_the_model_usable() -> None:
    models = compile_pair(
        pair(small_classifier()), optimizer="sgd", loss="sparse_categorical_crossentropy"
    )
    before = models.pronghorn.get_weights()
    with pytest.raises(ValueError, match=r"."):
        models.pronghorn.fit(np.ones((20, 7)), Y, verbose=0)
    for old, new in zip(before, models.pronghorn.get_weights(), strict=True):
        np.testing.assert_array_equal(new, old)
    expected, actual = (model.evaluate(X, Y, verbose=0) for model in models)
    assert actual == pytest.approx(expected, rel=1e-5)
