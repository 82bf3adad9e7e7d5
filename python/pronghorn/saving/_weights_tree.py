"""The weights of a file or of a model as nested dicts: objects by name, arrays by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

if TYPE_CHECKING:
    from pronghorn._engine import Array
    from pronghorn.saving._hdf5 import Group

Tree = dict[str, Any]
_DEPTH_LIMIT = 64
_NODE_LIMIT = 1_000_000


class TreeReader:
    """Reads a group and all below it; what an object holds itself is in its group "vars".

    Attributes:
        names: What the file calls the objects, by path.
        tree: Without objects that hold nothing.

    Raises:
        ValueError: If the file is refused, see `pronghorn.saving._hdf5`.
    """

    def __init__(self, group: Group) -> None:
        self.names: dict[str, str] = {}
        self._nodes = 0
        self._read: dict[Any, Array] = {}  # by place in the file, which has each array once
        self.tree = self._object(group, "", 0)

    def _object(self, group: Group, path: str, depth: int) -> Tree:
        found: Tree = {}
        names = group.names()
        self._nodes += len(names)
        if depth > _DEPTH_LIMIT or self._nodes > _NODE_LIMIT:
            raise group._refused("", "lies too deep or has too many members")
        if "vars" in names and not group.is_array("vars"):
            own = group.group("vars")
            assert own is not None
            title = own.attribute("name")
            if isinstance(title, str):
                self.names[path] = title
            self._arrays(own, found)
        for name in names:
            if name == "vars" and not group.is_array(name):
                continue
            if group.is_array(name):
                found[name] = self._array(group, name)
                continue
            child = group.group(name)
            assert child is not None
            part = self._object(child, f"{path}/{name}" if path else name, depth + 1)
            if part and name in found:
                raise group._refused(name, "is both a weight and an object")
            if part:
                found[name] = part
        return found

    def _arrays(self, own: Group, found: Tree) -> None:
        for name in own.names():
            found[name] = self._array(own, name)

    def _array(self, group: Group, name: str) -> Array:
        place = group.place(name)
        if place not in self._read:
            self._read[place] = group.dataset(name).read()
        return self._read[place]


def write_tree(tree: Tree, names: Mapping[str, str], file: BinaryIO) -> None:
    """Writes a tree as an HDF5 file, as models read it.

    Args:
        tree: Of arrays.
        names: Of objects, by path.
        file: Open for writing.
    """
    import h5py

    with h5py.File(file, "w") as target:
        for path, arrays in objects(tree):
            group = target.create_group(f"{path}/vars" if path else "vars")
            if path in names:
                group.attrs["name"] = names[path]
            for name, value in arrays.items():
                group[name] = value


def objects(tree: Tree, path: str = "") -> Iterator[tuple[str, dict[str, Array]]]:
    """(path, arrays) of every object that holds some."""
    arrays = {name: value for name, value in tree.items() if not isinstance(value, dict)}
    if arrays:
        yield path, arrays
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from objects(value, f"{path}/{name}" if path else name)


def model_tree(model: Any) -> Tree:
    """What `model.save_weights` would write."""
    from pronghorn.saving._state import _written
    from pronghorn.saving._walk import walk

    tree: Tree = {}
    for path, holder in walk(model):
        store = _written(holder, model)
        if store:
            place = tree
            for name in filter(None, path.split("/")):
                place = place.setdefault(name, {})
            place.update(store)
    return tree


def checked_weights(weights: Any, argument: str = "weights") -> Tree:
    """A dict of what can be written, its values as arrays.

    Raises:
        ValueError: If it is no dict, a name cannot be one in a file, or a value has no numbers.
    """
    if not isinstance(weights, dict):
        raise ValueError(
            f"`{argument}` must be a dict of arrays by name (usually '0', '1', ...). Received: "
            f"{type(weights).__name__}"
        )
    found: Tree = {}
    for name, value in weights.items():
        check_name(name, argument)
        if isinstance(value, dict):
            found[name] = checked_weights(value, argument)
            continue
        array = np.asarray(value)
        if array.dtype.kind not in "biuf":
            raise ValueError(
                f"`{argument}['{name}']` must be an array of numbers. Received: dtype {array.dtype}"
            )
        found[name] = array
    return found


def check_name(name: Any, argument: str) -> None:
    """Raises ValueError unless `name` can be that of an object or weight."""
    if not isinstance(name, str) or not name or "/" in name or name in (".", "..", "vars"):
        raise ValueError(
            f"`{argument}` must have plain names, without '/' and not 'vars'. Received: {name!r}"
        )
