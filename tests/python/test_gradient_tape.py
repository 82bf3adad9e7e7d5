"""GradientTape, grad and value_and_grad: worked numbers, and how tapes behave."""

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import GradientTape, grad, ops, value_and_grad


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize(
    ("point", "expected"), [((2.0, 3.0, -2.0), (-2, -2, 5)), ((-2.0, 5.0, -4.0), (-4, -4, 3))]
)
def test_product_of_a_sum(point, expected):
    gradient = grad(lambda x, y, z: (x + y) * z, argnums=(0, 1, 2))(*point)
    assert tuple(map(float, gradient)) == expected


def test_log_of_a_logistic():
    x, y = 0.7, -1.3
    dx, dy = grad(lambda x, y: x * y - ops.log(1 + ops.exp(x * y)), argnums=(0, 1))(
        np.float64(x), np.float64(y)
    )
    assert float(dx) == pytest.approx((1 - sigmoid(x * y)) * y, rel=1e-12)
    assert float(dy) == pytest.approx((1 - sigmoid(x * y)) * x, rel=1e-12)


def test_log_sum_exp_has_softmax_as_gradient():
    z = np.random.default_rng(0).normal(size=5)
    expected = np.exp(z) / np.exp(z).sum()
    np.testing.assert_allclose(grad(ops.logsumexp)(z), expected, rtol=1e-12)
    target = np.eye(5)[2]
    loss = grad(lambda z: ops.categorical_crossentropy(target, z, from_logits=True))
    np.testing.assert_allclose(loss(z), expected - target, rtol=1e-12, atol=1e-15)


def test_jacobian_of_a_sigmoid_layer():
    kernel = np.array([[-1.0, 1, 1], [1, -1, 1], [1, 1, -1], [-1, -1, -1]])
    x = ops.convert_to_tensor(np.array([1.0, -1, 1]))
    with GradientTape() as tape:
        tape.watch(x)
        h = ops.sigmoid(ops.matmul(kernel, x) + 1.0)
    np.testing.assert_allclose(h, [0.5, 0.98201379, 0.5, 0.5], atol=1e-8)
    s = 0.01766271
    expected = [[-0.25, 0.25, 0.25], [s, -s, s], [0.25, 0.25, -0.25], [-0.25, -0.25, -0.25]]
    np.testing.assert_allclose(tape.jacobian(h, x), expected, atol=1e-8)


@pytest.mark.parametrize(
    ("rate", "expected"), [(0.2, 0.060466), (0.05, 3.486784), (1.1, 61.917364)]
)
def test_gradient_descent_on_a_square(rate, expected):
    w = keras.Variable(np.float64(10.0).reshape(1), dtype="float64")
    for _ in range(10):
        with GradientTape() as tape:
            loss = ops.sum(w * w)
        w.assign(w - rate * tape.gradient(loss, w))
    assert float(w.numpy()[0]) == pytest.approx(expected, abs=1e-6)


def test_rosenbrock_gradient_and_hessian():
    def valley(p):
        return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2

    a, b = -0.3, 0.8
    point = np.array([a, b])
    expected = [-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)]
    np.testing.assert_allclose(grad(valley)(point), expected, rtol=1e-12)
    np.testing.assert_allclose(grad(valley)(np.ones(2)), 0, atol=1e-12)
    rows = [grad(lambda p, i=i: grad(valley)(p)[i])(point) for i in range(2)]
    hessian = [[2 - 400 * b + 1200 * a * a, -400 * a], [-400 * a, 200]]
    np.testing.assert_allclose(rows, hessian, rtol=1e-12)


def test_derivatives_of_any_order():
    slope = ops.sin
    for _ in range(4):
        slope = grad(slope)
    assert float(slope(np.float64(0.3))) == pytest.approx(np.sin(0.3), rel=1e-12)


def test_nested_tapes():
    x = ops.convert_to_tensor(2.0)
    with GradientTape() as outer:
        outer.watch(x)
        with GradientTape() as inner:
            inner.watch(x)
            y = x * x * x
        slope = inner.gradient(y, x)
    assert float(slope) == 12.0
    assert float(outer.gradient(slope, x)) == 12.0


