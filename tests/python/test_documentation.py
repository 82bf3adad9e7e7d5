"""Every public name has a docstring, and every public class or function shows an example."""

import importlib
import inspect

import pytest

from pronghorn import datasets

DATASETS = datasets.__all__
PACKAGES = (
    *("activations", "backend", "callbacks", "config", "constraints", "dtype_policies"),
    *("initializers", "layers", "losses", "metrics", "models", "ops", "optimizers"),
    *("optimizers.schedules", "random", "regularizers", "saving", "utils", "wrappers"),
    *(f"datasets.{name}" for name in DATASETS),
)


def public():
    for package in PACKAGES:
        module = importlib.import_module(f"pronghorn.{package}")
        for name in getattr(module, "__all__", ["load_data"]):
            thing = getattr(module, name)
            if not inspect.ismodule(thing):
                yield f"{package}.{name}", thing


@pytest.mark.parametrize(("name", "thing"), list(public()), ids=[name for name, _ in public()])
def test_docstring(name, thing):
    text = inspect.getdoc(thing)
    assert text, f"{name} has no docstring"
    assert ">>> " in text, f"{name} shows no example"
    assert text.splitlines()[0].endswith((".", ":")), f"{name}: the first line is no sentence"
    target = thing.__init__ if inspect.isclass(thing) else thing
    parameters = [
        parameter.name
        for parameter in inspect.signature(target).parameters.values()
        if parameter.name not in ("self", "args", "kwargs")
    ]
    own = not inspect.isclass(thing) or "__init__" in vars(thing)
    for parameter in parameters if own and "Args:" in text else []:
        assert f"{parameter}:" in text, f"{name} does not explain `{parameter}`"
    if own and len(parameters) > 2:
        assert "Args:" in text, f"{name} does not explain its arguments"


@pytest.mark.parametrize("package", PACKAGES)
def test_package(package):
    module = importlib.import_module(f"pronghorn.{package}")
    assert module.__doc__
    for name in getattr(module, "__all__", []):
        assert hasattr(module, name), f"{package}.__all__ names {name}, which does not exist"


def public_members():
    """Methods and properties of public classes, each where it is defined."""
    seen = set()
    for name, thing in public():
        for cls in inspect.getmro(thing) if inspect.isclass(thing) else ():
            for key, member in vars(cls).items():
                found = getattr(member, "__func__", member)
                is_member = inspect.isfunction(found) or isinstance(found, property)
                if key.startswith("_") or id(found) in seen or not is_member:
                    continue
                if cls.__module__.startswith("pronghorn."):
                    seen.add(id(found))
                    yield f"{name}.{key}", thing, key, found


@pytest.mark.parametrize(
    ("thing", "key", "member"),
    [case[1:] for case in public_members()],
    ids=[case[0] for case in public_members()],
)
def test_docstring_of_a_member(thing, key, member):
    """Each says what it does; those with several arguments explain them."""
    own = getattr(member, "__doc__", None)
    assert own or any(getattr(getattr(base, key, None), "__doc__", None) for base in thing.__mro__)
    if own and "Args:" in own and inspect.isfunction(member):
        for name in list(inspect.signature(member).parameters)[1:]:
            assert f"{name}:" in own or name.startswith("_"), f"{key} does not explain `{name}`"


def test_members_are_many():
    assert len(list(public_members())) > 300
