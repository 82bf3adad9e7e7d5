"""docs/compatibility.md lists what is there, and for what is not, why."""

import importlib.util
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / "tools"
if not (TOOLS / "compatibility.py").exists():
    pytest.skip("the tools come with the repository alone", allow_module_level=True)


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("compatibility", TOOLS / "compatibility.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["compatibility"] = module
    spec.loader.exec_module(module)
    return module


def test_the_document_is_true(tool):
    found = tool.differences()
    assert not found, "run `python tools/compatibility.py`:\n" + "\n".join(found)


def test_signatures_are_read(tool):
    text = "1\n## layers\nDense, Add\n   Dense (units, rate=0.5, *, seed=None, **kwargs)\n"
    rows = list(tool.entries(text))
    assert [row[:2] for row in rows] == [
        ("layers", "Dense"),
        ("layers", "Add"),
        ("layers", "Dense"),
    ]
    found = tool.parameters(rows[-1][2])
    assert list(found) == ["units", "rate", "seed"]
    assert (found["rate"], found["seed"]) == (0.5, None)


def test_differences_are_found(tool):
    section = tool.Section("layers")

    def ours(units, rate=0.25):
        pass

    tool.compare(section, "Dense", "(units, rate=0.5, seed=None)", ours)
    assert section.arguments == [("Dense", "seed")]
    assert section.defaults == [("Dense", "rate", "0.5", "0.25")]


def test_another_order_is_found(tool):
    section = tool.Section("layers")

    def ours(rate, units, *, seed=None):
        pass

    tool.compare(section, "Dense", "(units, rate, *, seed=None)", ours)
    assert section.places == [("Dense", "units, rate", "rate, units")]
    tool.compare(section, "Add", "(rate, units, seed=None)", ours)
    assert section.places[1][0] == "Add"  # an argument that can be given by name alone
    assert "| `Dense` | units, rate | rate, units |" in tool.render([section])
    tool.compare(section, "Mul", "(rate, units)", ours)
    assert len(section.places) == 2


def test_every_name_has_a_reason(tool):
    with pytest.raises(ValueError, match=r"no reason for layers\.X"):
        tool.reason({"losses.*": "why"}, "layers.X")
