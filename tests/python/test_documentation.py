"""Every public name has a docstring, and every public class or function shows an example."""

import importlib
import inspect

import pytest

PACKAGES = (
    "activations",
    "callbacks",
    "config",
    "datasets.digits",
    "initializers",
    "dtype_policies",
    "losses",
    "metrics",
    "optimizers",
    "optimizers.schedules",
    "random",
    "regularizers",
    "utils",
    "wrappers",
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
