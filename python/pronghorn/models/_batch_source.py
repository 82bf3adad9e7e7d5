"""Objects that give batches: generators, PyDatasets, loaders and other iterables."""

from __future__ import annotations

import itertools
import types
import warnings
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any

import numpy as np

from pronghorn._graph import KerasTensor
from pronghorn.models import _prefetch
from pronghorn.random._seed import next_seed
from pronghorn.utils._py_dataset import PyDataset

if TYPE_CHECKING:
    from collections.abc import Iterable

_DATA = (Sequence, Mapping, Set, KerasTensor, np.ndarray)
_NOTHING = object()
_ARRAY_METHODS = ("__array__", "__array_interface__", "__dlpack__", "to_numpy", "toarray")


def is_source(x: Any) -> bool:
    """Whether `x` gives batches, one by one, rather than being all the data.

    Example:
        >>> is_source([1.0, 2.0]), is_source(batch for batch in [])
        (False, True)
    """
    if x is None or type(x) is np.ndarray:
        return False
    if isinstance(x, (PyDataset, types.GeneratorType)):
        return True
    if isinstance(x, _DATA) or any(hasattr(x, method) for method in _ARRAY_METHODS):
        return False
    return hasattr(x, "__iter__")


class BatchSource:
    """Batches from an object of the user's, pass after pass.

    Without `limit` a pass is one epoch. With it an epoch has so many batches, and a pass may last
    for several epochs; the epoch in which it ends is cut short, as in Keras.

    Args:
        x: For which `is_source` holds.
        limit: Batches an epoch; None is a whole pass.
        shuffle: Whether to shuffle the order of a finite PyDataset's batches.
        argument: Name of `x` in messages.

    Attributes:
        steps: Batches in an epoch; None as long as that is not known.
    """

    def __init__(self, x: Any, limit: int | None, shuffle: bool, argument: str) -> None:
        self._x, self._limit, self._shuffle, self._argument = x, limit, shuffle, argument
        self._length = _length(x)
        if self._length == 0:
            raise ValueError(f"`{argument}` has no batches: its length is 0.")
        self._pass: Iterator[Any] | None = None

    @property
    def steps(self) -> int | None:
        return self._limit or self._length

    @property
    def kind(self) -> str:
        """What the object is, for messages."""
        if isinstance(self._x, PyDataset):
            return "PyDataset"
        return "generator" if isinstance(self._x, types.GeneratorType) else type(self._x).__name__

    def epoch(self) -> Iterator[Any]:
        """The batches of one epoch; none if a generator is exhausted."""
        dataset = self._x if isinstance(self._x, PyDataset) else None
        if dataset is not None:
            dataset.on_epoch_begin()
        given = 0
        for batch in itertools.islice(self._rest_of_pass(), self._limit):
            given += 1
            yield batch
        if self._limit is None or given < self._limit:
            self.close()
        if self._limit is not None and 0 < given < self._limit:
            warnings.warn(
                f"`{self._argument}` ({self.kind}) ran out of data after {given} of the "
                f"{self._limit} batches that an epoch should have; the epoch is shorter.",
                stacklevel=2,
            )
        if dataset is not None:
            dataset.on_epoch_end()

    def _rest_of_pass(self) -> Iterator[Any]:
        """What the current pass has left; a new pass if that is nothing."""
        if self._pass is not None:
            first = next(self._pass, _NOTHING)
            if first is not _NOTHING:
                return itertools.chain([first], self._pass)
            self.close()
        self._pass = iter(self._batches())
        return self._pass

    def close(self) -> None:
        """Ends the pass and its workers; the next epoch begins anew."""
        close = getattr(self._pass, "close", None)
        # A generator of the user's stays open: he may want to go on with it.
        if close is not None and self._pass is not self._x:
            close()
        self._pass = None

    def _batches(self) -> Iterable[Any]:
        x = self._x
        if not isinstance(x, PyDataset):
            batches: Iterable[Any] = x
            return batches
        indices: Iterable[int] = itertools.count()
        if self._length is not None:
            indices = range(self._length)
            if self._shuffle:
                indices = np.random.default_rng(next_seed()).permutation(self._length).tolist()
        if x.workers > 1 or (x.workers > 0 and x.use_multiprocessing):
            return _prefetch.in_order(
                x, indices, x.workers, x.use_multiprocessing, x.max_queue_size
            )
        return (x[index] for index in indices)


def _length(x: Any) -> int | None:
    if isinstance(x, PyDataset):
        return x.num_batches
    try:
        return len(x)
    except TypeError:  # none, or, in data sets of other libraries, endless or not known
        return None


def reject_with_source(source: BatchSource, argument: str, **others: Any) -> None:
    """Raises ValueError if an argument is given that belongs into the batches.

    Args:
        source: What the user passed.
        argument: Its name.
        **others: Arguments that must be None.
    """
    for name, value in others.items():
        if value is not None:
            raise ValueError(
                f"When `{argument}` is a {source.kind}, `{name}` should not be passed: it belongs "
                f"into the batches, as (x, y) or (x, y, sample_weight). "
                f"Received: {name} of type {type(value).__name__}"
            )
