"""Data that come as numbered batches."""

from __future__ import annotations

from typing import Any

from pronghorn._arguments import check_constructor


@check_constructor
class PyDataset:
    """Base of data sets that make their batches one by one; subclass it.

    A subclass writes ``__getitem__(index)``, which gives a batch ``(x,)``, ``(x, y)`` or
    ``(x, y, sample_weight)``, and ``__len__`` (or the property `num_batches`). `fit` shuffles the
    order of the batches unless told not to.

    Args:
        workers: Number of threads or processes that make batches ahead; up to 1 thread, the
            batches are made where they are used.
        use_multiprocessing: Whether the workers are processes; the data set is pickled to them.
        max_queue_size: How many batches are made ahead.

    Example:
        >>> import numpy as np, pronghorn as keras
        >>> class Squares(PyDataset):
        ...     def __len__(self):
        ...         return 3
        ...
        ...     def __getitem__(self, index):
        ...         x = np.full((2, 1), float(index))
        ...         return x, x**2
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
        >>> model.set_weights([[[0.0]]])
        >>> model.compile(loss="mse")
        >>> model.evaluate(Squares(workers=2), verbose=0)
        5.666666
    """

    # For subclasses that do not call `super().__init__()`.
    workers = 1
    use_multiprocessing = False
    max_queue_size = 10

    def __init__(
        self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10
    ) -> None:
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index: int) -> Any:
        """The batch at `index`."""
        raise NotImplementedError(f"{type(self).__name__} must define `__getitem__(index)`.")

    @property
    def num_batches(self) -> int | None:
        """Number of batches; None if there is no end."""
        length = getattr(self, "__len__", None)
        if length is None:
            raise NotImplementedError(
                f"{type(self).__name__} must define `__len__` or the property `num_batches`."
            )
        return int(length())

    def on_epoch_begin(self) -> None:
        """Called before each pass over the data."""

    def on_epoch_end(self) -> None:
        """Called after each pass over the data."""


Sequence = PyDataset
