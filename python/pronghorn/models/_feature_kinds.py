"""The kinds of features that a `FeatureSpace` knows by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pronghorn import layers
from pronghorn._suggest import unknown
from pronghorn.models._features import Cross, Feature, TFDIdentity, from_config


def cross(feature_names: Sequence[str], crossing_dim: int, output_mode: str = "one_hot") -> Cross:
    """Columns that count together, as one of `crossing_dim` numbers.

    Args:
        feature_names: Names of at least two features of integers or strings.
        crossing_dim: How many numbers their combinations share.
        output_mode: ``"one_hot"`` or ``"int"``.
    """
    return Cross(feature_names, crossing_dim, output_mode)


def feature(dtype: str, preprocessor: Any, output_mode: str) -> Feature:
    """A column with a layer, or function, of one's own.

    Args:
        dtype: ``"string"`` or the name of a type of numbers.
        preprocessor: Takes an array of shape (samples, 1).
        output_mode: ``"one_hot"``, ``"int"`` or ``"float"``.
    """
    return Feature(dtype, preprocessor, output_mode)


def float_plain(name: str | None = None) -> Feature:
    """Numbers as they are.

    Args:
        name: Of the column; it only names the layer.
    """
    return Feature("float32", TFDIdentity(name=_layer_name(name, "float")), "float")


def float_rescaled(scale: float = 1.0, offset: float = 0.0, name: str | None = None) -> Feature:
    """Numbers times `scale` plus `offset`.

    Args:
        scale: The factor.
        offset: What is added.
        name: Of the column.
    """
    label = _layer_name(name, "float_rescaled")
    return Feature("float32", layers.Rescaling(scale, offset, name=label), "float")


def float_normalized(name: str | None = None) -> Feature:
    """Numbers brought to mean 0 and variance 1, learnt by `adapt`.

    Args:
        name: Of the column.
    """
    label = _layer_name(name, "float_normalized")
    return Feature("float32", layers.Normalization(axis=-1, name=label), "float")


def float_discretized(
    num_bins: int | None,
    bin_boundaries: Sequence[float] | None = None,
    output_mode: str = "one_hot",
    name: str | None = None,
) -> Feature:
    """Numbers by bins.

    Args:
        num_bins: How many bins `adapt` makes.
        bin_boundaries: Boundaries between bins, with ``num_bins=None``.
        output_mode: ``"one_hot"`` or ``"int"``.
        name: Of the column.
    """
    layer = layers.Discretization(
        bin_boundaries, num_bins, name=_layer_name(name, "float_discretized")
    )
    return Feature("float32", layer, output_mode)


def integer_categorical(
    max_tokens: int | None = None,
    num_oov_indices: int = 1,
    output_mode: str = "one_hot",
    name: str | None = None,
) -> Feature:
    """Integers that name categories, which `adapt` learns.

    Args:
        max_tokens: Most categories, those for unknown integers included.
        num_oov_indices: How many of them are for unknown integers.
        output_mode: ``"one_hot"`` or ``"int"``.
        name: Of the column.
    """
    layer = layers.IntegerLookup(
        max_tokens, num_oov_indices, name=_layer_name(name, "integer_categorical")
    )
    return Feature("int32", layer, output_mode)


def string_categorical(
    max_tokens: int | None = None,
    num_oov_indices: int = 1,
    output_mode: str = "one_hot",
    name: str | None = None,
) -> Feature:
    """Strings that name categories, which `adapt` learns.

    Args:
        max_tokens: Most categories, those for unknown strings included.
        num_oov_indices: How many of them are for unknown strings.
        output_mode: ``"one_hot"`` or ``"int"``.
        name: Of the column.
    """
    layer = layers.StringLookup(
        max_tokens, num_oov_indices, name=_layer_name(name, "string_categorical")
    )
    return Feature("string", layer, output_mode)


def integer_hashed(num_bins: int, output_mode: str = "one_hot", name: str | None = None) -> Feature:
    """Integers that name categories, by their hash.

    Args:
        num_bins: How many numbers they share.
        output_mode: ``"one_hot"`` or ``"int"``.
        name: Of the column.
    """
    layer = layers.Hashing(num_bins, name=_layer_name(name, "integer_hashed"))
    return Feature("int32", layer, output_mode)


def string_hashed(num_bins: int, output_mode: str = "one_hot", name: str | None = None) -> Feature:
    """Strings that name categories, by their hash.

    Args:
        num_bins: How many numbers they share.
        output_mode: ``"one_hot"`` or ``"int"``.
        name: Of the column.
    """
    layer = layers.Hashing(num_bins, name=_layer_name(name, "string_hashed"))
    return Feature("string", layer, output_mode)


def _layer_name(name: str | None, kind: str) -> str:
    return f"{name or kind}_preprocessor"


def standardized(name: str, kind: Any, hashing_dim: int, num_bins: int) -> Feature:
    """The feature that `kind` stands for: a feature, its configuration, or the name of a kind.

    Raises:
        ValueError: For an unknown kind.
    """
    if isinstance(kind, Mapping):
        kind = from_config(kind)
    if isinstance(kind, Feature):
        return kind
    by_name = {
        "float": lambda: float_plain(name=name),
        "float_rescaled": lambda: float_rescaled(name=name),
        "float_normalized": lambda: float_normalized(name=name),
        "float_discretized": lambda: float_discretized(num_bins, name=name),
        "integer_categorical": lambda: integer_categorical(name=name),
        "string_categorical": lambda: string_categorical(name=name),
        "integer_hashed": lambda: integer_hashed(hashing_dim, name=name),
        "string_hashed": lambda: string_hashed(hashing_dim, name=name),
    }
    if not isinstance(kind, str) or kind not in by_name:
        raise unknown(f"kind of feature '{name}'", kind, by_name)
    return by_name[kind]()


def adaptable(feature: Feature) -> bool:
    """Whether the preprocessor has to learn from data."""
    layer = feature.preprocessor
    if isinstance(layer, layers.Normalization):
        return layer.input_mean is None
    if isinstance(layer, layers.Discretization):
        return layer.num_bins is not None
    if isinstance(layer, (layers.StringLookup, layers.IntegerLookup)):
        return layer.input_vocabulary is None
    return hasattr(layer, "adapt")
