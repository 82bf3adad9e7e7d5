"""Tables of mixed columns as one array for a model, or one array a column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from pronghorn import layers
from pronghorn._arguments import check_constructor
from pronghorn._engine import Array
from pronghorn._graph import KerasTensor
from pronghorn._numbers import integer
from pronghorn._suggest import nearest, unknown
from pronghorn.models import _feature_kinds as kinds
from pronghorn.models._feature_graph import FeatureGraph, not_encoded
from pronghorn.models._feature_kinds import adaptable
from pronghorn.models._features import Cross, TFDIdentity, from_config, to_config

_NO_CATEGORIES = (TFDIdentity, layers.Normalization, layers.Rescaling)
_UNBATCHED = 32  # how many single samples are learnt from at once


@check_constructor
class FeatureSpace(FeatureGraph):
    """Prepares the columns of a table for a dense network.

    Each column is a feature of a kind: one of the strings ``"float"``, ``"float_normalized"``,
    ``"float_rescaled"``, ``"float_discretized"``, ``"integer_categorical"``,
    ``"string_categorical"``, ``"integer_hashed"`` and ``"string_hashed"``, or what the functions of
    these names make with arguments of their own, such as ``FeatureSpace.float_rescaled(0.1)``.
    What has to be learnt, `adapt` learns from the data.

    Args:
        features: Kinds by name of the column.
        output_mode: ``"concat"``: one array, the columns in the order of their names, then the
            crosses likewise; ``"dict"``: an array for each.
        crosses: Names of columns, in tuples, that count together as well, or what
            ``FeatureSpace.cross`` makes.
        crossing_dim: Size of crosses that are given as names.
        hashing_dim: Size of hashed features that are given as strings.
        num_discretization_bins: Number of bins likewise.
        name: Given automatically if None.

    Raises:
        ValueError: For unknown kinds, modes or columns.

    Example:
        >>> space = FeatureSpace({"size": "float", "kind": "string_categorical"})
        >>> table = {"size": [1.5, 2.0, 4.0], "kind": ["a", "b", "b"]}
        >>> space.adapt(table)
        >>> space(table).tolist()
        [[0.0, 0.0, 1.0, 1.5], [0.0, 1.0, 0.0, 2.0], [0.0, 1.0, 0.0, 4.0]]
    """

    cross = staticmethod(kinds.cross)
    feature = staticmethod(kinds.feature)
    float = staticmethod(kinds.float_plain)
    float_rescaled = staticmethod(kinds.float_rescaled)
    float_normalized = staticmethod(kinds.float_normalized)
    float_discretized = staticmethod(kinds.float_discretized)
    integer_categorical = staticmethod(kinds.integer_categorical)
    string_categorical = staticmethod(kinds.string_categorical)
    integer_hashed = staticmethod(kinds.integer_hashed)
    string_hashed = staticmethod(kinds.string_hashed)

    def __init__(
        self,
        features: Any,
        output_mode: str = "concat",
        crosses: Sequence[Any] | None = None,
        crossing_dim: int = 32,
        hashing_dim: int = 32,
        num_discretization_bins: int = 32,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        if not isinstance(features, Mapping) or not features:
            raise ValueError(
                f"`features` must be a dict of at least one column. Received: features={features!r}"
            )
        if output_mode not in ("concat", "dict"):
            raise unknown("`output_mode` of FeatureSpace", output_mode, ("concat", "dict"))
        self.output_mode = output_mode
        self.crossing_dim = integer(crossing_dim, "crossing_dim", low=1)
        self.hashing_dim = integer(hashing_dim, "hashing_dim", low=1)
        self.num_discretization_bins = integer(
            num_discretization_bins, "num_discretization_bins", low=1
        )
        self.features = {
            name: kinds.standardized(name, kind, self.hashing_dim, self.num_discretization_bins)
            for name, kind in features.items()
        }
        self.crosses = [self._standard_cross(cross) for cross in crosses or ()]
        # By these names Keras's files know the layers.
        self.preprocessors = {n: feature.preprocessor for n, feature in self.features.items()}
        self.crossers = {
            cross.name: layers.HashedCrossing(cross.crossing_dim, name=cross.name)
            for cross in self.crosses
        }
        self._adapted = not any(adaptable(feature) for feature in self.features.values())

    def _standard_cross(self, specification: Any) -> Cross:
        given: Any = specification
        if isinstance(specification, Mapping):
            given = from_config(specification)
        cross = given if isinstance(given, Cross) else Cross(given, self.crossing_dim)
        for name in cross.feature_names:
            if name not in self.features:
                raise ValueError(f"`crosses` has {self._not_a_feature(name)}")
            if isinstance(self.features[name].preprocessor, _NO_CATEGORIES):
                raise ValueError(
                    f"`crosses` has '{name}', which is prepared as floating-point numbers: only "
                    "categories and bins can be crossed."
                )
        return cross

    def _not_a_feature(self, name: Any) -> str:
        guess = nearest(str(name), self.features)
        hint = f" Did you mean {guess!r}?" if guess else ""
        return f"{name!r}, which is no feature.{hint} Features: {sorted(self.features)}."

    # Learning.

    def adapt(self, dataset: Any) -> None:
        """Learns vocabularies, boundaries, means and variances.

        Args:
            dataset: A dict of columns, or an iterable of dicts: of batches, or of single samples.
                Of tuples of dicts and targets the dicts are taken.

        Raises:
            ValueError: If a column is missing, or there are no data.
            TypeError: If it is neither.
        """
        wanted = {name: f for name, f in self.features.items() if adaptable(f)}
        columns: dict[str, list[Array]] = {name: [] for name in wanted}
        for batch in _tables(dataset):
            for name, feature in wanted.items():
                if name not in batch:
                    raise ValueError(f"`dataset` has no column '{name}'.")
                columns[name].append(self._guarded(name, feature.values, batch[name]))
        for name, feature in wanted.items():
            feature.preprocessor.adapt(list(_batched(columns[name])))
        self._finish()

    def _finish(self) -> None:
        self._adapted = self.built = True
        self._encoded = None

    def _guarded(self, name: str, function: Any, column: Any) -> Array:
        """What `function` makes of a column; its errors name the feature."""
        try:
            return np.asarray(function(column))
        except (TypeError, ValueError) as error:
            raise type(error)(f"Feature '{name}': {error}") from None

    # Preparing.

    def __call__(self, data: Any, training: bool | None = None) -> Any:
        """Prepares a table.

        Args:
            data: A dict of columns, each of shape (samples,) or (samples, 1), or symbolic; or of
                single values.
            training: Has no effect.

        Returns:
            With ``"concat"`` an array of shape (samples, width), otherwise a dict of arrays; for
            single values without the first axis.

        Raises:
            ValueError: If the columns are not those of `features`, or `adapt` is still to be
                called.
            TypeError: If `data` is no dict, or a column holds something else.
        """
        if not isinstance(data, Mapping):
            raise TypeError(
                "A FeatureSpace can only be called with a dict of columns. "
                f"Received: {data!r} (of type {type(data).__name__})"
            )
        self._check_adapted()
        if any(isinstance(column, KerasTensor) for column in data.values()):
            self._check_names(data)
            return self._drawn(data)
        columns, single = self._columns(data)
        places = {
            name: self._guarded(name, self.features[name].preprocessor, columns[name])
            for name in sorted(self.features)
        }
        prepared = {
            name: self._guarded(name, self.features[name].encoded, values)
            for name, values in places.items()
        }
        for name, crosser in sorted(self.crossers.items()):
            cross = next(cross for cross in self.crosses if cross.name == name)
            crossed = crosser([places[part] for part in cross.feature_names])
            prepared[name] = cross.encoded(crossed)
        self.built = True
        if single:
            prepared = {name: values[0] for name, values in prepared.items()}
        if self.output_mode == "dict":
            return prepared
        for name, values in prepared.items():
            if values.dtype.kind != "f":
                raise not_encoded(name, values.dtype)
        return np.concatenate(list(prepared.values()), axis=-1).astype(self._dtype, copy=False)

    def _check_adapted(self) -> None:
        if not self._adapted:
            raise ValueError(
                f"FeatureSpace '{self.name}' has to learn from data first: call `adapt(dataset)`."
            )

    def _check_names(self, data: Mapping[str, Any]) -> None:
        for name in data:
            if name not in self.features:
                raise ValueError(f"`data` has {self._not_a_feature(name)}")
        for name in self.features:
            if name not in data:
                raise ValueError(f"`data` has no column '{name}'; it has {sorted(data)}.")

    def _columns(self, data: Mapping[str, Any]) -> tuple[dict[str, Array], bool]:
        self._check_names(data)
        columns = {}
        for name, feature in self.features.items():
            columns[name] = self._guarded(name, feature.values, data[name])
        single = all(column.ndim == 0 for column in columns.values())
        shaped = {n: c.reshape(-1, 1) if c.ndim < 2 else c for n, c in columns.items()}
        lengths = {name: len(column) for name, column in shaped.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"Columns of `data` must be of one length. Received: {lengths}")
        return shaped, single

    # As a part of models.

    # Files.

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer; what was learnt is not part of it."""
        return {
            "features": {name: to_config(feature) for name, feature in self.features.items()},
            "output_mode": self.output_mode,
            "crosses": [to_config(cross) for cross in self.crosses],
            "crossing_dim": self.crossing_dim,
            "hashing_dim": self.hashing_dim,
            "num_discretization_bins": self.num_discretization_bins,
        }

    def get_build_config(self) -> dict[str, Any] | None:
        """How the layers within were built; None before `adapt`."""
        if not self._adapted:
            return None
        return {
            name: (layer.get_build_config() if isinstance(layer, layers.Layer) else None) or {}
            for name, layer in self.preprocessors.items()
        }

    def build_from_config(self, config: Mapping[str, Any]) -> None:
        """Builds the layers within; what they have learnt is read after that."""
        for name, layer in self.preprocessors.items():
            if config.get(name) and isinstance(layer, layers.Layer):
                layer.build_from_config(config[name])
        self._finish()

    def save(self, filepath: Any) -> None:
        """Writes it to a ``.keras`` file, with what was learnt; `load_model` reads it.

        Args:
            filepath: Of the file.
        """
        from pronghorn.saving import save_model

        save_model(self, filepath)


def _tables(dataset: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(dataset, Mapping):
        yield dataset
        return
    if not isinstance(dataset, Iterable) or isinstance(dataset, (str, bytes)):
        raise TypeError(
            "`dataset` must be a dict of columns, or an iterable of dicts. "
            f"Received: {dataset!r} (of type {type(dataset).__name__})"
        )
    for batch in dataset:
        table = batch[0] if isinstance(batch, tuple) and batch else batch
        if not isinstance(table, Mapping):
            raise TypeError(
                "`dataset` must give dicts of columns. "
                f"Received: {table!r} (of type {type(table).__name__})"
            )
        yield table


def _batched(columns: Sequence[Array]) -> Iterator[Array]:
    """Batches with an axis of columns; single values are put together."""
    if columns and all(column.ndim == 0 for column in columns):
        columns = [
            np.stack(columns[start : start + _UNBATCHED])
            for start in range(0, len(columns), _UNBATCHED)
        ]
    for column in columns:
        yield column.reshape(-1, 1) if column.ndim < 2 else column
