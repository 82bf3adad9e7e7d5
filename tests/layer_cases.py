"""Arguments and input shapes with which every layer is tested, here and against Keras."""

from __future__ import annotations

from typing import Any, NamedTuple


class Case(NamedTuple):
    """One layer: its class, its arguments, and the shape of a sample of each input."""

    name: str
    arguments: dict[str, Any]
    shapes: list[tuple[int, ...]]

    def make(self, library: Any, **more: Any) -> Any:
        """The layer, of either library."""
        return getattr(library.layers, self.name)(**self.arguments, **more)

    @property
    def takes_list(self) -> bool:
        """Whether the layer is called on a list."""
        return len(self.shapes) > 1

    def __str__(self) -> str:
        arguments = ",".join(f"{key}={value}" for key, value in self.arguments.items())
        return f"{self.name}({arguments}){self.shapes}".replace(" ", "")


def cases() -> list[Case]:
    """Every case."""
    return [
        Case(name, arguments, list(shapes))
        for name, sets in _SETS.items()
        for arguments, *shapes in sets
    ]


# Random in training: compared with Keras in inference only.
RANDOM = {"AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise"}
# Whose inputs are whole numbers below `input_dim`.
INTEGER = {"Embedding"}

# By class: arguments, then the shapes of the inputs.
_SETS: dict[str, list[tuple[Any, ...]]] = {
    "Activation": [({"activation": "tanh"}, (5,)), ({"activation": "softmax"}, (2, 3))],
    "Add": [({}, (4,), (4,)), ({}, (2, 3), (2, 3), (2, 3))],
    "BatchNormalization": [
        ({}, (5,)),
        ({"momentum": 0.7, "epsilon": 0.1, "scale": False}, (4,)),
        ({"center": False}, (3, 4)),
        ({"axis": 1, "beta_regularizer": "l2", "gamma_regularizer": "l1"}, (3, 4)),
        ({"axis": 2}, (3, 2, 2)),
    ],
    "Concatenate": [({}, (2,), (3,)), ({"axis": 1}, (2, 3), (1, 3))],
    "Dense": [
        ({"units": 3}, (4,)),
        ({"units": 2, "activation": "relu"}, (3, 4)),
        ({"units": 3, "activity_regularizer": "l2"}, (4,)),
    ],
    "Dropout": [({"rate": 0.4, "seed": 3}, (6,)), ({"rate": 0.1, "seed": 4}, (2, 3))],
    "ELU": [({"alpha": 0.7}, (5,)), ({}, (2, 3))],
    "Flatten": [({}, (2, 3)), ({"data_format": "channels_last"}, (2, 3, 2))],
    "GroupNormalization": [
        ({"groups": 2}, (6,)),
        ({"groups": 3, "epsilon": 0.05, "center": False}, (4, 6)),
        ({"groups": -1, "gamma_regularizer": "l2"}, (3, 2)),
        ({"groups": 1, "scale": False}, (2, 3, 2)),
        ({"groups": 2, "axis": 1}, (4, 3)),
    ],
    "LayerNormalization": [
        ({}, (6,)),
        ({"epsilon": 0.2, "center": False, "gamma_regularizer": "l2"}, (2, 5)),
        ({"axis": [1, 2], "scale": False}, (3, 4)),
        ({"axis": [1, 2]}, (3, 4)),
        ({"axis": 1}, (3, 4)),
        ({"axis": [-1, 1]}, (2, 3, 4)),
    ],
    "LeakyReLU": [({"negative_slope": 0.2}, (5,)), ({}, (2, 3))],
    "RMSNormalization": [({}, (6,)), ({"axis": [1, 2]}, (2, 3)), ({"epsilon": 0.3}, (2, 3))],
    "ReLU": [({}, (5,)), ({"max_value": 0.8, "negative_slope": 0.1, "threshold": 0.1}, (5,))],
    "Reshape": [({"target_shape": (3, -1)}, (6,)), ({"target_shape": (4,)}, (2, 2))],
    "Softmax": [({}, (4,)), ({"axis": 1}, (3, 2)), ({"axis": [1, 2]}, (3, 2))],
    "UnitNormalization": [({}, (4,)), ({"axis": 1}, (3, 2)), ({"axis": [1, 2]}, (2, 3))],
    "ActivityRegularization": [({"l1": 0.1, "l2": 0.2}, (4,)), ({"l2": 0.3}, (2, 3))],
    "AlphaDropout": [({"rate": 0.4, "seed": 3}, (6,)), ({"rate": 0.1, "seed": 4}, (2, 3))],
    "Average": [({}, (4,), (4,), (4,)), ({}, (2, 3), (2, 1))],
    "Dot": [
        ({"axes": 1}, (4,), (4,)),
        ({"axes": (2, 1), "normalize": True}, (2, 3), (3, 4)),
        ({"axes": -1}, (2, 3), (3,)),
        ({"axes": (1, 3)}, (3, 2), (2, 2, 3)),
        ({"axes": 1, "normalize": True}, (4,), (4,)),
    ],
    "Embedding": [
        ({"input_dim": 7, "output_dim": 5}, (3,)),
        ({"input_dim": 60, "output_dim": 40, "embeddings_regularizer": "l2"}, (2, 2)),
    ],
    "GaussianDropout": [({"rate": 0.3, "seed": 3}, (6,)), ({"rate": 0.1, "seed": 4}, (2, 3))],
    "GaussianNoise": [({"stddev": 0.4, "seed": 3}, (2, 5)), ({"stddev": 0.9, "seed": 4}, (3,))],
    "Identity": [({}, (4,)), ({}, (2, 3))],
    "Masking": [({"mask_value": 0.5}, (3, 2)), ({}, (2, 3))],
    "Maximum": [({}, (4,), (4,)), ({}, (2, 3), (3,), (2, 1))],
    "Minimum": [({}, (4,), (4,)), ({}, (2, 3), (1, 3))],
    "Multiply": [({}, (4,), (4,)), ({}, (2, 3), (2, 3), (2, 3)), ({}, (2, 3), (1,))],
    "PReLU": [
        ({}, (5,)),
        ({"alpha_initializer": "ones", "alpha_regularizer": "l2"}, (2, 3)),
        ({"shared_axes": [1]}, (2, 3)),
        ({"shared_axes": [2]}, (2, 3, 2)),
    ],
    "Permute": [({"dims": (2, 1)}, (2, 3)), ({"dims": (3, 1, 2)}, (2, 3, 4))],
    "RepeatVector": [({"n": 3}, (4,)), ({"n": 1}, (2,))],
    "Rescaling": [
        ({"scale": 0.5, "offset": -1.0}, (4,)),
        ({"scale": [0.5, 2.0, 1.0], "offset": 0.1}, (2, 3)),
    ],
    "Subtract": [({}, (4,), (4,)), ({}, (2, 3), (2, 1))],
    "EinsumDense": [
        ({"equation": "ab,bc->ac", "output_shape": 3, "bias_axes": "c"}, (4,)),
        (
            {
                "equation": "abc,cde->aebd",
                "output_shape": (3, 2, 2),
                "activation": "tanh",
                "bias_axes": "e",
                "kernel_regularizer": "l2",
            },
            (2, 4),
        ),
        ({"equation": "abc,bcd->ad", "output_shape": 3, "bias_regularizer": "l1"}, (3, 2)),
        ({"equation": "...x,xy->...y", "output_shape": 5, "bias_axes": "y"}, (2, 3)),
        ({"equation": "ab...,bc->ac...", "output_shape": 2, "bias_axes": "c"}, (3, 2)),
    ],
}
