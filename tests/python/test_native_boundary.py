"""What the compiled core is handed directly: every array is used rightly or refused by name."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import _core, layers

ROWS, COLUMNS, UNITS = 8, 4, 3
RNG = np.random.default_rng(0)
X = RNG.normal(size=(ROWS, COLUMNS)).astype("float32")
KERNEL = RNG.normal(size=(COLUMNS, UNITS)).astype("float32")
Y = RNG.normal(size=(ROWS, UNITS)).astype("float32")


def unaligned(array: np.ndarray) -> np.ndarray:
    memory = np.zeros(array.nbytes + 1, "uint8")
    moved = memory[1:].view(array.dtype).reshape(array.shape)
    moved[...] = array
    return moved


def read_only(array: np.ndarray) -> np.ndarray:
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def subclass(array: np.ndarray) -> np.ndarray:
    return array.view(type("Other", (np.ndarray,), {}))


TAKEN: dict[str, Callable[[np.ndarray], Any]] = {
    "plain": np.copy,
    "read-only": read_only,
    "subclass": subclass,
    "not finite": lambda a: np.full_like(a, np.nan),
}
OTHER_DTYPES = ("float64", "float16", "longdouble", "complex64", "int8", "int32", "uint64", "bool")
OTHER_DTYPES += ("object", "U4", "S4", "M8[s]", "V4", ">f4", ">i4")
REFUSED: dict[str, Callable[[np.ndarray], Any]] = {
    **{dtype: (lambda a, d=dtype: np.zeros(a.shape, d)) for dtype in OTHER_DTYPES},
    "record": lambda a: np.zeros(a.shape, [("a", "f4")]),
    "unaligned": unaligned,
    "Fortran": np.asfortranarray,
    "reversed rows": lambda a: a[::-1],
    "reversed columns": lambda a: a[:, ::-1],
    "every second row": lambda a: np.repeat(a, 2, 0)[::2],
    "every second column": lambda a: np.repeat(a, 2, 1)[:, ::2],
    "one row repeated": lambda a: np.broadcast_to(a[:1], a.shape),
    "one number": lambda a: np.broadcast_to(np.float32(1), a.shape),
    "rows without end": lambda a: np.broadcast_to(np.float32(1), (2**40, a.shape[1])),
    "columns without end": lambda a: np.broadcast_to(np.float32(1), (a.shape[0], 2**40)),
    "rows of nothing": lambda _: np.empty((2**60, 0), "float32"),
    "no rows": lambda a: a[:0],
    "no columns": lambda a: a[:, :0],
    "a scalar": lambda _: np.array(1, "float32"),
    "a vector": lambda a: a[0],
    "one axis more": lambda a: a[None],
    "a column less": lambda a: np.ascontiguousarray(a[:, 1:]),
    "a list": lambda a: a.tolist(),
    "a memory view": lambda a: memoryview(a),
    "a number": lambda _: 1.0,
    "text": lambda _: "abc",
}


def engine_of(kernel: Any) -> Any:
    kernel.set(KERNEL)
    nodes: list[Any] = [
        {"op": "input", "name": "x", "inputs": [], "shape": (COLUMNS,)},
        {"op": "dense", "name": "y", "inputs": [0], "units": UNITS, "kernel": 0, "bias": None},
    ]
    return _core.Engine(nodes, [1], [kernel], "float32")


def trainer_of(kernel: Any, momentum: float = 0.0) -> Any:
    spec: Any = {"name": "sgd", "hyper": {"momentum": momentum, "nesterov": 0.0}}
    return _core.Trainer(engine_of(kernel), [{"name": "mean_squared_error"}], [[]], spec)


def variable() -> Any:
    return _core.Variable((COLUMNS, UNITS), "float32")


def engine() -> Any:
    return engine_of(variable())


def trainer() -> Any:
    return trainer_of(variable())


def updated(gradient: Any) -> Any:
    kernel = variable()
    trainer_of(kernel).apply_gradients([gradient], 1.0)
    return KERNEL - kernel.get()


def stored(value: Any) -> Any:
    kept = variable()
    kept.set(value)
    return kept.get()


def slots(value: Any) -> Any:
    made = trainer_of(variable(), momentum=0.5)
    made.set_slots([value])
    return made.get_slots()[0][2]


def mean_square(x: Any, y: Any) -> Any:
    return np.square(x @ KERNEL - y).mean()


def run_loss(x: Any, y: Any) -> float:
    run = trainer().run([x], [y], [None], ROWS, False)
    run.advance()
    total, samples = run.results()["loss"]
    return float(total / samples)


# What is called, an array that fits, and what must come out by NumPy.
CALLS: dict[str, tuple[Callable[[Any], Any], np.ndarray, Callable[[Any], Any]]] = {
    "predict": (lambda a: engine().predict([a])[0], X, lambda a: a @ KERNEL),
    "forward": (lambda a: engine().forward([a], True).outputs[0], X, lambda a: a @ KERNEL),
    "backward": (
        lambda a: engine().forward([X], True).backward([a])[1][0],
        Y,
        lambda a: a @ KERNEL.T,
    ),
    "run, x": (lambda a: run_loss(a, Y), X, lambda a: mean_square(a, Y)),
    "run, y": (lambda a: run_loss(X, a), Y, lambda a: mean_square(X, a)),
    "gradients, x": (
        lambda a: trainer().gradients([a], [Y], [None])[0],
        X,
        lambda a: mean_square(a, Y),
    ),
    "gradients, y": (
        lambda a: trainer().gradients([X], [a], [None])[0],
        Y,
        lambda a: mean_square(X, a),
    ),
    "apply": (updated, KERNEL, lambda a: a),
    "slots": (slots, KERNEL, lambda a: a),
    "variable": (stored, KERNEL, lambda a: a),
    "matmul": (lambda a: _core.matmul(a, KERNEL), X, lambda a: a @ KERNEL),
}


@pytest.mark.parametrize("kind", TAKEN)
@pytest.mark.parametrize("call", CALLS)
def test_arrays_that_fit(call: str, kind: str) -> None:
    run, fitting, expected = CALLS[call]
    array = TAKEN[kind](fitting)
    np.testing.assert_allclose(run(array), expected(np.asarray(array)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("call", CALLS)
def test_arrays_that_do_not_fit(call: str, kind: str) -> None:
    run, fitting, _ = CALLS[call]
    if call == "matmul" and kind in ("no rows",):
        assert run(REFUSED[kind](fitting)).shape == (0, UNITS)
        return
    with pytest.raises((TypeError, ValueError)):
        run(REFUSED[kind](fitting))


@pytest.mark.parametrize("kind", [*TAKEN, *REFUSED])
def test_the_short_way_takes_an_array_or_does_nothing(kind: str) -> None:
    array = {**TAKEN, **REFUSED}[kind](X)
    found = engine().plain_predictor()(array)
    if found is None:
        assert kind in REFUSED or kind == "subclass"
    else:
        np.testing.assert_allclose(found, np.asarray(array) @ KERNEL, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "gradient", [(), (1,), (1, 2), ("a", 0), (X, 0), (X, X), (None, None), (1, 2, 3)]
)
def test_pairs_that_are_no_gradients(gradient: Any) -> None:
    with pytest.raises(TypeError, match=r"gradients\[0\]"):
        trainer().apply_gradients([gradient], 0.1)


def test_gradients_of_another_engine() -> None:
    other, _ = engine().forward([X], True).backward([Y])
    for place in (0, 1, 2**40):
        with pytest.raises(ValueError, match="of another variable"):
            trainer().apply_gradients([(other, place)], 0.1)


@pytest.mark.parametrize("rates", ["x", None, [0.1], {}, b"a", 1j])
def test_learning_rates_that_are_no_numbers(rates: Any) -> None:
    with pytest.raises(TypeError, match="learning_rates"):
        trainer().run([X], [Y], [None], ROWS, True).advance(learning_rates=rates)


def test_keys_that_are_no_strings() -> None:
    nodes: Any = [{"op": "input", 3: 4}]
    with pytest.raises(TypeError, match="keys"):
        _core.Engine(nodes, [0], [], "float32")


def classifier(classes: int) -> keras.Sequential:
    model = keras.Sequential([keras.Input((COLUMNS,)), layers.Dense(classes, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.mark.parametrize("label", [2**31 - 1, 40, -1, -(2**31)])
@pytest.mark.parametrize("classes", [3, 40])
@pytest.mark.parametrize("shuffle", [True, False])
def test_labels_that_a_callback_changes(label: int, classes: int, shuffle: bool) -> None:
    """They index memory: the next step looks at them again."""
    x, y = np.repeat(X, 20, 0), np.zeros(20 * ROWS, "int32")

    class Change(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            y[:] = label

    model = classifier(classes)
    with pytest.raises(ValueError, match=rf"must lie in 0..{classes - 1}, got {label}"):
        model.fit(x, y, batch_size=16, shuffle=shuffle, verbose=0, callbacks=[Change()])
    assert np.isfinite(model.get_weights()[0]).all()
    y[:] = classes - 1
    assert np.isfinite(model.fit(x, y, verbose=0).history["loss"][0])


def long_run(classes: int, y: np.ndarray) -> Any:
    model = classifier(classes)
    x = np.zeros((len(y), COLUMNS), "float32")
    model.fit(x[:ROWS], y[:ROWS], verbose=0)
    return model._trainer.run([x], [y], [None], 1, True)  # type: ignore[union-attr]


@pytest.mark.parametrize("classes", [3, 40])
def test_labels_that_another_thread_changes(classes: int) -> None:
    """Nothing is read beyond the classes' memory, and the loss is not a number."""
    y = np.zeros(400_000, "int32")
    run = long_run(classes, y)
    worker = threading.Thread(target=run.advance)
    worker.start()
    while run.done == 0:
        pass
    y[:] = 2**30
    midway = run.done < run.steps - 1000
    worker.join()
    total, _ = run.results()["loss"]
    assert np.isnan(total) or not midway


