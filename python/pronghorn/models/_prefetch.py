"""Making the batches of a PyDataset ahead of their use, by threads or processes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

_dataset: Any = None  # in a worker process: the data set it was started with


def _receive(dataset: Any) -> None:
    global _dataset
    _dataset = dataset


def _item(index: int) -> Any:
    return _dataset[index]


def in_order(
    dataset: Any, indices: Iterable[int], workers: int, processes: bool, ahead: int
) -> Iterator[Any]:
    """``dataset[index]`` for each index, in their order, up to `ahead` of them made in advance.

    Args:
        dataset: Anything with ``__getitem__``.
        indices: May be endless.
        workers: How many run at once.
        processes: Whether they are processes rather than threads.
        ahead: Most batches that are made and not used yet.

    Example:
        >>> list(in_order(["a", "b", "c"], [2, 0], workers=2, processes=False, ahead=1))
        ['c', 'a']
    """
    # The pool is made anew for each pass, so that processes see what `on_epoch_end` changed.
    pool: Executor
    if processes:
        from concurrent.futures import ProcessPoolExecutor

        pool = ProcessPoolExecutor(workers, initializer=_receive, initargs=(dataset,))
        make: Any = _item
    else:
        from concurrent.futures import ThreadPoolExecutor

        pool = ThreadPoolExecutor(workers)
        make = dataset.__getitem__
    waiting: deque[Future[Any]] = deque()
    try:
        for index in indices:
            waiting.append(pool.submit(make, index))
            if len(waiting) > max(1, ahead):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
