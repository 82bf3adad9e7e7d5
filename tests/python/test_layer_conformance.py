"""Every layer: gradients against finite differences, threads, batches, dtypes, configuration."""

import inspect

import numpy as np
import pytest
from layer_cases import INTEGER, cases

import pronghorn as keras
from pronghorn import _core, layers, ops
from pronghorn._engine import EngineGraph

CASES = cases()
ROWS = 5
STEP, TOLERANCE = 1e-5, 2e-6
# Not layers that compute.
# Lambda is what its function is; layers for tables run outside of the engine and have own tests.
TABLES = {
    "CategoryEncoding",
    "Discretization",
    "HashedCrossing",
    "Hashing",
    "IntegerLookup",
    "Normalization",
    "StringLookup",
}
# What they drop in training is the engine's secret.
RANDOM = {"AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise"}
# Wrappers change weights in Python.
EXEMPT = {
    "Input",
    "InputLayer",
    "InputSpec",
    "Lambda",
    "Layer",
    "SpectralNormalization",
    "Wrapper",
    *TABLES,
}


@pytest.fixture(autouse=True)
def fresh():
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)
    yield
    _core.set_num_threads(0)
    _core.set_parallel_threshold(40e-6)  # the default, cpp/src/base/team.cpp


def test_every_layer_has_a_case():
    public = {name: getattr(layers, name) for name in layers.__all__}
    # Those of the columns of tables learn nothing and have tests of their own.
    classes = {
        name
        for name, thing in public.items()
        if inspect.isclass(thing) and not thing.__module__.startswith("pronghorn.layers._tables")
    }
    assert classes - EXEMPT == {case.name for case in CASES}


def inputs(case, dtype, rows=ROWS):
    """Numbers well apart from each other and from zero, so that no kink lies within a step."""
    rng = np.random.default_rng(7)
    arrays = []
    if case.name in INTEGER:
        top = case.arguments["input_dim"]
        return [rng.integers(0, top, (rows, *shape)).astype(dtype) for shape in case.shapes]
    for shape in case.shapes:
        size = rows * int(np.prod(shape))
        values = (np.arange(size) + rng.uniform(0.2, 0.8, size)) / size * 2 - 1
        arrays.append(rng.permutation(values).reshape(rows, *shape).astype(dtype))
    return arrays


def built(case, dtype):
    """The layer with weights that are no special values."""
    layer = case.make(keras, dtype=dtype)
    arrays = inputs(case, dtype)
    layer(arrays if case.takes_list else arrays[0])
    rng = np.random.default_rng(8)
    layer.set_weights([rng.uniform(0.4, 1.6, w.shape) for w in layer.weights])
    return layer, arrays


def engine_of(layer, arrays, dtype):
    graph = EngineGraph(dtype)
    nodes = [
        graph.append({"op": "input", "name": "x", "inputs": [], "shape": a.shape[1:]}, a.shape[1:])
        for a in arrays
    ]
    outputs = layer._lower(graph, nodes)
    return graph.engine(outputs), graph.variables


def differences(value, function):
    """Central differences of `function` in every element of `value`, which changes meanwhile."""
    result = np.empty_like(value)
    for index in np.ndindex(value.shape):
        start = value[index]
        sides = []
        for step in (STEP, -STEP):
            value[index] = start + step
            sides.append(function())
        value[index] = start
        result[index] = (sides[0] - sides[1]) / (2 * STEP)
    return result


@pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_gradients(case, training):
    layer, arrays = built(case, "float64")
    engine, variables = engine_of(layer, arrays, "float64")
    start = [variable.numpy() for variable in variables]

    def run():
        for variable, value in zip(variables, start, strict=True):
            variable.assign(value)
        return engine.forward(arrays, training)

    tape = run()
    dy = np.random.default_rng(9).normal(size=tape.outputs[0].shape)
    of_variables, of_inputs = tape.backward([dy])

    def loss():
        return float((run().outputs[0] * dy).sum())

    for array, gradient in zip(arrays, of_inputs, strict=True):
        if case.name in INTEGER:
            np.testing.assert_array_equal(gradient, 0)
            continue
        expected = differences(array, loss)
        scale = max(1.0, np.abs(expected).max())
        np.testing.assert_allclose(gradient, expected, rtol=0, atol=TOLERANCE * scale)
    learned = {id(v) for v in layer.trainable_weights}
    for place, (variable, value) in enumerate(zip(variables, start, strict=True)):
        gradient = of_variables.get(place)
        assert (gradient is not None) == (id(variable) in learned)
        if gradient is not None:
            expected = differences(value, loss)
            scale = max(1.0, np.abs(expected).max())
            np.testing.assert_allclose(gradient, expected, rtol=0, atol=TOLERANCE * scale)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_float32_is_float64_rounded(case):
    single, arrays = built(case, "float32")
    double, _ = built(case, "float64")
    for training in (False, True):
        x = [a.astype("float64") for a in arrays]
        expected = double(x if case.takes_list else x[0], training=training)
        actual = single(arrays if case.takes_list else arrays[0], training=training)
        assert actual.dtype == np.float32
        assert actual.shape == expected.shape
        np.testing.assert_allclose(actual, expected, rtol=2e-5, atol=2e-6)


