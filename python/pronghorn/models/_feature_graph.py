"""A `FeatureSpace` as the beginning of a model: inputs, and the graph to what it returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pronghorn import layers
from pronghorn._graph import KerasTensor
from pronghorn.layers._tables._table_layer import TableLayer
from pronghorn.models._features import Cross, Feature, TFDConcat


class FeatureGraph(TableLayer):
    """The part of a FeatureSpace that works on symbolic tensors."""

    features: dict[str, Feature]
    crosses: Sequence[Cross]
    crossers: dict[str, layers.HashedCrossing]
    output_mode: str

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name=name)
        self.one_hot_encoders: dict[str, layers.CategoryEncoding] = {}
        self.concat: TFDConcat | None = None
        self._inputs: dict[str, KerasTensor] | None = None
        self._encoded: Any = None

    def _check_adapted(self) -> None:
        """Raises ValueError if `adapt` is still to be called."""
        raise NotImplementedError

    @property
    def inputs(self) -> dict[str, KerasTensor]:
        """An Input for each column, of shape (None, 1) and the type of the feature, by name."""
        if self._inputs is None:
            self._inputs = {
                name: layers.Input((1,), dtype=feature.dtype, name=name)
                for name, feature in self.features.items()
            }
        return self._inputs

    def get_inputs(self) -> dict[str, KerasTensor]:
        """Symbolic tensors for the columns: the inputs of a model that takes tables.

        Raises:
            ValueError: If `adapt` is still to be called.

        Example:
            >>> from pronghorn.utils import FeatureSpace
            >>> space = FeatureSpace({"size": "float", "kind": FeatureSpace.string_hashed(3)})
            >>> {name: tensor.dtype for name, tensor in space.get_inputs().items()}
            {'size': 'float32', 'kind': 'string'}
        """
        self._check_adapted()
        return self.inputs

    def get_encoded_features(self) -> Any:
        """Symbolic tensors for what the FeatureSpace returns: one, or with ``"dict"`` a dict.

        They lead from those of `get_inputs`, so that one graph gives two models: of prepared
        tables, for training, and of tables as they are, for what follows.

        Raises:
            ValueError: If `adapt` is still to be called, or features cannot be joined.

        Example:
            >>> from pronghorn.utils import FeatureSpace
            >>> space = FeatureSpace({"size": "float", "kind": FeatureSpace.string_hashed(3)})
            >>> encoded = space.get_encoded_features()
            >>> outputs = layers.Dense(1)(encoded)
            >>> from pronghorn import Model
            >>> Model(encoded, outputs).input_shape
            (None, 4)
            >>> sorted(Model(space.get_inputs(), outputs).input_shape)
            ['kind', 'size']
        """
        self._check_adapted()
        if self._encoded is None:
            self._encoded = self._drawn(self.inputs)
        return self._encoded

    def _drawn(self, inputs: Mapping[str, Any]) -> Any:
        """The graph from symbolic columns to features."""
        places = {name: self._drawn_places(name, inputs[name]) for name in self.features}
        crossed = {
            cross.name: self.crossers[cross.name]([places[part] for part in cross.feature_names])
            for cross in self.crosses
        }
        kept = {
            **{n: (places[n], self._depth_of(n)) for n in sorted(self.features)},
            **{
                cross.name: (
                    crossed[cross.name],
                    cross.crossing_dim if cross.output_mode == "one_hot" else None,
                )
                for cross in sorted(self.crosses, key=lambda cross: cross.name)
            },
        }
        features = {
            name: tensor if depth is None else self._encoder(name, depth)(tensor)
            for name, (tensor, depth) in kept.items()
        }
        if self.output_mode == "dict":
            return features
        for name, tensor in features.items():
            if not tensor.dtype.startswith("float"):
                raise not_encoded(name, tensor.dtype)
        if self.concat is None:
            self.concat = TFDConcat(axis=-1)
        return self.concat(list(features.values()))

    def _drawn_places(self, name: str, column: Any) -> KerasTensor:
        try:
            found = self.features[name].preprocessor(column)
        except (TypeError, ValueError) as error:
            raise type(error)(f"Feature '{name}': {error}") from None
        if not isinstance(found, KerasTensor):
            raise ValueError(
                f"Feature '{name}': in a graph the preprocessor must be a layer, or a function "
                f"written with layers and ops. It gave {found!r}."
            )
        return found

    def _depth_of(self, name: str) -> int | None:
        feature = self.features[name]
        return feature.places() if feature.output_mode == "one_hot" else None

    def _encoder(self, name: str, depth: int) -> layers.CategoryEncoding:
        known = self.one_hot_encoders.get(name)
        if known is None or known.num_tokens != depth:
            known = layers.CategoryEncoding(depth, output_mode="multi_hot")
            self.one_hot_encoders[name] = known
        return known

    def __getstate__(self) -> dict[str, Any]:
        """For pickle and copy: the graph is drawn anew."""
        return {**super().__getstate__(), "_inputs": None, "_encoded": None}


def not_encoded(name: str, dtype: Any) -> ValueError:
    """For a feature that is to be joined with others as something else than numbers."""
    return ValueError(
        f"Cannot concatenate feature '{name}', which holds no floating-point numbers (dtype "
        f"{dtype}). Encode it, or use output_mode='dict'."
    )