def test_a_persistent_tape_records_its_own_gradient():
    x = ops.convert_to_tensor(2.0)
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        slope = tape.gradient(x**3, x)
    assert float(tape.gradient(slope, x)) == 12.0


def test_a_tape_gives_gradients_once_unless_persistent():
    x = ops.convert_to_tensor(2.0)
    with GradientTape() as tape:
        tape.watch(x)
        y = x * x
    tape.gradient(y, x)
    with pytest.raises(RuntimeError, match="persistent=True"):
        tape.gradient(y, x)
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
    assert float(tape.gradient(y, x)) == float(tape.gradient(y, x)) == 4.0


def test_structures_intermediates_and_what_is_not_connected():
    x, y = ops.convert_to_tensor([1.0, 2.0]), ops.convert_to_tensor(3.0)
    with GradientTape(persistent=True) as tape:
        tape.watch([x, y])
        middle = x * 2
        z = ops.sum(middle * middle)
    found = tape.gradient(z, {"a": x, "b": [y, middle]})
    assert found["a"].numpy().tolist() == [8.0, 16.0]
    assert found["b"][0] is None
    assert found["b"][1].numpy().tolist() == [4.0, 8.0]
    assert tape.gradient(z, y, unconnected_gradients="zero").numpy().tolist() == 0.0
    assert tape.gradient(middle, x, output_gradients=np.array([3.0, 5.0])).numpy().tolist() == [
        6,
        10,
    ]


def test_only_what_is_watched_has_a_gradient():
    trained, frozen = keras.Variable([2.0]), keras.Variable([3.0], trainable=False)
    x = ops.convert_to_tensor([4.0])
    with GradientTape() as tape:
        y = trained * frozen * x
    first, *others = tape.gradient(y, [trained, frozen, x])
    assert (first.item(), *others) == (12.0, None, None)
    assert tape.watched_variables() == (trained,)
    with GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(frozen)
        y = trained * frozen
    first, second = tape.gradient(y, [trained, frozen])
    assert (first, second.item()) == (None, 2.0)


def test_recording_can_stop():
    x = ops.convert_to_tensor(2.0)
    with GradientTape() as tape:
        tape.watch(x)
        y = x * x
        with tape.stop_recording():
            constant = x * x
        z = y + constant + ops.stop_gradient(y)
    assert float(tape.gradient(z, x)) == 4.0


def test_outside_a_tape_nothing_is_recorded():
    v = keras.Variable([2.0])
    assert type(v * 2) is np.ndarray
    assert type(ops.multiply(v, 2)) is np.ndarray
    assert (ops.convert_to_tensor([1.0]) * v)._node is None


def test_variables_read_before_and_after_an_assignment():
    v = keras.Variable(np.array([3.0]))
    with GradientTape() as tape:
        y = v * v
        v.assign([5.0])
        z = ops.sum(y * v)
    # y was 9 = v², then times 5: d/dv over both readings is 2·3·5 + 9.
    assert tape.gradient(z, v).item() == 39.0


@pytest.mark.parametrize("bad", [np.ones(2), 3.0, "x"])
def test_what_cannot_be_followed_is_refused(bad):
    with GradientTape() as tape, pytest.raises(TypeError, match="convert_to_tensor"):
        tape.watch(bad)
    with pytest.raises(TypeError, match="convert_to_tensor"):
        tape.gradient(ops.convert_to_tensor(1.0), bad)


def test_integers_are_not_watched():
    with GradientTape() as tape, pytest.raises(ValueError, match="int32"):
        tape.watch(ops.convert_to_tensor([1]))


@pytest.mark.parametrize("name", ["qr", "svd"])
def test_operations_without_a_derivative_say_so(name):
    x = ops.convert_to_tensor(np.eye(2, 3))
    with GradientTape() as tape:
        tape.watch(x)
        y = getattr(ops, name)(x)[1]
    with pytest.raises(NotImplementedError, match=rf"ops\.{name}"):
        tape.gradient(y, x)


