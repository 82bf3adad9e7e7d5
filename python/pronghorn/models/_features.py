"""What a column of a table is, and how it becomes numbers: the parts of a `FeatureSpace`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pronghorn import layers
from pronghorn._engine import Array
from pronghorn._numbers import integer
from pronghorn._serialization._objects import deserialize_keras_object, serialize_keras_object
from pronghorn._suggest import unknown
from pronghorn.layers._tables._table_layer import TableLayer, integers

_MODES = ("int", "one_hot", "float")
# Where Keras keeps these classes, for files.
_MODULE = "keras.src.layers.preprocessing.feature_space"


class TFDIdentity(TableLayer):
    """Numbers as they are, under the name that Keras gives it in files."""

    def _transform(self, inputs: Any) -> Array:
        return np.asarray(inputs, self._dtype)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The shape of the input."""
        return tuple(input_shape)


class TFDConcat(layers.Concatenate):
    """Joins features, under the name that Keras gives it in files."""


class Feature:
    """A column: the type of its values, the layer that prepares it, and its form at the end.

    Args:
        dtype: ``"string"``, or the name of an integer or floating-point type.
        preprocessor: A layer, or a function of an array.
        output_mode: ``"one_hot"``: the integers of the preprocessor become vectors; ``"int"`` or
            ``"float"``: they stay what the preprocessor makes.

    Raises:
        ValueError: For an unknown mode or type.
        TypeError: If the preprocessor cannot be called.

    Example:
        >>> Feature("float32", layers.Rescaling(0.5), "float").output_mode
        'float'
    """

    def __init__(self, dtype: Any, preprocessor: Any, output_mode: str) -> None:
        if output_mode not in _MODES:
            raise unknown("`output_mode` of a feature", output_mode, _MODES)
        if not isinstance(dtype, str) or not dtype.startswith(("string", "int", "uint", "float")):
            raise ValueError(
                "`dtype` of a feature must be 'string' or the name of a type of numbers. "
                f"Received: dtype={dtype!r}"
            )
        if not callable(preprocessor):
            raise TypeError(
                "`preprocessor` of a feature must be a layer or a function. "
                f"Received: preprocessor={preprocessor!r}"
            )
        self.dtype: str = dtype
        self.preprocessor, self.output_mode = preprocessor, output_mode

    def values(self, column: Any) -> Array:
        """A column as an array of the feature's type.

        Raises:
            TypeError: If it holds something else.
        """
        if self.dtype == "string":
            if isinstance(column, (str, bytes, list, tuple)):
                return np.asarray(column, object)  # arrays of text lose zeros at the end
            return np.asarray(column)
        array = np.asarray(column)
        if not self.dtype.startswith("float"):
            return integers(array, "the column")
        if array.dtype.kind not in "biuf":
            raise TypeError(f"a column of numbers was expected; received dtype {array.dtype}.")
        return array.astype(self.dtype)

    def places(self) -> int:
        """How many different integers the preprocessor makes.

        Raises:
            ValueError: If it makes none.
        """
        layer = self.preprocessor
        if isinstance(layer, (layers.StringLookup, layers.IntegerLookup)):
            return layer.vocabulary_size()
        if isinstance(layer, layers.CategoryEncoding):
            return layer.num_tokens
        if isinstance(layer, layers.Discretization):
            found = layer.bin_boundaries
            return layer.num_bins or (len(found) + 1 if found is not None else 1)
        if isinstance(layer, (layers.Hashing, layers.HashedCrossing)):
            return layer.num_bins
        raise ValueError(
            "with output_mode='one_hot' the preprocessor must make integers; "
            f"received {type(layer).__name__}, which is not known to."
        )

    def encoded(self, values: Array) -> Array:
        """What the preprocessor made, in the feature's form.

        Raises:
            ValueError: If it should be vectors and the preprocessor made no integers.
        """
        if self.output_mode != "one_hot":
            return values
        if values.dtype.kind not in "iu":
            raise ValueError(
                "with output_mode='one_hot' the preprocessor must make integers; it made dtype "
                f"{values.dtype}."
            )
        return _vectors(values, self.places())

    def get_config(self) -> dict[str, Any]:
        """The arguments, as plain data."""
        inner = serialize_keras_object(self.preprocessor)
        return {"dtype": self.dtype, "preprocessor": inner, "output_mode": self.output_mode}


class Cross:
    """Columns that count together.

    Args:
        feature_names: Names of at least two features.
        crossing_dim: How many numbers their combinations share.
        output_mode: ``"one_hot"`` or ``"int"``.

    Raises:
        ValueError: For an unknown mode, or fewer than two names.
    """

    def __init__(
        self, feature_names: Sequence[str], crossing_dim: int, output_mode: str = "one_hot"
    ) -> None:
        if output_mode not in ("int", "one_hot"):
            raise unknown("`output_mode` of a cross", output_mode, ("int", "one_hot"))
        if isinstance(feature_names, str) or len(feature_names) < 2:
            raise ValueError(
                "`feature_names` of a cross must be at least two names. "
                f"Received: feature_names={feature_names!r}"
            )
        self.feature_names = tuple(feature_names)
        self.crossing_dim = integer(crossing_dim, "crossing_dim", low=1)
        self.output_mode = output_mode

    @property
    def name(self) -> str:
        """The features' names with ``_X_`` between them."""
        return "_X_".join(self.feature_names)

    def encoded(self, values: Array) -> Array:
        """The numbers of the combinations, in the form of the cross."""
        return _vectors(values, self.crossing_dim) if self.output_mode == "one_hot" else values

    def get_config(self) -> dict[str, Any]:
        """The arguments, as plain data."""
        return {
            "feature_names": list(self.feature_names),
            "crossing_dim": self.crossing_dim,
            "output_mode": self.output_mode,
        }


def _vectors(places: Array, depth: int) -> Array:
    """The places in each row as a vector of zeros and ones."""
    return np.asarray(layers.CategoryEncoding(depth, output_mode="multi_hot")(places))


def to_config(part: Feature | Cross) -> dict[str, Any]:
    """A part in the form that files have."""
    name = type(part).__name__
    return {
        "module": _MODULE,
        "class_name": name,
        "config": part.get_config(),
        "registered_name": name,
    }


def from_config(config: Mapping[str, Any]) -> Feature | Cross:
    """The part of what `to_config` or Keras wrote.

    Raises:
        ValueError: If it is malformed.
    """
    inner = config.get("config")
    if not isinstance(inner, Mapping):
        raise ValueError(f"The configuration of a feature must be a dict; received {config!r}.")
    try:
        if config.get("class_name") == "Cross":
            return Cross(inner["feature_names"], inner["crossing_dim"], inner["output_mode"])
        if config.get("class_name") == "Feature":
            preprocessor = deserialize_keras_object(inner["preprocessor"])
            return Feature(inner["dtype"], preprocessor, inner["output_mode"])
    except KeyError as error:
        raise ValueError(f"The configuration of a feature has no entry {error}.") from None
    raise ValueError(f"Neither a feature nor a cross: {config.get('class_name')!r}.")
