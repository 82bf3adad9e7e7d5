"""SwapEMAWeights."""

from __future__ import annotations

from typing import Any

from pronghorn.callbacks._callback import Callback, Logs


class SwapEMAWeights(Callback):
    """Tests and predicts with the moving averages of the weights, and trains with the weights.

    The optimizer must keep averages (``use_ema=True``). Weights and averages change places when an
    evaluation or a prediction begins, and again when it ends.

    Args:
        swap_on_epoch: Whether they also change places at the end of an epoch and back at the
            beginning of the next one, so that what is saved at the end of an epoch are averages.
            Callbacks that save must come later in the list.

    Raises:
        ValueError: When it is used, if the optimizer keeps no averages.

    Example:
        >>> import numpy as np, pronghorn as keras
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> model.compile(keras.optimizers.SGD(0.1, use_ema=True), "mse")
        >>> data = (np.ones((4, 1)), np.ones((4, 1)))
        >>> swap = SwapEMAWeights()
        >>> history = model.fit(*data, validation_data=data, callbacks=[swap], verbose=0)
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        super().__init__()
        self.swap_on_epoch = bool(swap_on_epoch)
        self._swapped = False

    def _swap(self, averages: bool) -> None:
        """Makes the averages, or else the weights, what the model has."""
        if averages is self._swapped:
            return
        self._optimizer()._swap_averages()
        self._swapped = averages

    def _optimizer(self) -> Any:
        optimizer = self.model.optimizer
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        if not getattr(optimizer, "use_ema", False):
            raise ValueError(
                "SwapEMAWeights needs an optimizer with `use_ema=True`. Received: use_ema=False"
            )
        return optimizer

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        if self.swap_on_epoch:
            self._swap(averages=False)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if not self.swap_on_epoch:
            return
        self._swap(averages=True)
        if epoch == (self.params or {})["epochs"] - 1:
            # `fit` ends by putting the averages in place of the weights, which they are already.
            self._optimizer()._equalize_averages()

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self._swap(averages=True)

    def on_test_end(self, logs: Logs | None = None) -> None:
        self._swap(averages=False)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._swap(averages=True)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._swap(averages=False)
