"""SGD."""

from collections.abc import Callable
from typing import Any, ClassVar

from pronghorn._numbers import real
from pronghorn.optimizers._optimizer import REGISTRY, Optimizer
from pronghorn.optimizers.schedules import LearningRateSchedule


@REGISTRY.add()
class SGD(Optimizer):
    """Gradient descent: w <- w - eta * g, optionally with momentum mu.

    With momentum: v <- mu * v - eta * g, then w <- w + v, or for Nesterov
    w <- w + mu * v - eta * g.

    Args:
        learning_rate: A number, a ``LearningRateSchedule`` or a function without arguments.
        momentum: mu, in [0, 1].
        nesterov: True for Nesterov's form of momentum.
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

    Source: Robbins & Monro, Ann. Math. Stat. 22, 1951; Sutskever et al., ICML 2013.

    Example:
        >>> SGD(learning_rate=0.25).get_config()["learning_rate"]
        0.25
    """

    _kernel: ClassVar[str] = "sgd"
    _hyper: ClassVar[tuple[str, ...]] = ("momentum", "nesterov")

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule | Callable[[], float] = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
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
        self.momentum = real(momentum, "momentum", low=0.0, high=1.0)
        self.nesterov = bool(nesterov)
