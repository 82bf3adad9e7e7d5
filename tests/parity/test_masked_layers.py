"""Every layer on masked inputs, against Keras: values, masks, losses and metrics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from _pairs import LIBRARIES, Pair, assert_logs_equal, assert_weights_equal, compile_pair, pair
from layer_cases import INTEGER, RANDOM, Case, cases

import pronghorn

ROWS = 5
MERGING = ("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract")


def one_of_each() -> list[Case]:
    """A case of every layer that takes numbers, with steps if there is one."""
    found: dict[str, Case] = {}
    for case in cases():
        known = found.get(case.name)
        if known is None or len(known.shapes[0]) == 1 < len(case.shapes[0]):
            found[case.name] = case
    merging = {name: Case(name, {}, [(2, 3), (2, 3)]) for name in MERGING}
    return [case for name, case in {**found, **merging}.items() if name not in INTEGER]


def lambdas() -> list[Case]:
    return [
        Case("Lambda", {"function": lambda x: x * 2.0}, [(3, 2)]),
        Case("Lambda", {"function": lambda x: x * 2.0, "mask": lambda x, mask: ~mask}, [(3, 2)]),
        Case(
            "Lambda",
            {"function": lambda x, mask: x * mask[..., None], "output_shape": (3, 2)},
            [(3, 2)],
        ),
    ]


CASES = [*one_of_each(), *lambdas()]


def names(case: Case) -> str:
    return f"{case.name}{len(case.arguments)}"


def masked_data(case: Case) -> Any:
    """Inputs of which each sample has a step of zeros."""
    rng = np.random.default_rng(4)
    x = [rng.normal(size=(ROWS, *shape)).astype("float32") for shape in case.shapes]
    for array in x:
        array[rng.random(array.shape[:-1]) < 0.4] = 0
        array[0, ..., 0] = 1.0
    return x if case.takes_list else x[0]


def masked_pair(case: Case, only_first: bool) -> Pair:
    """Models of a layer behind `Masking` and a layer that makes other numbers of the zeros."""

    def make(library):
        inputs = [library.Input(shape) for shape in case.shapes]
        parts = [
            library.layers.Dense(shape[-1])(x if only_first and i else library.layers.Masking()(x))
            for i, (x, shape) in enumerate(zip(inputs, case.shapes, strict=True))
        ]
        layer = case.make(library, name="tested")
        return library.Model(inputs, layer(parts if case.takes_list else parts[0]))

    models = pair(make)
    rng = np.random.default_rng(3)
    weights = [w + rng.uniform(0.05, 0.5, w.shape) for w in models.keras.get_weights()]
    for model in models:
        model.set_weights(weights)
    return models


def mask_of(tensor: Any) -> Any:
    mask = getattr(tensor, "_keras_mask", None)
    return None if mask is None else np.asarray(mask)


def assert_same(theirs: Any, ours: Any) -> None:
    np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=2e-4, atol=1e-5)
    expected, found = mask_of(theirs), mask_of(ours)
    assert (found is None) == (expected is None)
    if expected is not None:
        np.testing.assert_array_equal(found, expected)


@pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask")
@pytest.mark.parametrize("only_first", [False, True])
@pytest.mark.parametrize("case", CASES, ids=names)
def test_behind_masking(case: Case, only_first: bool) -> None:
    if only_first and not case.takes_list:
        pytest.skip("one input")
    if case.name == "Softmax":
        pytest.skip("Keras refuses a mask of steps where elements are summed")
    if case.name == "Flatten" and len(case.shapes[0]) == 1:
        pytest.skip("nothing to flatten")
    models, x = masked_pair(case, only_first), masked_data(case)
    assert_same(*(model(x) for model in models))
    with pronghorn.ops.GradientTape():
        assert_same(models.keras(x), models.pronghorn(x))
    marked = getattr(models.keras.output, "_keras_mask", None) is not None
    assert models.pronghorn.output._masked == marked
    theirs, ours = (np.asarray(model.predict(x, verbose=0)) for model in models)
    np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=1e-5)
    y = np.random.default_rng(5).normal(size=theirs.shape).astype("float32")
    compile_pair(models, optimizer="sgd", loss="mse", metrics=["mae"])
    if case.name not in RANDOM:
        theirs, ours = (model.train_on_batch(x, y, return_dict=True) for model in models)
        # With JAX Keras's metrics lose sight of masks in training, and in training alone.
        assert float(ours["loss"]) == pytest.approx(float(theirs["loss"]), rel=1e-4)
        assert_weights_equal(models, 1e-3)
    weight = np.random.default_rng(6).uniform(0, 2, y.shape[:-1])
    assert_logs_equal(
        *(m.test_on_batch(x, y, sample_weight=weight, return_dict=True) for m in models), 2e-4
    )


@pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask")
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("case", CASES, ids=names)
def test_called_one_after_the_other(case: Case, training: bool) -> None:
    if training and case.name != "BatchNormalization":
        pytest.skip("the same as in inference, or random")
    if case.name == "Softmax" or (case.name == "Flatten" and len(case.shapes[0]) == 1):
        pytest.skip("see above")
    x, results, weights = masked_data(case), [], []
    for library in LIBRARIES:
        layer, masking = case.make(library), library.layers.Masking()
        parts = [masking(each) for each in (x if case.takes_list else [x])]
        own = {"training": True} if training else {}  # which not all layers take
        layer.build([p.shape for p in parts] if case.takes_list else parts[0].shape)
        weights = weights or [w + 0.3 for w in layer.get_weights()]
        layer.set_weights(weights)
        results.append(layer(parts if case.takes_list else parts[0], **own))
    assert_same(*results)