def test_a_run_has_one_user_at_a_time() -> None:
    y = np.zeros(400_000, "int32")
    run = long_run(3, y)
    worker = threading.Thread(target=run.advance)
    worker.start()
    refused = 0
    while worker.is_alive():
        try:
            run.results()
            run.advance(1)
        except RuntimeError as error:
            assert "another thread" in str(error)  # noqa: PT017
            refused += 1
    worker.join()
    assert refused > 0
    run.advance()
    assert run.done == run.steps == len(y)
    assert run.results()["loss"][1] == len(y)


def ends_well(child: int) -> bool:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_fork_while_the_machine_is_measured_and_a_tape_is_open() -> None:
    """A child is alone, although both wanted two threads before."""
    _core.set_num_threads(2)
    _core.set_parallel_threshold(0.0)
    try:
        x = np.repeat(X, 200, 0)
        tape = engine().forward([x], True)
        _core.peak_flops(False, 2)
        worker = threading.Thread(target=_core.peak_flops, args=(False, 2))
        worker.start()
        child = os.fork()
        if child == 0:
            output = tape.outputs[0]
            fine = np.allclose(output, x @ KERNEL, atol=1e-5) and _core.peak_flops(False, 2) > 0
            os._exit(0 if fine else 1)
        worker.join()
        assert ends_well(child)
    finally:
        _core.set_num_threads(0)
        _core.set_parallel_threshold(40e-6)
