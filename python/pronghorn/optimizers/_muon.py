"""Muon."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from pronghorn._numbers import integer, real
from pronghorn.optimizers._optimizer import REGISTRY, Optimizer
from pronghorn.optimizers.schedules import LearningRateSchedule

if TYPE_CHECKING:
    from pronghorn._engine import OptimizerSpec


@REGISTRY.add()
class Muon(Optimizer):
    """Momentum whose direction for a matrix is made nearly orthogonal; Adam for the rest.

    m <- momentum * m + g; x = g + momentum * m (Nesterov) or m; u is x after ns_steps iterations
    u <- a u + (b A + c A^2) u with A = u u^T, from u = x / |x|;
    w <- w - eta * rms_rate * sqrt(max(rows, columns)) * u. Variables that are no matrices,
    embeddings and those of `exclude_layers` follow Adam.

    Args:
        learning_rate: A number, a ``LearningRateSchedule`` or a function without arguments.
        adam_beta_1: Adam's decay rate of the average of g, in [0, 1).
        adam_beta_2: Adam's decay rate of the average of g^2, in [0, 1).
        adam_weight_decay: Decoupled decay of Adam's variables; None for none.
        epsilon: Adam's small number against division by zero, >= 0.
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
        exclude_layers: Regular expressions; variables in whose path one is found follow Adam.
        exclude_embeddings: Whether variables with "embedding" in their path follow Adam.
        muon_a: a of the iterations.
        muon_b: b of the iterations.
        muon_c: c of the iterations.
        adam_lr_ratio: What eta is multiplied by for Adam's variables.
        momentum: Decay rate of m, in [0, 1].
        ns_steps: Number of iterations.
        nesterov: Whether the direction looks ahead.
        rms_rate: Factor of the scale; None for no scale at all.
        **kwargs: None is accepted.


    Source: Jordan et al., "Muon", 2024; Liu et al., arXiv:2502.16982, for the scale.

    Example:
        >>> Muon(learning_rate=0.25).get_config()["learning_rate"]
        0.25
    """

    _kernel: ClassVar[str] = "muon"
    _hyper: ClassVar[tuple[str, ...]] = (
        "adam_beta_1",
        "adam_beta_2",
        "epsilon",
        "exclude_layers",
        "muon_a",
        "muon_b",
        "muon_c",
        "adam_lr_ratio",
        "momentum",
        "ns_steps",
        "nesterov",
        "exclude_embeddings",
        "adam_weight_decay",
        "rms_rate",
    )

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule | Callable[[], float] = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float | None = 0.004,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        exclude_layers: Sequence[str] | str | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.775,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
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
        self.adam_beta_1 = real(adam_beta_1, "adam_beta_1", low=0.0, high=1.0, open_high=True)
        self.adam_beta_2 = real(adam_beta_2, "adam_beta_2", low=0.0, high=1.0, open_high=True)
        self.adam_weight_decay = (
            None
            if adam_weight_decay is None
            else real(adam_weight_decay, "adam_weight_decay", low=0.0)
        )
        self.epsilon = real(epsilon, "epsilon", low=0.0)
        patterns = [exclude_layers] if isinstance(exclude_layers, str) else exclude_layers or []
        self.exclude_layers = list(patterns)
        self.exclude_embeddings = bool(exclude_embeddings)
        self.muon_a = real(muon_a, "muon_a")
        self.muon_b = real(muon_b, "muon_b")
        self.muon_c = real(muon_c, "muon_c")
        self.adam_lr_ratio = real(adam_lr_ratio, "adam_lr_ratio", low=0.0)
        self.momentum = real(momentum, "momentum", low=0.0, high=1.0)
        self.ns_steps = integer(ns_steps, "ns_steps", low=0)
        self.nesterov = bool(nesterov)
        self.rms_rate = None if rms_rate is None else real(rms_rate, "rms_rate", low=0.0)

    def _follows_adam(self, variable: Any) -> bool:
        if len(variable.shape) != 2:
            return True
        if self.exclude_embeddings and "embedding" in variable.path.lower():
            return True
        return any(re.search(pattern, variable.path) for pattern in self.exclude_layers)

    def _engine_spec(self, variables: Sequence[Any] = ()) -> OptimizerSpec:
        spec = super()._engine_spec(variables)
        apart = [i for i, variable in enumerate(variables) if self._follows_adam(variable)]
        if apart:
            spec["apart"] = apart
        return spec

    def _decay_of(self, variable: Any) -> float | None:
        return self.adam_weight_decay if self._follows_adam(variable) else self.weight_decay

    def _rule_spec(self) -> OptimizerSpec:
        spec = super()._rule_spec()
        spec["hyper"]["adam_weight_decay"] = 0.0
        return spec

    def _engine_hyper(self) -> dict[str, float]:
        # What is None here is zero for a decay, and below zero for a scale that is none.
        named = {
            name: getattr(self, name) for name in self._hyper if not name.startswith("exclude")
        }
        named["adam_weight_decay"] = self.adam_weight_decay or 0.0
        named["rms_rate"] = -1.0 if self.rms_rate is None else self.rms_rate
        return {name: float(value) for name, value in named.items()}