def model_of(case, dtype="float32", trainable=True):
    """The layer between two others, so that gradients come from above and go on below."""
    tensors = [keras.Input(shape, dtype=dtype) for shape in case.shapes]
    given = [
        t if case.name in INTEGER else layers.Dense(shape[-1], dtype=dtype)(t)
        for t, shape in zip(tensors, case.shapes, strict=True)
    ]
    layer = case.make(keras, dtype=dtype, trainable=trainable)
    inner = layer(given if case.takes_list else given[0])
    flat = layers.Flatten(dtype=dtype)(inner)
    return keras.Model(tensors, layers.Dense(2, dtype=dtype)(flat)), layer


@pytest.mark.parametrize("case", CASES, ids=str)
def test_threads_change_no_bit(case):
    x = inputs(case, "float32", rows=150)
    y = np.random.default_rng(1).normal(size=(150, 2)).astype("float32")
    results = []
    for threads in (1, 3):
        keras.utils.clear_session()
        keras.utils.set_random_seed(3)
        _core.set_num_threads(threads)
        _core.set_parallel_threshold(0.0)
        model, _ = model_of(case)
        model.compile("adam", "mse")
        losses = model.fit(x, y, batch_size=70, verbose=0).history["loss"]
        results.append([losses, model.predict(x, verbose=0), *model.get_weights()])
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_predictions_do_not_depend_on_the_batch(case):
    layer, _ = built(case, "float32")
    arrays = inputs(case, "float32", rows=9)
    whole = layer(arrays if case.takes_list else arrays[0])
    for row in (0, 4, 8):
        part = [a[row : row + 1] for a in arrays]
        np.testing.assert_allclose(
            layer(part if case.takes_list else part[0]), whole[row : row + 1], rtol=1e-6, atol=1e-7
        )


@pytest.mark.parametrize("case", CASES, ids=str)
def test_configuration_and_shape(case):
    layer, arrays = built(case, "float32")
    y = layer(arrays if case.takes_list else arrays[0])
    shapes = [(None, *shape) for shape in case.shapes]
    assert layer.compute_output_shape(shapes if case.takes_list else shapes[0])[1:] == y.shape[1:]
    config = layer.get_config()
    again = type(layer).from_config(config)
    assert again.get_config() == config
    again.build(shapes if case.takes_list else shapes[0])
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(arrays if case.takes_list else arrays[0]), y)
    assert [w.path for w in again.weights] == [w.path for w in layer.weights]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_frozen_layer_keeps_its_weights(case):
    model, layer = model_of(case, trainable=False)
    model.compile("sgd", "mse")
    before = layer.get_weights()
    assert not layer.trainable_weights
    x, y = inputs(case, "float32", rows=20), np.ones((20, 2), "float32")
    model.fit(x, y, verbose=0)
    for a, b in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_written_with_operations_it_is_the_same_layer(case, training):
    """What second derivatives go through: value and gradients as the engine's, or a refusal."""
    layer, arrays = built(case, "float64")
    engine, variables = engine_of(layer, arrays, "float64")
    tape = engine.forward(arrays, training)
    dy = np.random.default_rng(9).normal(size=tape.outputs[0].shape)
    of_variables, of_inputs = tape.backward([dy])
    x = [ops.convert_to_tensor(array) for array in arrays]
    with keras.GradientTape() as own:
        own.watch(x)
        if training and case.name in RANDOM:
            with pytest.raises(NotImplementedError, match="no second derivative"):
                layer._compose(x, training)
            return
        y = layer._compose(x, training)
        total = ops.sum(y * dy)
    np.testing.assert_allclose(y, tape.outputs[0], rtol=1e-9, atol=1e-9)
    learned = [variable for variable in variables if variable.trainable]
    found = own.gradient(total, [*x, *learned], unconnected_gradients="zero")
    places = [i for i, variable in enumerate(variables) if variable.trainable]
    expected = [*of_inputs, *(of_variables.get(place) for place in places)]
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-8)
