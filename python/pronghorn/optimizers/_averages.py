"""Moving averages of the weights, and scaled losses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pronghorn._engine import Trainer


class Averaging:
    """The part of an optimizer that puts moving averages in place of weights."""

    use_ema: bool
    loss_scale_factor: float | None
    _trainer: Trainer | None
    _weights: tuple[Any, ...]

    def finalize_variable_values(self, var_list: Sequence[Any]) -> None:
        """Ends a training: with ``use_ema`` the weights become their moving averages.

        Args:
            var_list: The weights that were trained.

        Raises:
            ValueError: If they are not those that the optimizer has trained.

        Example:
            >>> import numpy as np, pronghorn as keras
            >>> w = keras.Variable([1.0])
            >>> optimizer = keras.optimizers.SGD(1.0, use_ema=True, ema_momentum=0.5)
            >>> for _ in range(2):
            ...     optimizer.apply([np.ones(1)], [w])
            >>> optimizer.finalize_variable_values([w])
            >>> w.numpy().tolist()
            [-0.5]
        """
        own: Any = self
        if own._is_written:
            for weight, average in own._averaged():
                if any(weight is each for each in var_list):
                    weight.assign(average.numpy())
            return
        if not self.use_ema or self._trainer is None:
            return
        trained = self._trained
        if {id(each) for each in var_list} != {id(each) for each in trained}:
            raise ValueError(
                f"`var_list` must be the {len(trained)} variables that the optimizer has trained. "
                f"Received: {len(var_list)} variables"
            )
        for name, i, value in self._trainer.get_slots():
            if name == "average":
                self._weights[i].assign(value.reshape(self._weights[i].shape))

    @property
    def _own_end(self) -> bool:
        """Whether a subclass says itself what ends a training."""
        return type(self).finalize_variable_values is not Averaging.finalize_variable_values

    @property
    def _trained(self) -> list[Any]:
        """The weights that have slots."""
        own: Any = self
        if own._is_written:
            return list(own._trainable_variables)
        if self._trainer is None:
            return []
        return [self._weights[i] for i in dict.fromkeys(i for _, i, _ in self._trainer.get_slots())]

    def _swap_averages(self) -> None:
        """Exchanges weights and their moving averages."""
        own: Any = self
        if own._is_written:
            for weight, average in own._averaged():
                value = weight.numpy()
                weight.assign(average.numpy())
                average.assign(value)
            return
        if self._trainer is None:
            return
        slots = self._trainer.get_slots()
        present: list[Any] = []
        for name, i, value in slots:
            if name != "average":
                present.append(value)
                continue
            weight = self._weights[i]
            present.append(weight.numpy().reshape(value.shape))
            weight.assign(value.reshape(weight.shape))
        self._trainer.set_slots(present)

    def _equalize_averages(self) -> None:
        """Makes the moving averages equal to the weights."""
        own: Any = self
        if own._is_written:
            for weight, average in own._averaged():
                average.assign(weight.numpy())
            return
        if self._trainer is None:
            return
        self._trainer.set_slots(
            [
                self._weights[i].numpy().reshape(value.shape) if name == "average" else value
                for name, i, value in self._trainer.get_slots()
            ]
        )

    def scale_loss(self, loss: Any) -> Any:
        """A loss times ``loss_scale_factor``; `apply` divides its gradients by it.

        Args:
            loss: A number, array or tensor.

        Example:
            >>> from pronghorn.optimizers import SGD
            >>> SGD(0.1, loss_scale_factor=4.0).scale_loss(0.5)
            2.0
        """
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor
