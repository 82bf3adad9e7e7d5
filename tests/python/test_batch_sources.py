"""fit, evaluate and predict on objects that give batches: the same numbers as on arrays."""

import itertools
import os
import threading

import numpy as np
import pytest
from _linear import Linear, data, linear_model

import pronghorn as keras
from pronghorn import layers

X, Y = data(50, 3), data(50, 1, seed=2)
WEIGHTS = np.linspace(0.1, 2, 50)


@pytest.fixture(autouse=True)
def fresh_session():
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)


def batches(*arrays, size=16):
    for i in range(0, 50, size):
        yield tuple(array[i : i + size] for array in arrays)


class Batches(keras.utils.PyDataset):
    """Notes on which process and thread each batch was made, and the hooks."""

    def __init__(self, *arrays, size=16, **options):
        super().__init__(**options)
        self.items = list(batches(*arrays, size=size))
        self.asked, self.hooks, self.threads = [], [], set()

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        self.asked.append(index)
        self.threads.add(threading.get_ident())
        return self.items[index]

    def on_epoch_begin(self):
        self.hooks.append("begin")

    def on_epoch_end(self):
        self.hooks.append("end")


class Loader:
    """As loaders of other libraries: batches are lists, and it begins anew each time."""

    def __iter__(self):
        return iter([list(batch) for batch in batches(X, Y)])


FORMS = {
    "generator": lambda *arrays: batches(*arrays),
    "iterator": lambda *arrays: iter(list(batches(*arrays))),
    "PyDataset": Batches,
    "threads": lambda *arrays: Batches(*arrays, workers=3, max_queue_size=2),
}


def trained(fit):
    """Weights and logs after `fit(model)`, from the same start."""
    model = keras.Sequential([keras.Input((3,)), layers.Dense(4, "tanh"), layers.Dense(1)])
    keras.utils.set_random_seed(1)
    model.set_weights([data(*w.shape, seed=7) for w in model.get_weights()])
    model.compile("adam", "mse", metrics=["mae"], weighted_metrics=["mse"])
    history = fit(model).history
    return model.get_weights(), history


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("weighted", [False, True])
def test_batches_train_as_arrays_do(form, weighted):
    given = (X, Y, WEIGHTS) if weighted else (X, Y)
    source = FORMS[form](*given)
    weights, history = trained(lambda m: m.fit(source, shuffle=False, verbose=0))
    weight = WEIGHTS if weighted else None
    expected, logs = trained(
        lambda m: m.fit(X, Y, 16, sample_weight=weight, shuffle=False, verbose=0)
    )
    for ours, reference in zip(weights, expected, strict=True):
        np.testing.assert_array_equal(ours, reference)
    assert list(history) == list(logs)
    for name, values in logs.items():
        assert history[name] == pytest.approx(values, rel=1e-6), name


