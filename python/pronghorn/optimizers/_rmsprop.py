"""RMSprop."""

from collections.abc import Callable
from typing import Any, ClassVar

from pronghorn._numbers import real
from pronghorn.optimizers._optimizer import REGISTRY, Optimizer
from pronghorn.optimizers.schedules import LearningRateSchedule


@REGISTRY.add()
class RMSprop(Optimizer):
    """r <- rho * r + (1 - rho) * g^2, then w <- w - eta * g / sqrt(r + epsilon).

    Centered: a <- rho * a + (1 - rho) * g, and r - a^2 stands for r. With momentum the step
    s = eta * g / sqrt(...) is gathered as m <- mu * m + s, and w <- w - m.

    Args:
        learning_rate: A number, a ``LearningRateSchedule`` or a function without arguments.
        rho: Decay rate of the average of g^2, in [0, 1].
        momentum: mu, in [0, 1].
        epsilon: Small number against division by zero, >= 0.
        centered: True to use the variance of g instead of its mean square.
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

    Source: Tieleman & Hinton, Coursera lecture 6.5, 2012; Graves, arXiv:1308.0850 (centered).

    Example:
        >>> RMSprop(learning_rate=0.25).get_config()["learning_rate"]
        0.25
    """

    _kernel: ClassVar[str] = "rmsprop"
    _hyper: ClassVar[tuple[str, ...]] = ("rho", "momentum", "epsilon", "centered")
    _later_slots: ClassVar[tuple[str, ...]] = ("momentum", "average_gradient")

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule | Callable[[], float] = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
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
        self.momentum = real(momentum, "momentum", low=0.0, high=1.0)
        self.epsilon = real(epsilon, "epsilon", low=0.0)
        self.centered = bool(centered)
