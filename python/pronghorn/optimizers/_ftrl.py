"""Ftrl."""

from collections.abc import Callable
from typing import Any, ClassVar

from pronghorn._numbers import real
from pronghorn.optimizers._optimizer import REGISTRY, Optimizer
from pronghorn.optimizers.schedules import LearningRateSchedule


@REGISTRY.add()
class Ftrl(Optimizer):
    """Follow the regularised leader: weights from all gradients so far, many of them exactly zero.

    With p = -learning_rate_power and a = n + g^2: z <- z + g + 2 * shrinkage * w -
    (a^p - n^p) * w / eta; n <- a; then w <- 0 where |z| <= l1, otherwise
    w <- (sign(z) * l1 - z) / (a^p / eta + 2 * l2 + beta / eta).

    Args:
        learning_rate: A number, a ``LearningRateSchedule`` or a function without arguments.
        learning_rate_power: How the learning rate falls with n, <= 0.
        initial_accumulator_value: The first n, >= 0.
        l1_regularization_strength: l1, >= 0.
        l2_regularization_strength: l2, >= 0.
        l2_shrinkage_regularization_strength: shrinkage, >= 0: a penalty on the size of weights
            that acts through the gradient.
        beta: beta of the paper, >= 0.
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

    Source: McMahan et al., KDD 2013, algorithm 1.

    Example:
        >>> Ftrl(learning_rate=0.25).get_config()["learning_rate"]
        0.25
    """

    _kernel: ClassVar[str] = "ftrl"
    _hyper: ClassVar[tuple[str, ...]] = (
        "learning_rate_power",
        "initial_accumulator_value",
        "l1_regularization_strength",
        "l2_regularization_strength",
        "l2_shrinkage_regularization_strength",
        "beta",
    )

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule | Callable[[], float] = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
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
        self.learning_rate_power = real(learning_rate_power, "learning_rate_power", high=0.0)
        self.initial_accumulator_value = real(
            initial_accumulator_value, "initial_accumulator_value", low=0.0
        )
        self.l1_regularization_strength = real(
            l1_regularization_strength, "l1_regularization_strength", low=0.0
        )
        self.l2_regularization_strength = real(
            l2_regularization_strength, "l2_regularization_strength", low=0.0
        )
        self.l2_shrinkage_regularization_strength = real(
            l2_shrinkage_regularization_strength, "l2_shrinkage_regularization_strength", low=0.0
        )
        self.beta = real(beta, "beta", low=0.0)
