"""Specifications of inputs, against Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from _pairs import LIBRARIES

SPECS: list[dict[str, Any]] = [
    {},
    {"shape": (None, 3)},
    {"shape": (None, 4)},
    {"shape": (None, 3, 1)},
    {"shape": (None, 3, 1), "allow_last_axis_squeeze": True},
    {"shape": (None, 4, 1), "allow_last_axis_squeeze": True},
    {"ndim": 2},
    {"ndim": 3},
    {"min_ndim": 2, "max_ndim": 3, "axes": {-1: 3}},
    {"min_ndim": 3},
    {"max_ndim": 1},
    {"axes": {-1: 5}},
    {"axes": {1: None}},
    {"dtype": "float32"},
    {"dtype": "int32"},
]


@pytest.mark.parametrize("settings", SPECS, ids=str)
def test_same_checks_and_messages(settings: dict[str, Any]) -> None:
    found = []
    for library in LIBRARIES:

        class Same(library.layers.Layer):
            def call(self, inputs):
                return inputs

        spec = library.layers.InputSpec(**settings)
        layer = Same(name="same")
        layer.input_spec = spec
        facts = [repr(spec), spec.get_config()]
        for value in (np.ones((2, 3), "float32"), library.Input((3,))):
            try:
                facts.append(tuple(layer(value).shape))
            except ValueError as error:
                facts.append(str(error).strip())
        found.append(facts)
    assert found[1] == found[0]


def test_of_built_in_layers() -> None:
    layers: dict[str, dict[str, Any]] = {
        "Dense": {"units": 2}, "Flatten": {}, "Permute": {"dims": (2, 1)},
        "RepeatVector": {"n": 2}, "BatchNormalization": {}, "Dropout": {"rate": 0.1},
        "Activation": {"activation": "relu"}, "ReLU": {}, "Softmax": {}, "LayerNormalization": {},
        "RMSNormalization": {}, "Add": {}, "Concatenate": {}, "Masking": {}, "Reshape":
        {"target_shape": (3,)}, "Identity": {}, "Rescaling": {"scale": 2.0}, "GaussianNoise":
        {"stddev": 0.1}, "UnitNormalization": {}, "EinsumDense":
        {"equation": "ab,bc->ac", "output_shape": 2}, "PReLU": {}, "ActivityRegularization": {},
        "Embedding": {"input_dim": 3, "output_dim": 2},
    }  # fmt: skip
    for name, settings in layers.items():
        facts = []
        for library in LIBRARIES:
            layer = getattr(library.layers, name)(**settings)
            facts.append([layer.supports_masking, str(layer.input_spec), layer.input_dtype])
            if name in ("Dense", "BatchNormalization"):
                layer.build((None, 3))
                facts[-1].append(str(layer.input_spec))
        assert facts[1] == facts[0], name
