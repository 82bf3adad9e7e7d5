"""What layers keep beside their weights: text files under ``assets/`` in a `.keras` archive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pronghorn.saving._walk import walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from pronghorn.saving._archive import Archive


def _folder(path: str) -> str:
    return f"assets/{path}/" if path else "assets/"


def written_assets(root: Any) -> dict[str, str]:
    """The texts of all layers of `root` by the names of their members.

    Raises:
        ValueError: If a layer has something that text files cannot hold.
    """
    found = {}
    for path, holder in walk(root):
        if hasattr(holder, "_own_assets"):
            for name, content in holder._own_assets().items():
                found[_folder(path) + name] = content
    return found


def read_assets(root: Any, archive: Archive) -> Callable[[], None]:
    """Reads and checks the texts; what is returned gives them to the layers.

    Raises:
        ValueError: If one does not fit its layer.
    """
    names = set(archive.names())
    actions: list[Callable[[], None]] = []
    for path, holder in walk(root):
        if not hasattr(holder, "_take_assets"):
            continue
        folder = _folder(path)
        own = {name[len(folder) :] for name in names if name.startswith(folder)}
        texts = {}
        for name in own:
            if "/" in name or not name:
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
