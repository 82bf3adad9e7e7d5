"""Summaries, character by character as real Keras 3.15.1 prints them."""

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import layers
from pronghorn.models import _summary, _table


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    keras.utils.clear_session()


def text(model, **arguments):
    pieces = []
    model.summary(print_fn=pieces.append, **arguments)
    assert len(pieces) == 1
    return pieces[0]


SEQUENTIAL = """\
Model: "sequential"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
│ hid (Dense)                     │ (None, 8)              │            40 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ batch_normalization_is_not_here │ (None, 8)              │             0 │
│ (Dropout)                       │                        │               │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ dense (Dense)                   │ (None, 3)              │            27 │
└─────────────────────────────────┴────────────────────────┴───────────────┘
 Total params: 203 (812.00 B)
 Trainable params: 67 (268.00 B)
 Non-trainable params: 0 (0.00 B)
 Optimizer params: 136 (544.00 B)
"""


def test_sequential():
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(8, name="hid"),
            layers.Dropout(0.1, name="batch_normalization_is_not_here"),
            layers.Dense(3),
        ]
    )
    model.compile("adam", "mse")
    model.train_on_batch(np.ones((2, 4)), np.ones((2, 3)))
    assert text(model) == SEQUENTIAL


UNBUILT = """\
Model: "sequential"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
│ dense (Dense)                   │ ?                      │   0 (unbuilt) │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ dense_1 (Dense)                 │ ?                      │   0 (unbuilt) │
└─────────────────────────────────┴────────────────────────┴───────────────┘
 Total params: 0 (0.00 B)
 Trainable params: 0 (0.00 B)
 Non-trainable params: 0 (0.00 B)
"""


def test_before_it_is_built():
    assert text(keras.Sequential([layers.Dense(8), layers.Dense(3)])) == UNBUILT


def graph():
    a, b = keras.Input((4,), name="a"), keras.Input((3,), name="b")
    joined = layers.Concatenate()([layers.Dense(5, name="d")(a), b])
    return [a, b], [
        layers.Dense(2, name="v")(joined),
        layers.Dense(1, name="w")(joined + joined),
    ]


FUNCTIONAL = """\
Model: "functional"
┏━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┓
┃ Layer (type)        ┃ Output Shape      ┃    Param # ┃ Connected to      ┃
┡━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━┩
│ a (InputLayer)      │ (None, 4)         │          0 │ -                 │
├─────────────────────┼───────────────────┼────────────┼───────────────────┤
│ d (Dense)           │ (None, 5)         │         25 │ a[0][0]           │
├─────────────────────┼───────────────────┼────────────┼───────────────────┤
│ b (InputLayer)      │ (None, 3)         │          0 │ -                 │
├─────────────────────┼───────────────────┼────────────┼───────────────────┤
│ concatenate         │ (None, 8)         │          0 │ d[0][0], b[0][0]  │
│ (Concatenate)       │                   │            │                   │
├─────────────────────┼───────────────────┼────────────┼───────────────────┤
│ add (Add)           │ (None, 8)         │          0 │ concatenate[0][0… │
│                     │                   │            │ concatenate[0][0] │
├─────────────────────┼───────────────────┼────────────┼───────────────────┤
│ v (Dense)           │ (None, 2)         │         18 │ concatenate[0][0] │
├─────────────────────┼───────────────────┼────────────┼───────────────────┤
│ w (Dense)           │ (None, 1)         │          9 │ add[0][0]         │
└─────────────────────┴───────────────────┴────────────┴───────────────────┘
 Total params: 52 (208.00 B)
 Trainable params: 52 (208.00 B)
 Non-trainable params: 0 (0.00 B)
"""


def test_functional():
    assert text(keras.Model(*graph())) == FUNCTIONAL


FLAGS = """\
┏━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━┳━━━━━━━━━━━━━━━━┳━━━━━━━┓
┃ Layer (type)      ┃ Output Shape    ┃   Param # ┃ Connected to   ┃ Trai… ┃
┡━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━╇━━━━━━━━━━━━━━━━╇━━━━━━━┩
│ a (InputLayer)    │ (None, 4)       │         0 │ -              │   -   │
├───────────────────┼─────────────────┼───────────┼────────────────┼───────┤
│ d (Dense)         │ (None, 5)       │        25 │ a[0][0]        │   Y   │
├───────────────────┼─────────────────┼───────────┼────────────────┼───────┤
│ b (InputLayer)    │ (None, 3)       │         0 │ -              │   -   │
├───────────────────┼─────────────────┼───────────┼────────────────┼───────┤
│ concatenate       │ (None, 8)       │         0 │ d[0][0],       │   -   │
│ (Concatenate)     │                 │           │ b[0][0]        │       │
"""


