"""Random models with random losses and optimizers, two steps each."""

import numpy as np
import pytest
from _pairs import LIBRARIES, assert_weights_equal, compile_pair, pair
from _random_models import describe, random_inputs

_LOSSES = ("mean_squared_error", "mean_absolute_error", "huber", "softmax", "sigmoid", "one_hot")
_OPTIMIZERS = ("SGD", "RMSprop", "Adagrad", "Adam", "Adamax", "Nadam")


def _loss(library, kind: str):
    losses = library.losses
    return {
        "softmax": lambda: losses.SparseCategoricalCrossentropy(from_logits=True),
        "sigmoid": lambda: losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1),
        "one_hot": lambda: losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.2),
        "huber": lambda: losses.Huber(delta=0.5),
    }.get(kind, lambda: kind)()


def _target(kind: str, rows: int, width: int, rng: np.random.Generator):
    if kind == "softmax":
        return rng.integers(0, width, rows)
    if kind == "sigmoid":
        return rng.integers(0, 2, (rows, width)).astype("float32")
    if kind == "one_hot":
        return np.eye(width, dtype="float32")[rng.integers(0, width, rows)]
    return rng.standard_normal((rows, width)).astype("float32")


@pytest.mark.parametrize("group", range(6))
def test_two_steps(group: int) -> None:
    for seed in range(1000 + 5 * group, 1005 + 5 * group):
        rng = np.random.default_rng(seed)
        description = describe(seed, dropout=False)
        models = pair(description.build)
        kinds = [str(rng.choice(_LOSSES)) for _ in description.outputs]
        optimizer = str(rng.choice(_OPTIMIZERS))

        def arguments(library, kinds=kinds, optimizer=optimizer):
            loss = [_loss(library, kind) for kind in kinds]
            return {
                "optimizer": getattr(library.optimizers, optimizer)(0.003, global_clipnorm=1.0),
                "loss": loss if len(loss) > 1 else loss[0],
            }

        compile_pair(models, arguments)
        widths = [tuple(o.shape)[-1] for o in models.keras.outputs]
        for _ in range(2):
            x = random_inputs(description, 16, rng)
            y = [_target(k, 16, w, rng) for k, w in zip(kinds, widths, strict=True)]
            logs = [m.train_on_batch(x, y if len(y) > 1 else y[0]) for m in models]
            np.testing.assert_allclose(logs[1], logs[0], rtol=5e-5, err_msg=f"seed {seed}")
        assert_weights_equal(models)


def test_libraries_are_two() -> None:
    """Nothing here would show anything if both names meant one library."""
    assert LIBRARIES[0] is not LIBRARIES[1]
