"""KerasFileEditor and Config beside Keras's."""

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _pairs import LIBRARIES, small_classifier

import pronghorn


def _quietly(call: Any, *args: Any) -> Any:
    with contextlib.redirect_stdout(io.StringIO()):
        return call(*args)


def _flat(tree: dict[str, Any], path: str = "") -> dict[str, Any]:
    found = {}
    for name, value in tree.items():
        inner = f"{path}/{name}"
        found.update(_flat(value, inner) if isinstance(value, dict) else {inner: value})
    return found


@pytest.mark.parametrize("ending", ["weights.h5", "keras"])
@pytest.mark.parametrize("writer", [0, 1])
def test_editing_the_same_file(ending: str, writer: int, tmp_path: Path) -> None:
    model = small_classifier()(LIBRARIES[writer])
    model.compile(LIBRARIES[writer].optimizers.Adam(0.1), "mse")
    model.optimizer.build(model.trainable_variables)
    path = str(tmp_path / f"model.{ending}")
    (model.save if ending == "keras" else model.save_weights)(path)
    kernel, bias = np.ones((3, 2), "float32"), np.zeros(2, "float32")
    written = []
    for library in LIBRARIES:
        editor = _quietly(library.saving.KerasFileEditor, path)
        editor.rename_object("layers/dense_1", "dense_5")
        editor.delete_object("layers/dense")
        editor.add_object("layers/new", {"0": kernel, "1": bias})
        editor.add_weights("layers/new", {"2": bias})
        editor.delete_weight("layers/new", "1")
        assert (editor.config is None) == (ending != "keras")
        target = str(tmp_path / f"{library.__name__}.weights.h5")
        editor.resave_weights(target)
        written.append(_flat(_quietly(library.saving.KerasFileEditor, target).weights_dict))
        for wrong, error in [
            (lambda e: e.delete_object("dense_9"), "does not appear in the model"),
            (lambda e: e.delete_object("layers/dense_9"), "not found in model"),
            (lambda e: e.add_object("a/b", {}), "not found in model"),
            (lambda e: e.add_object("a", 3), "dict"),
            (lambda e: e.delete_weight("layers/new", "7"), "Weight 7 not found"),
            (lambda e: e.save("a.h5"), r"\.weights\.h5"),
        ]:
            with pytest.raises(ValueError, match=error):
                wrong(editor)
    reference, ours = written
    assert sorted(ours) == sorted(reference)
    for name, value in reference.items():
        np.testing.assert_array_equal(ours[name], value)


def test_what_is_printed_and_compared(tmp_path: Path) -> None:
    path = str(tmp_path / "model.weights.h5")
    small_classifier()(pronghorn).save_weights(path)
    printed, compared = [], []
    for library in LIBRARIES:
        editor = _quietly(library.saving.KerasFileEditor, path)
        with contextlib.redirect_stdout(io.StringIO()) as out:
            if library is LIBRARIES[0]:
                editor.console.file = out
            editor.summary()
        # Keras has the layers' names, but looks for them at other paths than it keeps them.
        printed.append(re.sub(r" \('\w+'\)", "", out.getvalue()))
        with contextlib.redirect_stdout(io.StringIO()):
            same = editor.compare(small_classifier()(library))
            other = editor.compare(small_classifier(features=5)(library))
        compared.append((same["status"], same["error_count"], other["status"]))
    assert printed[1] == printed[0]
    assert compared[1] == compared[0] == ("success", 0, "error")


def test_files_that_were_edited_load(tmp_path: Path) -> None:
    path, edited = str(tmp_path / "a.weights.h5"), str(tmp_path / "b.weights.h5")
    for first, second in (LIBRARIES, LIBRARIES[::-1]):
        model = small_classifier()(first)
        model.save_weights(path)
        editor = _quietly(second.saving.KerasFileEditor, path)
        value = editor.weights_dict["layers"]["dense"]["0"]
        editor.add_weights("layers/dense", {"0": value + 1})
        editor.save(edited)
        for library in LIBRARIES:
            again = small_classifier()(library)
            again.load_weights(edited)
            expected = model.get_weights()
            expected[0] = expected[0] + 1
            for mine, theirs in zip(again.get_weights(), expected, strict=True):
                np.testing.assert_allclose(mine, theirs)


def test_config() -> None:
    seen = []
    for library in LIBRARIES:
        config = library.utils.Config(rate=0.1, momentum=0.9)
        config.seed = 1
        config["epochs"] = 3
        config.update({"a": 1}, b=2)
        found: list[Any] = [config.pop("a"), config.pop("zzz", 5), config.get("zzz", 4)]
        del config["b"]
        found += [config.rate, config["seed"], "epochs" in config, "x" in config, len(config)]
        found += [list(config), list(config.keys()), list(config.values()), list(config.items())]
        found += [config.as_dict(), config.to_json(), repr(config), config.frozen]
        config.freeze()
        for change in (
            lambda c: setattr(c, "seed", 2),
            lambda c: c.update(a=1),
            lambda c: c.pop("seed"),
            lambda c: c.__delitem__("seed"),
            lambda c: c.__setitem__("seed", 3),
        ):
            with pytest.raises(ValueError, match="the config is frozen"):
                change(config)
        found += [config.frozen]
        config.unfreeze()
        config.seed = 5
        with pytest.raises(AttributeError) as error:
            config.epocks  # noqa: B018
        seen.append([*found, config.seed, str(error.value)])
    assert seen[1] == seen[0]
