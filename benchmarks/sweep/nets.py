"""Seeded random networks: every size, activation and optimizer that the libraries share."""

from __future__ import annotations

import itertools
import math

import numpy as np

from pronghorn._bench.workloads import ACTIVATIONS, SLOTS, Workload

_LARGEST_STEP = 3e10  # floating-point operations; a bigger step measures one product only
_EPOCH = 6e9  # operations in an epoch, about: long enough to hide what an epoch costs
_LARGEST_DATA = 2e7  # numbers in the rows of an epoch


def _size(rng: np.random.Generator, low: int, high: int) -> int:
    """Even in the logarithm; a third of them are powers of two, a third are primes."""
    size = round(math.exp(rng.uniform(math.log(low), math.log(high))))
    kind = rng.integers(3)
    if kind == 0:
        size = 2 ** round(math.log2(size))
    elif kind == 1:
        while any(size % d == 0 for d in range(2, math.isqrt(size) + 1)):
            size += 1
    return min(high, max(low, size))


def random_workload(seed: int) -> tuple[Workload, str]:
    """The network of this seed and its dtype.

    Widths are 1 to 2048, 1 to 8 dense layers, batches 1 to 1024. A third are float64. A net whose
    step would take more than 3e10 operations gets a smaller batch.
    """
    rng = np.random.default_rng([20261122, seed])
    layers = int(rng.integers(1, 9))
    dims = [_size(rng, 1, 2048) for _ in range(layers + 1)]
    batch = _size(rng, 1, 1024)
    loss = "cross_entropy" if rng.integers(2) and dims[-1] > 1 else "mse"
    activation = str(rng.choice(list(ACTIVATIONS)))
    optimizer = str(rng.choice(list(SLOTS)))
    dtype = "float64" if rng.integers(3) == 0 else "float32"
    cost = 6.0 * sum(a * b for a, b in itertools.pairwise(dims))
    batch = max(1, min(batch, int(_LARGEST_STEP / cost)))
    steps = int(
        min(512, max(2, _EPOCH / (cost * batch)), max(1, _LARGEST_DATA / (batch * dims[0])))
    )
    name = f"{seed:02d}"
    net = Workload(name, tuple(dims), activation, batch, loss, max(1, steps), optimizer)  # type: ignore[arg-type]
    return net, dtype


def describe(workload: Workload, dtype: str) -> str:
    """Sizes, batch, activation, optimizer and dtype in a line."""
    dims = "-".join(map(str, workload.dims))
    loss = "CE" if workload.loss == "cross_entropy" else "MSE"
    return (
        f"{dims} b{workload.batch_size} {workload.activation} {workload.optimizer} {loss} {dtype}"
    )
