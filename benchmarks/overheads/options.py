"""What options of a training cost."""

from __future__ import annotations

import contextlib
import io
import statistics
import time
from collections.abc import Iterator
from typing import Any

import pronghorn as keras

from .figure import Figure, interleaved, percent_more
from .networks import MNIST128, MNIST512, compiled, data, network


def reporting() -> Iterator[Figure]:
    """A bar, a callback and a metric on 784-128-10, batches of 32."""
    x, y = data(MNIST128, 8192)
    plain, measured = compiled(network(MNIST128)), compiled(network(MNIST128), metrics=["accuracy"])

    def fit(model: Any, **options: Any) -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            model.fit(x, y, batch_size=32, **{"verbose": 0, **options})

    hook = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None)
    found = interleaved(
        {
            "plain": lambda: fit(plain),
            "verbose=1": lambda: fit(plain, verbose=1),
            "an epoch-level callback": lambda: fit(plain, callbacks=[hook]),
            "a metric": lambda: fit(measured),
        },
        rounds=21,
        seconds=0.1,
    )
    for name, target in (("verbose=1", 1), ("an epoch-level callback", 0.5), ("a metric", 2)):
        yield Figure(f"cost of {name}", percent_more(found, name, "plain"), "%", target)


def layers_and_clipping() -> Iterator[Figure]:
    """Dropout, L2 and clipping on 784-512-512-10, batches of 128, Adam."""
    x, y = data(MNIST512, 2048)
    models = {
        "plain": compiled(network(MNIST512)),
        "dropout": compiled(network(MNIST512, dropout=0.2)),
        "L2": compiled(network(MNIST512, l2=1e-4)),
        "clipnorm": compiled(network(MNIST512), keras.optimizers.Adam(clipnorm=1.0)),
    }
    calls = {
        name: lambda model=model: model.fit(x, y, batch_size=128, verbose=0)
        for name, model in models.items()
    }
    found = interleaved(calls, rounds=15, seconds=0.1)
    for name, target in (("dropout", 8), ("L2", 2), ("clipnorm", 10)):
        yield Figure(f"cost of {name}", percent_more(found, name, "plain"), "%", target)


def validation() -> Iterator[Figure]:
    """Validation against prediction of the same rows, as an engine's work a row."""
    x, y = data(MNIST128, 16384)
    model = compiled(network(MNIST128))
    model.fit(x[:32], y[:32], verbose=0)
    found = interleaved(
        {
            "predict": lambda: model.predict(x, verbose=0),
            "evaluate": lambda: model.evaluate(x, y, batch_size=128, verbose=0),
        },
        rounds=15,
        seconds=0.05,
    )
    more = percent_more(found, "evaluate", "predict")
    yield Figure("evaluation beyond prediction", more, "%", 10)


def conversion() -> Iterator[Figure]:
    """What float64 and uint8 data cost in all of four epochs, against one astype.

    One call at a time: conversions in a loop would take turns in the same memory, which is faster
    than memory anew.
    """
    x, y = data(MNIST128, 8192)
    model = compiled(network(MNIST128))

    def fit(values: Any) -> float:
        start = time.perf_counter()
        model.fit(values, y, batch_size=32, epochs=4, verbose=0)
        return time.perf_counter() - start

    def convert(values: Any) -> float:
        start = time.perf_counter()
        values.astype("float32")
        return time.perf_counter() - start

    for dtype in ("float64", "uint8"):
        other = x.astype(dtype)
        fit(other)
        rounds = [(fit(other), fit(x), convert(other)) for _ in range(25)]
        once = statistics.median(converted for _, _, converted in rounds)
        extra = statistics.median(a - b for a, b, _ in rounds)
        detail = {"extra_ms": 1e3 * extra, "astype_ms": 1e3 * once}
        name = f"feeding {dtype}: extra time in conversions"
        yield Figure(name, extra / once, "×", 2, detail=detail)
