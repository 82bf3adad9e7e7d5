"""What layers keep beside their weights: files under ``assets/`` in a `.keras` archive.

Built-in layers keep texts. A layer or model of the user's own may write what it likes, in
``save_assets(folder)``, and reads it in ``load_assets(folder)``.
"""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pronghorn.saving._walk import walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from pronghorn.saving._archive import Archive


def _folder(path: str) -> str:
    return f"assets/{path}/" if path else "assets/"


def _has_own(holder: Any, method: str) -> bool:
    """Whether a class of the user's own defines the method."""
    return bool(getattr(holder, "_users_own", False)) and hasattr(holder, method)


def _saved(holder: Any) -> dict[str, bytes]:
    """What the user's own `save_assets` writes, by path within its folder."""
    with tempfile.TemporaryDirectory() as folder:
        holder.save_assets(folder)
        files = [path for path in sorted(Path(folder).rglob("*")) if path.is_file()]
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def _load(holder: Any, contents: dict[str, bytes]) -> None:
    """Hands the files to the user's own `load_assets`; the archive has checked their names."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in contents.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        holder.load_assets(folder)


def written_assets(root: Any) -> dict[str, str | bytes]:
    """The files of all layers of `root` by the names of their members.

    Raises:
        ValueError: If a layer has something that text files cannot hold.
    """
    found: dict[str, str | bytes] = {}
    for path, holder in walk(root):
        own: dict[str, Any] = holder._own_assets() if hasattr(holder, "_own_assets") else {}
        if _has_own(holder, "save_assets"):
            own |= _saved(holder)
        for name, content in own.items():
            found[_folder(path) + name] = content
    return found


def read_assets(root: Any, archive: Archive) -> Callable[[], None]:
    """Reads and checks the files; what is returned gives them to the layers.

    Raises:
        ValueError: If one does not fit its layer.
    """
    names = set(archive.names())
    actions: list[Callable[[], None]] = []
    for path, holder in walk(root):
        folder = _folder(path)
        own = {name[len(folder) :] for name in names if name.startswith(folder)} - {""}
        if own and _has_own(holder, "load_assets"):
            contents = {name: archive.read(folder + name) for name in own if name[-1] != "/"}
            actions.append(functools.partial(_load, holder, contents))
        if not hasattr(holder, "_take_assets"):
            continue
        texts = {}
        for name in own:
            if "/" in name:
                continue
            try:
                texts[name] = archive.read(folder + name).decode("utf-8")
            except UnicodeDecodeError:
                raise ValueError(f"The member '{folder}{name}' is no text.") from None
        if texts:
            actions.append(holder._take_assets(texts))

    def take() -> None:
        for action in actions:
            action()

    return take
