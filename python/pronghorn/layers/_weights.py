"""Weights: what holds them, counts them and copies them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from pronghorn import _naming, constraints, initializers, regularizers
from pronghorn._engine import Array
from pronghorn._serialization import _allowance
from pronghorn._variable import Variable
from pronghorn.metrics._metric import Metric
from pronghorn.random._generator import SeedGenerator

if TYPE_CHECKING:
    from pronghorn.layers._layer import Layer


class WeightHolder:
    """The part of a layer that deals with its weights and those of layers inside it."""

    name: str
    built: bool
    _dtype: str

    activity_regularizer: Any = None
    # Whether its metrics are none of those of a layer or model around it.
    _keeps_metrics = False
    # Whether its class is not one of this package.
    _users_own = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._users_own = not cls.__module__.startswith("pronghorn.")

    def __init__(self, trainable: bool) -> None:
        self._trainable = trainable
        self._weights: list[Variable] = []
        self._attributes_seen = _Seen()
        self._weight_regularizers: list[tuple[Variable, Any]] = []

    def add_weight(
        self,
        shape: Sequence[int] | None = None,
        initializer: Callable[..., Array] | str | None = None,
        name: str | None = None,
        trainable: bool = True,
        dtype: str | None = None,
        regularizer: Any = None,
        constraint: Any = None,
        *,
        aggregation: str | None = "none",
        overwrite_with_gradient: bool = False,
        _row_axes: int | None = None,
    ) -> Variable:
        """Creates a weight and keeps it in `weights`.

        Args:
            shape: None is a single number.
            initializer: Name or object; None is Glorot uniform, or zeros for a single number.
            name: Last part of its path.
            trainable: Whether training changes it.
            dtype: None is the layer's.
            regularizer: Penalty on it in the loss: name, object or function.
            constraint: Name or function that maps the value to an allowed one after each update.
            aggregation: How copies on several devices would be joined; here there is one.
            overwrite_with_gradient: Whether an update puts the gradient in the value's place,
                whatever the optimizer's rule is.
        """
        shape = tuple(shape or ())
        _allowance.check(shape, self.name, name)
        initializer = initializers.get(initializer or (None if shape else "zeros"))
        initializer = initializer or initializers.GlorotUniform()
        with _naming.name_scope_of(self.name):
            variable = Variable(
                initializer, shape, dtype or self._dtype, trainable,
                aggregation=aggregation, name=name, _row_axes=_row_axes,
            )  # fmt: skip
        variable.overwrite_with_gradient = bool(overwrite_with_gradient)
        first = sum(each._made_trainable for each in self._weights)
        self._weights.insert(first if trainable else len(self._weights), variable)
        if constraint is not None:
            variable.constraint = constraints.get(constraint)
        if regularizer is not None:
            penalty = regularizer if callable(regularizer) else regularizers.get(regularizer)
            variable.regularizer = penalty
            self._weight_regularizers.append((variable, penalty))
        return variable

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Callable[..., Array] | str | None,
        dtype: str | None = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Creates a weight: `add_weight` with its arguments in another order.

        Args:
            shape: Of the weight.
            initializer: Name or object.
            dtype: None is the layer's.
            trainable: Whether training changes it.
            autocast: Has no effect, as a model has one dtype.
            regularizer: Penalty on it in the loss.
            constraint: What it must be like after each update.
            name: Last part of its path.

        Example:
            >>> from pronghorn.layers import Layer
            >>> Layer().add_variable((2,), "ones", name="scale").numpy().tolist()
            [1.0, 1.0]
        """
        del autocast
        return self.add_weight(shape, initializer, name, trainable, dtype, regularizer, constraint)

    def _sublayers(self) -> list[Layer]:
        """Layers inside this one: those among its attributes, also in lists and dicts."""
        return self._attributes().layers if getattr(self, "_own_call", False) else []

    def _attributes(self) -> _Seen:
        """Layers, variables and metrics among the attributes, in the order of assignment."""
        seen, attributes = self._attributes_seen, vars(self)
        if not seen.holds_of(attributes):
            seen.look_at(attributes)
        return seen

    def _own_weights(self) -> list[Variable]:
        """Own weights, as `_flatten_layers` last saw them; first those made to be trained."""
        if not getattr(self, "_own_call", False):
            return self._weights
        found = dict.fromkeys([*self._weights, *self._attributes_seen.variables])
        return sorted(found, key=_AGE)

    def _written_weights(self) -> list[Variable]:
        """The layer's own weights, as they are now, for files."""
        self._flatten_layers()
        return self._own_weights()

    def _flatten_layers(self) -> list[WeightHolder]:
        """This layer and all inside it."""
        seen = self._attributes_seen
        walk = seen.walk
        if walk is not None and walk.holds(seen, vars(self)):
            return [self, *walk.inside]
        own = getattr(self, "_own_call", False)
        if own:
            self._attributes()
        found: list[WeightHolder] = []
        for layer in self._sublayers():
            found += layer._flatten_layers()
        if own:
            known = all(layer._sublayers_are_attributes() for layer in (self, *found))
            seen.walk = _Walk(found, seen.looks) if known else None
        return [self, *found]

    def _sublayers_are_attributes(self) -> bool:
        """Whether `_sublayers` finds its layers, if there are any, among the attributes."""
        return True

    @property
    def weights(self) -> list[Variable]:
        """All weights, each once: of each layer those to be trained, the others, those inside."""
        found: dict[int, Variable] = {}
        for layer in self._flatten_layers():
            found.update((id(variable), variable) for variable in layer._own_weights())
        return list(found.values())

    @property
    def variables(self) -> list[Variable]:
        """The weights, and the states of SeedGenerators that are attributes."""
        found: dict[int, Variable] = {}
        for layer in self._flatten_layers():
            found.update((id(variable), variable) for variable in layer._own_weights())
            if getattr(layer, "_own_call", False):
                seeds = layer._attributes_seen.seeds
                found.update((id(seed.state), seed.state) for seed in seeds)
        return list(found.values())

    @property
    def trainable_weights(self) -> list[Variable]:
        """Weights that training changes."""
        found: dict[int, Variable] = {}
        for layer in self._flatten_layers():
            if layer._trainable:
                found.update((id(v), v) for v in layer._own_weights() if v.trainable)
        return list(found.values()) if self._trainable else []

    @property
    def trainable_variables(self) -> list[Variable]:
        """The same as `trainable_weights`."""
        return self.trainable_weights

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """Weights that training leaves alone."""
        trainable = {id(variable) for variable in self.trainable_weights}
        return [variable for variable in self.weights if id(variable) not in trainable]

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The `variables` that training leaves alone, or that count random numbers."""
        trainable = {id(variable) for variable in self.trainable_weights}
        return [variable for variable in self.variables if id(variable) not in trainable]

    def get_weights(self) -> list[Array]:
        """Copies of all weights."""
        return [variable.numpy() for variable in self.weights]

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Replaces all weights.

        Args:
            weights: Arrays in the order and of the shapes of `get_weights`.

        Raises:
            ValueError: If the number or a shape differs; then nothing is changed.
        """
        variables = self.weights
        arrays = [np.asarray(weight) for weight in weights]
        if len(arrays) != len(variables):
            raise ValueError(
                f"'{self.name}' has {len(variables)} weights: "
                f"{[variable.shape for variable in variables]}. Received `weights` with "
                f"{len(arrays)} arrays: {[array.shape for array in arrays]}."
            )
        for variable, array in zip(variables, arrays, strict=True):
            if array.shape != variable.shape or array.dtype.kind not in "biuf":
                raise ValueError(
                    f"Weight '{variable.path}' of '{self.name}' has shape {variable.shape}. "
                    f"Received `weights` with an array of shape {array.shape} and dtype "
                    f"{array.dtype} in its place."
                )
        for variable, array in zip(variables, arrays, strict=True):
            variable.assign(array)

    def count_params(self) -> int:
        """Number of scalars in all weights.

        Raises:
            ValueError: If the layer is not built.
        """
        if not self.built:
            raise ValueError(
                f"The parameters of '{self.name}' cannot be counted: it is not built yet. Call it "
                "on data, or call `build(input_shape)`."
            )
        return sum(variable.size for variable in self.weights)

    @property
    def trainable(self) -> bool:
        """Whether training changes the weights; a model must be compiled again after a change."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self._flatten_layers():
            layer._trainable = bool(value)
            for variable in layer._weights:
                if variable._made_trainable:  # others never learn
                    variable.trainable = bool(value)


class _Seen:
    """What was found among the attributes of a layer, for as long as these are the same objects."""

    __slots__ = (
        "_contents", "_values", "layers", "looks", "metrics", "seeds", "variables", "walk"
    )  # fmt: skip

    def __init__(self) -> None:
        self.looks = 0  # how often they had changed
        self.walk: _Walk | None = None
        self._values: list[Any] = []
        self._contents: list[tuple[Any, list[Any]]] = []  # of lists and dicts
        self.layers: list[Any] = []
        self.variables: list[Variable] = []
        self.metrics: list[Metric] = []
        self.seeds: list[SeedGenerator] = []

    def __reduce__(self) -> tuple[Any, ...]:
        return _Seen, ()

    def holds_of(self, attributes: dict[str, Any]) -> bool:
        """Whether nothing has changed since `look_at`."""
        values = self._values
        if len(attributes) != len(values) or not all(map(_IS, attributes.values(), values)):
            pairs = zip(attributes.values(), self._values, strict=False)
            if len(attributes) != len(self._values) or not all(
                now is then or (type(now) in _NUMBERS and type(then) in _NUMBERS)
                for now, then in pairs
            ):
                return False
            self._values = list(attributes.values())
        for container, items in self._contents:
            if not _same(container.values() if isinstance(container, dict) else container, items):
                return False
        return True

    def look_at(self, attributes: dict[str, Any]) -> None:
        """Finds the layers, variables and metrics."""
        self.looks += 1
        self._values, self._contents = list(attributes.values()), []
        found: dict[int, Any] = {}
        for name, value in attributes.items():
            if name not in _INTERNAL:
                for leaf in self._leaves(value):
                    found.setdefault(id(leaf), leaf)
        self.layers = [each for each in found.values() if isinstance(each, WeightHolder)]
        self.variables = [each for each in found.values() if isinstance(each, Variable)]
        self.metrics = [each for each in found.values() if isinstance(each, Metric)]
        self.seeds = [each for each in found.values() if isinstance(each, SeedGenerator)]

    def _leaves(self, value: Any) -> list[Any]:
        """The layers, variables, metrics and seeds in a value."""
        if isinstance(value, (WeightHolder, Variable, Metric, SeedGenerator)):
            return [value]
        if isinstance(value, (list, tuple)):
            items = list(value)
        elif isinstance(value, dict):
            items = list(value.values())
        else:
            return []
        if not isinstance(value, tuple):  # which holds what it holds
            self._contents.append((value, items))
        return [leaf for item in items for leaf in self._leaves(item)]


class _Walk:
    """All layers inside one, for as long as the attributes that tell are the same objects.

    Args:
        inside: Those layers.
        looks: Of the layer around them, when they were found.
    """

    __slots__ = ("_looks", "_told", "inside")

    def __init__(self, inside: Sequence[Any], looks: int) -> None:
        self.inside = tuple(inside)
        self._looks = looks
        own = [layer for layer in inside if getattr(layer, "_own_call", False)]
        seen = [layer._attributes_seen for layer in own]
        self._told = [
            (each, each.looks, vars(layer)) for each, layer in zip(seen, own, strict=True)
        ]

    def holds(self, around: _Seen, attributes: dict[str, Any]) -> bool:
        """Whether `inside` are still all.

        Args:
            around: What was seen of the layer around them.
            attributes: Of that layer, as they are now.
        """
        if around.looks != self._looks or not around.holds_of(attributes):
            return False
        for seen, looks, theirs in self._told:
            if seen.looks != looks or not seen.holds_of(theirs):
                return False
        return True


_NUMBERS = (int, float, bool)
_IS = operator.is_


def _same(values: Any, others: list[Any]) -> bool:
    return len(values) == len(others) and all(map(operator.is_, values, others))


# Attributes of this package's own, which hold layers and weights in other ways.
_AGE = operator.attrgetter("_made_later", "_age")
_INTERNAL = frozenset(
    {
        "_arguments", "_attributes_seen", "_compile_metrics", "_eager", "_engine",
        "_engine_variables", "_flat_layers", "_inbound_nodes", "_inputs", "_inputs_struct",
        "_layer_graph", "_layers", "_loss_tracker",
        "_losses", "_outputs", "_outputs_struct", "_weight_regularizers", "_weights", "history",
        "optimizer",
    }
)  # fmt: skip
