"""Nodes of an engine that can be one: a product, a sum that follows it, and an activation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def joined(
    nodes: Sequence[Any], written: Sequence[Any], outputs: Sequence[int]
) -> tuple[list[Any], list[int]]:
    """The nodes, with products, the sums that follow them and activations joined to one.

    Args:
        nodes: Of an engine, in an order in which inputs come first.
        written: Those of them that may be joined.
        outputs: Indices of nodes.

    Returns:
        Nodes and outputs.
    """
    ours = {id(node) for node in written}
    uses = [0] * len(nodes)
    for node in nodes:
        for source in node["inputs"]:
            uses[source] += 1
    for index in outputs:
        uses[index] += 1
    place: dict[int, int] = {}
    made: list[Any] = []
    for index, node in enumerate(nodes):
        sources = [place[source] for source in node["inputs"]]
        before = made[sources[0]] if len(sources) == 1 else None
        alone = len(sources) == 1 and uses[node["inputs"][0]] == 1
        if alone and before is not None and "product" in before and _join(before, node, ours):
            place[index] = sources[0]
            continue
        own = id(node) in ours and node["op"] == "dense"
        made.append({**node, "inputs": sources, **({"product": True} if own else {})})
        place[index] = len(made) - 1
    for node in made:
        node.pop("product", None)
    return made, [place[index] for index in outputs]


def _join(product: Any, node: Any, ours: set[int]) -> bool:
    """Makes `node` a part of the product before it, if it can be one."""
    if node["op"] == "affine" and id(node) in ours and node["weights"][0] < 0:
        same = node["trainable"] == product["trainable"]
        if product["bias"] is None and "activation" not in product and same:
            product["bias"] = node["weights"][1]
            product["frozen"] = [*product["frozen"], *node["frozen"]]
            return True
    elif node["op"] == "activation" and "activation" not in product:
        product["activation"] = node["activation"]
        return True
    return False
