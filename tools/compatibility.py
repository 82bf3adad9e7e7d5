"""Compares the package with Keras's public names, and keeps docs/compatibility.md true.

`keras_signatures.txt` beside this file lists Keras's names and signatures; the reasons for what is
not there are in `compatibility_reasons.py`. Without arguments the lists in the document are
written anew; with ``--check`` differences are printed and the exit code is then 1.
"""

from __future__ import annotations

import argparse
import ast
import fnmatch
import importlib
import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import compatibility_reasons as reasons

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "compatibility.md"
SIGNATURES = Path(__file__).with_name("keras_signatures.txt")
BEGIN, END = "<!-- names: begin -->", "<!-- names: end -->"
_ENTRY = re.compile(r"^ {2,3}(?:mod )?(\w+) ?(prop|\(.*\))?$")
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_BY_PLACE = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


@dataclass
class Section:
    """One module of Keras's, or its class Model, beside ours."""

    name: str
    there: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    arguments: list[tuple[str, str]] = field(default_factory=list)  # (name, argument) not taken
    defaults: list[tuple[str, str, str, str]] = field(default_factory=list)
    places: list[tuple[str, str, str]] = field(default_factory=list)  # (name, Keras's order, ours)


def entries(text: str) -> Iterator[tuple[str, str, str | None]]:
    """(section, name, signature or None) for each public name of the list."""
    section = ""
    seen: set[tuple[str, str]] = set()
    for line in text.splitlines():
        if line.startswith("## "):
            section = line[3:].strip()
            continue
        found = _ENTRY.match(line)
        names = [(found[1], found[2])] if found else []
        if not found and section == "layers":  # the list of all names, before their signatures
            names = [(name.strip(), None) for name in line.split(",")]
        for name, signature in names:
            if signature or (section, name) not in seen:
                seen.add((section, name))
                yield section, name, signature if signature != "prop" else None


def home(section: str) -> Any:
    """Our module or class of that name; None if there is none."""
    if section in ("Model", "keras"):
        package = importlib.import_module("pronghorn")
        return package.Model if section == "Model" else package
    try:
        return importlib.import_module(f"pronghorn.{section}")
    except ModuleNotFoundError as error:
        if error.name is None or not error.name.startswith("pronghorn"):
            raise
        return None


def has(owner: Any, name: str) -> bool:
    """Whether `owner` has the name; as a submodule, too."""
    if owner is None:
        return False
    if hasattr(owner, name):
        return True
    if not inspect.ismodule(owner):
        # What belongs to built graphs may be defined by the kinds of models.
        models = importlib.import_module("pronghorn.models")
        return hasattr(models.Sequential, name)
    try:
        importlib.import_module(f"{owner.__name__}.{name}")
    except ModuleNotFoundError:
        return False
    return True


def parameters(text: str) -> dict[str, Any]:
    """Arguments of a signature and their defaults (`inspect.Parameter.empty` for none)."""
    try:
        parsed = ast.parse(f"def f{text}: pass").body[0]
    except SyntaxError:
        return {}
    assert isinstance(parsed, ast.FunctionDef)
    args = parsed.args
    found: dict[str, Any] = {}
    places = [*args.posonlyargs, *args.args]
    missing = [inspect.Parameter.empty] * (len(places) - len(args.defaults))
    for place, default in [
        *zip(places, [*missing, *args.defaults], strict=True),
        *zip(args.kwonlyargs, args.kw_defaults, strict=True),
    ]:
        value = default
        if isinstance(default, ast.expr):
            try:
                value = ast.literal_eval(default)
            except ValueError:
                continue
        found[place.arg] = value
    found.pop("self", None)
    return found


def positional(text: str) -> list[str]:
    """Arguments of a signature that can be given by place, in order."""
    try:
        parsed = ast.parse(f"def f{text}: pass").body[0]
    except SyntaxError:
        return []
    assert isinstance(parsed, ast.FunctionDef)
    places = [place.arg for place in (*parsed.args.posonlyargs, *parsed.args.args)]
    return [name for name in places if name != "self"]