def test_batches_of_any_size_against_numpy():
    model = linear_model(optimizer=keras.optimizers.SGD(0.1))
    reference = Linear(model.get_weights())
    cuts = [0, 1, 11, 13, 50]
    parts = [(X[i:j], Y[i:j]) for i, j in itertools.pairwise(cuts)]
    losses = [reference.step(x, y, 0.1) for x, y in parts]
    history = model.fit((part for part in parts), verbose=0).history
    # Each sample counts once in the logged loss.
    assert history["loss"] == pytest.approx([np.average(losses, weights=np.diff(cuts))], rel=1e-5)
    np.testing.assert_allclose(model.get_weights()[0], reference.w, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("form", FORMS)
def test_evaluate_and_predict(form):
    model = linear_model(metrics=["mae"])
    expected = model.evaluate(X, Y, verbose=0)
    assert model.evaluate(FORMS[form](X, Y), verbose=0) == pytest.approx(expected, rel=1e-6)
    outputs = model.predict(X, verbose=0)
    np.testing.assert_array_equal(model.predict(FORMS[form](X, Y), verbose=0), outputs)
    np.testing.assert_array_equal(model.predict(FORMS[form](X), verbose=0), outputs)
    part = model.evaluate(FORMS[form](X, Y), steps=2, verbose=0)
    assert part == pytest.approx(model.evaluate(X[:32], Y[:32], verbose=0), rel=1e-6)
    assert len(model.predict(FORMS[form](X), steps=2, verbose=0)) == 32


def test_an_unbuilt_model_is_built_on_the_first_batch():
    model = keras.Sequential([layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(batches(X, Y), verbose=0)
    assert model.input_shape == (None, 3)
    again = keras.Sequential([layers.Dense(2)])
    assert again.predict(batches(X), verbose=0).shape == (50, 2)


def test_dicts_of_inputs_targets_and_weights():
    a, b = keras.Input((3,), name="a"), keras.Input((2,), name="b")
    joined = layers.concatenate([a, b])
    model = keras.Model(
        {"a": a, "b": b},
        {"p": layers.Dense(1, name="p")(joined), "q": layers.Dense(1, name="q")(joined)},
    )
    model.compile("sgd", "mse")
    x = {"a": X, "b": X[:, :2]}
    y = {"p": Y, "q": 2 * Y}
    weights = {"p": WEIGHTS, "q": WEIGHTS[::-1].copy()}

    def cut(i):
        return tuple({k: v[i : i + 25] for k, v in part.items()} for part in (x, y, weights))

    expected = model.evaluate(x, y, sample_weight=weights, batch_size=25, verbose=0)
    assert model.evaluate((cut(i) for i in (0, 25)), verbose=0) == pytest.approx(expected)
    predictions = model.predict((cut(i) for i in (0, 25)), verbose=0)
    np.testing.assert_array_equal(predictions["q"], model.predict(x, verbose=0)["q"])


def test_steps_per_epoch_go_on_through_a_generator():
    taken = []

    def endless():
        for i in itertools.count():
            taken.append(i)
            rows = slice(i % 5 * 10, i % 5 * 10 + 10)
            yield X[rows], Y[rows]

    model = linear_model(optimizer=keras.optimizers.SGD(0.1))
    reference = Linear(model.get_weights())
    history = model.fit(endless(), steps_per_epoch=2, epochs=3, verbose=0)
    for i in range(6):
        reference.step(X[i % 5 * 10 :][:10], Y[i % 5 * 10 :][:10], 0.1)
    np.testing.assert_allclose(model.get_weights()[0], reference.w, rtol=1e-4, atol=1e-6)
    assert history.epoch == [0, 1, 2]
    assert history.params["steps"] == 2
    assert taken == [0, 1, 2, 3, 4, 5]  # no batch more than is used


def test_running_out_of_batches():
    model = linear_model()
    with pytest.warns(UserWarning, match="ran out of data after 1 of the 3 batches"):
        history = model.fit(batches(X, Y), steps_per_epoch=3, epochs=2, verbose=0)
    assert model.optimizer.iterations == 4
    assert history.epoch == [0, 1]
    with pytest.warns(UserWarning, match="no batches left for epoch 2"):
        history = model.fit(batches(X, Y), epochs=2, verbose=0)
    assert history.epoch == [0]
    with pytest.warns(UserWarning, match="No data to validate on are left"):
        history = model.fit(X, Y, epochs=2, validation_data=batches(X, Y), verbose=0).history
    assert len(history["val_loss"]) == 1


def test_an_iterable_begins_anew():
    model = linear_model()
    history = model.fit(Loader(), epochs=3, validation_data=Loader(), verbose=0).history
    assert model.optimizer.iterations == 3 * 4
    assert history["val_loss"][-1] == pytest.approx(model.evaluate(X, Y, verbose=0), rel=1e-6)
    # Six epochs of two batches are three passes, and no epoch is short.
    model.fit(Loader(), epochs=6, steps_per_epoch=2, verbose=0)
    assert model.optimizer.iterations == 12 + 12


def test_validation_on_some_batches_begins_anew_each_time():
    model = linear_model(optimizer=keras.optimizers.SGD(0.0))
    history = model.fit(
        X, Y, epochs=3, validation_data=Batches(X, Y), validation_steps=2, verbose=0
    ).history
    expected = model.evaluate(X[:32], Y[:32], verbose=0)
    assert history["val_loss"] == pytest.approx([expected] * 3, rel=1e-6)


def test_pydataset_order_and_hooks():
    dataset = Batches(X, Y, size=5)
    model = linear_model()
    model.fit(dataset, epochs=2, shuffle=False, verbose=0)
    assert dataset.asked == [*range(10), *range(10)]
    assert dataset.hooks == ["begin", "end"] * 2
    dataset = Batches(X, Y, size=5)
    model.fit(dataset, epochs=2, verbose=0)
    first, second = dataset.asked[:10], dataset.asked[10:]
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second
    dataset = Batches(X, Y, size=5)
    model.fit(dataset, epochs=2, steps_per_epoch=5, shuffle=False, verbose=0)
    assert dataset.asked == list(range(10))
    model.evaluate(dataset, verbose=0)
    assert dataset.asked[10:] == list(range(10))


def test_endless_pydataset():
    class Endless(Batches):
        num_batches = None

        def __getitem__(self, index):
            return super().__getitem__(index % 4)

    for workers in (1, 2):
        model = linear_model()
        model.fit(Endless(X, Y, workers=workers), steps_per_epoch=3, epochs=3, verbose=0)
        assert model.optimizer.iterations == 9


def test_threads_make_batches_in_order():
    dataset = Batches(X, Y, size=1, workers=4)
    outputs = linear_model().predict(dataset, verbose=0)
    assert len(outputs) == 50
    assert threading.get_ident() not in dataset.threads


class Pids(keras.utils.PyDataset):
    def __len__(self):
        return 3

    def __getitem__(self, index):
        return (np.array([[float(index), os.getpid()]], "float64"),)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_processes_make_batches_in_order():
    same = layers.Activation("linear", dtype="float64")
    model = keras.Sequential([keras.Input((2,), dtype="float64"), same])
    outputs = model.predict(Pids(workers=2, use_multiprocessing=True), verbose=0)
    assert outputs[:, 0].tolist() == [0, 1, 2]
    assert os.getpid() not in outputs[:, 1]


def test_errors_in_workers_reach_the_caller():
    class Broken(Batches):
        def __getitem__(self, index):
            if index == 2:
                raise RuntimeError("no such file")
            return super().__getitem__(index)

    for workers in (1, 3):
        with pytest.raises(RuntimeError, match="no such file"):
            linear_model().fit(Broken(X, Y, workers=workers), shuffle=False, verbose=0)


def test_batch_hooks_and_early_stop():
    calls = []
    model = linear_model()

    class Watch(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            calls.append(("begin", batch))

        def on_train_batch_end(self, batch, logs=None):
            calls.append(("end", batch, sorted(logs)))
            self.model.stop_training = batch == 1

        def on_test_batch_end(self, batch, logs=None):
            calls.append(("test", batch))

    model.fit(batches(X, Y), validation_data=Batches(X, Y), callbacks=[Watch()], verbose=0)
    trained = [("begin", 0), ("end", 0, ["loss"]), ("begin", 1), ("end", 1, ["loss"])]
    assert calls == trained + [("test", i) for i in range(4)]
    assert model.optimizer.iterations == 2


def test_class_weights():
    x, y = data(40, 4), np.arange(40) % 3
    results = []
    for given in (((x[i : i + 10], y[i : i + 10]) for i in range(0, 40, 10)), None):
        keras.utils.set_random_seed(3)
        model = keras.Sequential([keras.Input((4,)), layers.Dense(3, "softmax")])
        model.compile("sgd", "sparse_categorical_crossentropy")
        arguments = (x, y, 10) if given is None else (given,)
        model.fit(*arguments, class_weight={0: 2.0, 2: 0.5}, shuffle=False, verbose=0)
        results.append(model.get_weights()[0])
    np.testing.assert_array_equal(*results)


def test_pandas_batches():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abc"))
    parts = ((frame[i : i + 25], pandas.Series(Y[i : i + 25, 0])) for i in (0, 25))
    model = linear_model()
    expected = model.evaluate(X, Y, verbose=0)
    assert model.evaluate(parts, verbose=0) == pytest.approx(expected, rel=1e-6)


def test_bad_sources():
    model = linear_model()
    before = model.get_weights()
    for arguments, message in [
        ({"x": batches(X), "y": Y}, "`x` is a generator, `y` should not"),
        ({"x": Batches(X), "sample_weight": Y}, "PyDataset, `sample_weight` should not"),
        ({"x": batches(X, Y), "validation_split": 0.2}, "`validation_split` needs arrays"),
        ({"x": batches(X)}, "`y` is missing"),
        ({"x": (batch for batch in ())}, "at least one batch"),
        ({"x": Batches(size=99)}, "has no batches|must be"),
        ({"x": batches(X, Y, Y, Y)}, "A batch must be x, .x,., .x, y. or"),
    ]:
        with pytest.raises(ValueError, match=message):
            model.fit(**arguments, verbose=0)
    with pytest.raises(ValueError, match="at least one batch"):
        model.predict((batch for batch in ()), verbose=0)
    np.testing.assert_array_equal(model.get_weights()[0], before[0])
    assert model.optimizer.iterations == 0


def test_unfinished_datasets_say_what_is_missing():
    class Empty(keras.utils.PyDataset):
        pass

    with pytest.raises(NotImplementedError, match="`__len__` or the property `num_batches`"):
        linear_model().fit(Empty(), verbose=0)


def test_printed_lines(capsys):
    model = linear_model()
    with pytest.warns(UserWarning, match="no batches left"):
        model.fit(batches(X, Y), epochs=2, verbose=2)
    assert " - loss: " in capsys.readouterr().out.splitlines()[1]
    model.evaluate(batches(X, Y), verbose=1)
    assert "4/4" in capsys.readouterr().out
