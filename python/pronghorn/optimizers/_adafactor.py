"""Adafactor."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from pronghorn._numbers import real
from pronghorn.optimizers._optimizer import REGISTRY, Optimizer
from pronghorn.optimizers.schedules import LearningRateSchedule


@REGISTRY.add()
class Adafactor(Optimizer):
    """Scaling by a factored average of g^2, for steps relative to the size of the weights.

    q = g^2 + epsilon_1, b = 1 - t^beta_2_decay. The averages r <- b * r + (1 - b) * q of q's rows,
    and c of its columns, give s = r c^T / mean(r) over the last two axes; vectors keep s itself.
    u = g / sqrt(s), divided by max(1, rms(u) / clip_threshold);
    w <- w - max(epsilon_2, rms(w)) * min(eta, 1 / sqrt(t)) * u.

    Args:
        learning_rate: A number, a ``LearningRateSchedule`` or a function without arguments.
        beta_2_decay: Exponent of the decay rate, <= 0.
        epsilon_1: Added to g^2, >= 0.
        epsilon_2: Least size of the weights, >= 0.
        clip_threshold: Greatest root mean square of u, > 0.
        relative_step: Has no effect, as in Keras: eta is never above 1 / sqrt(t).
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


    Source: Shazeer & Stern, arXiv:1804.04235, algorithms 4 and 5.

    Example:
        >>> Adafactor(learning_rate=0.25).get_config()["learning_rate"]
        0.25
    """

    _kernel: ClassVar[str] = "adafactor"
    _hyper: ClassVar[tuple[str, ...]] = (
        "beta_2_decay",
        "epsilon_1",
        "epsilon_2",
        "clip_threshold",
        "relative_step",
    )

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule | Callable[[], float] = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
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
        self.beta_2_decay = real(beta_2_decay, "beta_2_decay", high=0.0)
        self.epsilon_1 = real(epsilon_1, "epsilon_1", low=0.0)
        self.epsilon_2 = real(epsilon_2, "epsilon_2", low=0.0)
        self.clip_threshold = real(clip_threshold, "clip_threshold", low=0.0, open_low=True)
        self.relative_step = bool(relative_step)

    @staticmethod
    def _slot_shape(slot: str, shape: tuple[int, ...]) -> tuple[int, ...]:
        if slot == "row":
            return shape[:-1]
        return (*shape[:-2], shape[-1]) if slot == "column" else shape

    @staticmethod
    def _slot_name(slot: str, path: str) -> str:
        name = path.replace("/", "_")
        return name if slot in ("row", "column") else f"{name}_{slot}"

    def _in_written_order(self, places: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
        # Keras has rows and columns of every variable, and integers where there are none.
        numbers = sorted({number for name, number in places if name == "velocity"})
        common = [place for place in places if place[0] not in ("row", "column", "velocity")]
        return super()._in_written_order(common) + [
            (name, number) for number in numbers for name in ("row", "column", "velocity")
        ]
