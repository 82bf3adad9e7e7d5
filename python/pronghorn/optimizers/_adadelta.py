"""Adadelta."""

from collections.abc import Callable
from typing import Any, ClassVar

from pronghorn._numbers import real
from pronghorn.optimizers._optimizer import REGISTRY, Optimizer
from pronghorn.optimizers.schedules import LearningRateSchedule


@REGISTRY.add()
class Adadelta(Optimizer):
    """w <- w + eta * d with d = -g * sqrt(u + epsilon) / sqrt(r + epsilon).

    Here r is the decaying average of g^2, taken before d, and u that of d^2, taken after.

    Args:
        learning_rate: A number, a ``LearningRateSchedule`` or a function without arguments.
        rho: Decay rate of both averages, in [0, 1].
        epsilon: Small number against division by zero, >= 0.
        weight_decay: Decoupled decay: before each update w <- w - weight_decay * eta * w.
        clipnorm: Each gradient is scaled down to this Euclidean norm.
        clipvalue: Each entry of a gradient is cut to [-clipvalue, clipvalue].
        global_clipnorm: All gradients together are scaled down to this Euclidean norm.
        use_ema: Whether to keep moving averages of the weights, which replace them when `fit`
            ends.
        ema_momentum: What an update keeps of the averages, in [0, 1].
        ema_overwrite_frequency: Updates after which the averages replace the weights; None for
            the end of `fit` alone.
        loss_scale_factor: What `scale_loss` multiplies a loss by; `apply` divides gradients by it.
        gradient_accumulation_steps: Gradients whose mean makes an update, >= 2; None for one.
        name: A name; None makes one from the class.
        **kwargs: None is accepted.

    Source: Zeiler, arXiv:1212.5701 (eta = 1 there).

    Example:
        >>> Adadelta(learning_rate=0.25).get_config()["learning_rate"]
        0.25
    """

    _kernel: ClassVar[str] = "adadelta"
    _hyper: ClassVar[tuple[str, ...]] = ("rho", "epsilon")

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule | Callable[[], float] = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            learning_rate,
            weight_decay,
            clipnorm,
            clipvalue,
            global_clipnorm,
            use_ema,
            ema_momentum,
            ema_overwrite_frequency,
            loss_scale_factor,
            gradient_accumulation_steps,
            name,
            **kwargs,
        )
        self.rho = real(rho, "rho", low=0.0, high=1.0)
        self.epsilon = real(epsilon, "epsilon", low=0.0)