def compare(section: Section, name: str, signature: str | None, ours: Any) -> None:
    """Notes arguments that are not taken, other defaults, and another order."""
    if signature is None or not callable(ours):
        return
    try:
        own = inspect.signature(ours).parameters
    except (TypeError, ValueError):
        return
    variadic = any(p.kind in _VARIADIC for p in own.values())
    theirs = [name for name in positional(signature) if name in own]
    by_place = [p.name for p in own.values() if p.kind in _BY_PLACE and p.name != "self"]
    if by_place[: len(theirs)] != theirs:
        section.places.append((name, ", ".join(theirs), ", ".join(by_place[: len(theirs)])))
    for argument, default in parameters(signature).items():
        if argument not in own:
            if not (variadic and argument == "name"):
                section.arguments.append((name, argument))
            continue
        given = own[argument].default
        if given is not default and repr(given) != repr(default) and given != default:
            shown = ["required" if v is inspect.Parameter.empty else repr(v)
                     for v in (default, given)]  # fmt: skip
            section.defaults.append((name, argument, *shown))


def survey() -> list[Section]:
    """All sections, compared."""
    sections: dict[str, Section] = {}
    for title, name, signature in entries(SIGNATURES.read_text("utf-8")):
        section = sections.setdefault(title, Section(title))
        owner = home(title)
        if has(owner, name):
            if name not in section.there:
                section.there.append(name)
            compare(section, name, signature, getattr(owner, name, None))
        elif name not in section.missing:
            section.missing.append(name)
    return list(sections.values())


def reason(table: Mapping[str, str], name: str) -> str:
    """The first pattern's reason.

    Raises:
        ValueError: If none fits.
    """
    for pattern, text in table.items():
        if fnmatch.fnmatchcase(name, pattern):
            return text
    raise ValueError(f"tools/compatibility_reasons.py gives no reason for {name}.")


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def render(sections: list[Section]) -> str:
    """The generated part of the document."""
    there = sum(len(s.there) for s in sections)
    missing = sum(len(s.missing) for s in sections)
    lines = [f"Of {there + missing} public names, {there} are there.", ""]
    for section in sections:
        title = section.name if section.name == "keras" else f"keras.{section.name}"
        lines += [f"### {title}", ""]
        if section.there:
            lines += [f"There: {_listed(section.there)}.", ""]
        rows: dict[str, list[str]] = {}
        for name in section.missing:
            rows.setdefault(reason(reasons.NAMES, f"{section.name}.{name}"), []).append(name)
        if rows:
            lines += ["| not there | why |", "|---|---|"]
            lines += [f"| {_listed(names)} | {why} |" for why, names in rows.items()] + [""]
        taken: dict[str, list[str]] = {}
        for name, argument in section.arguments:
            call = f"{name}({argument})"
            why = reason(reasons.ARGUMENTS, f"{section.name}.{call}")
            taken.setdefault(why, []).append(call)
        if taken:
            lines += ["| argument not taken | why |", "|---|---|"]
            lines += [f"| {_listed(calls)} | {why} |" for why, calls in taken.items()] + [""]
        if section.defaults:
            lines += ["| argument | default in Keras | here |", "|---|---|---|"]
            lines += [f"| `{n}({a})` | `{k}` | `{o}` |" for n, a, k, o in section.defaults] + [""]
        if section.places:
            lines += ["| name | arguments by place in Keras | here |", "|---|---|---|"]
            lines += [f"| `{n}` | {k} | {o} |" for n, k, o in section.places] + [""]
    return "\n".join(lines)


def differences() -> list[str]:
    """Lines of the document that are not true, and lines that it lacks."""
    text = DOCUMENT.read_text("utf-8")
    written = text[text.index(BEGIN) + len(BEGIN) : text.index(END)].strip().splitlines()
    current = render(survey()).strip().splitlines()
    return [
        *(f"- {line}" for line in written if line not in current),
        *(f"+ {line}" for line in current if line not in written),
    ]


def main() -> int:
    """Writes or checks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="do not write, compare")
    if parser.parse_args().check:
        found = differences()
        print("\n".join(found))
        return 1 if found else 0
    text = DOCUMENT.read_text("utf-8")
    head, tail = text[: text.index(BEGIN)], text[text.index(END) :]
    DOCUMENT.write_text(f"{head}{BEGIN}\n\n{render(survey())}\n{tail}", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
