"""Utilities on the same arguments in both libraries."""

from typing import Any

import keras
import numpy as np
import pytest

import pronghorn

CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("to_categorical", ([0, 2, 1],), {}),
    ("to_categorical", (np.array([[0], [3]]),), {"num_classes": 5}),
    ("to_categorical", (np.array([[0, 1], [3, 2]]),), {}),
    ("normalize", (np.arange(12.0).reshape(3, 4),), {}),
    ("normalize", (np.arange(12.0).reshape(3, 4),), {"axis": 1, "order": 1}),
    ("normalize", (np.zeros((2, 2)),), {}),
    ("pad_sequences", ([[1], [2, 3, 4], []],), {}),
    ("pad_sequences", ([[1], [2, 3, 4]],), {"maxlen": 2, "padding": "post", "value": 9}),
    ("pad_sequences", ([[1.5], [2.5, 3]],), {"dtype": "float32", "truncating": "post"}),
    ("pad_sequences", ([[[1, 2]], [[3, 4], [5, 6]]],), {"maxlen": 3}),
    ("unpack_x_y_sample_weight", ((1, 2),), {}),
    ("unpack_x_y_sample_weight", ([1, 2, 3],), {}),
    ("pack_x_y_sample_weight", (1, 2), {}),
    ("pack_x_y_sample_weight", ([1],), {}),
    *(
        ("standardize_dtype", (dtype,), {})
        for dtype in (None, float, int, bool, "float64", np.float32, np.dtype("int8"), np.uint16)
    ),
    ("is_keras_tensor", (1.0,), {}),
]


@pytest.mark.parametrize(("name", "arguments", "options"), CALLS)
def test_values(name: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
    expected = getattr(keras.utils, name)(*arguments, **options)
    ours = getattr(pronghorn.utils, name)(*arguments, **options)
    if not isinstance(expected, np.ndarray):
        assert ours == expected
        return
    np.testing.assert_allclose(ours, expected, rtol=1e-6)
    assert ours.dtype == expected.dtype
