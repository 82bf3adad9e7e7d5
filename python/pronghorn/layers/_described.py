"""What a layer tells about itself: dtypes, path, and the symbolic tensors of its first call."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pronghorn._graph import Node
from pronghorn.dtype_policies import DTypePolicy
from pronghorn.layers import _eager
from pronghorn.layers._stored import StoredLayer


class DescribedLayer(StoredLayer):
    """The part of a layer with its attributes."""

    # Whether the output has the mask that `compute_mask` makes of those of the inputs.
    supports_masking = False
    # Whether it makes one of inputs that have none.
    _makes_mask = False
    # Whether a built-in layer computes otherwise where inputs are masked.
    _heeds_masks = False
    # Whether a `call` with an argument `mask` needs it; None if it does.
    _reads_mask: bool | None = None
    # Of several inputs: whether the output has a mask, from whether each of them has one.
    _joins_masks: Callable[[Iterable[bool]], bool] | None = None

    def __init__(self, trainable: bool) -> None:
        super().__init__(trainable)
        self._inbound_nodes: list[Node] = []
        self._path: str | None = None
        self._given_spec: Any = None
        self._eager = _eager.EagerEngines()

    @property
    def dtype(self) -> str:
        """Name of the dtype of weights and arithmetic."""
        return self._dtype

    @property
    def compute_dtype(self) -> str:
        """The same as `dtype`."""
        return self._dtype

    @property
    def input_dtype(self) -> str:
        """What floating-point inputs are converted to; the same as `dtype`."""
        return self._dtype

    @property
    def input_spec(self) -> Any:
        """What the inputs must be like: an InputSpec, a structure of them, or None.

        A layer of your own sets it; every call is then compared with it.
        """
        return self._own_input_spec() if self._given_spec is None else self._given_spec

    @input_spec.setter
    def input_spec(self, value: Any) -> None:
        self._given_spec = value

    def _own_input_spec(self) -> Any:
        """Of a built-in layer, which checks its inputs in its own words."""
        return None

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Which steps of the output count; a layer of your own may override it.

        Args:
            inputs: Of the call.
            previous_mask: Their masks, in their structure; None where there is none.

        Returns:
            Booleans of shape (batch, steps), or None.

        Example:
            >>> import numpy as np, pronghorn as keras
            >>> embedding = keras.layers.Embedding(4, 2, mask_zero=True)
            >>> embedding.compute_mask(np.array([[3, 1, 0]])).tolist()
            [[True, True, False]]
        """
        del inputs
        return previous_mask

    @property
    def variable_dtype(self) -> str:
        """The same as `dtype`."""
        return self._dtype

    @property
    def dtype_policy(self) -> DTypePolicy:
        """`dtype` as an object."""
        return DTypePolicy(self._dtype)

    @property
    def path(self) -> str:
        """Names of the models around the layer and its own, by slashes; its name before `build`."""
        return self._path or self.name

    @property
    def metrics(self) -> list[Any]:
        """The metrics among the attributes of the layer and of those inside it.

        A model inside keeps its own to itself.
        """
        found: list[Any] = []
        for layer in self._flatten_layers():
            if layer is self or not layer._keeps_metrics:
                # Where layers lie among the attributes, the walk has just looked at these.
                own = getattr(layer, "_own_call", False)
                seen = layer._attributes_seen if own else layer._attributes()
                found += seen.metrics
        return list(dict.fromkeys(found))

    @property
    def metrics_variables(self) -> list[Any]:
        """The state of `metrics`."""
        return [variable for metric in self.metrics for variable in metric.variables]

    def _only_node(self, what: str) -> Node:
        if not self._inbound_nodes:
            raise AttributeError(
                f"Layer '{self.name}' has never been called on a symbolic tensor and has no {what}."
            )
        return self._inbound_nodes[0]

    @property
    def input(self) -> Any:
        """Symbolic input of the first call."""
        return self._only_node("input").arguments

    @property
    def output(self) -> Any:
        """Symbolic output of the first call."""
        return self._only_node("output").output_structure

    def __getstate__(self) -> dict[str, Any]:
        """For pickle and copy: weights included; calls in graphs and engines are not."""
        return {**self.__dict__, "_inbound_nodes": [], "_eager": _eager.EagerEngines()}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"