def test_trainable_column():
    model = keras.Model(*graph())
    assert FLAGS in text(model, show_trainable=True)
    model.get_layer("d").trainable = False
    assert "a[0][0]        │   N   │" in text(model, show_trainable=True)
    assert " Non-trainable params: 25 (100.00 B)\n" in text(model)


NARROW = """\
┏━━━━━━━━━━━━━━┳━━━━━━━━━━━━┳━━━━━━━┳━━━━━━━━━━━━┓
┃              ┃ Output     ┃ Param ┃ Connected  ┃
┃ Layer (type) ┃ Shape      ┃     # ┃ to         ┃
┡━━━━━━━━━━━━━━╇━━━━━━━━━━━━╇━━━━━━━╇━━━━━━━━━━━━┩
│ a            │ (None, 4)  │     0 │ -          │
│ (InputLayer) │            │       │            │
├──────────────┼────────────┼───────┼────────────┤
│ d (Dense)    │ (None, 5)  │    25 │ a[0][0]    │
├──────────────┼────────────┼───────┼────────────┤
│ b            │ (None, 3)  │     0 │ -          │
│ (InputLayer) │            │       │            │
├──────────────┼────────────┼───────┼────────────┤
│ concatenate  │ (None, 8)  │     0 │ d[0][0],   │
│ (Concatenat… │            │       │ b[0][0]    │
"""


def test_narrow_tables():
    assert NARROW in text(keras.Model(*graph()), line_length=50)
    with pytest.raises(ValueError, match="`line_length` is too small"):
        keras.Model(*graph()).summary(line_length=10)


def test_wide_tables_are_cut_at_the_screen():
    lines = text(keras.Model(*graph()), line_length=120).splitlines()
    assert {len(line) for line in lines[1:-3]} == {80}


NESTED = """\
├─────────────────────┼───────────────────┼────────────┼───────────────────┤
│ sequential_1        │ (None, 7)         │         21 │ v[0][0]           │
│ (Sequential)        │                   │            │                   │
├─────────────────────┼───────────────────┼────────────┼───────────────────┤
│    └ dense_2        │ (None, 7)         │         21 │ -                 │
│ (Dense)             │                   │            │                   │
├─────────────────────┼───────────────────┼────────────┼───────────────────┤
│    └ re_lu (ReLU)   │ (None, 7)         │          0 │ -                 │
└─────────────────────┴───────────────────┴────────────┴───────────────────┘
 Total params: 64 (256.00 B)
"""


def test_models_inside():
    inputs, (v, _) = graph()
    inner = keras.Sequential(
        [keras.Input((2,)), layers.Dense(7, name="dense_2"), layers.ReLU()], name="sequential_1"
    )
    model = keras.Model(inputs, inner(v))
    assert NESTED in text(model, expand_nested=True)
    assert "└ dense" not in text(model)


def test_layer_range():
    model = keras.Sequential(
        [keras.Input((2,)), *(layers.Dense(2, name=f"layer_{i}") for i in range(5))]
    )
    shown = text(model, layer_range=("layer_1", "layer_3"))
    assert [f"layer_{i}" in shown for i in range(5)] == [False, True, True, True, False]
    assert text(model, layer_range=("layer_3", "layer_1")) == shown
    for wrong in (("layer_1",), ("layer_1", 3), ("no", "layer_1"), "ab"):
        with pytest.raises(ValueError, match="`layer_range`"):
            model.summary(layer_range=wrong)


def test_prints_to_standard_output(capsys):
    model = keras.Sequential([layers.Dense(8), layers.Dense(3)])
    assert model.summary() is None
    assert capsys.readouterr().out == UNBUILT


def test_float64_counts_eight_bytes():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(8, dtype="float64")])
    assert " Trainable params: 40 (320.00 B)\n" in text(model)


@pytest.mark.parametrize(
    ("size", "expected"),
    [(0, "0.00 B"), (1023, "1023.00 B"), (1024, "1.00 KB"), (1068, "1.04 KB"), (2**40, "1.00 TB")],
)
def test_sizes(size, expected):
    assert _summary.readable_size(size) == expected


@pytest.mark.parametrize(("ends", "length"), [([0.45, 0.8, 1.0], n) for n in range(20, 120, 7)])
def test_columns_fill_the_line(ends, length):
    assert sum(_table.column_widths(ends, length)) + len(ends) + 1 == length


def test_operations_have_the_names_of_their_classes(capsys):
    x = keras.Input((4,))
    y = keras.ops.logsumexp(keras.ops.expand_dims(x[:, 1:], -1), axis=1)
    keras.Model(x, y).summary(line_length=90)
    printed = capsys.readouterr().out
    for shown in ("get_item (GetItem)", "expand_dims (ExpandDims)", "logsumexp (Logsumexp)"):
        assert shown in printed