def test_value_and_grad_over_variables_and_arguments():
    w = keras.Variable(np.array([2.0]))
    both = value_and_grad(lambda x: ops.sum(w * x * x), argnums=0, variables=[w])
    value, (dx, (dw,)) = both(np.array([3.0]))
    assert (float(value), float(dx[0]), float(dw[0])) == (18.0, 12.0, 9.0)
    value, (dw,) = value_and_grad(lambda x: ops.sum(w * x), variables=[w])(np.array([3.0]))
    assert float(dw[0]) == 3.0
    (value, extra), dx = value_and_grad(lambda x: (x * x, "extra"), has_aux=True)(3.0)
    assert (float(value), extra, float(dx)) == (9.0, "extra", 6.0)
    with pytest.raises(ValueError, match="one number"):
        grad(lambda x: x * 2)(np.ones(3))


def test_types_follow_keras():
    assert ops.convert_to_tensor([1.5]).dtype == np.float32
    single, double = np.ones(2, np.float32), np.ones(2)
    assert (ops.convert_to_tensor(single) * 2.5).dtype == np.float32
    assert ops.multiply(single, 2.5).dtype == np.float32
    assert ops.multiply(single, np.ones(2, np.int32)).dtype == np.float32
    assert ops.multiply(single, double).dtype == np.float64
    assert ops.mean(np.array([1, 2], np.int32)).dtype == np.float32
    for number in (np.array([1, 2], np.int32), keras.Variable([1, 2], dtype="int32"), 3, True):
        assert ops.add(number, 2.5).dtype == np.float32
    assert ops.divide(np.array([1, 2]), 2).dtype == np.float32
    assert ops.divide_no_nan(single, 2.5).dtype == np.float32
    assert ops.multiply(2, 3).dtype == np.int32
    assert ops.add(np.array([1, 2]), 2).dtype == np.int64  # no more bits than came in
    keras.config.set_floatx("float64")
    try:
        assert ops.add(np.array([1, 2], np.int32), 2.5).dtype == np.float64
    finally:
        keras.config.set_floatx("float32")
    assert ops.sum(np.array([1, 2], np.int32)).dtype == np.int32
    assert ops.exp(np.array([1, 2])).dtype == np.float32
    assert ops.argmax(double).dtype == np.int32
    assert grad(lambda x: ops.sum(x * double))(single).dtype == np.float32


@pytest.mark.parametrize("changed", ["assigned", "updated"])
@pytest.mark.parametrize("persistent", [False, True])
def test_gradients_are_those_of_the_forward_pass(changed, persistent):
    """Layers of the engine read their weights again, in the reverse pass."""
    first = keras.layers.Dense(2, "tanh", dtype="float64")
    second = keras.layers.Dense(1, dtype="float64")
    x = ops.convert_to_tensor(np.array([[0.3, -0.2], [1.0, 0.5]]))
    wanted = [x, first.kernel] if second(first(x)) is not None else []
    kernel, outer = (np.asarray(layer.kernel) for layer in (first, second))
    slope = outer.T * (1 - np.tanh(np.asarray(x) @ kernel) ** 2)
    expected = [slope @ kernel.T, np.asarray(x).T @ slope]
    with GradientTape(persistent=persistent) as tape:
        tape.watch(x)
        y = second(first(x))
    if changed == "assigned":
        second.kernel.assign(outer * 100)
        first.kernel.assign(kernel * 0)
    else:
        ones = [np.ones_like(kernel), np.ones_like(outer)]
        keras.optimizers.SGD(1.0).apply(ones, [first.kernel, second.kernel])
    after = [np.asarray(layer.kernel) for layer in (first, second)]
    for _ in range(1 + persistent):
        for found, value in zip(tape.gradient(y, wanted), expected, strict=True):
            np.testing.assert_allclose(found, value, rtol=1e-12)
    for layer, value in zip((first, second), after, strict=True):
        np.testing.assert_array_equal(layer.kernel, value)


def test_two_losses_of_a_persistent_tape_with_an_update_between():
    layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", dtype="float64")
    x = np.array([[2.0]])
    with GradientTape(persistent=True) as tape:
        y = layer(x)
        z = y * y * layer(y)
    (kernel,) = layer.trainable_variables
    optimizer = keras.optimizers.SGD(0.1)
    optimizer.apply([tape.gradient(y, kernel)], [kernel])
    assert float(np.asarray(kernel)[0, 0]) == pytest.approx(0.8)
    # z = (2w)² · 2w · w = 8 w⁴ at w = 1
    assert float(np.asarray(tape.gradient(z, kernel))[0, 0]) == pytest.approx(32.0)
