"""AdamW."""

from collections.abc import Callable
from typing import Any, ClassVar

from pronghorn._numbers import real
from pronghorn.optimizers._optimizer import REGISTRY, Optimizer
from pronghorn.optimizers.schedules import LearningRateSchedule


@REGISTRY.add()
class AdamW(Optimizer):
    """Adam with decoupled weight decay.

    w <- w - weight_decay * eta * w, then Adam's step w <- w - a_t * m / (sqrt(s) + epsilon).

    Args:
        learning_rate: A number, a ``LearningRateSchedule`` or a function without arguments.
        weight_decay: Decoupled decay: before each update w <- w - weight_decay * eta * w.
        beta_1: Decay rate of the average of g, in [0, 1).
        beta_2: Decay rate of the average of g^2, in [0, 1).
        epsilon: Small number against division by zero, >= 0.
        amsgrad: True to divide by the largest average so far (Reddi et al., ICLR 2018).
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

    Source: Loshchilov & Hutter, arXiv:1711.05101.

    Example:
        >>> AdamW(learning_rate=0.25).get_config()["learning_rate"]
        0.25
    """

    _kernel: ClassVar[str] = "adamw"
    _hyper: ClassVar[tuple[str, ...]] = ("beta_1", "beta_2", "epsilon", "amsgrad")
    _later_slots: ClassVar[tuple[str, ...]] = ("velocity_hat",)

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule | Callable[[], float] = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
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
        if weight_decay is None:
            raise ValueError(
                "[AdamW] `weight_decay` must be a number; without decay use Adam. Received None."
            )
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
        self.beta_1 = real(beta_1, "beta_1", low=0.0, high=1.0, open_high=True)
        self.beta_2 = real(beta_2, "beta_2", low=0.0, high=1.0, open_high=True)
        self.epsilon = real(epsilon, "epsilon", low=0.0)
        self.amsgrad = bool(amsgrad)
