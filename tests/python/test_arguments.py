"""Wrong values for every argument of every public class and function: errors that name it."""

import importlib
import inspect
import pickle
import re
import warnings

import numpy as np
import pytest

import pronghorn as keras
from pronghorn import _arguments, layers, losses

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 3)).astype("float32")
SQUARE = np.eye(3, dtype="float32") * 2
LABELS = np.array([0, 1, 2, 0])
SHARES = np.full((4, 3), 1 / 3, "float32")


class Odd:
    """Nothing that any argument takes."""

    def __repr__(self):
        return "<an odd thing>"


def model():
    return keras.Sequential([keras.Input((3,)), layers.Dense(2)])


WRONG = [Odd(), "no such thing", [Odd()], np.ones((2, 2)), -7, float("nan"), 1j, lambda: 1]
# What stands for required arguments, by their names, and where that does not do, by the callable's.
USUAL = {
    **dict.fromkeys(("x", "x1", "x2", "x3", "a", "b", "inputs", "v", "data", "array"), X),
    "y_true": np.abs(X),
    "y_pred": SHARES[:, :3],
    "xs": [X, X],
    "condition": X > 0,
    "units": 2,
    "output_dim": 2,
    "input_dim": 5,
    "num_bins": 4,
    "num_classes": 3,
    "n": 2,
    "rate": 0.5,
    "stddev": 0.5,
    "target_shape": (3,),
    "dims": (1,),
    "axes": 1,
    "axis": -1,
    "equation": "ab,bc->ac",
    "output_shape": 2,
    "activation": "relu",
    "shape": (2, 3),
    "function": abs,
    "fn": abs,
    "schedule": lambda epoch: 0.1,
    "layer": layers.Dense(2),
    "sensitivity": 0.5,
    "specificity": 0.5,
    "recall": 0.5,
    "precision": 0.5,
    "q": 0.5,
    "target_class_ids": [0],
    "filepath": "m.keras",
    "filename": "a.csv",
    "backup_dir": "b",
    "initial_learning_rate": 0.1,
    "decay_steps": 5,
    "decay_rate": 0.5,
    "learning_rate": 0.1,
    "boundaries": [1],
    "values": [0.1, 0.2],
    "first_decay_steps": 4,
    "target": 5,
    "model": None,
    "inner_optimizer": keras.optimizers.SGD(),
    "default_optimizer": keras.optimizers.SGD(),
    "name": "n",
    "alpha": 1.0,
    "beta": 1.0,
    "threshold": 0.5,
    "default_value": 0.0,
    "minval": 0,
    "maxval": 5,
    "counts": np.array([1]),
    "probabilities": 0.5,
    "logits": X,
    "num_samples": 2,
    "dtype": "float32",
    "indices": LABELS[:2],
    "repeats": 2,
    "shift": 1,
    "source": 0,
    "destination": 1,
    "axis1": 0,
    "axis2": 1,
    "start": 0,
    "stop": 5,
    "num": 3,
    "fill_value": 1.0,
    "x_min": -1.0,
    "x_max": 1.0,
    "newshape": (3, 4),
    "mean": X * 0,
    "k": 1,
    "variance": X * 0 + 1,
    "bins": [0.0, 1.0],
    "key": 0,
    "start_indices": (0, 0),
    "N": 3,
    "updates": X[:1],
    "indices_or_sections": 2,
    "segment_ids": LABELS,
    "num_segments": 3,
    "features": {"a": "float"},
    "sequences": [[1], [2, 3]],
    "custom_objects": {},
    "subscripts": "ab->a",
    "pad_width": 1,
    "variable": X,
    "output": SHARES,
}
OWN = {
    "layers.CategoryEncoding": {"num_tokens": 3},
    "layers.Discretization": {"bin_boundaries": [0.0, 1.0]},
    "layers.Rescaling": {"scale": 0.5},
    **{
        f"layers.{name}": {"inputs": [X, X]}
        for name in ("add", "average", "concatenate", "dot", "maximum", "minimum", "multiply")
    },
    "layers.subtract": {"inputs": [X, X]},
    "layers.Input": {"shape": (3,)},
    "layers.InputLayer": {"shape": (3,)},
    "activations.glu": {"x": X[:, :2]},
    "losses.categorical_generalized_cross_entropy": {"y_true": LABELS},
    "losses.circle": {"y_true": LABELS},
    "losses.sparse_categorical_crossentropy": {"y_true": LABELS},
    "metrics.sparse_categorical_accuracy": {"y_true": LABELS},
    "metrics.sparse_categorical_crossentropy": {"y_true": LABELS},
    "metrics.sparse_top_k_categorical_accuracy": {"y_true": LABELS},
    "ops.arange": {"stop": 5},
    "ops.matmul": {"x2": X.T},
    "ops.dot": {"x2": X.T},
    "ops.tensordot": {"x2": X.T, "axes": 1},
    "ops.solve": {"a": SQUARE, "b": X.T},
    "ops.solve_triangular": {"a": SQUARE, "b": X.T},
    "ops.lstsq": {"b": X[:, :1]},
    "ops.batch_normalization": {"mean": X[0], "variance": X[0] ** 2},
    "ops.one_hot": {"x": LABELS},
    "ops.multi_hot": {"inputs": LABELS, "num_classes": 3},
    "ops.glu": {"x": X[:, :2]},
    "ops.sparse_categorical_crossentropy": {"target": LABELS},
    "ops.categorical_crossentropy": {"target": SHARES},
    "ops.binary_crossentropy": {"target": SHARES},
    "ops.take_along_axis": {"indices": LABELS[:, None], "axis": 1},
    "ops.scatter": {"indices": [[0], [1]], "values": [1.0, 2.0], "shape": (4,)},
    "ops.scatter_update": {"inputs": X[:, 0], "indices": [[0], [1]], "updates": [1.0, 2.0]},
    "ops.diag": {"x": X[0]},
    "ops.broadcast_to": {"x": X[0]},
    "ops.vdot": {"x1": X[0], "x2": X[0]},
    "ops.kron": {"x1": SQUARE, "x2": SQUARE},
    **{f"ops.{name}": {"x": SQUARE} for name in ("cholesky", "det", "inv", "logdet", "slogdet")},
    "ops.eigh": {"x": SQUARE},
    "utils.to_categorical": {"x": LABELS},
    "utils.get_registered_object": {},
    "utils.split_dataset": {"dataset": X, "left_size": 0.5},
    **{
        f"{home}.{name}": {"model": model()}
        for home, name in (
            ("utils", "model_to_dot"),
            ("models", "clone_model"),
        )
    },
}
MODULES = (
    *("activations", "callbacks", "constraints", "initializers", "layers", "losses", "metrics"),
    *("ops", "optimizers", "optimizers.schedules", "random", "regularizers", "utils"),
)
# Which take objects of any kind, names or configurations, call functions of the user's, write
# files, or change settings.
ANYTHING = re.compile(
    r"\.(get|serialize|deserialize\w*|serialize_keras_object|Merge|plot_model|get_file"
    r"|get_registered_name|is_keras_tensor|is_tensor|(un)?pack_x_y_sample_weight|set_random_seed"
    r"|array|convert_to_\w+|dtype|ndim|shape|size|stop_gradient|einsum|get_item|Config"
    r"|(dis|en)able_\w+|is_interactive\w+|clear_session|grad|value_and_grad|GradientTape"
    r"|(associative_)?scan|cond|(fori|while)_loop|(vectorized_)?map|switch|vectorize"
    r"|standardize_dtype|CallbackList|MultiOptimizer|Wrapper|custom_object_scope)$"
)


