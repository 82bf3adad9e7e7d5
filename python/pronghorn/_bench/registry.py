"""Who is measured: one row a peer."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Peer:
    """A library in one way of use.

    ``module`` is a file of ``runners``; ``options`` go to its ``Trainer`` or ``Predictor``.
    ``requires`` are the packages that must be importable, ``environment`` is set before the
    process starts. ``in_quick`` is false for the peers that take long to start or to compile.
    """

    name: str
    module: str
    requires: tuple[str, ...]
    options: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    in_quick: bool = True

    def missing(self) -> list[str]:
        """The required packages that this interpreter cannot import."""
        return [name for name in self.requires if importlib.util.find_spec(name) is None]


def _keras(name: str, backend: str, package: str, **options: str) -> Peer:
    environment = {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    quick = backend == "jax"
    return Peer(name, "keras_runner", ("keras", package), options, environment, quick)


PRONGHORN = "pronghorn"

TRAINERS: dict[str, Peer] = {
    p.name: p
    for p in (
        Peer(PRONGHORN, "pronghorn_runner", ("pronghorn",)),
        Peer("torch", "torch_runner", ("torch",), {"variant": "eager"}),
        Peer("torch-fused", "torch_runner", ("torch",), {"variant": "fused"}),
        Peer("torch-compiled", "torch_runner", ("torch",), {"variant": "compiled"}, in_quick=False),
        Peer("jax-step", "jax_runner", ("jax",), {"variant": "step"}),
        Peer("jax-scan", "jax_runner", ("jax",), {"variant": "scan"}),
        _keras("keras-jax", "jax", "jax"),
        _keras("keras-tf", "tensorflow", "tensorflow"),
        _keras("keras-torch", "torch", "torch"),
        Peer("sklearn", "sklearn_runner", ("sklearn",)),
    )
}

# Training steps of which a part is the user's own Python, beside the plain loop of PyTorch.
STEPPERS: dict[str, Peer] = {
    p.name: p
    for p in (
        TRAINERS["torch"],
        Peer("own-loss", "steps_runner", (PRONGHORN,), {"variant": "loss"}),
        Peer("own-step", "steps_runner", (PRONGHORN,), {"variant": "step"}),
        Peer("own-layers", "steps_runner", (PRONGHORN,), {"variant": "layers"}),
        Peer("recorded", "steps_runner", (PRONGHORN,), {"variant": "recorded"}),
    )
}

PREDICTORS: dict[str, Peer] = {
    p.name: p
    for p in (
        Peer(PRONGHORN, "pronghorn_runner", ("pronghorn",), {"call": "predict_on_batch"}),
        Peer("pronghorn-predict", "pronghorn_runner", ("pronghorn",), {"call": "predict"}),
        Peer("numpy", "numpy_runner", ("numpy",)),
        Peer("onnxruntime", "onnxruntime_runner", ("onnxruntime", "onnx")),
        Peer("torch", "torch_runner", ("torch",)),
        Peer("jax", "jax_runner", ("jax",)),
        Peer("sklearn", "sklearn_runner", ("sklearn",)),
        _keras("keras-jax", "jax", "jax", call="predict_on_batch"),
        _keras("keras-jax-predict", "jax", "jax", call="predict"),
        _keras("keras-tf", "tensorflow", "tensorflow", call="predict_on_batch"),
        _keras("keras-torch", "torch", "torch", call="predict_on_batch"),
    )
}

# By what is measured.
PEERS = {"train": TRAINERS, "steps": STEPPERS, "predict": PREDICTORS}
