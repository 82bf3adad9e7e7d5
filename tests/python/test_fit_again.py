"""Calls of fit and evaluate after the first, whose data go a shorter way."""

import pickle

import numpy as np
import pytest
from _linear import Linear, data, linear_model

import pronghorn as keras
from pronghorn import layers, ops


def classifier(units, activation, loss):
    model = keras.Sequential([keras.Input((3,)), layers.Dense(units, activation)])
    model.compile("sgd", loss)
    return model


X = data(6, 3)
CASES = {
    "labels": (
        3,
        "softmax",
        "sparse_categorical_crossentropy",
        np.array([0, 1, 2, 2, 1, 0], "int32"),
    ),
    "shares": (
        1,
        "sigmoid",
        "binary_crossentropy",
        np.array([[0], [1], [1], [0], [0.5], [1]], "f4"),
    ),
    "numbers": (2, None, "mse", data(6, 2, seed=4)),
    "signs": (1, "tanh", "hinge", np.array([[-1], [1], [1], [-1], [1], [1]], "f4")),
}
WRONG = {
    "labels": [(3, "3"), (-1, "-1")],
    "shares": [(1.5, "between 0 and 1"), (-0.5, "between 0 and 1"), (np.nan, "finite")],
    "numbers": [(np.nan, "finite"), (np.inf, "finite")],
    "signs": [(0.0, "either -1 and 1 or 0 and 1")],
}


@pytest.mark.parametrize("kind", CASES)
def test_wrong_values_are_found_in_every_call(kind):
    units, activation, loss, y = CASES[kind]
    model = classifier(units, activation, loss)
    for _ in range(3):
        model.fit(X, y, verbose=0)
        weights = model.get_weights()
        for value, message in WRONG[kind]:
            wrong = y.copy()
            wrong.flat[3] = value
            for method in (model.fit, model.evaluate):
                with pytest.raises(ValueError, match=message):
                    method(X, wrong, verbose=0)
        for x, target, message in (
            (X[:4], y, "same number"),
            (X[:0], y[:0], "empty"),
            (X[:, :2], y, "does not fit"),
            (None, y, "missing"),
            (X, None, "missing"),
        ):
            with pytest.raises(ValueError, match=message):
                model.fit(x, target, verbose=0)
        for a, b in zip(weights, model.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("change", ["float64", "order", "list", "weights", "none"])
def test_other_data_give_the_same_after_the_short_way(change):
    x, y = data(8, 3), data(8, 1, seed=2)
    weights = np.arange(8.0)
    model = linear_model(optimizer=keras.optimizers.SGD(0.05))
    reference = Linear(model.get_weights())
    for i in range(6):
        given, options, weighted = (x, y), {}, None
        if i % 2:
            if change == "float64":
                given = x.astype("float64"), y.astype("float64")
            elif change == "order":
                given = np.asfortranarray(x), y[::-1][::-1]
            elif change == "list":
                given = x.tolist(), y[:, 0]
            elif change == "weights":
                options, weighted = {"sample_weight": weights}, weights
        history = model.fit(*given, batch_size=8, shuffle=False, verbose=0, **options).history
        assert history["loss"][0] == pytest.approx(reference.step(x, y, 0.05, weighted), rel=1e-5)


def test_what_compile_changes_holds_in_the_next_call():
    x, y = X, np.array([[-1], [1], [1], [-1], [1], [1]], "f4")
    model = classifier(1, "sigmoid", "mse")
    for _ in range(3):
        model.fit(x, y, verbose=0)
    model.compile("sgd", "binary_crossentropy")
    for _ in range(2):
        with pytest.raises(ValueError, match="between 0 and 1"):
            model.fit(x, y, verbose=0)


def test_a_constraint_of_ones_own_is_seen_after_the_next_compile():
    class Rounded(keras.constraints.Constraint):
        def __call__(self, w):
            return ops.round(w * 4) / 4

    model = classifier(2, None, "mse")
    for _ in range(3):
        model.fit(X, data(6, 2), verbose=0)
    assert model.run_mode == "compiled"
    model.layers[0].kernel.constraint = Rounded()
    model.compile("sgd", "mse")
    model.fit(X, data(6, 2), verbose=0)
    assert model.run_mode == "split"
    kernel = model.layers[0].kernel.numpy() * 4
    np.testing.assert_array_equal(kernel, np.round(kernel))


@pytest.mark.parametrize("shuffle", [True, False])
def test_epochs_of_one_fit_are_those_of_several(shuffle):
    x, y = data(70, 3), np.arange(70, dtype="int32") % 3
    runs = []
    for calls in ((3,), (1, 2), (1, 1, 1)):
        keras.utils.clear_session()
        keras.utils.set_random_seed(3)
        model = classifier(3, "softmax", "sparse_categorical_crossentropy")
        losses = []
        for epochs in calls:
            history = model.fit(
                x, y, batch_size=16, epochs=epochs, shuffle=shuffle, validation_split=0.1, verbose=0
            ).history
            losses += zip(history["loss"], history["val_loss"], strict=True)
        runs.append((losses, model.get_weights(), model.optimizer.iterations.numpy()))
    for losses, weights, iterations in runs[1:]:
        assert losses == runs[0][0]
        assert iterations == runs[0][2] == 3 * 4
        for a, b in zip(weights, runs[0][1], strict=True):
            np.testing.assert_array_equal(a, b)


def test_labels_are_checked_before_each_epoch():
    x, y = data(6, 3), np.array([0, 1, 2, 2, 1, 0], "int32")
    model = classifier(3, "softmax", "sparse_categorical_crossentropy")

    class Spoil(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            y[4] = (1, 3, 2**30)[epoch]

    with pytest.raises(ValueError, match="got 3 at position 4"):
        model.fit(x, y, epochs=3, callbacks=[Spoil()], verbose=0)


def test_an_optimizer_set_between_epochs_counts():
    x, y = data(16, 3), data(16, 1, seed=2)
    model = linear_model(optimizer=keras.optimizers.SGD(0.1, momentum=0.5))
    other = linear_model(optimizer=keras.optimizers.SGD(0.1, momentum=0.5))
    other.set_weights(model.get_weights())

    class Slow(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.optimizer.momentum = 0.25
            self.model.optimizer.learning_rate = 0.01

    model.fit(x, y, epochs=2, shuffle=False, callbacks=[Slow()], verbose=0)
    other.fit(x, y, shuffle=False, verbose=0)
    other.optimizer.momentum, other.optimizer.learning_rate = 0.25, 0.01
    other.fit(x, y, shuffle=False, verbose=0)
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_arrays_from_a_pickle_go_the_short_way():
    x, y = pickle.loads(pickle.dumps((data(6, 3), np.array([0, 1, 2, 2, 1, 0], "int32"))))
    model = classifier(3, "softmax", "sparse_categorical_crossentropy")
    model.fit(x, y, verbose=0)
    model.fit(x, y, verbose=0)
    assert model._plain_feed.feed(x, y).rows == 6
    assert model._plain_feed.feed(x.copy(), y.copy()).rows == 6
    assert model._plain_feed.feed(x.astype(">f4"), y) is None
