"""Reading HDF5 without following it anywhere: plain groups and plain arrays of numbers only."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

if TYPE_CHECKING:
    from pronghorn._engine import Array

_EXPANSION_LIMIT = 100  # of compressed arrays
_DEPTH_LIMIT = 64
_NODE_LIMIT = 1_000_000


@contextlib.contextmanager
def open_hdf5(file: BinaryIO, label: str) -> Iterator[Group]:
    """The root group of an open file.

    Raises:
        ValueError: If it is not HDF5, or damaged.
    """
    import h5py

    try:
        handle = h5py.File(file, "r")
    except Exception as error:
        raise ValueError(f"{label} is not an HDF5 file: {error}") from None
    try:
        yield Group(handle, label, "")
    finally:
        with contextlib.suppress(Exception):
            handle.close()


class Group:
    """A group of a file; children are reached one name at a time.

    Args:
        handle: Of h5py.
        label: Name of the file, for messages.
        path: Of the group within the file.
    """

    def __init__(self, handle: Any, label: str, path: str) -> None:
        self._handle, self._label, self.path = handle, label, path

    def _refused(self, name: str, reason: str) -> ValueError:
        return ValueError(f"{self._label} is refused: '{self.path}/{name}' {reason}.")

    def names(self) -> list[str]:
        """Names of the children."""
        with self._clear(""):
            return list(self._handle)

    @contextlib.contextmanager
    def _clear(self, name: str) -> Iterator[None]:
        try:
            yield
        except (ValueError, MemoryError):
            raise
        except Exception as error:
            detail = f"{type(error).__name__}: {error}"
            raise ValueError(
                f"{self._label} is damaged at '{self.path}/{name}': {detail}"
            ) from None

    def __contains__(self, name: str) -> bool:
        return self._child(name) is not None

    def _child(self, name: str) -> Any:
        import h5py

        if not name or "/" in name or name in (".", ".."):
            raise self._refused(name, "is no plain name")
        with self._clear(name):
            if self._handle.get(name, getlink=True) is None:
                return None
            link = self._handle.get(name, getclass=True, getlink=True)
            if link is not h5py.HardLink:
                raise self._refused(name, f"is a link ({link.__name__})")
            return self._handle[name]

    def is_array(self, name: str) -> bool:
        """Whether a child is an array, not a group."""
        import h5py

        return isinstance(self._child(name), h5py.Dataset)

    def place(self, name: str) -> Any:
        """Where a child lies in the file; two names may lead to the same place."""
        import h5py

        child = self._child(name)
        with self._clear(name):
            return h5py.h5o.get_info(child.id).addr

    def group(self, path: str) -> Group | None:
        """A group at a path below this one, or None.

        Raises:
            ValueError: If a link or an array is in the way.
        """
        import h5py

        found = self
        for name in filter(None, path.split("/")):
            child = found._child(name)
            if child is None:
                return None
            if not isinstance(child, h5py.Group):
                raise found._refused(name, "is an array where a group was expected")
            found = Group(child, self._label, f"{found.path}/{name}")
        return found

    def dataset(self, path: str) -> Dataset:
        """An array at a path below this group.

        Raises:
            ValueError: If there is none, or it is not stored plainly in the file.
        """
        import h5py

        parent, _, name = path.rpartition("/")
        group = self.group(parent)
        child = None if group is None else group._child(name)
        if group is None or child is None:
            raise ValueError(f"{self._label} has no array '{self.path}/{path}'.")
        if not isinstance(child, h5py.Dataset):
            raise group._refused(name, "is a group where an array was expected")
        with group._clear(name):
            return Dataset(child, group, name)

    def attribute(self, name: str) -> Any:
        """An attribute, or None."""
        with self._clear(name):
            return self._handle.attrs.get(name)

    def shapes(self) -> list[tuple[int, ...]]:
        """Shapes of all arrays in this group and below, each once."""
        import h5py

        found: list[tuple[int, ...]] = []
        seen: set[Any] = set()
        stack = [(self, 0)]
        while stack:
            group, depth = stack.pop()
            for name in group.names():
                child = group._child(name)
                with group._clear(name):
                    place = h5py.h5o.get_info(child.id).addr
                if place in seen:
                    continue
                seen.add(place)
                if len(seen) > _NODE_LIMIT or depth > _DEPTH_LIMIT:
                    raise group._refused(name, "lies too deep or is one of too many")
                if isinstance(child, h5py.Group):
                    stack.append((Group(child, self._label, f"{group.path}/{name}"), depth + 1))
                elif isinstance(child, h5py.Dataset):
                    with group._clear(name):
                        found.append(Dataset(child, group, name).shape)
        return found


class Dataset:
    """An array of a file, checked before it is read.

    Raises:
        ValueError: If its values lie outside of the file or come from other arrays, if it does not
            hold numbers, or claims to be much larger than what is stored.
    """

    def __init__(self, handle: Any, group: Group, name: str) -> None:
        self._handle, self._group, self._name = handle, group, name
        if handle.is_virtual:
            raise group._refused(name, "is a virtual array")
        if handle.external:
            raise group._refused(name, "is stored in another file")
        if handle.shape is None or handle.dtype.kind not in "biuf":
            raise group._refused(name, f"does not hold numbers (dtype {handle.dtype})")
        self.shape = tuple(int(size) for size in handle.shape)
        stored = int(handle.id.get_storage_size())
        claimed = math.prod(self.shape) * handle.dtype.itemsize
        filtered = handle.id.get_create_plist().get_nfilters() > 0
        if claimed > (_EXPANSION_LIMIT * stored + 4096 if filtered else stored):
            raise group._refused(name, f"claims {claimed} bytes where {stored} are stored")

    def read(self) -> Array:
        """The values.

        Raises:
            ValueError: If they cannot be read.
        """
        with self._group._clear(self._name):
            return np.asarray(self._handle[()])
