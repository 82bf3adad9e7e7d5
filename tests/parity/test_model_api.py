"""What models and layers say of themselves, clones and drawings included."""

from typing import Any

import numpy as np
import pytest
from _pairs import LIBRARIES, Pair, pair


def _nested(library: Any) -> Any:
    a, b = library.Input((3,), name="a"), library.Input((3,), name="b")
    inner = library.Sequential(
        [library.Input((3,), name="i"), library.layers.Dense(2, name="deep")], name="inner"
    )
    joined = library.layers.Add(name="add")([inner(a), inner(b)])
    return library.Model([a, b], library.layers.Dense(1, name="out")(joined), name="outer")


def _one_twice(library: Any) -> Any:
    x = library.Input((3,), name="x")
    return library.Model([x, x], library.layers.Dense(2, name="d")(x))


def _say(model: Any) -> dict[str, Any]:
    return {
        "layers": [layer.name for layer in model.layers],
        "paths": [layer.path for layer in model.layers if layer.weights],
        "policies": [layer.dtype_policy.name for layer in model.layers],
        "inputs": [tensor.name for tensor in model.inputs],
        "trainable": [w.path for w in model.trainable_weights],
        "frozen": [w.path for w in model.non_trainable_weights],
        "count": model.count_params(),
        "losses": len(model.losses),
    }


@pytest.mark.parametrize("make", [_nested, _one_twice])
def test_attributes(make: Any) -> None:
    models = pair(make)
    assert _say(models.pronghorn) == _say(models.keras)
    for model in models:
        model.layers[-1].trainable = False
    assert _say(models.pronghorn) == _say(models.keras)
    x = [np.ones((2, 3), "float32"), np.full((2, 3), 2, "float32")]
    expected, ours = (model.predict(x, verbose=0) for model in models)
    np.testing.assert_allclose(ours, expected, rtol=1e-5)


@pytest.mark.parametrize("recursive", [False, True])
def test_clones(recursive: bool) -> None:
    models = pair(_nested)
    seen: list[list[str]] = []
    clones = []
    for library, model in zip(LIBRARIES, models, strict=True):
        names: list[str] = []
        seen.append(names)

        def clone(layer: Any) -> Any:
            names.append(layer.name)  # noqa: B023
            return type(layer).from_config(layer.get_config())

        clones.append(library.models.clone_model(model, clone_function=clone, recursive=recursive))
    assert sorted(seen[1]) == sorted(seen[0])
    both = Pair(*clones)
    said, expected = _say(both.pronghorn), _say(both.keras)
    assert said == expected


@pytest.mark.parametrize(
    "options",
    [{}, {"show_shapes": True, "show_dtype": True}, {"show_trainable": True, "rankdir": "LR"}],
)
def test_drawings(options: dict[str, Any]) -> None:
    pytest.importorskip("pydot")
    texts = []
    for library in LIBRARIES:
        model = _nested(library)
        text = library.utils.model_to_dot(model, **options).to_string()
        for layer in model.layers:
            text = text.replace(str(id(layer)), layer.name)
        texts.append(sorted(text.splitlines()))
    assert texts[1] == texts[0]
