"""What layers expect of their inputs."""

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import layers
from pronghorn.layers import InputSpec

X = np.ones((2, 3), "float32")


class Same(layers.Layer):
    def __init__(self, spec):
        super().__init__(name="same")
        self.input_spec = spec

    def call(self, inputs):
        return inputs


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (InputSpec(ndim=3), "expected ndim=3, found ndim=2"),
        (InputSpec(min_ndim=3), "expected min_ndim=3"),
        (InputSpec(max_ndim=1), "expected max_ndim=1"),
        (InputSpec(shape=(None, 4)), r"expected shape=\(None, 4\), found shape="),
        (InputSpec(axes={-1: 5}), "expected axis -1 of input shape to have value 5"),
        (InputSpec(axes={4: 5}), "expected axis 4"),
        (InputSpec(dtype="int32"), "expected dtype=int32, found dtype=float32"),
        ([InputSpec(ndim=2), InputSpec(ndim=2)], r"expects 2 input\(s\), but it received 1"),
    ],
)
def test_calls_are_compared_with_it(spec, message):
    for value in (X, keras.Input((3,))):
        with pytest.raises(ValueError, match=message):
            Same(spec)(value)


@pytest.mark.parametrize(
    "spec",
    [
        InputSpec(ndim=2),
        InputSpec(shape=(None, 3)),
        InputSpec(shape=(None, 3, 1), allow_last_axis_squeeze=True),
        InputSpec(min_ndim=1, axes={-1: 3}),
        InputSpec(dtype="float32"),
        [InputSpec(ndim=2)],
        {"a": InputSpec(ndim=2)},
    ],
)
def test_what_fits_goes_through(spec):
    np.testing.assert_array_equal(Same(spec)(X), X)
    np.testing.assert_array_equal(Same(spec)(X.astype("float64")), X)
    model = keras.Sequential([keras.Input((3,)), Same(spec)])
    np.testing.assert_array_equal(model.predict(X, verbose=0), X)


def test_dicts_are_read_by_name():
    spec = [InputSpec(ndim=2, name="a"), InputSpec(ndim=1, name="b", optional=True)]
    assert set(Same(spec)({"b": np.ones(2), "a": X})) == {"a", "b"}
    with pytest.raises(ValueError, match='Missing data for input "b"'):
        Same(spec)({"a": X})


def test_bad_specifications():
    with pytest.raises(ValueError, match="Axis 3 is greater than the maximum allowed value: 1"):
        InputSpec(ndim=2, axes={3: 1})
    with pytest.raises(TypeError, match="dict with integer keys"):
        InputSpec(axes={"a": 1})
    with pytest.raises(ValueError, match="float31"):
        InputSpec(dtype="float31")
    with pytest.raises(TypeError, match="`input_spec` must be an InputSpec"):
        Same(3)(X)


def test_of_built_in_layers_and_models():
    dense = layers.Dense(2)
    assert repr(dense.input_spec) == "InputSpec(min_ndim=2)"
    dense.build((None, 3))
    assert dense.input_spec.axes == {-1: 3}
    inputs = keras.Input((3,), name="first")
    model = keras.Model(inputs, dense(inputs))
    assert [(spec.shape, spec.name) for spec in model.input_spec] == [((None, 3), "first")]
    dense.input_spec = InputSpec(ndim=3)
    with pytest.raises(ValueError, match="expected ndim=3"):
        dense(X)


def test_configuration_goes_there_and_back():
    spec = InputSpec(shape=(None, 3), dtype="float32", optional=True)
    assert InputSpec.from_config(spec.get_config()).get_config() == spec.get_config()


def test_add_variable_is_add_weight_in_another_order():
    class Scaled(layers.Layer):
        def build(self, shape):
            self.scale = self.add_variable(shape[-1:], "ones", name="scale")
            self.seen = self.add_variable((1,), "zeros", trainable=False)

        def call(self, inputs):
            return inputs * self.scale

    layer = Scaled()
    layer(X)
    assert [v.name for v in layer.trainable_weights] == ["scale"]
    assert len(layer.weights) == 2
