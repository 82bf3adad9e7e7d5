"""Arguments and input shapes with which every layer is tested, here and against Keras."""

from __future__ import annotations

from typing import Any, NamedTuple


class Case(NamedTuple):
    """One layer: its class, its arguments, and the shape of a sample of each input."""

    name: str
    arguments: dict[str, Any]
    shapes: list[tuple[int, ...]]
    kinks: bool = False  # its derivative jumps where inputs are equal or zero

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
RANDOM = {"Dropout"}

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
    "Dense": [({"units": 3}, (4,)), ({"units": 2, "activation": "relu"}, (3, 4))],
    "Dropout": [({"rate": 0.4, "seed": 3}, (6,))],
    "ELU": [({"alpha": 0.7}, (5,))],
    "Flatten": [({}, (2, 3))],
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
    "LeakyReLU": [({"negative_slope": 0.2}, (5,))],
    "RMSNormalization": [({}, (6,)), ({"axis": [1, 2]}, (2, 3)), ({"epsilon": 0.3}, (2, 3))],
    "ReLU": [({}, (5,)), ({"max_value": 0.8, "negative_slope": 0.1, "threshold": 0.1}, (5,))],
    "Reshape": [({"target_shape": (3, -1)}, (6,)), ({"target_shape": (4,)}, (2, 2))],
    "Softmax": [({}, (4,))],
    "UnitNormalization": [({}, (4,)), ({"axis": 1}, (3, 2)), ({"axis": [1, 2]}, (2, 3))],
}
