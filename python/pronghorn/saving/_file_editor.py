"""KerasFileEditor."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import Any

from pronghorn._console import print_msg
from pronghorn._serialization._guard import only_clear_errors
from pronghorn._suggest import nearest
from pronghorn.saving import _json
from pronghorn.saving._archive import CONFIG, METADATA, WEIGHTS, Archive
from pronghorn.saving._atomic import write_file
from pronghorn.saving._hdf5 import open_hdf5
from pronghorn.saving._weights_tree import (
    Tree,
    TreeReader,
    check_name,
    checked_weights,
    model_tree,
    write_tree,
)


class KerasFileEditor:
    """Looks into a file of weights, changes what it holds and writes it anew.

    For weights that have to fit a model which has changed meanwhile. An object is a layer, a model
    or an optimizer; it is named by its path in the file (``"layers/dense_2"``), or by the last part
    of it where there is one such object.

    Args:
        filepath: Of a ``.weights.h5`` or ``.keras`` file.

    Attributes:
        weights_dict: Arrays by name, in nested dicts of objects by name.
        object_metadata: What the file calls the objects, by path.
        config: Configuration of a ``.keras`` file, otherwise None.
        metadata: Its version and date, otherwise None.

    Raises:
        ValueError: If it is no such file, or is refused as `load_weights` would refuse it.

    Example:
        >>> import tempfile, pronghorn as keras
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = f"{folder}/old.weights.h5"
        ...     model.save_weights(path)
        ...     editor = KerasFileEditor(path)  # doctest: +ELLIPSIS
        Keras model file '...old.weights.h5'
        >>> editor.rename_object("dense", "dense_7")
        >>> editor.summary()
        Weights structure
          > layers
              └─ dense_7 ('dense...
                  ├─ 0: shape=(2, 1), dtype=float32
                  └─ 1: shape=(1,), dtype=float32
    """

    def __init__(self, filepath: str | os.PathLike[str]) -> None:
        path = os.fspath(filepath)
        if not path.endswith((".keras", ".weights.h5")):
            raise ValueError(
                f"`filepath` must end in `.keras` or `.weights.h5`. Received: filepath={path!r}"
            )
        self.filepath = path
        self.metadata: dict[str, Any] | None = None
        self.config: dict[str, Any] | None = None
        self.model = None
        label = f"'{path}'"
        with open(path, "rb") as file, only_clear_errors(label):
            content: Any = file
            if path.endswith(".keras"):
                archive = Archive(file, label)
                self.config = _json.parse(archive.read(CONFIG))
                self.metadata = _json.parse(archive.read(METADATA))
                content = io.BytesIO(archive.read(WEIGHTS))
            with open_hdf5(content, label) as group:
                read = TreeReader(group)
        self.weights_dict: Tree = read.tree
        self.object_metadata: dict[str, str] = read.names
        print_msg(f"Keras model file '{path}'")
        if self.metadata is not None:
            version, date = (self.metadata.get(key) for key in ("keras_version", "date_saved"))
            print_msg(f"Saved with Keras {version} - date: {date}")

    def summary(self) -> None:
        """Prints the objects and the shapes of their weights."""
        print_msg("Weights structure")
        for line in self._lines(self.weights_dict, "  ", ""):
            print_msg(line)

    def _lines(self, tree: Tree, prefix: str, path: str) -> list[str]:
        lines: list[str] = []
        for place, (name, value) in enumerate(tree.items()):
            last = place == len(tree) - 1
            mark = "> " if not path and place == 0 else "└─ " if last else "├─ "
            if not isinstance(value, dict):
                lines.append(f"{prefix}{mark}{name}: shape={value.shape}, dtype={value.dtype}")
                continue
            inner = f"{path}/{name}" if path else name
            known = self.object_metadata.get(inner)
            lines.append(f"{prefix}{mark}{name}" + (f" ('{known}')" if known else ""))
            lines += self._lines(value, prefix + ("    " if last else "│   "), inner)
        return lines

    def compare(self, reference_model: Any) -> dict[str, Any]:
        """Prints where the file does not fit a model.

        Args:
            reference_model: Built.

        Returns:
            A dict of "status" ("success" or "error"), "error_count", and "match_count", the number
            of weights that fit.
        """
        print_msg("Running comparison")
        errors, matches = _differences(model_tree(reference_model), self.weights_dict, "")
        for line in errors:
            print_msg(line)
        print_msg("─" * 21)
        if errors:
            plural = "" if len(errors) == 1 else "s"
            print_msg(
                f"Found {len(errors)} error{plural}: saved file is not compatible with the "
                "reference model"
            )
        else:
            print_msg("Comparison successful: saved file is compatible with the reference model")
            print_msg(f"    Found {matches} matching weight{'' if matches == 1 else 's'}")
        status = "error" if errors else "success"
        return {"status": status, "error_count": len(errors), "match_count": matches}

    def rename_object(self, object_name: str, new_name: str) -> None:
        """Gives an object another name.

        Args:
            object_name: Name or path of the object.
            new_name: The last part of its new path.

        Raises:
            ValueError: If there is no such object, or another one with that name.
        """
        check_name(new_name, "new_name")

        def rename(holder: Tree, name: str, path: str) -> None:
            if new_name in holder and new_name != name:
                raise ValueError(f"There is a '{new_name}' beside '{path}' already.")
            holder[new_name] = holder.pop(name)
            parent = path.rpartition("/")[0]
            self._move_names(path, f"{parent}/{new_name}" if parent else new_name)

        self._edit(object_name, rename)

    def _move_names(self, old: str, new: str | None) -> None:
        """What the file calls an object and those inside it, after it has moved or gone."""
        for path in list(self.object_metadata):
            if path == old or path.startswith(f"{old}/"):
                title = self.object_metadata.pop(path)
                if new is not None:
                    self.object_metadata[new + path[len(old) :]] = title

    def delete_object(self, object_name: str) -> None:
        """Takes out an object and all that it holds.

        Args:
            object_name: Name or path of the object.
        """

        def delete(holder: Tree, name: str, path: str) -> None:
            del holder[name]
            self._move_names(path, None)

        self._edit(object_name, delete)

    def add_object(self, object_path: str, weights: dict[str, Any]) -> None:
        """Adds an object.

        Args:
            object_path: Its path; what it is to lie in must be there.
            weights: Arrays by name.

        Raises:
            ValueError: If the path leads nowhere or is taken, or a value has no numbers.
        """
        arrays = checked_weights(weights)
        parent, _, name = object_path.rpartition("/")
        check_name(name, "object_path")
        holder = self.weights_dict
        for part in filter(None, parent.split("/")):
            if not isinstance(holder.get(part), dict):
                raise ValueError(f"Path '{parent}' not found in model.")
            holder = holder[part]
        if name in holder:
            raise ValueError(f"There is an object at '{object_path}' already.")
        holder[name] = arrays

    def delete_weight(self, object_name: str, weight_name: str) -> None:
        """Takes a weight out of an object.

        Args:
            object_name: Name or path of the object.
            weight_name: Such as "0".
        """

        def delete(holder: Tree, name: str, path: str) -> None:
            if weight_name not in holder[name]:
                raise ValueError(
                    f"Weight {weight_name} not found in object {object_name}. Weights found: "
                    f"{list(holder[name])}"
                )
            del holder[name][weight_name]

        self._edit(object_name, delete)

    def add_weights(self, object_name: str, weights: dict[str, Any]) -> None:
        """Adds weights to an object, or replaces them.

        Args:
            object_name: Name or path of the object.
            weights: Arrays by name.
        """
        arrays = checked_weights(weights)
        self._edit(object_name, lambda holder, name, path: holder[name].update(arrays))

    def save(self, filepath: str | os.PathLike[str]) -> None:
        """Writes what is there now; a file that is there is replaced as a whole.

        Args:
            filepath: Must end in ``.weights.h5``.
        """
        path = os.fspath(filepath)
        if not path.endswith(".weights.h5"):
            raise ValueError(f"`filepath` must end in `.weights.h5`. Received: filepath={path!r}")
        tree = checked_weights(self.weights_dict, "weights_dict")
        write_file(path, lambda file: write_tree(tree, self.object_metadata, file))

    def resave_weights(self, filepath: str | os.PathLike[str]) -> None:
        """The same as `save`."""
        self.save(filepath)

    def _edit(self, object_name: str, change: Callable[[Tree, str, str], None]) -> None:
        """Applies a change to (holder, name, path) of the object of that name or path."""
        found = list(_places(self.weights_dict, ""))
        if "/" in object_name:
            matching = [place for place in found if place[2] == object_name.strip("/")]
            if not matching:
                raise ValueError(f"Path '{object_name}' not found in model.")
        else:
            matching = [place for place in found if place[1] == object_name]
        if not matching:
            guess = nearest(object_name, [name for _, name, _ in found])
            hint = "" if guess is None else f" Did you mean {guess!r}?"
            raise ValueError(
                f"Source name '{object_name}' does not appear in the model.{hint} Use "
                "`editor.summary()` to list all objects."
            )
        if len(matching) > 1:
            raise ValueError(
                f"Name '{object_name}' occurs more than once in the model; try passing a complete "
                f"path, of {', '.join(path for _, _, path in matching)}."
            )
        change(*matching[0])


def _places(tree: Tree, path: str) -> list[tuple[Tree, str, str]]:
    """(holder, name, path) of all objects."""
    found: list[tuple[Tree, str, str]] = []
    for name, value in tree.items():
        if isinstance(value, dict):
            inner = f"{path}/{name}" if path else name
            found += [(tree, name, inner), *_places(value, inner)]
    return found


def _differences(reference: Tree, saved: Tree, path: str) -> tuple[list[str], int]:
    """A text for each difference, and the number of weights that fit."""
    errors: list[str] = []
    matches = 0
    for name in dict.fromkeys([*reference, *saved]):
        inner = f"{path}/{name}"
        here, there = reference.get(name), saved.get(name)
        if isinstance(here, dict) and isinstance(there, dict):
            more, fitting = _differences(here, there, inner)
            errors += more
            matches += fitting
        elif here is None or there is None:
            present, missing = ("saved file", "reference model")[:: 1 if here is None else -1]
            value = there if here is None else here
            kind = "Object" if isinstance(value, dict) else "Weight"
            text = f"...{kind} {inner} present in {present}, missing from {missing}"
            if isinstance(value, dict):
                keys = list(value)
                text += f"\n    In {present}, {inner} contains the following keys: {keys}"
            errors.append(text)
        elif isinstance(here, dict) or isinstance(there, dict) or here.shape != there.shape:
            shapes = [getattr(each, "shape", "none, it is an object") for each in (here, there)]
            errors.append(
                f"...Weight shape mismatch for {inner}\n"
                f"    In reference model: shape={shapes[0]}\n"
                f"    In saved file: shape={shapes[1]}"
            )
        else:
            matches += 1
    return errors, matches