def callables():
    for home in MODULES:
        module = importlib.import_module(f"pronghorn.{home}")
        for name in module.__all__:
            thing, label = getattr(module, name), f"{home}.{name}"
            if callable(thing) and not ANYTHING.search(label):
                yield label, thing


def usual(label, signature):
    """Arguments with which the call works."""
    own = OWN.get(label, {})
    return {
        name: own.get(name, USUAL.get(name))
        for name, parameter in signature.parameters.items()
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        and (parameter.default is parameter.empty or name in own)
    }


CALLABLES = dict(callables())


def test_most_of_the_package_is_here():
    assert len(CALLABLES) > 400


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("label", CALLABLES)
def test_wrong_values_are_named(label, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where what is accepted as a path may be
    thing = CALLABLES[label]
    signature = inspect.signature(thing)
    arguments = usual(label, signature)
    thing(**arguments)
    for name, parameter in signature.parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        for wrong in WRONG:
            try:
                thing(**{**arguments, name: wrong})
            except (TypeError, ValueError) as error:
                text = str(error)
                named = any(f"`{key}" in text or f"{key}=" in text for key in signature.parameters)
                # "Unknown mode 'x'" and "Layer 'y' takes arrays ..." are as clear.
                named = named or name in text or text.startswith("Layer ")
                assert named or repr(wrong) in text, (name, wrong, text)


@pytest.mark.parametrize("label", [name for name in CALLABLES if name.split(".")[-1][0].isupper()])
def test_flags_numbers_and_texts_are_checked(label):
    """What an annotation promises is not taken from just anything, such as a text for a flag."""
    thing = CALLABLES[label]
    signature = inspect.signature(thing)
    arguments = usual(label, signature)
    for name, parameter in signature.parameters.items():
        if str(parameter.annotation) in ("bool", "<class 'bool'>", "int", "<class 'int'>"):
            with pytest.raises((TypeError, ValueError), match=name):
                thing(**{**arguments, name: "yes"})


def test_what_is_accepted():
    """NumPy's numbers, flags as 0 and 1, names that are made later."""
    layer = layers.Dense(np.int64(3), use_bias=1, name=None)
    assert layer.units == 3
    assert keras.callbacks.EarlyStopping(patience=np.int32(2), verbose=True).patience == 2
    assert losses.Huber(np.float32(0.5)).get_config()["delta"] == 0.5
    assert keras.optimizers.SGD(0.1, momentum=np.array(0.5)).momentum == 0.5


def test_a_users_class_is_its_own_business():
    class Mine(layers.Layer):
        def __init__(self, width: int = 3):
            super().__init__()
            self.width = width

    assert Mine("wide").width == "wide"
    with pytest.raises(TypeError, match="`name` of a layer"):
        layers.Layer(name=3)


def test_an_error_says_what_was_given():
    with pytest.raises(ValueError, match=r"Received: concatenate\(xs=\[.*axis=5\)|`axis`|axis=5"):
        keras.ops.concatenate([X, X], axis=5)
    with pytest.raises(TypeError, match=r"Received: Dense\(units=2, kernel_initializer=<an odd"):
        layers.Dense(2, kernel_initializer=Odd())
    with pytest.raises(TypeError, match=r"`axis` of softmax must be an integer"):
        keras.activations.softmax(X, axis=Odd())


def test_arguments_of_a_call():
    with pytest.raises(TypeError, match=r"'flat' \(Flatten\) takes only `training`.*\['mask'\]"):
        layers.Flatten(name="flat")(X, mask=X > 0)
    with pytest.raises(TypeError, match=r"takes only `training` and `mask` .*\['masks'\]"):
        layers.Softmax()(X, masks=X > 0)


def test_the_outermost_call_explains():
    @_arguments.explained
    def inner(x):
        return x[0]

    @_arguments.explained
    def outer(values):
        return inner(values)

    with pytest.raises(
        ValueError, match=r"^tuple index out of range. Received: outer\(values=\(\)"
    ):
        outer(())


def test_signatures_pickles_and_warnings_stay():
    assert list(inspect.signature(layers.Dropout).parameters) == [
        "rate", "noise_shape", "seed", "kwargs",
    ]  # fmt: skip
    assert pickle.loads(pickle.dumps(keras.activations.relu)) is keras.activations.relu
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        layers.LeakyReLU(alpha=0.1)
        keras.callbacks.EarlyStopping(mode="up")
    assert [warning.filename for warning in caught] == [__file__, __file__]
