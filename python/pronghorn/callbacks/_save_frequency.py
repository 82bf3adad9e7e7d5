"""After which batches something is saved."""

from __future__ import annotations


class SaveFrequency:
    """Counts batches over epochs; a call for several batches counts as so many.

    Args:
        save_freq: ``"epoch"``, or a number of batches.

    Raises:
        ValueError: If it is neither.

    Example:
        >>> frequency = SaveFrequency(3)
        >>> [frequency.is_due(batch) for batch in (0, 1, 2, 3, 0, 1)]
        [False, False, True, False, False, True]
    """

    def __init__(self, save_freq: str | int) -> None:
        counted = isinstance(save_freq, int) and not isinstance(save_freq, bool) and save_freq > 0
        if save_freq != "epoch" and not counted:
            raise ValueError(
                f"`save_freq` must be 'epoch' or a positive integer. Received: {save_freq!r}"
            )
        self.batches = save_freq if isinstance(save_freq, int) else None
        self.last_batch: int | None = None
        self._since = 0

    def is_due(self, batch: int) -> bool:
        """Whether to save after this batch of the epoch, counted from 0."""
        begun = self.last_batch is None or batch <= self.last_batch
        self._since += batch + 1 if begun else batch - (self.last_batch or 0)
        self.last_batch = batch
        if self.batches is None or self._since < self.batches:
            return False
        self._since = 0
        return True
